"""Time management: what a telecommand asks of the clock goes to the clock's port, or is refused."""

import pytest

from fsw.dictionary.identifiers import FailureCode, Steering
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import SteerClock, TimeReportRate


@pytest.fixture
def task(bench):
    return bench.of(names.TIMEKEEPING)


def test_the_rate_goes_to_the_downlink(task, bench):
    task.tell(bench.execute("TIME_REPORT_RATE", "3"))
    assert task.sent(names.DOWNLINK) == [TimeReportRate(3)]
    assert task.executed() == [None]


def test_set_forward_is_done_and_told(task, bench):
    shown_s = bench.clock.agency_ns(0) // SECOND + 5
    task.tell(bench.execute("CLOCK_SET", f"{shown_s} fraction={1 << 23}"))
    assert task.emitted(names.CLOCK_PORT) == [SteerClock(Steering.SET, shown_s * SECOND + SECOND // 2)]
    assert task.executed() == [None]
    ((event, values),) = task.events()
    assert (event, values["steering"]) == ("CLOCK_STEERED", "SET")


def test_set_back_is_refused(task, bench):
    now_ns = 100 * SECOND
    shown_s = -(-bench.clock.agency_ns(now_ns) // SECOND)
    task.tell(bench.execute("CLOCK_SET", f"{shown_s - 1}"), now_ns)
    assert task.executed() == [FailureCode.TIME_GOES_BACK]
    assert task.emitted(names.CLOCK_PORT) == []
    assert task.events() == []
    task.tell(bench.execute("CLOCK_SET", f"{shown_s}"), now_ns)
    assert task.executed() == [None]


@pytest.mark.parametrize(
    ("name", "argument", "steering", "amount"),
    [
        ("CLOCK_SHIFT", "-1500", Steering.SHIFT, -1_500_000),
        ("CLOCK_TRIM", "-117000", Steering.TRIM, -117_000),
    ],
)
def test_shift_and_trim_go_to_the_clock(task, bench, name, argument, steering, amount):
    task.tell(bench.execute(name, argument))
    assert task.emitted(names.CLOCK_PORT) == [SteerClock(steering, amount)]
    assert task.executed() == [None]
