"""The release task: safe until told, once, and honest about what it did."""

import pytest

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import BreakWire, Fire, Gather


@pytest.fixture
def release(bench):
    return bench.of(names.RELEASE)


def state(release):
    release.tell(Gather(Structure.RELEASE))
    return release.values()


def test_firing_unarmed_gives_no_pulse(release, bench):
    release.tell(bench.execute("RELEASE_FIRE"))
    assert release.executed() == [FailureCode.NOT_ARMED]
    assert release.emitted(names.RELEASE_PORT) == []
    assert state(release) == {"release": "SAFE", "break_wire": "OFF", "firings": 0}


def test_arming_lasts_sixty_seconds(release, bench):
    release.tell(bench.execute("RELEASE_ARM"), 7 * SECOND)
    assert (release.executed(), release.events()) == ([None], [("RELEASE_ARMED", {})])
    assert release.timers["armed"].at_ns == 67 * SECOND
    release.expire("armed")
    assert release.events() == [("RELEASE_DISARMED", {})]
    release.tell(bench.execute("RELEASE_FIRE"), 68 * SECOND)
    assert release.executed() == [FailureCode.NOT_ARMED]


def test_arming_again_begins_the_sixty_seconds_again(release, bench):
    release.tell(bench.execute("RELEASE_ARM"), 0)
    release.tell(bench.execute("RELEASE_ARM"), 50 * SECOND)
    assert release.timers["armed"].at_ns == 110 * SECOND


def test_made_safe_it_does_not_fire(release, bench):
    release.tell(bench.execute("RELEASE_ARM"))
    release.tell(bench.execute("RELEASE_ARM", "OFF"))
    assert (release.executed(), release.events()) == ([None], [("RELEASE_DISARMED", {})])
    assert release.timers == {}
    release.tell(bench.execute("RELEASE_ARM", "OFF"))
    assert (release.executed(), release.events()) == ([None], [])
    release.tell(bench.execute("RELEASE_FIRE"))
    assert release.executed() == [FailureCode.NOT_ARMED]


def test_the_fire_request_is_complete_when_the_wire_has_opened(release, bench):
    release.tell(bench.execute("RELEASE_ARM"))
    release.tell(bench.execute("RELEASE_FIRE", request=b"fire"), SECOND)
    assert release.emitted(names.RELEASE_PORT) == [Fire()]
    assert (release.executed(), release.events()) == ([], [("RELEASE_FIRED", {})])
    assert set(release.timers) == {"missing"}
    release.tell(BreakWire(), SECOND + 18_000_000)
    assert release.events() == [("SEPARATION_SEEN", {"after_firing_us": 18_000})]
    assert [message.request for message in release.sent(names.COMMANDING)] == [b"fire"]
    assert release.executed() == [None]
    assert release.timers == {}
    assert state(release) == {"release": "SEPARATED", "break_wire": "ON", "firings": 1}


def test_without_break_wire_the_request_fails_after_two_seconds(release, bench):
    release.tell(bench.execute("RELEASE_ARM"))
    release.tell(bench.execute("RELEASE_FIRE"), SECOND)
    assert release.timers["missing"].at_ns == 3 * SECOND
    release.expire("missing")
    assert release.events() == [("SEPARATION_MISSING", {})]
    assert release.executed() == [FailureCode.NO_SEPARATION]
    assert state(release)["release"] == "FIRED"


def test_a_late_break_wire_is_told_but_answers_no_request_twice(release, bench):
    release.tell(bench.execute("RELEASE_ARM"))
    release.tell(bench.execute("RELEASE_FIRE"), SECOND)
    release.expire("missing")
    release.tell(BreakWire(), 5 * SECOND)
    assert release.events() == [("SEPARATION_SEEN", {"after_firing_us": 4_000_000})]
    assert release.executed() == []
    release.tell(BreakWire(), 6 * SECOND)
    assert release.answers == []


@pytest.mark.parametrize("separated", [False, True])
@pytest.mark.parametrize("telecommand", ["RELEASE_ARM ON", "RELEASE_ARM OFF", "RELEASE_FIRE "])
def test_what_has_gone_is_not_armed_fired_or_made_safe(release, bench, separated, telecommand):
    release.tell(bench.execute("RELEASE_ARM"))
    release.tell(bench.execute("RELEASE_FIRE"))
    if separated:
        release.tell(BreakWire())
    before = state(release)
    release.tell(bench.execute(*telecommand.split(" ")))
    assert release.executed() == [FailureCode.ALREADY_RELEASED]
    assert release.emitted(names.RELEASE_PORT) == []
    assert state(release) == before
