"""Which structures and events go: as a simple model says, and nothing of a request that makes no sense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import LANDER_APID, ORBITER_APID, FailureCode
from fsw.dictionary.services.report_selection import MOST_STRUCTURES
from fsw.kernel.snapshot import pack, unpack
from fsw.tasks.report_selection import ReportSelection, particular

HOUSEKEEPING, DIAGNOSTICS = (ORBITER_APID, 3, 25), (ORBITER_APID, 3, 26)
EVENT = (ORBITER_APID, 5, 2)
RADIO = int(Structure.RADIO)


def added(apid, *structures):
    return {"apid": apid, "structures": [{"sid": sid, "subsampling": every} for sid, every in structures]}


def deleted(apid, *sids):
    return {"apid": apid, "sids": list(sids)}


def events(apid, *chosen):
    return {"apid": apid, "events": [int(event) for event in chosen]}


@pytest.fixture
def listed():
    """Nothing of the orbiter's housekeeping but the radio's, each time, and the lander's."""
    selection = ReportSelection()
    assert selection.change("HOUSEKEEPING_DELETE", [deleted(ORBITER_APID)]) is None
    assert selection.change("HOUSEKEEPING_ADD", [added(ORBITER_APID, (RADIO, 1))]) is None
    return selection


def test_at_first_all_structures_go_and_all_events():
    selection = ReportSelection()
    assert selection.takes(HOUSEKEEPING, RADIO)
    assert selection.takes(HOUSEKEEPING, 40_000)
    assert selection.takes(DIAGNOSTICS, 300)
    assert selection.takes(EVENT, Event.TASK_RESTARTED)


def test_reports_are_told_by_what_their_source_data_begin_with():
    assert particular(HOUSEKEEPING, b"\x01\x02\x03") == 0x102
    assert particular((LANDER_APID, 3, 25), b"\x01\x02\x03") == 0x102
    assert particular(EVENT, b"\x01\x02") == 0x102
    for other in ((ORBITER_APID, 5, 8), (ORBITER_APID, 3, 10), (ORBITER_APID, 1, 1), (0, 0, 0)):
        assert particular(other, b"\x01\x02") == 0
        assert ReportSelection().takes(other, 0)


@pytest.mark.parametrize(
    ("what", "applications", "failure"),
    [
        ("HOUSEKEEPING_ADD", [added(7, (RADIO, 1))], FailureCode.UNKNOWN_APPLICATION),
        ("HOUSEKEEPING_ADD", [added(LANDER_APID, (16, 1))], FailureCode.ALL_SELECTED),
        ("HOUSEKEEPING_ADD", [added(ORBITER_APID, (77, 1))], FailureCode.UNKNOWN_STRUCTURE),
        ("DIAGNOSTICS_ADD", [added(LANDER_APID)], FailureCode.UNKNOWN_APPLICATION),
        ("HOUSEKEEPING_DELETE", [deleted(7)], FailureCode.UNKNOWN_APPLICATION),
        ("HOUSEKEEPING_DELETE", [deleted(ORBITER_APID, 1)], FailureCode.NOT_SELECTED),
        ("HOUSEKEEPING_DELETE", [deleted(LANDER_APID, 16)], FailureCode.NOT_SELECTED),
        ("DIAGNOSTICS_DELETE", [deleted(ORBITER_APID)] * 2, FailureCode.NOT_SELECTED),
        ("EVENTS_BLOCK", [events(LANDER_APID, Event.CAMERA_FAR)], FailureCode.UNKNOWN_APPLICATION),
        ("EVENTS_BLOCK", [events(ORBITER_APID, 9999)], FailureCode.UNKNOWN_EVENT),
        ("EVENTS_UNBLOCK", [events(7)], FailureCode.UNKNOWN_APPLICATION),
        ("EVENTS_UNBLOCK", [events(ORBITER_APID)], FailureCode.NOT_BLOCKED),
        ("EVENTS_UNBLOCK", [events(ORBITER_APID, Event.CAMERA_FAR)], FailureCode.NOT_BLOCKED),
    ],
)
def test_a_request_that_makes_no_sense_changes_nothing(listed, what, applications, failure):
    before = listed.save()
    sound = {
        "HOUSEKEEPING_ADD": [added(ORBITER_APID, (256, 3))],
        "EVENTS_BLOCK": [events(ORBITER_APID, Event.TASK_RESTARTED)],
    }
    assert listed.change(what, [*sound.get(what, []), *applications]) is failure
    assert listed.save() == before


def test_the_lander_has_no_structures_but_its_own():
    selection = ReportSelection()
    assert selection.change("HOUSEKEEPING_DELETE", [deleted(LANDER_APID)]) is None
    for sid, failure in ((300, FailureCode.UNKNOWN_STRUCTURE), (int(Structure.LANDER), None)):
        assert selection.change("HOUSEKEEPING_ADD", [added(LANDER_APID, (sid, 1))]) is failure
    assert selection.takes((LANDER_APID, 3, 25), Structure.LANDER)


def test_there_is_an_end_to_what_is_listed(listed):
    many = [(300 + number, 1) for number in range(MOST_STRUCTURES - 1)]
    assert listed.change("HOUSEKEEPING_ADD", [added(ORBITER_APID, *many)]) is None
    failure = listed.change("HOUSEKEEPING_ADD", [added(ORBITER_APID, (999, 1))])
    assert failure is FailureCode.SELECTION_FULL


def test_all_can_be_selected_again(listed):
    assert not listed.takes(HOUSEKEEPING, 1)
    assert listed.change("HOUSEKEEPING_ADD", [added(ORBITER_APID)]) is None
    assert listed.takes(HOUSEKEEPING, 1)
    assert listed.save() == ReportSelection().save()


SIDS = st.sampled_from([1, RADIO, 256, 300])
APPLIED = st.one_of(
    st.tuples(st.just("HOUSEKEEPING_ADD"), st.dictionaries(SIDS, st.integers(1, 3), min_size=1)),
    st.tuples(st.just("HOUSEKEEPING_DELETE"), st.sets(SIDS, min_size=1)),
    st.tuples(st.just("EVENTS_BLOCK"), st.sets(st.sampled_from(sorted(Event)[:4]), min_size=1)),
    st.tuples(st.just("EVENTS_UNBLOCK"), st.sets(st.sampled_from(sorted(Event)[:4]), min_size=1)),
    st.tuples(st.just("report"), SIDS),
    st.tuples(st.just("event"), st.sampled_from(sorted(Event)[:4])),
)


@given(st.lists(APPLIED, max_size=30))
def test_any_sequence_goes_as_a_simple_model_says_and_survives_snapshots(steps):
    selection = ReportSelection()
    assert selection.change("HOUSEKEEPING_DELETE", [deleted(ORBITER_APID)]) is None
    rates, seen, blocked = {}, {}, set()
    for what, which in steps:
        selection = ReportSelection.load(unpack(pack(selection.save())))
        match what:
            case "HOUSEKEEPING_ADD":
                assert selection.change(what, [added(ORBITER_APID, *which.items())]) is None
                rates |= which
                seen |= dict.fromkeys(which, 0)
            case "HOUSEKEEPING_DELETE":
                failure = selection.change(what, [deleted(ORBITER_APID, *which)])
                assert failure is (None if which <= set(rates) else FailureCode.NOT_SELECTED)
                for sid in which if failure is None else ():
                    del rates[sid]
            case "EVENTS_BLOCK":
                assert selection.change(what, [events(ORBITER_APID, *which)]) is None
                blocked |= which
            case "EVENTS_UNBLOCK":
                failure = selection.change(what, [events(ORBITER_APID, *which)])
                assert failure is (None if which <= blocked else FailureCode.NOT_BLOCKED)
                blocked -= which if failure is None else set()
            case "report":
                goes = which in rates and seen[which] % rates[which] == 0
                assert selection.takes(HOUSEKEEPING, which) == goes
                seen[which] = seen.get(which, 0) + 1
            case "event":
                assert selection.takes(EVENT, which) == (which not in blocked)
