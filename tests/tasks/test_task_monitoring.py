"""ST[12]: limits, expected values and changes are checked at their intervals, and told as they change."""

from math import inf

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fsw.dictionary.events import MonitorEvent
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.monitors import DEFAULTS, MOST_MONITORS
from fsw.dictionary.pool import BY_NAME
from fsw.kernel.scheduler import Emit, Retaining, Send
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import Gather, Occurred, Values
from fsw.tasks.monitoring import MOST_TRANSITIONS, Monitoring

FILL = {
    "monitor": 100,
    "parameter": BY_NAME["memory_fill"].identifier,
    "interval_s": 2,
    "check": "LIMIT",
    "low": 10,
    "low_event": int(MonitorEvent.MONITOR_LOW),
    "high": 20,
    "high_event": int(MonitorEvent.MONITOR_HIGH),
}
STATE = {
    "validity_parameter": BY_NAME["dump"].identifier,
    "validity_mask": 1,
    "validity_expected": 1,
}


class Watched:
    """The task, and owners who answer with what `measured` holds."""

    def __init__(self, bench, monitors=(), functional=()):
        self.bench = bench
        self.told = bench.of(names.MONITORING, lambda: Monitoring(bench.clock, monitors, functional))
        self.measured = {}
        self.now_ns = 0
        self.actions = []

    def order(self, name, **arguments):
        self.told.tell(self.bench.execute(name, arguments), self.now_ns)
        (failure,) = self.told.executed()
        return failure

    def own(self, **others):
        """A monitor of the memory's fill, enabled."""
        assert self.order("MONITORS_ADD", monitors=[{**FILL, **others}]) is None
        assert self.order("MONITORS_ENABLE", monitors=[{"monitor": others.get("monitor", 100)}]) is None

    def beat(self, **measured):
        """The next beat, answered; events and transitions that came of it."""
        self.measured.update(measured)
        self.now_ns = self.told.timers["beat"].at_ns
        self.actions = list(self.told.expire("beat"))
        asked = [a for a in self.actions if getattr(getattr(a, "message", None), "reply_to", "")]
        asked += [a for a in self.actions if isinstance(a, Emit)]
        for question in asked:
            sid = (question.message if isinstance(question, Send) else question.value).sid
            known = {name: value for name, value in self.measured.items() if BY_NAME[name].structure == sid}
            self.actions += self.told.tell(Values(known), self.now_ns)
        self.told.answers = self.actions
        occurred = self.told.sent(names.EVENTS, Occurred)
        return [(message.event.name, message.values) for message in occurred]

    def beats(self, *fills):
        return [event for fill in fills for event in self.beat(memory_fill=fill)]

    def status(self, monitor=100):
        self.order("MONITORING_STATUS_REPORT")
        _, values = self.report()
        for index in range(values["monitors"]):
            if values[f"monitors[{index}].monitor"] == monitor:
                return values[f"monitors[{index}].status"]
        return None

    def report(self):
        (report,) = self.told.sent(names.DOWNLINK)
        return self.bench.decoded(report)


@pytest.fixture
def watched(bench):
    return Watched(bench)


def test_a_value_out_of_limits_so_often_as_asked_raises_its_event_once(watched):
    watched.own(repetitions=2)
    assert watched.beats(15, 15, 5, 15, 5) == []
    (event,) = watched.beats(6, 5, 4)
    values = {"monitor": 100, "parameter": BY_NAME["memory_fill"].identifier}
    assert event == ("MONITOR_LOW", {**values, "monitored_value": 6, "limit_crossed": 10.0})
    (event,) = watched.beats(21, 21, 22)
    assert event == ("MONITOR_HIGH", {**values, "monitored_value": 21, "limit_crossed": 20.0})
    assert watched.status() == "HIGH"
    assert watched.beats(20, 20) == []
    assert watched.status() == "GOOD"


def test_beats_fall_on_multiples_of_the_interval_and_ask_each_structure_once(watched):
    watched.now_ns = SECOND // 3
    watched.own(interval_s=2)
    watched.own(monitor=101, interval_s=3)
    times = []
    for _ in range(5):
        watched.beat(memory_fill=15)
        times.append(watched.now_ns / SECOND)
        asked = [message.sid for message in watched.told.sent(names.MASS_MEMORY, Gather)]
        assert asked == [Structure.MASS_MEMORY]
    assert times == [2, 3, 4, 6, 8]


def test_changes_are_told_together_after_the_delay_with_their_time(watched, bench):
    assert watched.order("MONITORING_REPORTING_DELAY", delay_s=5) is None
    watched.own()
    watched.beats(15, 5)
    due_ns = watched.told.timers["report"].at_ns
    assert due_ns == 2 * SECOND + 5 * SECOND
    watched.told.expire("report")
    name, values = watched.report()
    assert (name, values["transitions"]) == ("MONITORING_TRANSITIONS", 2)
    row = {key.split(".")[1]: value for key, value in values.items() if "[1]" in key}
    assert row == {
        "monitor": 100,
        "parameter": "MEMORY_FILL",
        "check": "LIMIT",
        "value": 5.0,
        "limit": 10.0,
        "before": "GOOD",
        "status": "LOW",
        "at": bench.clock.cuc(4 * SECOND),
    }
    assert "report" not in watched.told.timers


def test_a_full_list_of_changes_is_told_at_once(watched):
    watched.order("MONITORING_REPORTING_DELAY", delay_s=3600)
    watched.own(interval_s=0.25)
    sent = []
    for index in range(MOST_TRANSITIONS):
        assert not sent
        watched.beat(memory_fill=5 if index % 2 else 15)
        sent += watched.told.sent(names.DOWNLINK)
    assert watched.report()[1]["transitions"] == MOST_TRANSITIONS
    assert "report" not in watched.told.timers


def test_what_is_out_of_limits_now_is_told_on_request(watched):
    watched.own()
    watched.beats(15, 25)
    watched.order("MONITORING_OUT_OF_LIMITS_REPORT")
    assert watched.report()[1]["monitors[0].value"] == 25.0
    watched.beats(15)
    watched.order("MONITORING_OUT_OF_LIMITS_REPORT")
    assert watched.report() == ("MONITORING_OUT_OF_LIMITS", {"monitors": 0})


def test_a_condition_that_does_not_hold_makes_the_check_invalid_at_once(watched):
    watched.own(repetitions=3, **STATE)
    assert watched.beat(memory_fill=99, dump="OFF") == []
    assert watched.status() == "INVALID"
    assert [watched.beat(dump="ON") for _ in range(2)] == [[], []]
    assert watched.status() == "INVALID"
    ((name, _),) = watched.beat()
    assert (name, watched.status()) == ("MONITOR_HIGH", "HIGH")
    watched.beat(dump="OFF")
    assert watched.status() == "INVALID"


def test_what_nobody_tells_is_invalid_and_no_old_value_is_used(watched):
    watched.own()
    watched.beats(15)
    watched.measured = {}
    watched.beat()
    assert watched.status() == "INVALID"


def test_an_owner_that_does_not_answer_holds_nothing_up(watched):
    watched.own()
    watched.told.expire("beat")
    assert watched.told.tell(Values({"memory_fill": 5.0}), 2 * SECOND) == []  # one of two owners
    watched.told.expire("beat")
    assert [name for name, _ in watched.told.events()] == ["MONITOR_LOW"]


def test_an_expected_value_is_compared_under_its_mask(watched):
    dump = BY_NAME["dump"].identifier
    watched.own(parameter=dump, check="EXPECTED", mask=1, expected=1)
    assert watched.beat(dump="ON") == []
    ((name, values),) = watched.beat(dump="OFF")
    assert (name, values["monitored_value"], values["limit_crossed"]) == ("MONITOR_LOW", 0, 1)


def test_a_delta_is_the_mean_of_the_last_changes(watched):
    watched.own(check="DELTA", low=-3, high=3, deltas=2)
    assert watched.beats(10, 15) == []
    assert watched.status() == "UNCHECKED"
    assert watched.beats(15) == []  # (5 + 0) / 2
    assert watched.status() == "GOOD"
    ((name, values),) = watched.beats(22)  # (0 + 7) / 2
    assert (name, values["monitored_value"]) == ("MONITOR_HIGH", 3.5)
    ((name, values),) = watched.beats(8)  # (7 - 14) / 2
    assert (name, values["monitored_value"]) == ("MONITOR_LOW", -3.5)


def test_disabled_it_checks_nothing_and_knows_nothing(watched):
    watched.own()
    watched.beats(5)
    watched.order("MONITORS_DISABLE", monitors=[{"monitor": 100}])
    assert watched.status() == "UNCHECKED"
    assert watched.beats(5) == []
    assert watched.told.sent(names.MASS_MEMORY) == []
    watched.order("MONITORS_ENABLE", monitors=[{"monitor": 100}])
    assert [name for name, _ in watched.beats(5)] == ["MONITOR_LOW"]


def test_switched_off_as_a_whole_what_was_seen_is_told_and_nothing_more_is(watched):
    watched.own()
    watched.beats(5)
    watched.told.tell(watched.bench.execute("MONITORING_DISABLE"), watched.now_ns)
    assert watched.report()[1]["transitions"] == 1
    assert watched.beats(5, 15, 25) == []
    assert watched.status() == "UNCHECKED"
    assert watched.order("MONITORING_DISABLE") is None
    assert watched.order("MONITORING_ENABLE") is None
    assert [name for name, _ in watched.beats(25)] == ["MONITOR_HIGH"]


def test_definitions_are_reported_as_they_were_given_in_parts(bench):
    watched = Watched(bench, DEFAULTS)
    watched.order("MONITORS_REPORT", monitors=[])
    reports = [bench.decoded(report)[1] for report in watched.told.sent(names.DOWNLINK)]
    assert [values["monitors"] for values in reports] == [12, len(DEFAULTS) - 12]
    watched = Watched(bench)
    watched.own(low=-inf, **STATE)
    watched.order("MONITORS_REPORT", monitors=[{"monitor": 100}])
    _, values = watched.report()
    row = {key.split(".")[1]: value for key, value in values.items() if "[0]" in key}
    assert row == {
        "monitor": 100,
        "parameter": "MEMORY_FILL",
        **STATE,
        "interval_s": 2.0,
        "enabled": "ON",
        "repetitions": 1,
        "check": "LIMIT",
        "low": -inf,
        "low_event": "MONITOR_LOW",
        "high": 20.0,
        "high_event": "MONITOR_HIGH",
        "mask": 0xFFFFFFFF,
        "expected": 0,
        "deltas": 1,
    }


def test_a_modified_check_begins_anew(watched):
    watched.own()
    watched.beats(15)
    criteria = {"monitor": 100, "check": "LIMIT", "low": 16, "low_event": int(MonitorEvent.MONITOR_INFO)}
    assert watched.order("MONITORS_MODIFY", monitors=[criteria]) is None
    assert watched.status() == "UNCHECKED"
    assert [name for name, _ in watched.beats(15)] == ["MONITOR_INFO"]


def adding(**others):
    return "MONITORS_ADD", {"monitors": [{**FILL, "monitor": 5, **others}]}


UNKNOWN = {"monitors": [{"monitor": 100}, {"monitor": 7}]}


@pytest.mark.parametrize(
    ("request_made", "failure"),
    [
        (adding(monitor=100), FailureCode.MONITOR_EXISTS),
        (("MONITORS_ADD", {"monitors": [{**FILL, "monitor": 5}] * 2}), FailureCode.MONITOR_EXISTS),
        (adding(parameter=7), FailureCode.UNKNOWN_PARAMETER),
        (adding(validity_parameter=7), FailureCode.UNKNOWN_PARAMETER),
        (adding(low_event=1), FailureCode.UNKNOWN_EVENT),
        (adding(high_event=9999), FailureCode.UNKNOWN_EVENT),
        (adding(low=20), FailureCode.CHECK_SENSELESS),
        (adding(check="EXPECTED"), FailureCode.CHECK_SENSELESS),
        (adding(**{**STATE, "validity_expected": 2}), FailureCode.CHECK_SENSELESS),
        (adding(validity_parameter=FILL["parameter"]), FailureCode.CHECK_SENSELESS),
        (("MONITORS_MODIFY", {"monitors": [{"monitor": 7, "check": "LIMIT"}]}), FailureCode.UNKNOWN_MONITOR),
        (
            ("MONITORS_MODIFY", {"monitors": [{"monitor": 100, "check": "LIMIT", "low": 3, "high": 2}]}),
            FailureCode.CHECK_SENSELESS,
        ),
        (("MONITORS_ENABLE", UNKNOWN), FailureCode.UNKNOWN_MONITOR),
        (("MONITORS_DISABLE", UNKNOWN), FailureCode.UNKNOWN_MONITOR),
        (("MONITORS_DELETE", UNKNOWN), FailureCode.UNKNOWN_MONITOR),
        (("MONITORS_DELETE", {"monitors": [{"monitor": 100}]}), FailureCode.MONITOR_ENABLED),
        (("MONITORS_DELETE_ALL", {}), FailureCode.MONITORING_ENABLED),
        (("MONITORS_REPORT", UNKNOWN), FailureCode.UNKNOWN_MONITOR),
    ],
)
def test_a_request_that_cannot_be_carried_out_changes_nothing(watched, request_made, failure):
    watched.own()
    before = watched.told.task.save()
    name, arguments = request_made
    assert watched.order(name, **arguments) is failure
    assert watched.told.sent(names.DOWNLINK) == []
    assert watched.told.task.save() == before


def test_there_is_an_end_to_monitors(watched):
    for first in range(0, MOST_MONITORS, 16):
        monitors = [{**FILL, "monitor": first + k + 1} for k in range(16)]
        assert watched.order("MONITORS_ADD", monitors=monitors) is None
    assert watched.order("MONITORS_ADD", monitors=[{**FILL, "monitor": 999}]) is FailureCode.MONITORS_FULL


def test_definitions_outlive_a_restart_and_nonsense_does_not(watched, bench):
    watched.own()
    watched.order("MONITORING_REPORTING_DELAY", delay_s=3)
    old = watched.told.task
    assert isinstance(old, Retaining)
    fresh = Monitoring(bench.clock)
    fresh.recall(old.retained())
    assert fresh.retained() == old.retained()
    with pytest.raises(ValueError):
        fresh.recall({**old.retained(), "enabled": [3]})


def test_default_monitors_watch_what_the_dictionary_limits(bench):
    watched = Watched(bench, DEFAULTS)
    watched.measured = {
        name: found.parameter.enumeration(0).name if found.parameter.enumeration else 0.0
        for name, found in BY_NAME.items()
    }
    watched.measured |= {"transmit_power_w": 100, "amplifier_temperature_c": 40, "wifi": "LINKED"}
    watched.measured |= {"battery_voltage_v": 3.3, "wifi_signal_dbm": -50}
    raised = []
    while watched.now_ns < 100 * SECOND:
        raised += watched.beat()
    assert raised == []
    watched.measured |= {"battery_voltage_v": 2.4, "amplifier_temperature_c": 76, "break_wire": "ON"}
    while watched.now_ns < 200 * SECOND:
        raised += watched.beat()
    assert {name for name, _ in raised} == {
        "CAMERA_VOLTAGE_LOW",
        "CAMERA_VOLTAGE_ALARM",
        "AMPLIFIER_TEMPERATURE_WARNING",
        "AMPLIFIER_TEMPERATURE_ALARM",
        "AMPLIFIER_THERMOMETER_JUMPED",
        "SEPARATION_UNEXPECTED",
    }
    assert len(raised) == 6


class AgainstAModel(RuleBasedStateMachine):
    """Any requests and values: the status of each monitor is what a simple model says."""

    bench = None

    @initialize()
    def boot(self):
        self.watched = Watched(self.bench)
        self.model = {}  # by monitor: limits, repetitions, enabled, status, results in a row
        self.on = True

    @rule(monitor=st.integers(1, 4), low=st.integers(0, 6), span=st.integers(0, 4), often=st.integers(1, 3))
    def add(self, monitor, low, span, often):
        entry = {**FILL, "monitor": monitor, "low": low, "high": low + span, "repetitions": often}
        failure = self.watched.order("MONITORS_ADD", monitors=[entry])
        if monitor in self.model:
            assert failure is FailureCode.MONITOR_EXISTS
        elif span == 0:
            assert failure is FailureCode.CHECK_SENSELESS
        else:
            assert failure is None
            self.model[monitor] = {"limits": (low, low + span), "often": often, "on": False, "row": []}
            self.model[monitor]["status"] = "UNCHECKED"

    @rule(monitors=st.lists(st.integers(1, 4), min_size=1, max_size=3), on=st.booleans())
    def switch_some(self, monitors, on):
        name = "MONITORS_ENABLE" if on else "MONITORS_DISABLE"
        failure = self.watched.order(name, monitors=[{"monitor": monitor} for monitor in monitors])
        if not set(monitors) <= set(self.model):
            assert failure is FailureCode.UNKNOWN_MONITOR
            return
        assert failure is None
        for monitor in monitors:
            self.model[monitor].update(on=on, status="UNCHECKED", row=[])

    @rule(monitor=st.integers(1, 4))
    def delete(self, monitor):
        failure = self.watched.order("MONITORS_DELETE", monitors=[{"monitor": monitor}])
        if monitor not in self.model:
            assert failure is FailureCode.UNKNOWN_MONITOR
        elif self.model[monitor]["on"]:
            assert failure is FailureCode.MONITOR_ENABLED
        else:
            assert failure is None
            del self.model[monitor]

    @rule()
    def delete_all(self):
        failure = self.watched.order("MONITORS_DELETE_ALL")
        assert failure is (FailureCode.MONITORING_ENABLED if self.on else None)
        if not self.on:
            self.model = {}

    @rule(on=st.booleans())
    def switch(self, on):
        assert self.watched.order("MONITORING_ENABLE" if on else "MONITORING_DISABLE") is None
        if on != self.on:
            for found in self.model.values():
                found.update(status="UNCHECKED", row=[])
        self.on = on

    @rule(fill=st.integers(0, 10))
    def measure(self, fill):
        raised = [(v["monitor"], name) for name, v in self.watched.beat(memory_fill=fill)]
        expected = []
        for monitor, found in sorted(self.model.items()):
            if not (self.on and found["on"]):
                continue
            low, high = found["limits"]
            result = "LOW" if fill < low else "HIGH" if fill > high else "GOOD"
            found["row"] = [*found["row"], result][-found["often"] :]
            changed = result != found["status"] and found["row"] == [result] * found["often"]
            if changed:
                found["status"] = result
                expected += [(monitor, f"MONITOR_{result}")] * (result != "GOOD")
            # A status that was reached or confirmed starts the count anew.
            if changed or result == found["status"]:
                found["row"] = []
        assert raised == expected

    @invariant()
    def status(self):
        if hasattr(self, "watched"):
            self.watched.order("MONITORING_STATUS_REPORT")
            _, values = self.watched.report()
            told = {
                values[f"monitors[{k}].monitor"]: (
                    values[f"monitors[{k}].enabled"],
                    values[f"monitors[{k}].status"],
                )
                for k in range(values["monitors"])
            }
            assert values["monitoring"] == ("ON" if self.on else "OFF")
            assert told == {m: ("ON" if f["on"] else "OFF", f["status"]) for m, f in self.model.items()}


def test_any_sequence_goes_as_a_simple_model_says(bench):
    AgainstAModel.bench = bench
    run_state_machine_as_test(AgainstAModel, settings=settings(max_examples=25, stateful_step_count=25))
