"""Event reports: severity, the disabled ones, and the scheduler's troubles."""

import pytest

from fsw.dictionary import events as declared
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.kernel.scheduler import Trouble
from fsw.tasks import names
from fsw.tasks.messages import Gather, Occurred

SUBTYPES = {"info": 1, "low": 2, "medium": 3, "high": 4}


@pytest.fixture
def events(bench):
    return bench.of(names.EVENTS)


def count(events):
    events.tell(Gather(Structure.COMPUTER))
    return events.values()["events_reported"]


@pytest.mark.parametrize("report", declared.REPORTS, ids=lambda report: report.name)
def test_an_event_is_a_report_of_its_severity(events, bench, report):
    texts = {p.name: next(iter(p.enumeration)).name for p in report.parameters if p.enumeration}
    values = {p.name: texts.get(p.name, 3) for p in report.parameters}
    events.tell(Occurred(Event[report.name.removeprefix("EVENT_")], values))
    (sent,) = events.sent(names.DOWNLINK)
    assert (sent.service, sent.subtype) == (5, SUBTYPES[report.severity])
    name, decoded = bench.decoded(sent)
    assert (name, set(decoded)) == (report.name, set(values))


def test_the_start_of_the_computer_is_told(events, bench):
    (sent,) = events.sent(names.DOWNLINK)
    assert bench.decoded(sent) == ("EVENT_COMPUTER_STARTED", {})
    assert list(events.make().start(5)) == []  # of the task alone it is not: that is TASK_RESTARTED
    assert count(events) == 1


def test_a_disabled_event_is_not_reported_and_the_others_are(events, bench):
    events.tell(bench.execute("EVENTS_DISABLE", "RELEASE_ARMED,LINK_LOST"))
    assert events.executed() == [None]
    events.tell(Occurred(Event.RELEASE_ARMED, {}))
    assert events.answers == []
    events.tell(Occurred(Event.RELEASE_FIRED, {}))
    assert len(events.sent(names.DOWNLINK)) == 1
    assert count(events) == 2
    events.tell(bench.execute("EVENTS_ENABLE", "RELEASE_ARMED"))
    events.tell(Occurred(Event.RELEASE_ARMED, {}))
    assert len(events.sent(names.DOWNLINK)) == 1
    events.tell(Occurred(Event.LINK_LOST, {"range_m": 1.0}))
    assert events.answers == []


def test_troubles_of_the_scheduler_are_told_with_their_reason(events, bench):
    troubles = {
        Trouble("overflow", "relay", "FromCamera", 7): (
            "MAILBOX_OVERFLOW",
            {"task": "RELAY", "messages_lost": 7},
        ),
        Trouble("overrun", "downlink", "", 1, 60_000_000, 50_000_000): (
            "BUDGET_OVERRUN",
            {"task": "DOWNLINK", "used_us": 60_000, "budget_us": 50_000},
        ),
        Trouble("exception", "selection", "ValueError", 2): (
            "TASK_RESTARTED",
            {"task": "SELECTION", "reason": "EXCEPTION", "restarts": 2},
        ),
        Trouble("watchdog", "lander", "silent", 3): (
            "TASK_RESTARTED",
            {"task": "LANDER", "reason": "WATCHDOG", "restarts": 3},
        ),
        Trouble("budget", "mass_memory", "", 4): (
            "TASK_RESTARTED",
            {"task": "MASS_MEMORY", "reason": "BUDGET", "restarts": 4},
        ),
    }
    for trouble, (event, values) in troubles.items():
        events.tell(trouble)
        (sent,) = events.sent(names.DOWNLINK)
        assert bench.decoded(sent) == (f"EVENT_{event}", values)
