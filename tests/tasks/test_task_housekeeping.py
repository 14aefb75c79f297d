"""Housekeeping: at its period or on request, and never a number that nobody measured."""

import pytest

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary.housekeeping import RELEASE, Structure
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.tasks import names
from fsw.tasks.messages import Gather, Values

RELEASE_VALUES = {"release": "ARMED", "break_wire": "OFF", "release_temperature_c": -12.5, "firings": 0}


@pytest.fixture
def housekeeping(bench):
    return bench.of(names.HOUSEKEEPING)


def test_every_structure_of_the_orbiter_is_due_soon_and_no_two_at_once(housekeeping):
    times = {name: timer.at_ns for name, timer in housekeeping.timers.items()}
    assert set(times) == {f"due {int(sid)}" for sid in Structure if sid is not Structure.LANDER}
    assert len(set(times.values())) == len(times)
    assert max(times.values()) < 3 * SECOND


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


def test_the_sleeping_lander_takes_no_requests():
    for name in ("HOUSEKEEPING_ONCE", "HOUSEKEEPING_ENABLE", "HOUSEKEEPING_DISABLE"):
        with pytest.raises(FswError, match="allowed are"):
            dictionary.parse_telecommand(name, "LANDER")
