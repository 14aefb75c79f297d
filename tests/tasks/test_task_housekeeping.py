"""Housekeeping: at its period or on request, and never a number that nobody measured."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary.housekeeping import RELEASE, Structure
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode
from fsw.dictionary.pool import BY_NAME, PARAMETERS
from fsw.dictionary.services.st03_housekeeping import user_report
from fsw.kernel.scheduler import SetTimer
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.tasks import names
from fsw.tasks.housekeeping import Housekeeping
from fsw.tasks.messages import Gather, Tick, Values

RELEASE_VALUES = {"release": "ARMED", "break_wire": "OFF", "release_temperature_c": -12.5, "firings": 0}


@pytest.fixture
def housekeeping(bench):
    return bench.of(names.HOUSEKEEPING)


def test_every_structure_of_the_orbiter_is_due_soon_and_no_two_at_once(housekeeping):
    times = {name: timer.at_ns for name, timer in housekeeping.timers.items()}
    others = (Structure.LANDER, Structure.MISSION)  # another's, and of missions with phases
    assert set(times) == {f"due {int(sid)}" for sid in Structure if sid not in others}
    assert len(set(times.values())) == len(times)
    assert max(times.values()) < 3 * SECOND


def test_only_a_mission_with_phases_tells_of_them():
    timers = [{timer.name for timer in Housekeeping(phases).start(0)} for phases in (False, True)]
    assert timers[1] - timers[0] == {f"due {int(Structure.MISSION)}"}


def test_its_owners_are_asked_and_a_moment_later_it_is_sent(housekeeping, bench):
    due_ns = housekeeping.timers["due 6"].at_ns
    housekeeping.expire("due 6")
    assert housekeeping.sent(names.RELEASE) == [Gather(6)]
    assert housekeeping.emitted(names.GAUGES_PORT) == [Gather(6)]
    assert housekeeping.timers["due 6"].at_ns == due_ns + round(RELEASE.period_s * SECOND)
    assert housekeeping.timers["compose 6"].at_ns == due_ns + MILLISECOND
    housekeeping.tell(Values(RELEASE_VALUES))
    housekeeping.expire("compose 6")
    (report,) = housekeeping.sent(names.DOWNLINK)
    assert bench.decoded(report) == ("HOUSEKEEPING_RELEASE", RELEASE_VALUES)


@pytest.mark.parametrize("missing", RELEASE_VALUES)
def test_with_a_value_unknown_nothing_is_sent(housekeeping, missing):
    housekeeping.tell(Values({k: v for k, v in RELEASE_VALUES.items() if k != missing}))
    housekeeping.expire("due 6")
    housekeeping.expire("compose 6")
    assert housekeeping.answers == []


def test_disabled_it_keeps_its_beat_and_sends_nothing_until_enabled_or_asked(housekeeping, bench):
    housekeeping.tell(Values(RELEASE_VALUES))
    housekeeping.tell(bench.execute("HOUSEKEEPING_DISABLE", "RELEASE,RELEASE"))
    assert housekeeping.executed() == [None]
    housekeeping.expire("due 6")
    assert housekeeping.sent(names.RELEASE) == []
    assert "due 6" in housekeeping.timers
    housekeeping.tell(bench.execute("HOUSEKEEPING_ONCE", "RELEASE"))
    assert housekeeping.sent(names.RELEASE) == [Gather(6)]
    housekeeping.expire("compose 6")
    assert len(housekeeping.sent(names.DOWNLINK)) == 1
    housekeeping.tell(bench.execute("HOUSEKEEPING_ENABLE", "RELEASE,RELEASE"))
    assert sorted(housekeeping.task.save()["enabled"]) == [1, 2, 3, 4, 5, 6, 7, 12, 13]
    housekeeping.expire("due 6")
    assert housekeeping.sent(names.RELEASE) == [Gather(6)]


BY_SIDS = ("ONCE", "ENABLE", "DISABLE", "DEFINITIONS_REPORT", "PROPERTIES_REPORT", "DELETE")


@pytest.mark.parametrize("name", BY_SIDS)
def test_what_is_not_there_and_the_sleeping_lander_are_refused_and_nothing_is_done(housekeeping, bench, name):
    before = housekeeping.task.save()
    for sid in (16, 256, 999):
        housekeeping.tell(bench.execute(f"HOUSEKEEPING_{name}", f"RADIO,{sid}"))
        assert housekeeping.executed() == [FailureCode.NO_SUCH_ITEM]
        assert len(housekeeping.answers) == 1
    assert housekeeping.task.save() == before
    with pytest.raises(FswError, match="allowed are"):
        dictionary.parse_telecommand(f"HOUSEKEEPING_{name}", "LANDER")


# ---- structures that telecommands define ----------------------------------------------------------

MIXED = ["release_temperature_c", "cpu_load", "break_wire", "uptime_s"]
MIXED_VALUES = {"release_temperature_c": -12.5, "cpu_load": 3.25, "break_wire": "OFF", "uptime_s": 77}


def identifiers(given):
    return [BY_NAME[name].identifier for name in given]


def create(housekeeping, bench, sid=300, interval_s=20, given=MIXED):
    arguments = f"sid={sid} interval_s={interval_s} parameters={','.join(str(one) for one in given)}"
    housekeeping.tell(bench.execute("HOUSEKEEPING_CREATE", arguments))
    return housekeeping.executed()[0]


def told(housekeeping, bench, name, arguments):
    housekeeping.tell(bench.execute(f"HOUSEKEEPING_{name}", arguments))
    return housekeeping.executed()[0]


def test_a_defined_structure_is_sent_at_its_interval_once_it_is_enabled(housekeeping, bench):
    assert create(housekeeping, bench) is None
    assert housekeeping.timers["due 300"].at_ns == 20 * SECOND
    housekeeping.expire("due 300")
    assert [action for action in housekeeping.answers if not isinstance(action, SetTimer)] == []
    assert told(housekeeping, bench, "ENABLE", "300") is None
    housekeeping.expire("due 300")
    assert housekeeping.timers["due 300"].at_ns == 60 * SECOND
    # Its parameters are of two structures: their owners and gauges are asked, each structure once.
    assert housekeeping.sent(names.RELEASE) == [Gather(Structure.RELEASE)]
    assert housekeeping.sent(names.EVENTS) == [Gather(Structure.COMPUTER)]
    assert housekeeping.emitted(names.GAUGES_PORT) == [Gather(Structure.COMPUTER), Gather(Structure.RELEASE)]
    housekeeping.tell(Values(MIXED_VALUES))
    housekeeping.expire("compose 300")
    (report,) = housekeeping.sent(names.DOWNLINK)
    assert (report.apid, report.service, report.subtype) == (ORBITER_APID, 3, 25)
    # SID, -12.5 degC / 0.01, 3.25 % / 0.01, OFF, 77 s
    assert report.source_data.hex() == "012c" + "fb1e" + "0145" + "00" + "0000004d"


@pytest.mark.parametrize("missing", MIXED)
def test_of_a_defined_structure_too_no_number_is_sent_that_nobody_measured(housekeeping, bench, missing):
    create(housekeeping, bench)
    housekeeping.tell(Values({k: v for k, v in MIXED_VALUES.items() if k != missing}))
    assert told(housekeeping, bench, "ONCE", "300") is None
    housekeeping.expire("compose 300")
    assert housekeeping.answers == []


def test_definitions_are_reported_as_they_are(housekeeping, bench):
    create(housekeeping, bench)
    assert told(housekeeping, bench, "ENABLE", "300") is None
    assert told(housekeeping, bench, "DEFINITIONS_REPORT", "300,RELEASE") is None
    fixed, defined = (bench.decoded(report)[1] for report in housekeeping.sent(names.DOWNLINK))
    assert (fixed["sid"], fixed["periodic"], fixed["interval_s"], fixed["parameters"]) == (6, "ON", 16, 4)
    assert [fixed[f"parameters[{k}].parameter"] for k in range(4)] == [
        name.upper() for name in RELEASE_VALUES
    ]
    assert (defined["sid"], defined["periodic"], defined["interval_s"]) == (300, "ON", 20)
    assert [defined[f"parameters[{k}].parameter"] for k in range(4)] == [name.upper() for name in MIXED]


def test_how_often_structures_are_sent_is_reported_together(housekeeping, bench):
    create(housekeeping, bench)
    assert told(housekeeping, bench, "PROPERTIES_REPORT", "300,RELEASE") is None
    (report,) = housekeeping.sent(names.DOWNLINK)
    assert (report.service, report.subtype) == (3, 35)
    assert report.source_data == bytes.fromhex("02 0006 01 0010 012c 00 0014")
    housekeeping.tell(bench.execute("DIAGNOSTICS_PROPERTIES_REPORT", "300"))
    assert housekeeping.executed() == [FailureCode.NO_SUCH_ITEM]
    diagnostic = {"sid": 301, "interval_s": 1, "parameters": identifiers(["wifi"])}
    housekeeping.tell(bench.execute("DIAGNOSTICS_CREATE", diagnostic))
    housekeeping.tell(bench.execute("DIAGNOSTICS_PROPERTIES_REPORT", "301"))
    (report,) = housekeeping.sent(names.DOWNLINK)
    assert (report.subtype, report.source_data) == (36, bytes.fromhex("01 012d 00 0001"))


def test_what_makes_no_structure_is_refused(housekeeping, bench):
    everything = sorted(PARAMETERS)
    assert create(housekeeping, bench, given=["WIFI", 9999]) is FailureCode.UNKNOWN_PARAMETER
    assert create(housekeeping, bench, given=["WIFI", "WIFI"]) is FailureCode.ALREADY_THERE
    assert housekeeping.task.save()["defined"] == {}
    assert create(housekeeping, bench, given=everything[:30]) is None
    assert create(housekeeping, bench) is FailureCode.ALREADY_THERE
    append = "sid=300 parameters="
    assert told(housekeeping, bench, "APPEND", f"{append}{everything[0]}") is FailureCode.ALREADY_THERE
    assert told(housekeeping, bench, "APPEND", f"{append}9999") is FailureCode.UNKNOWN_PARAMETER
    too_many = ",".join(str(one) for one in everything[30:33])
    assert told(housekeeping, bench, "APPEND", append + too_many) is FailureCode.NO_ROOM
    just_so = ",".join(str(one) for one in everything[30:32])
    assert told(housekeeping, bench, "APPEND", append + just_so) is None
    assert housekeeping.task.save()["defined"] == {300: everything[:32]}
    assert told(housekeeping, bench, "APPEND", "sid=301 parameters=WIFI") is FailureCode.NO_SUCH_ITEM
    assert told(housekeeping, bench, "APPEND", "sid=RADIO parameters=WIFI") is FailureCode.STRUCTURE_FIXED
    for arguments in ("sid=255 interval_s=1", "sid=300 interval_s=0", "sid=300 interval_s=65536"):
        with pytest.raises(FswError, match="allowed are"):
            dictionary.parse_telecommand("HOUSEKEEPING_CREATE", f"{arguments} parameters=WIFI")


def test_there_is_room_for_sixteen_and_what_is_sent_cannot_be_deleted(housekeeping, bench):
    assert [create(housekeeping, bench, sid) for sid in range(256, 273)] == [None] * 16 + [
        FailureCode.NO_ROOM
    ]
    assert told(housekeeping, bench, "ENABLE", "257") is None
    assert told(housekeeping, bench, "DELETE", "256,257") is FailureCode.IN_USE
    assert told(housekeeping, bench, "APPEND", "sid=257 parameters=WIFI") is FailureCode.IN_USE
    assert told(housekeeping, bench, "DELETE", "256,RADIO") is FailureCode.STRUCTURE_FIXED
    assert len(housekeeping.task.save()["defined"]) == 16
    assert told(housekeeping, bench, "ONCE", "256") is None
    assert told(housekeeping, bench, "DELETE", "256") is None
    assert not {"due 256", "compose 256"} & set(housekeeping.timers)
    housekeeping.tell(Tick("compose", 256))  # already on its way
    assert housekeeping.answers == []
    assert create(housekeeping, bench, 272) is None


def test_an_interval_holds_from_when_it_is_changed(housekeeping, bench):
    create(housekeeping, bench)
    structures = '\'[{"sid": 300, "interval_s": 7}, {"sid": "RADIO", "interval_s": 65535}]\''
    housekeeping.tell(bench.execute("HOUSEKEEPING_INTERVALS", f"structures={structures}"), 5 * SECOND)
    assert housekeeping.executed() == [None]
    assert housekeeping.timers["due 300"].at_ns == 12 * SECOND
    assert housekeeping.timers["due 3"].at_ns == 65540 * SECOND
    housekeeping.expire("due 300")
    assert housekeeping.timers["due 300"].at_ns == 19 * SECOND
    structures = '\'[{"sid": 300, "interval_s": 9}, {"sid": 301, "interval_s": 9}]\''
    assert told(housekeeping, bench, "INTERVALS", f"structures={structures}") is FailureCode.NO_SUCH_ITEM
    assert housekeeping.task.save()["intervals_s"][300] == 7


def test_a_successor_goes_on_with_what_was_defined(housekeeping, bench):
    create(housekeeping, bench)
    assert told(housekeeping, bench, "ENABLE", "300") is None
    fresh = housekeeping.make()
    fresh.recall(housekeeping.task.retained())
    assert fresh.retained() == housekeeping.task.retained()
    timers = {action.name: action.message for action in fresh.start(0)}
    assert timers["due 300"] == Tick("due", 300)
    assert housekeeping.task.retained()["defined"] == {300: identifiers(MIXED)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"defined": {}},
        {"defined": {300: [9999]}},
        {"defined": {300: []}},
        {"enabled": [1, 999]},
        {"intervals_s": {300: 20}},
        {"diagnostic": [301]},
    ],
)
def test_what_was_retained_and_makes_no_sense_is_refused(housekeeping, bench, wrong):
    create(housekeeping, bench)
    with pytest.raises(ValueError, match="no sense"):
        housekeeping.make().recall(housekeeping.task.retained() | wrong)


@given(st.lists(st.sampled_from(sorted(PARAMETERS)), min_size=1, max_size=32, unique=True), st.data())
def test_the_octets_of_a_defined_structure_are_its_parameters_own_one_after_the_other(chosen, data):
    report = user_report(65535, chosen)
    fields = [PARAMETERS[identifier].parameter for identifier in chosen]
    octets = [data.draw(st.binary(min_size=field.octets, max_size=field.octets)) for field in fields]
    source_data = b"\xff\xff" + b"".join(octets)
    expected = {field.name: field.decode(field.read(part, 0)[0]) for field, part in zip(fields, octets)}
    assert report.decode(source_data) == expected
    for wrong in (source_data[:-1], source_data + b"\0", b"\xff\xfe" + source_data[2:]):
        with pytest.raises(FswError, match="HOUSEKEEPING_65535"):
            report.decode(wrong)


def test_there_are_no_reports_of_what_makes_no_structure():
    everything = sorted(PARAMETERS)
    for sid, chosen in (
        (255, everything[:1]), (65536, everything[:1]), (256, []), (256, everything[:33]),
        (256, everything[:1] * 2), (256, [9999]),
    ):  # fmt: skip
        assert user_report(sid, chosen) is None
    assert user_report(256, everything[:32]) is not None


def test_diagnostic_structures_are_a_kind_of_their_own(housekeeping, bench):
    arguments = "sid=300 interval_s=20 parameters=FIRINGS,BREAK_WIRE"
    housekeeping.tell(bench.execute("DIAGNOSTICS_CREATE", arguments))
    assert housekeeping.executed() == [None]
    assert create(housekeeping, bench) is FailureCode.ALREADY_THERE
    assert told(housekeeping, bench, "ENABLE", "300") is FailureCode.NO_SUCH_ITEM
    assert create(housekeeping, bench, 301) is None
    for name in BY_SIDS:
        housekeeping.tell(bench.execute(f"DIAGNOSTICS_{name}", "300,301"))
        assert housekeeping.executed() == [FailureCode.NO_SUCH_ITEM]
    for name, arguments in (("APPEND", "sid=300 parameters=RELEASE"), ("ENABLE", "300")):
        housekeeping.tell(bench.execute(f"DIAGNOSTICS_{name}", arguments))
        assert housekeeping.executed() == [None]
    housekeeping.expire("due 300")
    housekeeping.tell(Values(RELEASE_VALUES))
    housekeeping.expire("compose 300")
    (report,) = housekeeping.sent(names.DOWNLINK)
    assert (report.service, report.subtype, report.source_data.hex()) == (3, 26, "012c" + "00" + "00" + "01")
    housekeeping.tell(bench.execute("DIAGNOSTICS_DEFINITIONS_REPORT", "300"))
    (report,) = housekeeping.sent(names.DOWNLINK)
    name, values = bench.decoded(report)
    assert (name, values["sid"], values["periodic"], values["parameters"]) == (
        "DIAGNOSTICS_DEFINITION", 300, "ON", 3,
    )  # fmt: skip
    for name in ("DISABLE", "DELETE"):
        housekeeping.tell(bench.execute(f"DIAGNOSTICS_{name}", "300"))
        assert housekeeping.executed() == [None]
    assert create(housekeeping, bench) is None
    assert housekeeping.task.save()["diagnostic"] == []
