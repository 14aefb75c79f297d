"""ST[4]: extremes with their times, mean and deviation, of what was told since the statistics began."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.pool import BY_NAME, PARAMETERS
from fsw.dictionary.services.st04_statistics import MOST_STATISTICS
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import Values
from fsw.tasks.routing import OWNERS
from fsw.tasks.statistics import Statistic, Statistics

FILL = BY_NAME["memory_fill"].identifier


class Sampled:
    def __init__(self, bench):
        self.bench = bench
        self.task = bench.of(names.STATISTICS)
        self.now_ns = 0

    def order(self, name, **arguments):
        self.task.tell(self.bench.execute(f"STATISTICS_{name}", arguments), self.now_ns)
        return self.task.executed()

    def sample(self, **values):
        self.now_ns = self.task.timers["sample"].at_ns
        self.task.expire("sample")
        owners = OWNERS[Structure.MASS_MEMORY]
        assert [len(self.task.sent(owner)) for owner in owners] == [1] * len(owners)
        for told in (values, *[{}] * (len(owners) - 1)):
            self.task.tell(Values(told), self.now_ns)

    def values(self):
        ((name, values),) = [self.bench.decoded(report) for report in self.task.sent(names.DOWNLINK)]
        assert name == "STATISTICS_VALUES"
        return values


@pytest.fixture
def sampled(bench):
    found = Sampled(bench)
    assert found.order("ADD", parameters=[{"parameter": FILL, "interval_s": 5}]) == [None]
    return found


def test_what_was_sampled_is_reported_with_the_times_of_extremes(sampled, bench):
    for fill in (10.0, 40.0, 10.0, 20.0):
        sampled.sample(memory_fill=fill)
    assert sampled.order("REPORT") == [None]
    assert sampled.values() == {
        "start": bench.clock.cuc(0),
        "end": bench.clock.cuc(20 * SECOND),
        "parameters": 1,
        "parameters[0].parameter": "MEMORY_FILL",
        "parameters[0].samples": 4,
        "parameters[0].maximum": 40.0,
        "parameters[0].maximum_at": bench.clock.cuc(10 * SECOND),
        "parameters[0].minimum": 10.0,
        "parameters[0].minimum_at": bench.clock.cuc(5 * SECOND),
        "parameters[0].mean": 20.0,
        "parameters[0].deviation": 150.0**0.5,
    }


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_mean_and_deviation_are_those_of_the_standard_library(values):
    found = Statistic(FILL, 1)
    for value in values:
        found.take(value, bytes(7))
    row = found.row()
    assert (row["maximum"], row["minimum"], row["samples"]) == (max(values), min(values), len(values))
    assert row["mean"] == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert row["deviation"] == pytest.approx(statistics.pstdev(values), rel=1e-6, abs=1e-6)


def test_what_nobody_told_is_no_sample(sampled):
    sampled.sample(memory_fill=3.0)
    sampled.sample()
    sampled.order("REPORT")
    assert sampled.values()["parameters[0].samples"] == 1


def test_an_owner_that_does_not_answer_holds_nothing_up(sampled):
    sampled.task.expire("sample")
    sampled.task.tell(Values({"memory_fill": 3.0}), 5 * SECOND)
    sampled.task.expire("sample")
    sampled.order("REPORT")
    assert sampled.values()["parameters[0].samples"] == 1


def test_periodic_reports_begin_the_statistics_anew(sampled, bench):
    assert sampled.order("ENABLE", period_s=12) == [None]
    sampled.sample(memory_fill=3.0)
    sampled.task.expire("report")
    assert sampled.values()["parameters[0].samples"] == 1
    assert sampled.task.timers["report"].at_ns == 24 * SECOND
    sampled.task.expire("report")
    values = sampled.values()
    assert (values["parameters[0].samples"], values["start"]) == (0, bench.clock.cuc(12 * SECOND))
    assert sampled.order("DISABLE") == [None]
    assert "report" not in sampled.task.timers


def test_definitions_are_added_changed_deleted_and_reported(sampled, bench):
    load = BY_NAME["cpu_load"].identifier
    sampled.order(
        "ADD", parameters=[{"parameter": load, "interval_s": 2}, {"parameter": FILL, "interval_s": 7}]
    )
    sampled.order("DEFINITIONS_REPORT")
    ((name, values),) = [bench.decoded(report) for report in sampled.task.sent(names.DOWNLINK)]
    assert (name, values["periodic"], values["parameters"]) == ("STATISTICS_DEFINITIONS", "OFF", 2)
    assert [values[f"parameters[{k}].interval_s"] for k in (0, 1)] == [2, 7]
    assert sampled.task.timers["sample"].at_ns == 2 * SECOND
    assert sampled.order("DELETE", parameters=[{"parameter": load}]) == [None]
    assert sampled.task.timers["sample"].at_ns == 7 * SECOND
    assert sampled.order("DELETE", parameters=[{"parameter": load}]) == [FailureCode.NO_SUCH_ITEM]
    assert sampled.order("DELETE", parameters=[]) == [None]
    assert "sample" not in sampled.task.timers


@pytest.mark.parametrize(
    ("parameter", "failure"),
    [
        (0x8001, FailureCode.UNKNOWN_PARAMETER),
        (1, FailureCode.UNKNOWN_PARAMETER),
        (BY_NAME["dump"].identifier, FailureCode.CHECK_SENSELESS),
    ],
)
def test_one_wrong_parameter_and_none_is_added(sampled, parameter, failure):
    before = sampled.task.task.save()
    good = {"parameter": BY_NAME["cpu_load"].identifier, "interval_s": 1}
    assert sampled.order("ADD", parameters=[good, {"parameter": parameter, "interval_s": 1}]) == [failure]
    assert sampled.task.task.save() == before


def test_there_is_an_end_to_them(sampled):
    numeric = [key for key, found in PARAMETERS.items() if found.parameter.enumeration is None]
    first, rest = numeric[:MOST_STATISTICS], numeric[MOST_STATISTICS : MOST_STATISTICS + 1]
    assert sampled.order("DELETE", parameters=[]) == [None]
    assert sampled.order("ADD", parameters=[{"parameter": p, "interval_s": 1} for p in first]) == [None]
    failed = sampled.order("ADD", parameters=[{"parameter": p, "interval_s": 1} for p in rest])
    assert failed == [FailureCode.NO_ROOM]


def test_what_was_gathered_outlives_a_restart_and_nonsense_does_not(sampled, bench):
    sampled.sample(memory_fill=3.0)
    fresh = Statistics(bench.clock)
    fresh.recall(sampled.task.task.retained())
    assert fresh.retained() == sampled.task.task.retained()
    with pytest.raises(ValueError):
        fresh.recall({"statistics": [{"parameter": 5, "interval_s": 1}], "began": bytes(7), "period_s": 0})
