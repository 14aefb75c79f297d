"""COP-1 end to end: FOP-1 and FARM-1 over a link with light time, loss, repetition and reordering.

The link does what hypothesis says until its script ends; then it is healed, and everything must arrive.
The operator is the one that the manual of `fop` describes: after an alert the link runs dry, the last report
is read, what it acknowledges counts as delivered, lockout is undone, and the rest is sent again.
"""

import heapq
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from fsw.core.farm import Farm, FarmState
from fsw.core.telecommand import TelecommandFrame, decode_frame, encode_frame
from fsw.protocols.clcw import Clcw
from fsw.protocols.fop import (
    Accepted,
    Alert,
    Confirmed,
    Directive,
    Event,
    Fop,
    FopSettings,
    NotConfirmed,
    Rejected,
    Suspended,
    Transmit,
)
from fsw.protocols.fop_table import FopState

SPACECRAFT, CHANNEL = 245, 5
LIGHT = 1000
MOST_JITTER = 1500
RADIATION = 40
REPORT_PERIOD = 170
RUN_DRY = LIGHT + MOST_JITTER + RADIATION
MOST_EVENTS = 60_000

LOSE: tuple[int, ...] = ()
CLEAN = (0,)


@dataclass(frozen=True)
class Faults:
    """Extra delay of each copy, for what is sent first, second, ...; then the link is healed.

    up, down: frames and reports. reordering: later items may overtake. rogue: after which uplink frames a
    stranger's frame, out of the window, locks the spacecraft. refused: which frames the station refuses.
    """

    up: list[tuple[int, ...]]
    down: list[tuple[int, ...]]
    rogue: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    reordering: bool = True


@dataclass
class Flight:
    farm: Farm
    fop: Fop
    faults: Faults
    payloads: list[bytes]
    drain_ns: int
    room: int
    now: int = 0
    delivered: list[bytes] = field(default_factory=list)
    known: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue: list[tuple[int, int, str, bytes]] = []
        self.order = self.ups = self.downs = self.handed = 0
        self.latest = {"up": 0, "down": 0}
        self.held = 0
        self.farm.room = lambda: self.held < self.room
        self.todo = list(range(len(self.payloads)))
        self.asked: int | None = None
        self.given_up: list[tuple[int, int]] = []
        self.alerts = 0
        self.dry_at = 0
        self.recovering = True
        self.schedule(0, "report")
        self.schedule(0, "drain")

    def schedule(self, at: int, what: str, octets: bytes = b"") -> None:
        self.order += 1
        heapq.heappush(self.queue, (at, self.order, what, octets))

    def send(self, way: str, script: list[tuple[int, ...]], number: int, octets: bytes) -> None:
        for extra in script[number] if number < len(script) else CLEAN:
            at = self.now + LIGHT + extra
            if not self.faults.reordering:
                at = self.latest[way] = max(at, self.latest[way])
            self.schedule(at, way, octets)

    # ---- The spacecraft ------------------------------------------------------------------------------

    def up(self, octets: bytes) -> None:
        frame = decode_frame(octets, spacecraft_id=SPACECRAFT)
        assert isinstance(frame, TelecommandFrame)
        if self.farm.feed(frame).accepted:
            # The heart of the matter: the next payload, never another, never one twice.
            assert len(self.delivered) < len(self.payloads)
            assert frame.data == self.payloads[len(self.delivered)]
            self.delivered.append(frame.data)
            self.held += 1

    def drain(self, _: bytes) -> None:
        if self.held:
            self.held -= 1
            self.farm.buffer_released()
        self.schedule(self.now + self.drain_ns, "drain")

    def report(self, _: bytes) -> None:
        self.send("down", self.faults.down, self.downs, self.farm.clcw())
        self.downs += 1
        self.schedule(self.now + REPORT_PERIOD, "report")

    # ---- The ground ----------------------------------------------------------------------------------

    def down(self, octets: bytes) -> None:
        self.take(self.fop.clcw(octets, self.now))
        if self.recovering and self.now >= self.dry_at and self.fop.state is FopState.INITIAL:
            self.recover(Clcw.decode(octets))

    def answer(self, octets: bytes) -> None:
        refused = octets[1:] == b"refused"
        self.take(self.fop.lower("BC" if octets[:1] == b"C" else "AD", not refused, self.now))

    def tick(self, _: bytes) -> None:
        self.take(self.fop.tick(self.now))

    def recover(self, last: Clcw) -> None:
        """Nothing is under way, and `last` left when nothing was: what it says is so."""
        if self.fop.suspended_in:  # purge what was suspended; nothing is sent between the two
            self.take(self.fop.directive(Directive.INIT_WITHOUT_CLCW, self.now, tag="init"))
            self.take(self.fop.directive(Directive.TERMINATE, self.now, tag="init"))
        self.recovering = False
        for tag, sequence in self.given_up:
            if 1 <= (last.report_value - sequence) % 256 <= 128:
                self.know(tag)
            else:
                self.todo.append(tag)
        self.given_up = []
        self.todo.sort()
        self.take(self.fop.directive(Directive.SET_VS, self.now, tag="vs", value=last.report_value))
        in_the_way = last.lockout or last.wait or last.retransmit
        start = Directive.INIT_WITH_UNLOCK if in_the_way else Directive.INIT_WITH_CLCW
        self.take(self.fop.directive(start, self.now, tag="init"))

    def know(self, tag: int) -> None:
        assert tag < len(self.delivered), "confirmed, but not delivered"
        assert tag not in self.known
        self.known.append(tag)

    def take(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Transmit(kind, frame, _):
                    number, self.ups = self.ups, self.ups + 1
                    refused = number in self.faults.refused
                    if not refused:
                        self.send("up", self.faults.up, number, frame)
                    if number in self.faults.rogue:
                        stranger = (self.farm.expected + 128) % 256
                        self.schedule(
                            self.now + LIGHT,
                            "up",
                            encode_frame(SPACECRAFT, CHANNEL, b"rogue", sequence=stranger, bypass=False),
                        )
                    self.schedule(self.now + RADIATION, "answer", kind[1:].encode() + b"refused" * refused)
                case Accepted(int(tag)):
                    assert tag == self.asked
                    self.asked = None
                case Rejected(int(tag)):
                    assert tag == self.asked
                    self.asked = None
                    self.todo.insert(0, tag)
                case Confirmed(int(tag)):
                    self.know(tag)
                case NotConfirmed(int(tag), int(sequence)):
                    self.given_up.append((tag, sequence))
                case Alert() | Suspended():
                    self.alerts += 1
                    self.recovering = True
                    # A round trip: what is under way arrives, and reports sent after that come back.
                    self.dry_at = self.now + 2 * RUN_DRY
        if self.fop.due_ns is not None:
            self.schedule(self.fop.due_ns, "tick")
        started = self.fop.state in (FopState.ACTIVE, FopState.RETRANSMIT, FopState.RETRANSMIT_WAIT)
        if started and not self.recovering and self.asked is None and self.todo:
            self.asked = self.todo.pop(0)
            self.take(self.fop.transfer(self.payloads[self.asked], self.now, tag=self.asked))

    def fly(self) -> None:
        for _ in range(MOST_EVENTS):
            if len(self.known) == len(self.payloads):
                break
            self.now, _, what, octets = heapq.heappop(self.queue)
            getattr(self, what)(octets)
        assert len(self.known) == len(self.payloads), f"stuck in S{self.fop.state} after {self.alerts} alerts"
        assert self.delivered == self.payloads
        assert sorted(self.known) == list(range(len(self.payloads)))


def flight(
    faults: Faults, *, payloads: int = 12, half: int = 4, k: int = 4, room: int = 99, **options
) -> Flight:
    start = options.pop("start", 0)
    farm = Farm(CHANNEL, 2 * half, state=options.pop("farm_state", FarmState.LOCKOUT))
    farm_start = bytes([farm.save()[0], farm.save()[1], farm.save()[2], start]) + farm.save()[4:]
    farm.load(farm_start)
    settings = FopSettings(
        SPACECRAFT,
        CHANNEL,
        window=min(k, half),
        t1_ns=options.pop("t1", 2 * RUN_DRY),
        transmission_limit=options.pop("limit", 3),
        timeout_type=options.pop("timeout_type", 0),
    )
    drain_ns = options.pop("drain_ns", 300)
    assert not options
    return Flight(farm, Fop(settings), faults, [b"payload %d" % i for i in range(payloads)], drain_ns, room)


def test_a_clean_link_needs_no_second_transmission():
    clean = flight(Faults([], []), payloads=40, start=240)
    clean.fly()
    assert clean.alerts == 0
    assert clean.ups == 1 + 40  # Unlock, for the spacecraft boots locked out
    assert clean.farm.expected == (240 + 40) % 256


def test_a_lost_frame_is_sent_again_on_the_negative_report():
    lossy = flight(Faults([CLEAN] * 4 + [LOSE], []), farm_state=FarmState.OPEN)
    lossy.fly()
    assert lossy.alerts == 0
    assert lossy.farm.counters["ahead"] > 0


def test_a_stranger_locks_out_and_the_operator_unlocks():
    locked = flight(Faults([], [], rogue=frozenset({5})))
    locked.fly()
    assert locked.alerts == 1
    assert locked.farm.counters["outside"] == 1
    assert locked.farm.counters["unlock"] == 2


def test_a_spacecraft_without_room_is_waited_for():
    slow = flight(Faults([], []), room=1, drain_ns=900, limit=200)
    slow.fly()
    assert slow.farm.counters["no_room"] > 0


COPIES = st.one_of(
    st.just(CLEAN),
    st.just(LOSE),
    st.lists(st.integers(0, MOST_JITTER), min_size=1, max_size=3).map(tuple),
)
LOSSES = st.sampled_from([CLEAN, LOSE])
FEW_NUMBERS = st.frozensets(st.integers(0, 40), max_size=3)
OPTIONS = st.fixed_dictionaries(
    {
        "payloads": st.integers(1, 25),
        "half": st.integers(1, 12),
        "k": st.integers(1, 12),
        "room": st.integers(1, 4),
        "drain_ns": st.integers(50, 2000),
        "start": st.integers(0, 255),
        "limit": st.integers(1, 4),
        "timeout_type": st.integers(0, 1),
        "t1": st.integers(2 * LIGHT + RADIATION + REPORT_PERIOD, 4 * RUN_DRY),
        "farm_state": st.sampled_from([FarmState.OPEN, FarmState.LOCKOUT]),
    }
)


@given(st.lists(COPIES, max_size=60), st.lists(COPIES, max_size=80), FEW_NUMBERS, FEW_NUMBERS, OPTIONS)
def test_nothing_is_lost_duplicated_or_out_of_order_whatever_the_link_does(up, down, rogue, refused, options):
    flight(Faults(up, down, rogue, refused), **options).fly()


@given(st.lists(LOSSES, max_size=80), st.lists(LOSSES, max_size=80), OPTIONS)
def test_loss_alone_never_locks_out(up, down, options):
    """A link that keeps the order: go-back-N by itself, with no event that the table calls lockout."""
    lossy = flight(Faults(up, down, reordering=False), **options)
    lossy.fly()
    assert lossy.farm.counters["outside"] == 0
