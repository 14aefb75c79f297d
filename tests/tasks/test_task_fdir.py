"""Recovery: what faults lead to, and that safe mode is entered once and left only when told to."""

import pytest

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import BootKind, BootReason, FailureCode, SafeModeReason
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.fdir import (
    COMMAND_LOSS_NS,
    RESET_AFTER_NS,
    RESETS,
    RESETS_WITHIN_NS,
    RESTARTS,
    RESTARTS_WITHIN_NS,
)
from fsw.tasks.messages import Booted, Commanded, Fault, Gather, Reset, SafeMode

RESTARTED = Fault(Event.TASK_RESTARTED)
ENTERED = "SAFE_MODE_ENTERED"


@pytest.fixture
def fdir(bench):
    return bench.of(names.FDIR)


def mode(fdir, now_ns=0):
    fdir.tell(Gather(Structure.FDIR), now_ns)
    return fdir.values()["mode"]


def told_safe(fdir):
    return [fdir.sent(name, SafeMode) for name in (names.COMMANDING, names.RELEASE, names.DOWNLINK)]


def booted(reason=BootReason.RECOVERY, boots=2):
    return Booted(BootKind.WARM, reason, boots, 1, 0)


def test_restarts_that_crowd_reset_the_computer_after_the_event_has_gone(fdir):
    for count in range(RESTARTS):
        fdir.tell(RESTARTED, count * SECOND)
        expected = [("COMPUTER_RESET", {"boot_kind": "WARM", "boot_reason": "RECOVERY"})]
        assert fdir.events() == (expected if count == RESTARTS - 1 else [])
    assert fdir.timers["reset"].at_ns == (RESTARTS - 1) * SECOND + RESET_AFTER_NS
    fdir.expire("reset")
    assert fdir.emitted(names.COMPUTER_PORT) == [Reset(BootKind.WARM, BootReason.RECOVERY)]


def test_restarts_far_apart_reset_nothing(fdir):
    for count in range(3 * RESTARTS):
        fdir.tell(RESTARTED, count * RESTARTS_WITHIN_NS // 2)
        assert fdir.answers == []


def test_resets_that_crowd_lead_to_safe_mode_and_the_next_is_cold(fdir):
    fdir.tell(booted(BootReason.POWER_ON, 1))
    for count in range(RESETS):
        assert mode(fdir) == "NOMINAL"
        fdir.tell(booted(boots=2 + count), count * RESETS_WITHIN_NS // RESETS)
    assert fdir.events() == [(ENTERED, {"safe_mode_reason": "RESETS", "cause": 0})]
    at_ns = RESETS_WITHIN_NS
    for _ in range(RESTARTS):
        fdir.tell(RESTARTED, at_ns)
    assert fdir.events() == [("COMPUTER_RESET", {"boot_kind": "COLD", "boot_reason": "RECOVERY"})]


def test_resets_far_apart_lead_to_nothing(fdir):
    for count in range(3 * RESETS):
        fdir.tell(booted(boots=count), count * RESETS_WITHIN_NS)
        assert fdir.answers == []


def test_silence_of_the_ground_leads_to_safe_mode_and_any_telecommand_puts_it_off(fdir):
    fdir.tell(Commanded(), 5 * SECOND)
    assert fdir.timers["command loss"].at_ns == 5 * SECOND + COMMAND_LOSS_NS
    fdir.expire("command loss")
    assert fdir.events() == [(ENTERED, {"safe_mode_reason": "COMMAND_LOSS", "cause": 0})]
    fdir.expire("command loss")
    assert fdir.events() == []  # it is there already


def test_safe_mode_is_told_to_those_concerned_and_left_by_telecommand_only(fdir, bench):
    fdir.tell(bench.execute("SAFE_MODE", "ON"))
    assert told_safe(fdir) == [[SafeMode(True)]] * 3
    assert fdir.executed() == [None]
    for message in (booted(), RESTARTED, Commanded()):
        fdir.tell(message)
        assert mode(fdir) == "SAFE"
    fdir.tell(bench.execute("SAFE_MODE", "ON"))
    assert fdir.executed() == [FailureCode.ALREADY_SO]
    fdir.tell(bench.execute("SAFE_MODE", "OFF"))
    assert told_safe(fdir) == [[SafeMode(False)]] * 3
    assert fdir.events() == [("SAFE_MODE_LEFT", {})]
    fdir.tell(bench.execute("SAFE_MODE", "OFF"))
    assert fdir.executed() == [FailureCode.ALREADY_SO]
    assert mode(fdir) == "NOMINAL"
    fdir.tell(Gather(Structure.FDIR), 9 * SECOND)
    assert fdir.values() == {
        "mode": "NOMINAL",
        "safe_mode_reason": SafeModeReason.TELECOMMAND.name,
        "safe_modes": 1,
        "boots": 2,
        "boot_kind": "WARM",
        "boot_reason": "RECOVERY",
        "command_loss_s": 9,
        "faults_seen": 1,
    }


@pytest.mark.parametrize("cold", [False, True])
def test_safe_mode_outlives_a_reset_and_is_told_again(fdir, bench, cold):
    fdir.tell(bench.execute("SAFE_MODE", "ON"), 7 * SECOND)
    successor = fdir.make()
    if cold:
        successor.recover(fdir.task.safeguarded())
    else:
        successor.recall(fdir.task.retained())
    told = [action.message for action in successor.start(50 * SECOND) if hasattr(action, "to")]
    assert told == [SafeMode(True)] * 7


def test_a_second_reset_is_not_asked_for_while_one_is_on_its_way(fdir, bench):
    fdir.tell(bench.execute("COMPUTER_RESET", "COLD"))
    assert fdir.executed() == [None]
    fdir.tell(bench.execute("COMPUTER_RESET", "WARM"))
    assert fdir.executed() == [FailureCode.BUSY]
    fdir.expire("reset")
    assert fdir.emitted(names.COMPUTER_PORT) == [Reset(BootKind.COLD, BootReason.TELECOMMAND)]
