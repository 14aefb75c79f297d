"""Fault detection, isolation and recovery: what the orbiter does when nobody can help it.

A fault comes as an event. Isolation is the scheduler's, which restarts the task that misbehaves; here is
decided what more must be done:

    a task restarted RESTARTS times within RESTARTS_WITHIN_NS       warm reset of the computer
    RESETS boots within RESETS_WITHIN_NS, power-on not counted      safe mode; the next reset is cold
    no telecommand for COMMAND_LOSS_NS                              safe mode
    an event of SAFE_MODE_EVENTS                                    safe mode

Safe mode is left by telecommand only. It outlives a reset, warm or cold.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import BootKind, BootReason, FailureCode, Mode, SafeModeReason
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.messages import (
    Booted,
    Commanded,
    Execute,
    Fault,
    Gather,
    Occurred,
    Reset,
    SafeMode,
    Tick,
    Values,
)

RESTARTS = 4
RESTARTS_WITHIN_NS = 600 * SECOND
RESETS = 3
RESETS_WITHIN_NS = 3600 * SECOND
COMMAND_LOSS_NS = 7 * 86_400 * SECOND
RESET_AFTER_NS = 2 * SECOND  # so that the event goes down first

SAFE_MODE_EVENTS = frozenset(
    {
        Event.AMPLIFIER_TEMPERATURE_ALARM,
        Event.MONITOR_HIGH,  # of monitors that the ground adds for this
        Event.FUNCTION_HIGH,
    }
)

# Who acts on safe mode: makes its device safe, stops what it does, or refuses.
_CONCERNED = (
    names.COMMANDING,
    names.RELEASE,
    names.DOWNLINK,
    names.MASS_MEMORY,
    names.SCHEDULE,
    names.SEQUENCES,
    names.PROCEDURES,
)


class Fdir:
    def __init__(self) -> None:
        self._mode = Mode.NOMINAL
        self._reason = SafeModeReason.NONE
        self._safe_modes = 0
        self._boot = [int(BootKind.COLD), int(BootReason.POWER_ON), 0]  # kind, reason, boots
        self._boots_ns: list[int] = []  # the latest, power-on not counted
        self._restarts_ns: list[int] = []  # the latest, of any task
        self._commanded_ns = 0
        self._faults = 0
        self._resetting: list[int] | None = None  # kind, reason

    def start(self, now_ns: int) -> Iterable[Action]:
        actions: list[Action] = [SetTimer("command loss", self._loss_ns(now_ns), Tick("command loss"))]
        if self._mode is Mode.SAFE:  # recalled: the others have begun as if nothing were the matter
            actions += self._tell()
        return actions

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Fault(Event() as event):
                return self._fault(event, now_ns)
            case Commanded():
                self._commanded_ns = now_ns
                return [SetTimer("command loss", self._loss_ns(now_ns), Tick("command loss"))]
            case Tick("command loss"):
                again = SetTimer("command loss", now_ns + COMMAND_LOSS_NS, Tick("command loss"))
                return [again, *self._enter(SafeModeReason.COMMAND_LOSS)]
            case Booted():
                return self._booted(message, now_ns)
            case Tick("reset") if self._resetting is not None:
                kind, reason = self._resetting
                return [Emit(names.COMPUTER_PORT, Reset(BootKind(kind), BootReason(reason)))]
            case Execute(_, _, "SAFE_MODE", arguments):
                return self._switch(arguments["state"] == "ON", message)
            case Execute(request, acknowledge, "COMPUTER_RESET", arguments):
                failure = None if self._resetting is None else FailureCode.BUSY
                reset = self._reset(BootKind[arguments["kind"]], BootReason.TELECOMMAND, now_ns)
                return [*reset, executed(request, acknowledge, failure)]
            case Gather(Structure.FDIR, reply_to):
                return [Send(reply_to, Values(self._values(now_ns)))]
        return ()

    # ---- detection ------------------------------------------------------------------------------

    def _loss_ns(self, now_ns: int) -> int:
        return max(now_ns, self._commanded_ns) + COMMAND_LOSS_NS

    def _fault(self, event: Event, now_ns: int) -> list[Action]:
        self._faults += 1
        if event in SAFE_MODE_EVENTS:
            return self._enter(SafeModeReason.EVENT, event)
        if event is not Event.TASK_RESTARTED:
            return []
        self._restarts_ns = [*_since(now_ns - RESTARTS_WITHIN_NS, self._restarts_ns), now_ns]
        if len(self._restarts_ns) < RESTARTS:
            return []
        self._restarts_ns = []
        often = len(_since(now_ns - RESETS_WITHIN_NS, self._boots_ns)) >= RESETS
        return self._reset(BootKind.COLD if often else BootKind.WARM, BootReason.RECOVERY, now_ns)

    def _booted(self, booted: Booted, now_ns: int) -> list[Action]:
        self._boot = [int(booted.kind), int(booted.reason), booted.boots]
        if booted.reason is BootReason.POWER_ON:
            return []
        self._boots_ns = [*_since(now_ns - RESETS_WITHIN_NS, self._boots_ns), now_ns][-RESETS:]
        return self._enter(SafeModeReason.RESETS) if len(self._boots_ns) >= RESETS else []

    # ---- recovery -------------------------------------------------------------------------------

    def _reset(self, kind: BootKind, reason: BootReason, now_ns: int) -> list[Action]:
        if self._resetting is not None:
            return []  # on its way
        self._resetting = [int(kind), int(reason)]
        values = {"boot_kind": kind.name, "boot_reason": reason.name}
        return [
            Send(names.EVENTS, Occurred(Event.COMPUTER_RESET, values)),
            SetTimer("reset", now_ns + RESET_AFTER_NS, Tick("reset")),
        ]

    def _switch(self, on: bool, message: Execute) -> list[Action]:
        failure = FailureCode.ALREADY_SO if on == (self._mode is Mode.SAFE) else None
        actions = self._enter(SafeModeReason.TELECOMMAND) if on else self._leave()
        return [*actions, executed(message.request, message.acknowledge, failure)]

    def _enter(self, reason: SafeModeReason, cause: Event | None = None) -> list[Action]:
        if self._mode is Mode.SAFE:
            return []
        self._mode, self._reason = Mode.SAFE, reason
        self._safe_modes += 1
        values = {"safe_mode_reason": reason.name, "cause": 0 if cause is None else int(cause)}
        return [*self._tell(), Send(names.EVENTS, Occurred(Event.SAFE_MODE_ENTERED, values))]

    def _leave(self) -> list[Action]:
        if self._mode is Mode.NOMINAL:
            return []
        self._mode = Mode.NOMINAL
        self._boots_ns = []
        return [*self._tell(), Send(names.EVENTS, Occurred(Event.SAFE_MODE_LEFT, {}))]

    def _tell(self) -> list[Action]:
        return [Send(name, SafeMode(self._mode is Mode.SAFE)) for name in _CONCERNED]

    def _values(self, now_ns: int) -> dict[str, Any]:
        kind, reason, boots = self._boot
        return {
            "mode": self._mode.name,
            "safe_mode_reason": self._reason.name,
            "safe_modes": self._safe_modes,
            "boots": boots,
            "boot_kind": BootKind(kind).name,
            "boot_reason": BootReason(reason).name,
            "command_loss_s": (now_ns - self._commanded_ns) // SECOND,
            "faults_seen": self._faults,
        }

    # ---- what outlives what ---------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """All of it but a reset on its way, which this may be the end of."""
        return self.save() | {"resetting": None}

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)

    def safeguarded(self) -> dict[str, Any]:
        """As `retained`: how often the computer was reset matters most when it is reset."""
        return self.retained()

    def recover(self, safeguarded: dict[str, Any]) -> None:
        self.load(safeguarded)

    def save(self) -> dict[str, Any]:
        return {
            "mode": int(self._mode),
            "reason": int(self._reason),
            "safe_modes": self._safe_modes,
            "boot": list(self._boot),
            "boots_ns": list(self._boots_ns),
            "restarts_ns": list(self._restarts_ns),
            "commanded_ns": self._commanded_ns,
            "faults": self._faults,
            "resetting": None if self._resetting is None else list(self._resetting),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._mode = Mode(saved["mode"])
        self._reason = SafeModeReason(saved["reason"])
        self._safe_modes = saved["safe_modes"]
        self._boot = list(saved["boot"])
        self._boots_ns = list(saved["boots_ns"])
        self._restarts_ns = list(saved["restarts_ns"])
        self._commanded_ns = saved["commanded_ns"]
        self._faults = saved["faults"]
        self._resetting = None if saved["resetting"] is None else list(saved["resetting"])


def _since(earliest_ns: int, times_ns: list[int]) -> list[int]:
    return [time_ns for time_ns in times_ns if time_ns >= earliest_ns]
