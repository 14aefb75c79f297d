"""FOP-1, the sending end of COP-1 (232.1-B-2 section 5): telecommand frames in order, each once.

Octets, control words and time come in as arguments; what to do comes out as events. No clock, no I/O.
The standard's table 5-1 is in `fop_table`; its actions (5.2) are the methods of `Fop`.

    events = fop.directive(Directive.INIT_WITH_CLCW, now_ns, tag=1)
    events = fop.transfer(packet, now_ns, tag=2)      # type AD; bypass=True for BD
    events = fop.clcw(ocf, now_ns)                    # each report that comes down
    events = fop.tick(now_ns)                         # at fop.due_ns or later

The lower procedures answer each `Transmit`, once, by `lower(kind, accepted, now_ns)`; an `Abort` asks
them to drop what they have not yet radiated, which they still answer. A tag is answered so: a directive and
a type-AD transfer by Accepted and then Confirmed or NotConfirmed, or by Rejected; a type-BD transfer by
Accepted or Rejected.

After an `Alert` the frames named by NotConfirmed may or may not have arrived. Who sends them again must first
let the link run dry (a round trip without sending), read the last report, take those with numbers before
N(R) as delivered, set V(S) to N(R), and unlock if locked out. A Set V(R) frame that the link repeats or
delays into the new session would undo the order: on such a link use Unlock and Set V(S).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from fsw.core.errors import FswError
from fsw.core.farm import UNLOCK, set_vr
from fsw.core.telecommand import encode_frame
from fsw.protocols.clcw import COP_1, Clcw
from fsw.protocols.fop_table import TABLE, AlertReason, FopState

Tag = int | str | None
Saved = dict[str, Any]


class Directive(Enum):
    """Requests of the management (table 4-1). Those that take a value say which."""

    INIT_WITHOUT_CLCW = "initiate AD without CLCW check"
    INIT_WITH_CLCW = "initiate AD with CLCW check"
    INIT_WITH_UNLOCK = "initiate AD with Unlock"
    INIT_WITH_SET_VR = "initiate AD with Set V(R)"  # value: 0 to 255
    TERMINATE = "terminate AD"
    RESUME = "resume AD"
    SET_VS = "set V(S)"  # value: 0 to 255; only while not suspended, in the initial state
    SET_WINDOW = "set FOP sliding window"  # value: K, 1 to 255
    SET_T1 = "set T1 initial"  # value: nanoseconds, above 0
    SET_TRANSMISSION_LIMIT = "set transmission limit"  # value: 1 to 255
    SET_TIMEOUT_TYPE = "set timeout type"  # value: 0 (alert) or 1 (suspend)


@dataclass(frozen=True, slots=True)
class Transmit:
    """Give these octets, one TC transfer frame, to the lower procedures. kind: 'AD', 'BD' or 'BC'."""

    kind: str
    frame: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop frames of this kind that are not radiated yet: they come again (5.2.7)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Accepted:
    tag: Tag


@dataclass(frozen=True, slots=True)
class Rejected:
    tag: Tag


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Done: the frame was accepted on board, or the directive took effect."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """Given up. sequence: N(S) of a frame, None of a directive."""

    tag: Tag
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """The AD service ended; event and state in which it did."""

    reason: AlertReason
    event: str
    state: FopState


@dataclass(frozen=True, slots=True)
class Suspended:
    """The AD service stopped; Directive.RESUME goes on in `state`."""

    state: FopState


Event = Transmit | Abort | Accepted | Rejected | Confirmed | NotConfirmed | Alert | Suspended


@dataclass(frozen=True, slots=True)
class FopSettings:
    """Managed parameters (5.1). window: K, at most half of FARM-1's W. t1_ns: longer than a round trip."""

    spacecraft_id: int
    virtual_channel: int
    window: int = 5
    t1_ns: int = 60_000_000_000
    transmission_limit: int = 5
    timeout_type: int = 0

    def __post_init__(self) -> None:
        encode_frame(self.spacecraft_id, self.virtual_channel, b"")
        for directive, value in (
            (Directive.SET_WINDOW, self.window),
            (Directive.SET_T1, self.t1_ns),
            (Directive.SET_TRANSMISSION_LIMIT, self.transmission_limit),
            (Directive.SET_TIMEOUT_TYPE, self.timeout_type),
        ):
            least, most = _RANGES[directive]
            if not least <= value <= most:
                raise FswError(f"{directive.value} {value}: allowed are {least} to {most}")


_RANGES = {
    Directive.INIT_WITH_SET_VR: (0, 255),
    Directive.SET_VS: (0, 255),
    Directive.SET_WINDOW: (1, 255),
    Directive.SET_T1: (1, 1 << 62),
    Directive.SET_TRANSMISSION_LIMIT: (1, 255),
    Directive.SET_TIMEOUT_TYPE: (0, 1),
}


@dataclass(slots=True)
class _SentFrame:
    """A type-AD frame that is not acknowledged; again: To_Be_Retransmitted."""

    sequence: int
    frame: bytes
    tag: Tag
    again: bool = False


@dataclass(slots=True)
class _Request:
    """What the higher layers asked for, while its event is handled; also the type-AD wait queue."""

    tag: Tag
    data: bytes = b""
    segment: tuple[int, int] | None = None
    directive: Directive | None = None
    value: int = 0


class Fop:
    """FOP-1 of one virtual channel.

    Invariants: V(S) - NN(R) modulo 256 is the length of the sent queue and at most the greatest window set;
    the timer runs only outside INITIAL; a type-BC frame is kept only in INITIALISING_BC.
    """

    def __init__(self, settings: FopSettings) -> None:
        self.settings = settings
        self.state = FopState.INITIAL
        self.vs = 0
        self.nn_r = 0
        self.window = settings.window
        self.t1_ns = settings.t1_ns
        self.transmission_limit = settings.transmission_limit
        self.timeout_type = settings.timeout_type
        self.transmission_count = 1
        self.suspended_in = 0
        self.due_ns: int | None = None
        self.dropped = {"not_clcw": 0, "other_cop": 0, "other_channel": 0}
        self._sent: list[_SentFrame] = []
        self._wait: _Request | None = None
        self._control: bytes | None = None
        self._control_again = False
        self._pending: list[Tag] = []  # the directive to initiate AD that is under way: none or one
        self._expedited: list[Tag] = []  # the type-BD frame with the lower procedures: none or one
        self._ready = {"AD": True, "BD": True, "BC": True}
        self._events: list[Event] = []
        self._now_ns = 0
        self._event = ""
        self._report = 0

    # ---- What comes in -------------------------------------------------------------------------------

    def transfer(
        self,
        data: bytes,
        now_ns: int,
        *,
        tag: Tag = None,
        bypass: bool = False,
        segment: tuple[int, int] | None = None,
    ) -> list[Event]:
        """E19 to E22: data of one frame, type AD or (bypass) BD. segment: as of `encode_frame`.

        Raises FswError if the data do not fit into a frame. The AD wait queue holds one: Rejected when full.
        """
        self._encode(data, segment=segment)
        request = _Request(tag, bytes(data), segment)
        if bypass:
            return self._step("E21" if self._ready["BD"] else "E22", now_ns, request)
        return self._step("E19" if self._wait is None else "E20", now_ns, request)

    def directive(self, directive: Directive, now_ns: int, *, tag: Tag = None, value: int = 0) -> list[Event]:
        """E23 to E40. A value out of range makes it invalid (E40): Rejected."""
        least, most = _RANGES.get(directive, (value, value))
        event = self._directive_event(directive) if least <= value <= most else "E40"
        return self._step(event, now_ns, _Request(tag, directive=directive, value=value))

    def clcw(self, octets: bytes, now_ns: int) -> list[Event]:
        """E1 to E15: a report. One of another COP or channel, or no CLCW at all, is dropped and counted."""
        report = Clcw.decode(octets)
        if report.control_type:
            self.dropped["not_clcw"] += 1
        elif report.cop != COP_1:
            self.dropped["other_cop"] += 1
        elif report.virtual_channel != self.settings.virtual_channel:
            self.dropped["other_channel"] += 1
        else:
            self._report = report.report_value
            return self._step(self._clcw_event(report), now_ns)
        return []

    def tick(self, now_ns: int) -> list[Event]:
        """E16, E17, E18, E104: call at `due_ns` or later; before that nothing happens."""
        if self.due_ns is None or now_ns < self.due_ns:
            return []
        self.due_ns = None
        exhausted = self.transmission_count >= self.transmission_limit
        return self._step((("E16", "E104"), ("E17", "E18"))[exhausted][self.timeout_type], now_ns)

    def lower(self, kind: str, accepted: bool, now_ns: int) -> list[Event]:
        """E41 to E46: the lower procedures' answer to the last Transmit of this kind ('AD', 'BC' or 'BD')."""
        if kind not in self._ready:
            raise FswError(f"frame kind {kind!r}: allowed are 'AD', 'BC', 'BD'")
        if self._ready[kind]:
            raise FswError(f"answer for a {kind} frame, but none was given to the lower procedures")
        first = {"AD": 41, "BC": 43, "BD": 45}[kind]
        return self._step(f"E{first + (not accepted)}", now_ns)

    # ---- Which event it is ---------------------------------------------------------------------------

    def _clcw_event(self, report: Clcw) -> str:
        acknowledged = (report.report_value - self.nn_r) % 256
        outstanding = (self.vs - self.nn_r) % 256
        wait = report.wait
        if report.version:
            return "E15"
        if report.lockout:
            return "E14"
        if acknowledged > outstanding:
            return "E13"
        if acknowledged == outstanding:
            if report.retransmit:
                return "E4"
            return "E3" if wait else "E2" if acknowledged else "E1"
        if not report.retransmit:
            return "E7" if wait else "E6" if acknowledged else "E5"
        if self.transmission_limit == 1:
            return "E101" if acknowledged else "E102"
        if acknowledged:
            return "E9" if wait else "E8"
        if self.transmission_count < self.transmission_limit:
            return "E11" if wait else "E10"
        return "E103" if wait else "E12"

    def _directive_event(self, directive: Directive) -> str:
        match directive:
            case Directive.INIT_WITHOUT_CLCW:
                return "E23"
            case Directive.INIT_WITH_CLCW:
                return "E24"
            case Directive.INIT_WITH_UNLOCK:
                return "E25" if self._ready["BC"] else "E26"
            case Directive.INIT_WITH_SET_VR:
                return "E27" if self._ready["BC"] else "E28"
            case Directive.TERMINATE:
                return "E29"
            case Directive.RESUME:
                return f"E{30 + self.suspended_in}"
            case Directive.SET_VS:
                return "E35"
            case Directive.SET_WINDOW:
                return "E36"
            case Directive.SET_T1:
                return "E37"
            case Directive.SET_TRANSMISSION_LIMIT:
                return "E38"
            case Directive.SET_TIMEOUT_TYPE:
                return "E39"

    def _step(self, event: str, now_ns: int, request: _Request | None = None) -> list[Event]:
        cell = TABLE[event][self.state - 1]
        assert cell is not None, f"FOP-1 {event} cannot happen in S{self.state}"
        self._now_ns, self._event = now_ns, event
        steps, following = cell
        for action, argument in steps:
            _ACTIONS[action](self, request, argument)
        self.state = following
        events, self._events = self._events, []
        return events

    # ---- Actions, 5.2 --------------------------------------------------------------------------------

    def _encode(
        self, data: bytes, sequence: int = 0, *, kind: str = "AD", segment: tuple[int, int] | None = None
    ) -> bytes:
        return encode_frame(
            self.settings.spacecraft_id,
            self.settings.virtual_channel,
            data,
            sequence=sequence,
            bypass=kind[0] == "B",
            control=kind[1] == "C",
            segment=segment,
        )

    def _hand_down(self, kind: str, frame: bytes, sequence: int = 0) -> None:
        self._ready[kind] = False
        self._events.append(Transmit(kind, frame, sequence))

    def _start(self) -> None:
        self.due_ns = self._now_ns + self.t1_ns

    def _cancel(self) -> None:
        self.due_ns = None

    def _purge(self) -> None:
        """Both queues. With nothing outstanding NN(R) is V(S): no report can then acknowledge anything."""
        self._events += [NotConfirmed(sent.tag, sent.sequence) for sent in self._sent]
        self._sent = []
        self.nn_r = self.vs
        self._control, self._control_again = None, False
        if self._wait is not None:
            self._events.append(Rejected(self._wait.tag))
            self._wait = None

    def _alert(self, reason: AlertReason) -> None:
        self._cancel()
        self._purge()
        self._events += [NotConfirmed(tag) for tag in self._pending]
        self._pending = []
        self._events.append(Alert(reason, self._event, self.state))

    def _suspend(self) -> None:
        self.suspended_in = int(self.state)
        self._events.append(Suspended(self.state))

    def _initialise(self) -> None:
        # A directive suspended in S4 ends here; nothing else would ever answer it.
        self._events += [NotConfirmed(tag) for tag in self._pending]
        self._pending = []
        self._purge()
        self.transmission_count = 1
        self.suspended_in = 0

    def _resume(self) -> None:
        self._start()
        self.suspended_in = 0

    def _confirm_pending(self) -> None:
        self._events += [Confirmed(tag) for tag in self._pending]
        self._pending = []

    def _remove(self) -> None:
        """Frames before N(R) have arrived (5.2.8)."""
        while self._sent and self.nn_r != self._report:
            self._events.append(Confirmed(self._sent.pop(0).tag))
            self.nn_r = (self.nn_r + 1) % 256
            self.transmission_count = 1

    def _again(self) -> None:
        """Initiate AD retransmission: every frame of the sent queue goes again (5.2.7)."""
        if not self._ready["AD"]:
            self._events.append(Abort("AD"))
        self.transmission_count += 1
        self._start()
        for sent in self._sent:
            sent.again = True

    def _again_control(self) -> None:
        if not self._ready["BC"]:
            self._events.append(Abort("BC"))
        self.transmission_count += 1
        self._start()
        self._control_again = True

    def _look(self) -> None:
        """One frame to the lower procedures, old before new, if they are ready (5.2.10)."""
        if not self._ready["AD"]:
            return
        for sent in self._sent:
            if sent.again:
                sent.again = False
                self._hand_down("AD", sent.frame, sent.sequence)
                return
        if self._wait is not None and (self.vs - self.nn_r) % 256 < self.window:
            request, self._wait = self._wait, None
            self._events.append(Accepted(request.tag))
            self._send_sequenced(request)

    def _send_sequenced(self, request: _Request) -> None:
        frame = self._encode(request.data, self.vs, segment=request.segment)
        if not self._sent:
            self.transmission_count = 1
        self._sent.append(_SentFrame(self.vs, frame, request.tag))
        self._start()
        self._hand_down("AD", frame, self.vs)
        self.vs = (self.vs + 1) % 256

    def _send_expedited(self, request: _Request) -> None:
        self._expedited = [request.tag]
        self._hand_down("BD", self._encode(request.data, kind="BD", segment=request.segment))

    def _answer_expedited(self, answer: type[Accepted] | type[Rejected]) -> None:
        self._events += [answer(tag) for tag in self._expedited]
        self._expedited = []

    def _send_control(self, data: bytes) -> None:
        self._control, self._control_again = self._encode(data, kind="BC"), False
        self.transmission_count = 1
        self._start()
        self._hand_down("BC", self._control)

    def _look_control(self) -> None:
        if self._ready["BC"] and self._control_again and self._control is not None:
            self._control_again = False
            self._hand_down("BC", self._control)

    def _release_control(self) -> None:
        self._control, self._control_again = None, False

    def _number(self, value: int) -> None:
        self.vs = self.nn_r = value

    def _set_vs(self, request: _Request) -> None:
        if self.suspended_in:
            self._events.append(Rejected(request.tag))
            return
        self._events.append(Accepted(request.tag))
        self._number(request.value)
        self._events.append(Confirmed(request.tag))

    def _manage(self, request: _Request) -> None:
        match request.directive:
            case Directive.SET_WINDOW:
                self.window = request.value
            case Directive.SET_T1:
                self.t1_ns = request.value
            case Directive.SET_TRANSMISSION_LIMIT:
                self.transmission_limit = request.value
            case Directive.SET_TIMEOUT_TYPE:
                self.timeout_type = request.value

    def _enqueue(self, request: _Request) -> None:
        self._wait = request

    # ---- Snapshots -----------------------------------------------------------------------------------

    def save(self) -> Saved:
        """Plain data; the settings are the caller's, but what directives changed of them is saved."""
        wait = self._wait
        return {
            "state": int(self.state),
            **{name: getattr(self, name) for name in _PLAIN},
            "dropped": dict(self.dropped),
            "sent": [[sent.sequence, sent.frame, sent.tag, sent.again] for sent in self._sent],
            "wait": None
            if wait is None
            else [wait.tag, wait.data, None if wait.segment is None else list(wait.segment)],
            "control": [self._control, self._control_again],
            "pending": list(self._pending),
            "expedited": list(self._expedited),
            "ready": dict(self._ready),
        }

    def load(self, saved: Saved) -> None:
        self.state = FopState(saved["state"])
        for name in _PLAIN:
            setattr(self, name, saved[name])
        self.dropped = dict(saved["dropped"])
        self._sent = [_SentFrame(*fields) for fields in saved["sent"]]
        self._wait = None
        if saved["wait"] is not None:
            tag, data, segment = saved["wait"]
            self._wait = _Request(tag, data, None if segment is None else (segment[0], segment[1]))
        self._control, self._control_again = saved["control"]
        self._pending = list(saved["pending"])
        self._expedited = list(saved["expedited"])
        self._ready = dict(saved["ready"])


_PLAIN = (
    "vs",
    "nn_r",
    "window",
    "t1_ns",
    "transmission_limit",
    "timeout_type",
    "transmission_count",
    "suspended_in",
    "due_ns",
)

# The words of the table. Each takes the engine, the request of the event (None if it is none) and the
# argument behind the colon.
_ACTIONS: dict[str, Any] = {
    "accept": lambda fop, request, _: fop._events.append(Accepted(request.tag)),
    "reject": lambda fop, request, _: fop._events.append(Rejected(request.tag)),
    "done": lambda fop, request, _: fop._events.append(Confirmed(request.tag)),
    "pend": lambda fop, request, _: fop._pending.append(request.tag),
    "confirm": lambda fop, request, _: fop._confirm_pending(),
    "alert": lambda fop, request, reason: fop._alert(AlertReason[reason]),
    "suspend": lambda fop, request, _: fop._suspend(),
    "initialise": lambda fop, request, _: fop._initialise(),
    "resume": lambda fop, request, _: fop._resume(),
    "start": lambda fop, request, _: fop._start(),
    "cancel": lambda fop, request, _: fop._cancel(),
    "remove": lambda fop, request, _: fop._remove(),
    "again": lambda fop, request, _: fop._again(),
    "look": lambda fop, request, _: fop._look(),
    "enqueue": lambda fop, request, _: fop._enqueue(request),
    "send_bd": lambda fop, request, _: fop._send_expedited(request),
    "accept_bd": lambda fop, request, _: fop._answer_expedited(Accepted),
    "reject_bd": lambda fop, request, _: fop._answer_expedited(Rejected),
    "unlock": lambda fop, request, _: fop._send_control(UNLOCK),
    "set_vr": lambda fop, request, _: fop._send_control(set_vr(request.value)),
    "number": lambda fop, request, _: fop._number(request.value),
    "again_bc": lambda fop, request, _: fop._again_control(),
    "look_bc": lambda fop, request, _: fop._look_control(),
    "release": lambda fop, request, _: fop._release_control(),
    "set_vs": lambda fop, request, _: fop._set_vs(request),
    "manage": lambda fop, request, _: fop._manage(request),
    "ready": lambda fop, request, kind: fop._ready.__setitem__(kind, True),
}
