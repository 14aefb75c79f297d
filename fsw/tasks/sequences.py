"""Releases telecommands one after the other: ST[21] (ECSS-E-ST-70-41C 6.21).

Of an active sequence one request at a time is under way; the next goes when the delay since its release
has passed and its outcome has come. A failure ends the sequence.
"""

import copy
from binascii import crc_hqx
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode, SequenceState
from fsw.dictionary.services.st21_sequencing import decode_entries, encode_entries
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer
from fsw.kernel.snapshot import plain
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.tasks import names
from fsw.tasks.answers import Told, executed, portions, report
from fsw.tasks.embedded import request_inside
from fsw.tasks.file_messages import FileRead, ReadFile, of_store
from fsw.tasks.messages import Execute, Occurred, Outcome, SafeMode, Submit, Tick

MAX_SEQUENCES = 32
MAX_OCTETS = 32768  # of all requests
MAX_ACTIVE = 8
LOAD_AND_ACTIVATE = "SEQUENCE_LOAD_AND_ACTIVATE"
BY_REFERENCE = ("SEQUENCE_LOAD_BY_REFERENCE", LOAD_AND_ACTIVATE)
ANSWER_WITHIN_NS = 70 * SECOND  # commanding gives up after 60 s; this guards against its silence

Entry = tuple[bytes, int]  # packet, delay [ms]


@plain
@dataclass(slots=True)
class Sequence:
    """at: entry released last, or None when inactive. waiting: for its outcome. next_ns: when its delay
    has passed. by_ns: when its outcome is given up."""

    entries: tuple[Entry, ...]
    at: int | None = None
    waiting: bool = False
    next_ns: int = 0
    by_ns: int = 0

    @property
    def active(self) -> bool:
        return self.at is not None


class Sequences:
    def __init__(self) -> None:
        self._sequences: dict[str, Sequence] = {}
        self._handlers: dict[str, Callable[[dict[str, Any], int], Told]] = {
            "SEQUENCE_LOAD": self._load,
            "SEQUENCE_UNLOAD": self._unload,
            "SEQUENCE_ACTIVATE": self._activate,
            "SEQUENCE_ABORT": self._abort,
            "SEQUENCES_REPORT": self._report_all,
            "SEQUENCE_CHECKSUM": self._checksum,
            "SEQUENCE_REPORT": self._report,
            "SEQUENCES_ABORT": self._abort_all,
        }

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(name=name, arguments=arguments) if name in BY_REFERENCE:
                file = of_store(arguments["path"], arguments["file"])
                return [Send(names.FILES, ReadFile(file, names.SEQUENCES, message))]
            case FileRead(octets, Execute(request, acknowledge, name, arguments)):
                told = self._load_file(octets, name, arguments, now_ns)
                return [executed(request, acknowledge, told.failure), *told.actions, self._timer()]
            case Execute(request, acknowledge, name, arguments):
                told = self._handlers[name](arguments, now_ns)
                return [executed(request, acknowledge, told.failure), *told.actions, self._timer()]
            case Outcome(request, failure):
                return [*self._outcome(request, failure, now_ns), self._timer()]
            case Tick("due"):
                return [*self._due(now_ns), self._timer()]
            case SafeMode(True):
                active = [name for name, sequence in self._sequences.items() if sequence.active]
                ended = [action for name in active for action in self._failed(name, FailureCode.ABORTED)]
                return [*ended, self._timer()]
        return ()

    # ---- requests -------------------------------------------------------------------------------

    def _load(self, arguments: dict[str, Any], now_ns: int) -> Told:
        entries = [(entry["packet"], entry["delay_ms"]) for entry in arguments["entries"]]
        return Told(self._keep(arguments["sequence"], entries))

    def _load_file(self, octets: bytes | None, request: str, arguments: dict[str, Any], now_ns: int) -> Told:
        """By reference. What was loaded to be activated, and cannot be, is not kept."""
        if octets is None:
            return Told(FailureCode.NO_SUCH_FILE)
        entries = decode_entries(octets)
        if entries is None:
            return Told(FailureCode.BAD_REQUEST_INSIDE)
        told = Told(self._keep(arguments["sequence"], entries))
        if told.failure is not None or request != LOAD_AND_ACTIVATE:
            return told
        told = self._activate(arguments, now_ns)
        if told.failure is not None:
            del self._sequences[arguments["sequence"]]
        return told

    def _keep(self, name: str, entries: list[Entry]) -> FailureCode | None:
        if name in self._sequences:
            return FailureCode.ALREADY_THERE
        if any(request_inside(packet) is None for packet, _ in entries):
            return FailureCode.BAD_REQUEST_INSIDE
        held = sum(len(packet) for one in self._sequences.values() for packet, _ in one.entries)
        if len(self._sequences) >= MAX_SEQUENCES or held + sum(len(p) for p, _ in entries) > MAX_OCTETS:
            return FailureCode.NO_ROOM
        self._sequences[name] = Sequence(tuple(entries))
        return None

    def _unload(self, arguments: dict[str, Any], now_ns: int) -> Told:
        sequence = self._sequences.get(arguments["sequence"])
        if sequence is None:
            return Told(FailureCode.NO_SUCH_ITEM)
        if sequence.active:
            return Told(FailureCode.IN_USE)
        del self._sequences[arguments["sequence"]]
        return Told()

    def _activate(self, arguments: dict[str, Any], now_ns: int) -> Told:
        sequence = self._sequences.get(arguments["sequence"])
        if sequence is None:
            return Told(FailureCode.NO_SUCH_ITEM)
        if sequence.active:
            return Told(FailureCode.IN_USE)
        if sum(one.active for one in self._sequences.values()) >= MAX_ACTIVE:
            return Told(FailureCode.NO_ROOM)
        return Told(actions=self._release(arguments["sequence"], 0, now_ns))

    def _abort(self, arguments: dict[str, Any], now_ns: int) -> Told:
        sequence = self._sequences.get(arguments["sequence"])
        if sequence is None:
            return Told(FailureCode.NO_SUCH_ITEM)
        if not sequence.active:
            return Told(FailureCode.NOT_RUNNING)
        _rest(sequence)
        return Told()

    def _abort_all(self, arguments: dict[str, Any], now_ns: int) -> Told:
        aborted = [name for name, sequence in sorted(self._sequences.items()) if sequence.active]
        for name in aborted:
            _rest(self._sequences[name])
        return Told(actions=[report("SEQUENCES_ABORTED", {"sequences": [{"sequence": n} for n in aborted]})])

    def _report_all(self, arguments: dict[str, Any], now_ns: int) -> Told:
        rows = []
        for name, sequence in sorted(self._sequences.items()):
            state = SequenceState.UNDER_EXECUTION if sequence.active else SequenceState.INACTIVE
            rows.append({"sequence": name, "state": state.name})
        return Told(actions=[report("SEQUENCES_STATUS", {"sequences": rows})])

    def _checksum(self, arguments: dict[str, Any], now_ns: int) -> Told:
        sequence = self._sequences.get(arguments["sequence"])
        if sequence is None:
            return Told(FailureCode.NO_SUCH_ITEM)
        crc = crc_hqx(encode_entries(sequence.entries), 0xFFFF)
        values = {"sequence": arguments["sequence"], "crc": crc}
        return Told(actions=[report("SEQUENCE_CRC", values)])

    def _report(self, arguments: dict[str, Any], now_ns: int) -> Told:
        sequence = self._sequences.get(arguments["sequence"])
        if sequence is None:
            return Told(FailureCode.NO_SUCH_ITEM)
        rows = [{"packet": packet, "delay_ms": delay_ms} for packet, delay_ms in sequence.entries]
        sizes = [4 + len(packet) for packet, _ in sequence.entries]
        actions: list[Action] = []
        first = 0
        for portion in portions(rows, sizes):
            values = {"sequence": arguments["sequence"], "first_entry": first, "entries": portion}
            actions.append(report("SEQUENCE_CONTENT", values))
            first += len(portion)
        return Told(actions=actions)

    # ---- execution ------------------------------------------------------------------------------

    def _release(self, name: str, at: int, now_ns: int) -> list[Action]:
        sequence = self._sequences[name]
        packet, delay_ms = sequence.entries[at]
        sequence.at = at
        # Two of one identifier under way: their outcomes could not be told apart.
        if any(
            one.waiting and one is not sequence and _under_way(one)[:4] == packet[:4]
            for one in self._sequences.values()
        ):
            return self._failed(name, FailureCode.BUSY)
        sequence.waiting = True
        sequence.next_ns, sequence.by_ns = now_ns + delay_ms * MILLISECOND, now_ns + ANSWER_WITHIN_NS
        return [Send(names.COMMANDING, Submit(packet, names.SEQUENCES))]

    def _outcome(self, request: bytes, failure: FailureCode | None, now_ns: int) -> list[Action]:
        for name, sequence in self._sequences.items():
            if sequence.waiting and _under_way(sequence)[:4] == request:
                sequence.waiting = False
                if failure is not None:
                    return self._failed(name, failure)
                return self._go_on(name, now_ns) if sequence.next_ns <= now_ns else []
        return []  # of a sequence that was aborted

    def _due(self, now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for name, sequence in self._sequences.items():
            if sequence.waiting and sequence.by_ns <= now_ns:
                actions += self._failed(name, FailureCode.NO_ANSWER)
            elif sequence.active and not sequence.waiting and sequence.next_ns <= now_ns:
                actions += self._go_on(name, now_ns)
        return actions

    def _go_on(self, name: str, now_ns: int) -> list[Action]:
        sequence = self._sequences[name]
        assert sequence.at is not None
        if sequence.at + 1 < len(sequence.entries):
            return self._release(name, sequence.at + 1, now_ns)
        _rest(sequence)
        return [Send(names.EVENTS, Occurred(Event.SEQUENCE_COMPLETED, {"sequence": name}))]

    def _failed(self, name: str, failure: FailureCode) -> list[Action]:
        sequence = self._sequences[name]
        values = {"sequence": name, "entry": sequence.at, "failure_code": failure.name}
        _rest(sequence)
        return [Send(names.EVENTS, Occurred(Event.SEQUENCE_FAILED, values))]

    def _timer(self) -> Action:
        times = [one.by_ns if one.waiting else one.next_ns for one in self._sequences.values() if one.active]
        return SetTimer("due", min(times), Tick("due")) if times else CancelTimer("due")

    # ---- state ----------------------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """The sequences loaded; after a restart none is active."""
        return {"entries": {name: sequence.entries for name, sequence in self._sequences.items()}}

    def recall(self, retained: dict[str, Any]) -> None:
        for name, entries in retained["entries"].items():
            assert isinstance(name, str)
            assert entries
            assert all(request_inside(packet) and delay_ms >= 0 for packet, delay_ms in entries)
            self._sequences[name] = Sequence(tuple(entries))

    def save(self) -> dict[str, Any]:
        return {"sequences": copy.deepcopy(self._sequences)}

    def load(self, saved: dict[str, Any]) -> None:
        self._sequences = copy.deepcopy(saved["sequences"])


def _rest(sequence: Sequence) -> None:
    sequence.at, sequence.waiting, sequence.next_ns, sequence.by_ns = None, False, 0, 0


def _under_way(sequence: Sequence) -> bytes:
    assert sequence.at is not None
    return sequence.entries[sequence.at][0]
