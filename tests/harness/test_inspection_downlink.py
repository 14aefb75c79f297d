"""The inspector's events come down as PUS reports ST[5], its pictures as files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import missions
from fsw.dictionary.identifiers import INSPECTOR_APID
from fsw.dictionary.inspector import SEVERITY, InspectorEvent
from fsw.dictionary.inspector_reports import BOOK, AbortCause
from fsw.ground.decoding import decode_file
from fsw.harness.inspection_downlink import InspectionDownlink
from fsw.kernel.time import SECOND
from fsw.tasks.inspection import Reported

MISSION = missions.load("inspector")
FORMAT = "cadu:1279:tm:rs=223:interleave=5:randomizer=255"
LATE_NS = 5 * SECOND
VALUES = {
    InspectorEvent.AWAKE: {},
    InspectorEvent.WAYPOINT_REACHED: {"waypoint": 12, "off_m": 0.71},
    InspectorEvent.CIRCUIT_DONE: {"waypoints": 12},
    InspectorEvent.SIGHTING_REFUSED: {"off_m": 480.25},
    InspectorEvent.SIGHTINGS_LOST: {"cycles": 7},
    InspectorEvent.THRUSTER_DEAD: {"thruster": 3, "off_m_s": -0.0123},
    InspectorEvent.THRUSTER_OPEN: {"thruster": 5, "off_m_s": 0.15},
    InspectorEvent.THRUSTER_ISOLATED: {"thruster": 5},
    InspectorEvent.ABORT: {"why": "thruster open", "closest_m": -41.5},
    InspectorEvent.RETREAT_BURN: {"change_m_s": 0.1507, "closest_m": 26.02},
    InspectorEvent.RETREAT_NOT_POSSIBLE: {"closest_m": 24.9},
    InspectorEvent.BURN_REFUSED: {},
}


def downlink(keep=lambda octets: None):
    return InspectionDownlink(MISSION.radio, MISSION.epoch, LATE_NS, keep)


def test_every_event_comes_as_its_report():
    sent = downlink()
    for n, event in enumerate(InspectorEvent):
        sent.report((60 + n) * SECOND, Reported(event, VALUES[event]))
    found = sent.received()
    assert [name for _, name, _ in found.reports] == [event.name for event in InspectorEvent]
    for n, (event, (t_ns, _, values)) in enumerate(zip(InspectorEvent, found.reports, strict=True)):
        assert t_ns == pytest.approx((60 + n) * SECOND, abs=100)  # as fine as the packet's time is
        expected = dict(VALUES[event])
        if "why" in expected:
            assert values.pop("why") == "THRUSTER_OPEN"
            del expected["why"]
        assert values == pytest.approx(expected, abs=1e-9)
        declared = BOOK.report(f"EVENT_{event.name}")
        assert (declared.service, declared.severity, declared.identifier) == (5, SEVERITY[event], event)


@pytest.mark.parametrize("why", ["too near", "no sightings", "thruster open", "thruster dead"])
def test_each_cause_of_an_abort_has_a_number(why):
    sent = downlink()
    sent.report(0, Reported(InspectorEvent.ABORT, {"why": why, "closest_m": 0.0}))
    ((_, _, values),) = sent.received().reports
    assert AbortCause[values["why"]].name.lower().replace("_", " ") == why


@given(st.lists(st.binary(min_size=1, max_size=200_000), max_size=3))
def test_pictures_come_whole_between_events_one_light_time_later(pictures):
    cadus = bytearray()
    sent = downlink(cadus.extend)
    for n, octets in enumerate(pictures):
        at_ns = (n + 1) * 60 * SECOND
        reached = Reported(InspectorEvent.WAYPOINT_REACHED, {"waypoint": n, "off_m": 0.5})
        sent.report(at_ns, reached)
        sent.picture(at_ns + SECOND, f"full/{n}.jpg", octets)
    found = sent.received()
    assert {name: octets for name, (_, octets) in found.files.items()} == {
        f"full/{n}.jpg": octets for n, octets in enumerate(pictures)
    }
    assert len(found.reports) == len(pictures)
    assert len(cadus) == 1279 * found.frames
    for n, (received_ns, octets) in enumerate(found.files.values()):
        on_air_ns = received_ns - LATE_NS - (n + 1) * 60 * SECOND - SECOND
        least_ns = 8 * len(octets) * SECOND // MISSION.radio.rate_bit_s
        assert least_ns <= on_air_ns < 1.4 * least_ns + SECOND // 10


def test_what_came_is_read_by_decode_too(tmp_path):
    cadus = bytearray()
    sent = downlink(cadus.extend)
    for event in InspectorEvent:
        sent.report(event * SECOND, Reported(event, VALUES[event]))
    sent.picture(100 * SECOND, "full/1.jpg", bytes(5000))
    found = sent.received()
    (tmp_path / "downlink.cadu").write_bytes(cadus)
    report = decode_file(tmp_path / "downlink.cadu", FORMAT)
    assert report.frames == found.frames
    assert report.apids[INSPECTOR_APID] == len(InspectorEvent)
    assert report.apids[INSPECTOR_APID + 1] == 7  # metadata, five segments, end of file


def test_what_a_field_cannot_hold_stays_at_the_end_of_its_scale():
    sent = downlink()
    sent.report(0, Reported(InspectorEvent.RETREAT_BURN, {"change_m_s": 900.0, "closest_m": -1e12}))
    ((_, _, values),) = sent.received().reports
    assert values == pytest.approx({"change_m_s": 6.5535, "closest_m": -21474836.48})
