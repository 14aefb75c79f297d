"""ST[2] through the link: a heater that is switched on shows in telemetry, registers tell what devices do."""

import json

from fsw import missions
from fsw.dictionary.services.st02_device_access import REGISTERS, RegisterAddress
from fsw.ground.telemetry import Telemetry
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=5, pictures="test-card", link="frames", workers=0)
EVERY = ",".join(register.name for register in RegisterAddress)


def load(register, data):
    return {"registers": [{"register": register, "data": bytes.fromhex(data)}]}


def flown(*telecommands, until_s):
    """Dumps, temperatures of the release mechanism, and how each telecommand ended; restored half-way."""
    told = []
    with Simulation(MISSION, SETTINGS, on_news=told.append) as simulation:
        for at_s, name, arguments in telecommands:
            simulation.command(name, arguments, arrive_ns=at_s * SECOND)
        simulation.run_until(until_s // 2 * SECOND)
        simulation.restore(simulation.snapshot())
        simulation.run_until(until_s * SECOND)
        simulation.finish()
        ends = [(s.stage, s.failure) for s in simulation.control.telecommands()]
    packets = [news for news in told if isinstance(news, Telemetry) and news.report is not None]
    dumps = [
        {
            RegisterAddress[t.values[f"registers[{n}].register"].value]: t.values[f"registers[{n}].data"].raw
            for n in range(t.values["registers"].value)
        }
        for t in packets
        if t.report.name == "REGISTERS_DUMPED"
    ]
    warm = [t.values["release_temperature_c"].value for t in packets if "release_temperature_c" in t.values]
    return dumps, warm, ends


def test_devices_are_switched_loaded_and_read():
    orders = [
        (2, "WIFI", "ON"),
        (10, "REGISTERS_LOAD", load("TEST", "c0ffee01")),
        (12, "DEVICES_SWITCH", "RELEASE_BAY_HEATER_ON"),
        (312, "REGISTERS_DUMP", EVERY),
        (320, "REGISTERS_LOAD", load("WIFI_RATE", "0000")),
        (322, "REGISTERS_LOAD", load("TEST", "00")),
    ]
    (dump,), warm, ends = flown(*orders, until_s=500)
    assert [len(dump[register]) for register in RegisterAddress] == [
        REGISTERS[register].octets for register in RegisterAddress
    ]
    assert dump[RegisterAddress.TEST] == bytes.fromhex("c0ffee01")
    assert dump[RegisterAddress.POWER_LINES] == b"\0\1"
    assert dump[RegisterAddress.RECEIVER_STATUS] == b"\3"
    assert int.from_bytes(dump[RegisterAddress.RECEIVER_LOCKS], "big") == 4
    assert dump[RegisterAddress.WIFI_STATUS][0] & 1
    assert abs(int.from_bytes(dump[RegisterAddress.RELEASE_BAY_WARMTH], "big") - 5000) <= 50
    assert dump[RegisterAddress.SPARE_AMPLIFIER_WARMTH] == b"\0\0"
    assert [stage for stage, _ in ends[:4]] == ["completed"] * 4
    assert [failure for _, failure in ends[4:]] == ["MEMORY_READ_ONLY", "REGISTER_LENGTH_WRONG"]
    _, cold, _ = flown((2, "WIFI", "ON"), until_s=500)
    assert abs(cold[0] - warm[0]) < 0.1
    assert warm[-1] - cold[-1] > 5


def test_physical_and_logical_devices_are_commanded_and_asked():
    heater = "RELEASE_BAY_HEATER"

    def instructions(*entries):
        return f"instructions='{json.dumps(entries)}'"

    told = []
    with Simulation(MISSION, SETTINGS, on_news=told.append) as simulation:
        for at_s, name, entries in (
            (2, "LOGICAL_DEVICES_COMMAND", [{"device": heater, "command": "SWITCH", "arguments": "01"}]),
            (3, "PHYSICAL_DEVICES_COMMAND", [{"device": "TEST", "sub_address": 0, "data": "c0ffee01"}]),
            (4, "PHYSICAL_DEVICES_COMMAND", [{"device": "WIFI", "sub_address": 7, "data": "00"}]),
            (
                62,
                "LOGICAL_DEVICES_ACQUIRE",
                [
                    {"transaction": 1, "device": heater, "parameter": "STATE"},
                    {"transaction": 2, "device": heater, "parameter": "WARMTH"},
                    {"transaction": 3, "device": "TEST", "parameter": "CONTENTS"},
                ],
            ),
            (63, "PHYSICAL_DEVICES_ACQUIRE", [
                {"transaction": 4, "device": "TEST", "sub_address": 0, "octets": 4},
                {"transaction": 5, "device": "TEST", "sub_address": 9, "octets": 4},
            ]),
        ):  # fmt: skip
            simulation.command(name, instructions(*entries), arrive_ns=at_s * SECOND)
        simulation.run_until(170 * SECOND)
        simulation.finish()
        failures = [sent.failure for sent in simulation.control.telecommands()]
    assert failures == [None, None, "NO_ANSWER", None, "PARTLY_DONE"]
    packets = [news for news in told if isinstance(news, Telemetry) and news.report is not None]
    data = {
        t.values["transaction"].value: (t.values["status"].value, t.values["data"].raw)
        for t in packets
        if t.report.name in {"LOGICAL_DEVICE_DATA", "PHYSICAL_DEVICE_DATA"}
    }
    warmth = int.from_bytes(data.pop(2)[1], "big")
    assert abs(warmth - 1000) <= 50  # 0.001 K in 60 ms
    assert data == {
        1: ("OK", b"\1"),
        3: ("OK", bytes.fromhex("c0ffee01")),
        4: ("OK", bytes.fromhex("c0ffee01")),
        5: ("NO_RESPONSE", b""),
    }
