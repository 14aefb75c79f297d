"""ST[12] functional monitoring: functions fail when enough of their parameter monitors do."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fsw.dictionary.events import FunctionalMonitorEvent
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.monitors import DEFAULTS, FUNCTIONAL_DEFAULTS, MOST_FUNCTIONAL_MONITORS
from fsw.dictionary.pool import BY_NAME
from fsw.kernel.scheduler import Emit, Send
from fsw.tasks import names
from fsw.tasks.messages import Gather, Occurred, Values
from fsw.tasks.monitoring import Monitoring

# Parameter monitors: 1 and 2 of the mass memory every 2 s, 3 of the radio every 3 s.
WATCHED = {
    1: ("memory_fill", 2, 50.0),
    2: ("pictures_stored", 2, 5.0),
    3: ("octets_waiting", 3, 100.0),
}
GOOD = {"memory_fill": 10, "pictures_stored": 1, "octets_waiting": 0, "dump": "ON"}
BAD = {1: {"memory_fill": 90}, 2: {"pictures_stored": 9}, 3: {"octets_waiting": 200}}
FUNCTION = {"functional_monitor": 7, "event": int(FunctionalMonitorEvent["FUNCTION_MEDIUM"])}
WHILE_DUMPING = {
    "validity_parameter": BY_NAME["dump"].identifier,
    "validity_mask": 1,
    "validity_expected": 1,
}


class Functions:
    """The task, with the parameter monitors above once told to watch, and owners who tell `measured`."""

    def __init__(self, bench, monitors=(), functional=()):
        self.bench = bench
        self.told = bench.of(names.MONITORING, lambda: Monitoring(bench.clock, monitors, functional))
        self.measured = dict(GOOD)
        self.now_ns = 0
        self.asked = set()

    def order(self, name, **arguments):
        self.told.tell(self.bench.execute(name, arguments), self.now_ns)
        (failure,) = self.told.executed()
        return failure

    def watch(self):
        monitors = [
            {
                "monitor": monitor,
                "parameter": BY_NAME[name].identifier,
                "interval_s": interval_s,
                "check": "LIMIT",
                "high": high,
            }
            for monitor, (name, interval_s, high) in WATCHED.items()
        ]
        assert self.order("MONITORS_ADD", monitors=monitors) is None
        assert self.order("MONITORS_ENABLE", monitors=[{"monitor": monitor} for monitor in WATCHED]) is None
        return self

    def add(self, *monitors, enable=True, **others):
        functional = {**FUNCTION, **others, "monitors": monitors}
        failure = self.order("FUNCTIONAL_MONITORS_ADD", functional_monitors=[functional])
        if failure is None and enable:
            chosen = [functional["functional_monitor"]]
            assert self.order("FUNCTIONAL_MONITORS_ENABLE", functional_monitors=chosen) is None
        return failure

    def beat(self, **measured):
        """The next beat, answered; events of functions that came of it."""
        self.measured |= measured
        self.now_ns = self.told.timers["beat"].at_ns
        actions = list(self.told.expire("beat"))
        questions = [a.message for a in actions if isinstance(a, Send) and isinstance(a.message, Gather)]
        questions += [a.value for a in actions if isinstance(a, Emit)]
        self.asked = {question.sid for question in questions}
        for question in questions:
            known = {n: v for n, v in self.measured.items() if BY_NAME[n].structure == question.sid}
            actions += self.told.tell(Values(known), self.now_ns)
        self.told.answers = actions
        occurred = self.told.sent(names.EVENTS, Occurred)
        return [(m.event.name, m.values) for m in occurred if "functional_monitor" in m.values]

    def until_checked(self, **measured):
        """Beats until all three parameter monitors were checked; events of functions."""
        return [event for _ in range(4) for event in self.beat(**measured)]

    def report(self, name, **arguments):
        assert self.order(name, **arguments) is None
        return [self.bench.decoded(report) for report in self.told.sent(names.DOWNLINK)]

    def status(self):
        """By functional monitor: protection, switch, status."""
        ((_, values),) = self.report("FUNCTIONAL_MONITORING_STATUS_REPORT")
        rows = [f"functional_monitors[{k}]" for k in range(values["functional_monitors"])]
        return {
            values[f"{row}.functional_monitor"]: (
                values[f"{row}.protection"],
                values[f"{row}.enabled"],
                values[f"{row}.status"],
            )
            for row in rows
        }

    def found(self, functional=7):
        return self.status()[functional][2]


@pytest.fixture
def functions(bench):
    return Functions(bench).watch()


def test_it_fails_when_as_many_of_its_monitors_fail_as_it_takes_and_tells_once(functions):
    functions.add(1, 2, 3, least_failing=2)
    assert functions.found() == "UNCHECKED"
    assert functions.until_checked(**BAD[1]) == []
    assert functions.found() == "RUNNING"
    ((name, values),) = functions.until_checked(**BAD[3])
    assert name == "FUNCTION_MEDIUM"
    assert values == {"functional_monitor": 7, "failing": 2, "least_failing": 2}
    assert functions.until_checked(**BAD[2]) == []
    assert functions.found() == "FAILED"
    assert functions.until_checked(**GOOD) == []
    assert functions.found() == "RUNNING"
    assert len(functions.until_checked(**BAD[1], **BAD[2])) == 1


def test_it_is_checked_in_each_beat_in_which_one_of_its_monitors_is(functions):
    functions.add(3)
    assert functions.beat() == []  # at 2 s: monitors 1 and 2
    assert functions.found() == "UNCHECKED"
    assert len(functions.beat(**BAD[3])) == 1  # at 3 s


def test_while_its_condition_does_not_hold_it_is_invalid(functions):
    functions.add(3, **WHILE_DUMPING)
    functions.beat()
    assert functions.beat(**BAD[3], dump="OFF") == []
    assert functions.asked == {Structure.RADIO, Structure.MASS_MEMORY}
    assert functions.found() == "INVALID"
    assert len(functions.until_checked(dump="ON")) == 1
    del functions.measured["dump"]
    functions.until_checked()
    assert functions.found() == "INVALID"


def test_what_is_not_checked_does_not_fail(functions):
    functions.add(1, 2, least_failing=2)
    assert len(functions.until_checked(**BAD[1], **BAD[2])) == 1
    assert functions.order("MONITORS_DISABLE", monitors=[{"monitor": 2}]) is None
    assert functions.found() == "UNCHECKED"
    assert functions.until_checked() == []
    assert functions.found() == "RUNNING"
    assert functions.order("MONITORS_ENABLE", monitors=[{"monitor": 2}]) is None
    assert len(functions.until_checked()) == 1


def test_switched_off_alone_as_a_whole_or_with_all_monitoring_it_knows_nothing(functions):
    functions.add(1)
    for off, on, arguments in (
        ("FUNCTIONAL_MONITORS_DISABLE", "FUNCTIONAL_MONITORS_ENABLE", {"functional_monitors": [7]}),
        ("FUNCTIONAL_MONITORING_DISABLE", "FUNCTIONAL_MONITORING_ENABLE", {}),
        ("MONITORING_DISABLE", "MONITORING_ENABLE", {}),
    ):
        assert len(functions.until_checked(**BAD[1])) == 1
        assert functions.order(off, **arguments) is None
        assert functions.found() == "UNCHECKED"
        assert functions.until_checked() == []
        assert functions.found() == "UNCHECKED"
        assert functions.order(on, **arguments) is None
    assert functions.order("FUNCTIONAL_MONITORING_ENABLE") is None


def test_protection_keeps_it_and_its_monitors_as_they_are(functions):
    functions.add(1, 2, enable=False)
    chosen = {"functional_monitors": [7]}
    criteria = {"monitor": 2, "check": "LIMIT", "high": 1}
    assert functions.order("FUNCTIONAL_MONITORS_PROTECT", **chosen) is None
    assert functions.status() == {7: ("PROTECTED", "OFF", "UNCHECKED")}
    before = functions.told.task.save()
    for name, arguments, failure in (
        ("FUNCTIONAL_MONITORS_DELETE", chosen, FailureCode.FUNCTIONAL_MONITOR_PROTECTED),
        ("MONITORS_DISABLE", {"monitors": [{"monitor": 2}]}, FailureCode.MONITOR_PROTECTED),
        ("MONITORS_MODIFY", {"monitors": [criteria]}, FailureCode.MONITOR_PROTECTED),
    ):
        assert functions.order(name, **arguments) is failure
        assert functions.told.task.save() == before
    assert functions.order("MONITORS_DISABLE", monitors=[{"monitor": 3}]) is None
    assert functions.order("FUNCTIONAL_MONITORS_UNPROTECT", **chosen) is None
    assert functions.order("MONITORS_MODIFY", monitors=[criteria]) is None
    assert functions.order("MONITORS_DISABLE", monitors=[{"monitor": 2}]) is None
    assert functions.order("MONITORS_DELETE", monitors=[{"monitor": 2}]) is FailureCode.MONITOR_IN_USE
    assert functions.order("FUNCTIONAL_MONITORS_DELETE", **chosen) is None
    assert functions.order("MONITORS_DELETE", monitors=[{"monitor": 2}]) is None


def test_no_monitor_is_deleted_under_a_function(functions):
    functions.add(1)
    assert functions.order("MONITORING_DISABLE") is None
    assert functions.order("MONITORS_DELETE_ALL") is FailureCode.MONITOR_IN_USE
    assert functions.order("FUNCTIONAL_MONITORS_DISABLE", functional_monitors=[7]) is None
    assert functions.order("FUNCTIONAL_MONITORS_DELETE", functional_monitors=[7]) is None
    assert functions.order("MONITORS_DELETE_ALL") is None


CHOSEN_UNKNOWN = {"functional_monitors": [7, 8]}


@pytest.mark.parametrize(
    ("others", "failure"),
    [
        ({"functional_monitor": 7}, FailureCode.FUNCTIONAL_MONITOR_EXISTS),
        ({"validity_parameter": 7}, FailureCode.UNKNOWN_PARAMETER),
        ({"event": 1}, FailureCode.UNKNOWN_EVENT),
        ({"event": 0}, FailureCode.UNKNOWN_EVENT),
        ({"monitors": (1, 4)}, FailureCode.UNKNOWN_MONITOR),
        ({"monitors": (1, 1)}, FailureCode.CHECK_SENSELESS),
        ({"least_failing": 3}, FailureCode.CHECK_SENSELESS),
        ({**WHILE_DUMPING, "validity_expected": 2}, FailureCode.CHECK_SENSELESS),
        ({"validity_parameter": BY_NAME["memory_fill"].identifier}, FailureCode.CHECK_SENSELESS),
    ],
)
def test_a_function_that_makes_no_sense_is_not_added(functions, others, failure):
    functions.add(1)
    before = functions.told.task.save()
    entry = {**FUNCTION, "functional_monitor": 8, "monitors": (1, 2), **others}
    both = [{**FUNCTION, "functional_monitor": 9, "monitors": (1,)}, entry]
    assert functions.order("FUNCTIONAL_MONITORS_ADD", functional_monitors=both) is failure
    assert functions.told.task.save() == before


@pytest.mark.parametrize("what", ["ENABLE", "DISABLE", "PROTECT", "UNPROTECT", "DELETE", "REPORT"])
def test_of_an_unknown_one_nothing_is_done(functions, what):
    functions.add(1)
    before = functions.told.task.save()
    failure = functions.order(f"FUNCTIONAL_MONITORS_{what}", **CHOSEN_UNKNOWN)
    assert failure is FailureCode.UNKNOWN_FUNCTIONAL_MONITOR
    assert functions.told.task.save() == before


def test_one_that_is_enabled_is_not_deleted_and_there_is_an_end_to_them(functions):
    assert functions.add(1) is None
    failure = functions.order("FUNCTIONAL_MONITORS_DELETE", functional_monitors=[7])
    assert failure is FailureCode.FUNCTIONAL_MONITOR_ENABLED
    for identifier in range(100, 100 + MOST_FUNCTIONAL_MONITORS - 1):
        assert functions.add(1, functional_monitor=identifier, enable=False) is None
    assert functions.add(1, functional_monitor=99) is FailureCode.FUNCTIONAL_MONITORS_FULL


def test_definitions_are_reported_as_they_were_given_in_parts(functions):
    functions.add(3, 1, least_failing=2, **WHILE_DUMPING)
    ((name, values),) = functions.report("FUNCTIONAL_MONITORS_REPORT", functional_monitors=[7])
    assert name == "FUNCTIONAL_MONITORING_DEFINITIONS"
    assert values == {
        "functional_monitors": 1,
        "functional_monitors[0].functional_monitor": 7,
        "functional_monitors[0].validity_parameter": BY_NAME["dump"].identifier,
        "functional_monitors[0].validity_mask": 1,
        "functional_monitors[0].validity_expected": 1,
        "functional_monitors[0].protection": "UNPROTECTED",
        "functional_monitors[0].enabled": "ON",
        "functional_monitors[0].event": "FUNCTION_MEDIUM",
        "functional_monitors[0].least_failing": 2,
        "functional_monitors[0].monitors": 2,
        "functional_monitors[0].monitors[0].monitor": 3,
        "functional_monitors[0].monitors[1].monitor": 1,
    }
    for identifier in range(100, 100 + MOST_FUNCTIONAL_MONITORS - 1):
        functions.add(1, 2, 3, functional_monitor=identifier, enable=False)
    parts = functions.report("FUNCTIONAL_MONITORS_REPORT", functional_monitors=[])
    told = [values[key] for _, values in parts for key in values if key.endswith(".functional_monitor")]
    assert told == [7, *range(100, 100 + MOST_FUNCTIONAL_MONITORS - 1)]
    octets = [len(report.source_data) for report in functions.told.sent(names.DOWNLINK)]
    assert max(octets) <= 901


def test_definitions_outlive_a_restart_and_nonsense_does_not(functions, bench):
    functions.add(1, 2)
    functions.order("FUNCTIONAL_MONITORS_PROTECT", functional_monitors=[7])
    functions.order("FUNCTIONAL_MONITORING_DISABLE")
    retained = functions.told.task.retained()
    fresh = Monitoring(bench.clock)
    fresh.recall(retained)
    assert fresh.retained() == retained
    for nonsense in ({"enabled": [3]}, {"protected": [3]}):
        with pytest.raises(ValueError, match="functional"):
            fresh.recall({**retained, "functional": {**retained["functional"], **nonsense}})
    with pytest.raises(ValueError, match="functional"):
        fresh.recall({**retained, "monitors": retained["monitors"][1:], "enabled": []})


def test_the_default_one_tells_a_failing_amplifier_from_a_failing_thermometer(bench):
    functions = Functions(bench, DEFAULTS, FUNCTIONAL_DEFAULTS)
    functions.measured = {"amplifier_temperature_c": 40.0, "transmit_power_w": 100.0}

    def beats():
        return [name for _ in range(20) for name, _ in functions.beat()]

    assert beats() == []
    functions.measured["amplifier_temperature_c"] = 99.0
    assert beats() == []
    assert functions.found(1) == "RUNNING"
    functions.measured["transmit_power_w"] = 0.0
    assert beats() == ["AMPLIFIER_FAILING"]


class AgainstAModel(RuleBasedStateMachine):
    """Any requests and values: the status of each function is what a simple model says."""

    bench = None

    @initialize()
    def boot(self):
        self.functions = Functions(self.bench).watch()
        self.model = {}  # by functional monitor: monitors, least, on, protected, status
        self.on = True
        self.watched = dict.fromkeys(WATCHED, True)
        self.failing = dict.fromkeys(WATCHED, False)

    @rule(
        identifier=st.integers(1, 3),
        monitors=st.lists(st.integers(1, 4), min_size=1, max_size=3),
        least=st.integers(1, 3),
    )
    def add(self, identifier, monitors, least):
        failure = self.functions.add(
            *monitors, functional_monitor=identifier, least_failing=least, enable=False
        )
        if identifier in self.model:
            assert failure is FailureCode.FUNCTIONAL_MONITOR_EXISTS
        elif 4 in monitors:
            assert failure is FailureCode.UNKNOWN_MONITOR
        elif len(set(monitors)) < len(monitors) or least > len(monitors):
            assert failure is FailureCode.CHECK_SENSELESS
        else:
            assert failure is None
            self.model[identifier] = {
                "monitors": monitors, "least": least, "on": False, "protected": False, "status": "UNCHECKED"
            }  # fmt: skip

    @rule(
        chosen=st.lists(st.integers(1, 3), min_size=1, max_size=3),
        what=st.sampled_from(["ENABLE", "DISABLE", "PROTECT", "UNPROTECT", "DELETE"]),
    )
    def change(self, chosen, what):
        failure = self.functions.order(f"FUNCTIONAL_MONITORS_{what}", functional_monitors=chosen)
        if not set(chosen) <= set(self.model):
            assert failure is FailureCode.UNKNOWN_FUNCTIONAL_MONITOR
            return
        found = {identifier: self.model[identifier] for identifier in chosen}
        if what == "DELETE" and any(one["protected"] for one in found.values()):
            assert failure is FailureCode.FUNCTIONAL_MONITOR_PROTECTED
            return
        if what == "DELETE" and any(one["on"] for one in found.values()):
            assert failure is FailureCode.FUNCTIONAL_MONITOR_ENABLED
            return
        assert failure is None
        for identifier, one in found.items():
            if what == "DELETE":
                del self.model[identifier]
            elif what in {"PROTECT", "UNPROTECT"}:
                one["protected"] = what == "PROTECT"
            else:
                one.update(on=what == "ENABLE", status="UNCHECKED")

    @rule(on=st.booleans())
    def switch(self, on):
        name = f"FUNCTIONAL_MONITORING_{'ENABLE' if on else 'DISABLE'}"
        assert self.functions.order(name) is None
        if on != self.on:
            for one in self.model.values():
                one["status"] = "UNCHECKED"
        self.on = on

    @rule(monitor=st.integers(1, 3), on=st.booleans())
    def switch_parameter_monitor(self, monitor, on):
        name = f"MONITORS_{'ENABLE' if on else 'DISABLE'}"
        failure = self.functions.order(name, monitors=[{"monitor": monitor}])
        users = [one for one in self.model.values() if monitor in one["monitors"]]
        if not on and any(one["protected"] for one in users):
            assert failure is FailureCode.MONITOR_PROTECTED
            return
        assert failure is None
        self.watched[monitor], self.failing[monitor] = on, False
        for one in users:
            one["status"] = "UNCHECKED"

    @rule(bad=st.sets(st.integers(1, 3)))
    def beat(self, bad):
        measured = dict(GOOD)
        for monitor in bad:
            measured |= BAD[monitor]
        raised = [values["functional_monitor"] for _, values in self.functions.beat(**measured)]
        second = self.functions.now_ns / 1e9
        due = {m for m, (_, every, _) in WATCHED.items() if self.watched[m] and second % every == 0}
        for monitor in due:
            self.failing[monitor] = monitor in bad
        expected = []
        for identifier, one in sorted(self.model.items()):
            if not (self.on and one["on"] and due & set(one["monitors"])):
                continue
            failed = sum(self.failing[monitor] for monitor in one["monitors"]) >= one["least"]
            if failed and one["status"] != "FAILED":
                expected.append(identifier)
            one["status"] = "FAILED" if failed else "RUNNING"
        assert raised == expected

    @invariant()
    def status(self):
        if hasattr(self, "functions"):
            assert self.functions.status() == {
                identifier: (
                    "PROTECTED" if one["protected"] else "UNPROTECTED",
                    "ON" if one["on"] else "OFF",
                    one["status"],
                )
                for identifier, one in self.model.items()
            }


def test_any_sequence_goes_as_a_simple_model_says(bench):
    AgainstAModel.bench = bench
    run_state_machine_as_test(AgainstAModel, settings=settings(max_examples=25, stateful_step_count=25))
