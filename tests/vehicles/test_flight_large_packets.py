"""Large requests go up in parts and are carried out; large reports come down in parts and are read whole."""

import json

from fsw import dictionary, missions
from fsw.dictionary.identifiers import ORBITER_APID
from fsw.ground.large_packets import requests_for
from fsw.ground.telemetry import Telemetry
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=5, pictures="test-card", link="frames", workers=0)
STORES = 30


def test_both_ways():
    told = []
    with Simulation(MISSION, SETTINGS, on_news=told.append) as simulation:
        stores = [
            {"store": 10 + n, "octets": 5000 + n, "kind": "BOUNDED", "channel": "REPLAY"}
            for n in range(STORES)
        ]
        request = dictionary.parse_telecommand("STORE_CREATE", {"stores": stores})
        create = pus.encode_telecommand(
            pus.Telecommand(ORBITER_APID, 9000, 15, 20, 1, pus.Acknowledge.ALL, request.encode())
        )
        at_ns = -80 * SECOND
        for part in requests_for(create, 1, 60):
            arguments = json.loads(json.dumps(part.arguments, default=bytes.hex))
            simulation.command(part.telecommand.name, arguments, arrive_ns=at_ns + 90 * SECOND)
            at_ns += SECOND
        simulation.command("DOWNLINK_RATE", "HIGH", arrive_ns=30 * SECOND)
        area = [{"address": 0, "octets": 1024}]
        simulation.command("MEMORY_DUMP", {"memory": 1, "areas": area}, arrive_ns=45 * SECOND)
        simulation.command("STORE_CONFIGURATION", arrive_ns=50 * SECOND)
        simulation.run_until(150 * SECOND)
        simulation.finish()
        failed = [(s.name, s.failure) for s in simulation.control.telecommands() if s.stage != "completed"]
        latest = simulation.control.telemetry.latest
    assert failed == []
    packets = [t for t in told if isinstance(t, Telemetry)]
    of_create = [
        t.subtype for t in packets if t.service == 1 and t.values["request_sequence"].raw & 0x3FFF == 9000
    ]
    assert of_create == [1, 3, 7]
    assert latest["PACKET_STORE_CONFIGURATION"].values["stores"].value == STORES + 2
    dumped = latest["MEMORY_DUMPED"]
    assert len(dumped.values["areas[0].data"].raw) == 1024
    assert len(dumped.octets) > 1024
    parts = [t for t in packets if t.service == 13]
    assert [t.subtype for t in parts] == [1, 3]
    assert b"".join(t.values["part"].raw for t in parts) == dumped.octets
