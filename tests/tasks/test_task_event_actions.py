"""ST[19]: what an event releases, when it may, and how often."""

import json

import pytest

from fsw import dictionary
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.event_actions import MAX_DEFINITIONS
from fsw.tasks.messages import Occurred, Submit


def ping(count):
    return pus.encode_telecommand(pus.Telecommand(1920, count, 17, 1, 1, pus.Acknowledge.ALL, b""))


@pytest.fixture
def actions(bench):
    return bench.of(names.EVENT_ACTIONS)


@pytest.fixture
def ask(actions, bench):
    def asked(name, *rows):
        arguments = f"definitions='{json.dumps(rows)}'" if rows else ""
        actions.tell(bench.execute(f"EVENT_ACTIONS_{name}", arguments))
        return actions.executed()[0]

    return asked


def row(event, count=None):
    named = {"apid": 1920, "event": int(event)}
    return named if count is None else named | {"packet": ping(count).hex()}


@pytest.fixture
def occurs(actions):
    def occurred(event, at_s=0.0):
        actions.tell(Occurred(event, {}), round(at_s * SECOND))
        return [message.packet for message in actions.sent(names.COMMANDING, Submit)]

    return occurred


def test_an_enabled_definition_releases_its_request(ask, occurs):
    assert ask("ADD", row(Event.LINK_LOST, 1), row(Event.CAMERA_AWAKE, 2)) is None
    assert occurs(Event.LINK_LOST) == []  # added disabled
    assert ask("ENABLE", row(Event.LINK_LOST)) is None
    assert occurs(Event.LINK_LOST) == [ping(1)]
    assert occurs(Event.CAMERA_AWAKE) == []
    assert ask("ENABLE") is None  # all
    assert occurs(Event.CAMERA_AWAKE) == [ping(2)]


def test_it_releases_once_a_second_at_most(ask, occurs):
    ask("ADD", row(Event.LINK_LOST, 1))
    ask("ENABLE")
    assert [len(occurs(Event.LINK_LOST, at)) for at in (3, 3, 3.9, 4, 4.1, 9)] == [1, 0, 0, 1, 0, 1]


def test_function_and_definitions_are_disabled(ask, occurs):
    ask("ADD", row(Event.LINK_LOST, 1))
    ask("ENABLE")
    assert ask("FUNCTION_DISABLE") is None
    assert occurs(Event.LINK_LOST) == []
    assert ask("FUNCTION_ENABLE") is None
    assert ask("DISABLE", row(Event.LINK_LOST)) is None
    assert occurs(Event.LINK_LOST) == []
    assert ask("DISABLE", row(Event.CAMERA_AWAKE)) is FailureCode.NO_SUCH_ITEM


def test_what_is_enabled_is_neither_replaced_nor_deleted(ask, occurs):
    ask("ADD", row(Event.LINK_LOST, 1))
    assert ask("ADD", row(Event.LINK_LOST, 2)) is None
    ask("ENABLE")
    assert occurs(Event.LINK_LOST) == [ping(2)]
    assert ask("ADD", row(Event.LINK_LOST, 3)) is FailureCode.IN_USE
    assert ask("DELETE", row(Event.LINK_LOST)) is FailureCode.IN_USE
    ask("DISABLE")
    assert ask("DELETE", row(Event.LINK_LOST), row(Event.CAMERA_AWAKE)) is FailureCode.PARTLY_DONE
    assert ask("DELETE", row(Event.LINK_LOST)) is FailureCode.NO_SUCH_ITEM


def test_deleting_all_disables_the_function(ask, occurs):
    ask("ADD", row(Event.LINK_LOST, 1))
    ask("ENABLE")
    assert ask("DELETE_ALL") is None
    ask("ADD", row(Event.LINK_LOST, 1))
    ask("ENABLE")
    assert occurs(Event.LINK_LOST) == []


def test_definitions_are_checked_and_bounded(ask):
    bad = row(Event.LINK_LOST) | {"packet": "1880c000000000"}
    assert ask("ADD", bad) is FailureCode.BAD_REQUEST_INSIDE
    for first in range(0, MAX_DEFINITIONS, 16):
        assert ask("ADD", *[row(first + n, n) for n in range(16)]) is None
    assert ask("ADD", row(999, 1)) is FailureCode.NO_ROOM
    assert ask("ADD", row(5, 1)) is None  # in place of another


def test_reports_tell_status_and_requests(actions, bench, ask):
    ask("ADD", row(Event.LINK_LOST, 1), row(Event.CAMERA_AWAKE, 2))
    ask("ENABLE", row(Event.LINK_LOST))
    assert ask("REPORT_STATUS") is None
    name, told = bench.decoded(actions.sent(names.DOWNLINK)[0])
    assert name == "EVENT_ACTIONS_STATUS"
    assert [told[f"definitions[{n}].event"] for n in (0, 1)] == [Event.CAMERA_AWAKE, Event.LINK_LOST]
    assert [told[f"definitions[{n}].status"] for n in (0, 1)] == ["OFF", "ON"]
    assert ask("REPORT", row(Event.LINK_LOST)) is None
    name, told = bench.decoded(actions.sent(names.DOWNLINK)[0])
    assert (name, told["definitions"], told["definitions[0].packet"]) == (
        "EVENT_ACTIONS_DEFINITIONS", 1, ping(1),
    )  # fmt: skip
    assert ask("REPORT", row(1)) is FailureCode.NO_SUCH_ITEM


def test_definitions_outlive_a_restart(actions, ask):
    ask("ADD", row(Event.LINK_LOST, 1))
    ask("ENABLE")
    successor = actions.make()
    successor.recall(actions.task.retained())
    assert [type(a.message) for a in successor.handle(Occurred(Event.LINK_LOST, {}), 0)] == [Submit]
    saved = actions.task.retained()
    saved["definitions"][0][1] = 70000
    with pytest.raises(AssertionError):
        actions.make().recall(saved)


def test_every_request_of_the_service_is_handled(actions):
    declared = {c.name for c in dictionary.telecommands() if c.service == 19}
    others = {"EVENT_ACTIONS_REPORT", "EVENT_ACTIONS_REPORT_STATUS"}
    assert declared - set(actions.task._handlers) == others
