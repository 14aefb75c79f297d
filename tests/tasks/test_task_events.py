"""Event reports: severity, the disabled ones, and the scheduler's troubles."""

import pytest

from fsw.dictionary import events as declared
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import BootKind, BootReason
from fsw.kernel.scheduler import Trouble
from fsw.tasks import names
from fsw.tasks.messages import Booted, Fault, Gather, Occurred

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
    values = {p.name: texts.get(p.name, "text" if p.is_text else 3) for p in report.parameters}
    events.tell(Occurred(Event[report.name.removeprefix("EVENT_")], values))
    (sent,) = events.sent(names.DOWNLINK)
    assert (sent.service, sent.subtype) == (5, SUBTYPES[report.severity])
    name, decoded = bench.decoded(sent)
    assert (name, set(decoded)) == (report.name, set(values))


def test_the_boot_report_tells_why_and_what_was_found_again(events, bench):
    assert events.answers == []  # the start of the task alone is not told: that is TASK_RESTARTED
    events.tell(Booted(BootKind.WARM, BootReason.RECOVERY, 3, 7, 1))
    (sent,) = events.sent(names.DOWNLINK)
    assert bench.decoded(sent) == (
        "EVENT_COMPUTER_STARTED",
        {
            "boot_kind": "WARM",
            "boot_reason": "RECOVERY",
            "boots": 3,
            "tasks_recovered": 7,
            "tasks_refused": 1,
        },
    )
    assert count(events) == 1
    assert events.sent(names.FDIR) == []


def test_recovery_is_told_of_faults_disabled_or_not(events, bench):
    lost = Occurred(Event.LINK_LOST, {"range_m": 1.0})
    events.tell(lost)
    assert events.sent(names.FDIR) == [Fault(Event.LINK_LOST)]
    events.tell(bench.execute("EVENTS_DISABLE", "LINK_LOST"))
    events.tell(lost)
    assert events.sent(names.DOWNLINK) == []
    assert events.sent(names.FDIR) == [Fault(Event.LINK_LOST)]


def test_a_disabled_event_is_not_reported_and_the_others_are(events, bench):
    events.tell(bench.execute("EVENTS_DISABLE", "RELEASE_ARMED,LINK_LOST"))
    assert events.executed() == [None]
    events.tell(Occurred(Event.RELEASE_ARMED, {}))
    assert events.sent(names.DOWNLINK) == []
    events.tell(Occurred(Event.RELEASE_FIRED, {}))
    assert len(events.sent(names.DOWNLINK)) == 1
    assert count(events) == 1
    events.tell(bench.execute("EVENTS_ENABLE", "RELEASE_ARMED"))
    events.tell(Occurred(Event.RELEASE_ARMED, {}))
    assert len(events.sent(names.DOWNLINK)) == 1
    events.tell(Occurred(Event.LINK_LOST, {"range_m": 1.0}))
    assert events.sent(names.DOWNLINK) == []


def test_what_acts_on_events_is_told_of_each_reported_or_not(events, bench):
    events.tell(bench.execute("EVENTS_DISABLE", "RELEASE_ARMED"))
    for event in (Event.RELEASE_ARMED, Event.RELEASE_FIRED):
        events.tell(Occurred(event, {}))
        for task in (names.EVENT_ACTIONS, names.PROCEDURES):
            assert events.sent(task) == [Occurred(event, {})]


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


def test_which_events_are_disabled_is_told_on_request(bench):
    events = bench.of(names.EVENTS)
    events.tell(bench.execute("EVENTS_DISABLE", "WIFI_SWITCHED,CAMERA_AWAKE"))
    events.tell(bench.execute("EVENTS_DISABLED_REPORT"))
    (report,) = events.sent(names.DOWNLINK)
    name, values = bench.decoded(report)
    assert (name, values) == (
        "EVENTS_DISABLED",
        {"events": 2, "events[0].event": "WIFI_SWITCHED", "events[1].event": "CAMERA_AWAKE"},
    )
    assert events.executed() == [None]
