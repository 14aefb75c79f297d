"""In flight: a monitor that was sent up fires, a parameter that was set takes effect, upsets are found."""

import json
import struct

import pytest

from fsw import missions
from fsw.core.crc import crc16
from fsw.devices.parameter_area import check_bits
from fsw.dictionary.services.st06_memory import MEMORIES, Memory
from fsw.dictionary.settings import ADDRESSES, SettableParameter
from fsw.ground.telemetry import Telemetry
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=5, pictures="test-card", link="frames", workers=0)
UPSET_NS, DOUBLE_UPSET_NS, END_NS = 40 * SECOND, 81 * SECOND, 180 * SECOND
BATTERY = {
    "monitor": 500,
    "parameter": "BATTERY_USED_WH",
    "interval_s": 1,
    "repetitions": 3,
    "check": "LIMIT",
    "high": 0.02,
    "high_event": "MONITOR_MEDIUM",
}


def listed(name, *entries):
    return f"{name}='{json.dumps(entries)}'"


@pytest.fixture(scope="module")
def flown():
    """The simulation at its end, and the telemetry that came."""
    came = []
    with Simulation(MISSION, SETTINGS, on_news=came.append) as simulation:
        for at_s, name, arguments in (
            (1, "WIFI", "ON"),
            (2, "RELEASE_ARM", ""),
            (3, "RELEASE_FIRE", ""),
            (4, "PARAMETERS_SET", listed("parameters", {"parameter": "LOW_BATTERY_WH", "value": 0.1})),
            (5, "PARAMETERS_SET", listed("parameters", {"parameter": "SCRUB_PERIOD_S", "value": 2})),
            (6, "MONITORS_ADD", listed("monitors", BATTERY)),
            (7, "MONITORS_ENABLE", listed("monitors", {"monitor": 500})),
            (76, "PARAMETERS_REPORT", listed("parameters", {"parameter": 0x8003}, {"parameter": "WIFI"})),
            (77, "MONITORING_STATUS_REPORT", ""),
            (78, "PARAMETERS_SET", listed("parameters", {"parameter": "LOW_BATTERY_WH", "value": 99})),
        ):
            simulation.command(name, arguments, arrive_ns=at_s * SECOND)
        simulation.run_until(UPSET_NS)
        simulation.orbiter.parameters.flip(17)
        simulation.run_until(DOUBLE_UPSET_NS)
        before = simulation.snapshot()
        for bit in (1, 2):
            simulation.orbiter.parameters.flip(72 * ADDRESSES[SettableParameter.LOW_BATTERY_WH] + bit)
        assert simulation.snapshot() != before
        simulation.run_until(END_NS)
        simulation.finish()
        yield simulation, [news for news in came if isinstance(news, Telemetry) and news.report is not None]


def made(came, name):
    """Time on board [s] and values of reports with that name."""
    return [
        (news.spacecraft_ns / SECOND, {key: value.value for key, value in news.values.items()})
        for news in came
        if news.report.name == name
    ]


def test_a_monitor_sent_up_fires_when_the_camera_has_drawn_so_much(flown):
    _, came = flown
    ((at_s, values),) = made(came, "EVENT_MONITOR_MEDIUM")
    assert (values["monitor"], values["parameter"], values["limit_crossed"]) == (500, "BATTERY_USED_WH", 0.02)
    # 5 W for about 15 s from the release on, seen three times.
    assert 12 < at_s < 30
    assert 0.02 < values["monitored_value"] < 0.03
    changes = [
        values[f"transitions[{k}].status"]
        for _, values in made(came, "MONITORING_TRANSITIONS")
        for k in range(values["transitions"])
        if values[f"transitions[{k}].monitor"] == 500
    ]
    assert changes[-1] == "HIGH"


def test_a_parameter_set_by_telecommand_changes_what_is_done(flown):
    _, came = flown
    ((at_s, values),) = made(came, "EVENT_CAMERA_BATTERY_LOW")
    assert 60 < at_s < 100
    assert 0.1 <= values["battery_used_wh"] < 0.105
    ((_, values),) = made(came, "PARAMETER_VALUES")
    assert (values["parameters[0].value"], values["parameters[1].value"]) == (0.1, 2.0)


def test_upsets_are_found_by_scrubbing_and_what_is_lost_has_its_default_again(flown):
    _, came = flown
    ((at_s, values),) = made(came, "EVENT_UPSET_CORRECTED")
    assert values == {"words": 1, "words_so_far": 1}
    assert UPSET_NS / SECOND <= at_s <= UPSET_NS / SECOND + 2
    ((at_s, values),) = made(came, "EVENT_PARAMETER_LOST")
    assert values == {"parameter": "LOW_BATTERY_WH", "value": 5.5}
    assert DOUBLE_UPSET_NS / SECOND <= at_s <= DOUBLE_UPSET_NS / SECOND + 2


def test_every_request_came_to_its_end_and_no_task_was_disturbed(flown):
    simulation, came = flown
    failures = {sent.failure for sent in simulation.control.telecommands()}
    assert failures == {None, "VALUE_NOT_ALLOWED"}
    counters = simulation.orbiter.scheduler.counters().values()
    assert {(c.restarts, c.dropped, c.overruns) for c in counters} == {(0, 0, 0)}
    ((_, values),) = made(came, "MONITORING_STATUS")
    rows = [f"monitors[{k}]" for k in range(values["monitors"])]
    status = {values[f"{row}.monitor"]: values[f"{row}.status"] for row in rows}
    assert status == {k: "GOOD" for k in range(1, 19)} | {18: "INVALID", 500: "HIGH"}


def test_a_monitor_leads_to_safe_mode_and_outlives_a_warm_reset_as_parameters_do():
    up = {**BATTERY, "parameter": "UPTIME_S", "high": 15, "high_event": "MONITOR_HIGH", "repetitions": 1}
    came = []
    with Simulation(MISSION, SETTINGS, on_news=came.append) as simulation:
        for at_s, name, arguments in (
            (1, "MONITORS_ADD", listed("monitors", up)),
            (2, "MONITORS_ENABLE", listed("monitors", {"monitor": 500})),
            (3, "PARAMETERS_SET", listed("parameters", {"parameter": "ARMED_FOR_S", "value": 17})),
            (30, "COMPUTER_RESET", "WARM"),
        ):
            simulation.command(name, arguments, arrive_ns=at_s * SECOND)
        simulation.run_until(50 * SECOND)
        assert simulation.orbiter.scheduler.task("release").save()["armed_for_s"] == 17
        simulation.run_until(150 * SECOND)
        simulation.finish()
    reports = [news for news in came if isinstance(news, Telemetry) and news.report is not None]
    assert [round(at_s) for at_s, _ in made(reports, "EVENT_SAFE_MODE_ENTERED")] == [16]
    before, after = (at_s for at_s, _ in made(reports, "EVENT_MONITOR_HIGH"))
    assert before < 17 < 32 < after


def test_a_function_fails_with_its_monitors_and_is_watched_on_after_a_warm_boot():
    always = {"interval_s": 1, "check": "LIMIT", "high": -1}
    monitors = [
        {**always, "monitor": 600, "parameter": "MEMORY_FILL"},
        {**always, "monitor": 601, "parameter": "FILES_WAITING"},
    ]
    function = {"functional_monitor": 9, "event": "FUNCTION_LOW", "least_failing": 2, "monitors": [600, 601]}
    came = []
    with Simulation(MISSION, SETTINGS, on_news=came.append) as simulation:
        for at_s, name, arguments in (
            (1, "MONITORS_ADD", listed("monitors", *monitors)),
            (2, "FUNCTIONAL_MONITORS_ADD", listed("functional_monitors", function)),
            (3, "FUNCTIONAL_MONITORS_ENABLE", "functional_monitors=9"),
            (4, "FUNCTIONAL_MONITORS_PROTECT", "functional_monitors=9"),
            (5, "MONITORS_ENABLE", listed("monitors", {"monitor": 600}, {"monitor": 601})),
            (12, "COMPUTER_RESET", "WARM"),
            (30, "MONITORS_DISABLE", listed("monitors", {"monitor": 600})),
            (33, "FUNCTIONAL_MONITORING_STATUS_REPORT", ""),
        ):
            simulation.command(name, arguments, arrive_ns=at_s * SECOND)
        simulation.run_until(40 * SECOND)
        simulation.run_until(simulation.now_ns + 90 * SECOND)
        simulation.finish()
        failures = {sent.name: sent.failure for sent in simulation.control.telecommands() if sent.failure}
    assert failures == {"MONITORS_DISABLE": "MONITOR_PROTECTED"}
    reports = [news for news in came if isinstance(news, Telemetry) and news.report is not None]
    before, after = made(reports, "EVENT_FUNCTION_LOW")
    assert before[0] < 8 < 20 < after[0] < 25
    assert before[1] == {"functional_monitor": 9, "failing": 2, "least_failing": 2}
    ((_, values),) = made(reports, "FUNCTIONAL_MONITORING_STATUS")
    rows = [f"functional_monitors[{k}]" for k in range(values["functional_monitors"])]
    status = {values[f"{row}.functional_monitor"]: values[f"{row}.status"] for row in rows}
    assert status == {1: "RUNNING", 9: "FAILED"}


def test_memories_are_loaded_dumped_and_checked_and_damage_to_the_program_is_told():
    start, data = MEMORIES[Memory.SCRATCH].start, b"patch"
    load = {"address": start, "data": data.hex(), "checksum": crc16(data)}
    dump = {"address": start, "octets": 5}
    cells = {"address": MEMORIES[Memory.PARAMETER_AREA].start, "octets": 9}
    came = []
    with Simulation(MISSION, SETTINGS, on_news=came.append) as simulation:
        for at_s, name, arguments in (
            (1, "MEMORY_LOAD", "memory=SCRATCH " + listed("areas", load)),
            (2, "MEMORY_DUMP", "memory=SCRATCH " + listed("areas", dump)),
            (3, "MEMORY_CHECK", "memory=PARAMETER_AREA " + listed("areas", cells)),
        ):
            simulation.command(name, arguments, arrive_ns=at_s * SECOND)
        simulation.run_until(10 * SECOND)
        simulation.orbiter.program.flip(77)
        simulation.run_until(690 * SECOND)
        simulation.finish()
        assert {sent.stage for sent in simulation.control.telecommands()} == {"completed"}
    reports = [news for news in came if isinstance(news, Telemetry) and news.report is not None]
    ((_, values),) = made(reports, "MEMORY_DUMPED")
    assert values["areas[0].data"] == data
    ((_, values),) = made(reports, "MEMORY_CHECKED")
    word = struct.pack(">d", 60.0)
    assert values["areas[0].checksum"] == crc16(word + bytes([check_bits(word)]))
    ((at_s, _),) = made(reports, "EVENT_PROGRAM_DAMAGED")
    assert round(at_s) == 600
