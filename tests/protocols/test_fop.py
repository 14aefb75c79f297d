"""FOP-1: every cell of the state table by real inputs, the text around it, and random sequences."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fsw.core.errors import FswError
from fsw.core.farm import UNLOCK, set_vr
from fsw.core.telecommand import TelecommandFrame, decode_frame
from fsw.protocols.clcw import Clcw
from fsw.protocols.fop import (
    Abort,
    Accepted,
    Alert,
    Confirmed,
    Directive,
    Fop,
    FopSettings,
    NotConfirmed,
    Rejected,
    Suspended,
    Transmit,
)
from fsw.protocols.fop_table import AlertReason, FopState

CHANNEL, T1, NOW = 1, 1000, 50
SETTINGS = FopSettings(245, CHANNEL, window=4, t1_ns=T1, transmission_limit=3)


def report(value: int, **flags: int) -> bytes:
    return Clcw(CHANNEL, value, **flags).encode()


def in_state(state: int, *, limit: int = 3, timeout_type: int = 0, suspended_in: int = 0) -> Fop:
    """S1 to S3 with frames 0, 1, 2 sent; S4 and S5 under way; S6 fresh. Reached by inputs alone."""
    fop = Fop(FopSettings(245, CHANNEL, 4, T1, limit, timeout_type))
    if state == 4:
        fop.directive(Directive.INIT_WITH_CLCW, 0, tag="init")
    elif state == 5:
        fop.directive(Directive.INIT_WITH_UNLOCK, 0, tag="init")
    elif state < 4:
        fop.directive(Directive.INIT_WITHOUT_CLCW, 0)
        for number in range(3):
            fop.transfer(bytes([number]), 0, tag=number)
            fop.lower("AD", True, 0)
        if state > 1:
            fop.clcw(report(0, retransmit=1, wait=state == 3), 0)
    assert fop.state == state
    return fop


def exhaust(fop: Fop) -> Fop:
    fop.transmission_count = fop.transmission_limit
    return fop


def expire(fop: Fop) -> list:
    assert fop.due_ns is not None
    return fop.tick(fop.due_ns)


# Event -> (next state from each state, '.' where it cannot happen; how to cause it).
CELLS = {
    "E2": ("111...", lambda f: f.clcw(report(3), NOW)),
    "E3": ("666666", lambda f: f.clcw(report(f.vs, wait=1), NOW)),
    "E4": ("666656", lambda f: f.clcw(report(f.vs, retransmit=1), NOW)),
    "E5": ("166...", lambda f: f.clcw(report(0), NOW)),
    "E6": ("111...", lambda f: f.clcw(report(2), NOW)),
    "E7": ("666...", lambda f: f.clcw(report(1, wait=1), NOW)),
    "E8": ("222...", lambda f: f.clcw(report(2, retransmit=1), NOW)),
    "E9": ("333...", lambda f: f.clcw(report(2, retransmit=1, wait=1), NOW)),
    "E10": ("222...", lambda f: f.clcw(report(0, retransmit=1), NOW)),
    "E11": ("333...", lambda f: f.clcw(report(0, retransmit=1, wait=1), NOW)),
    "E12": ("222...", lambda f: exhaust(f).clcw(report(0, retransmit=1), NOW)),
    "E103": ("333...", lambda f: exhaust(f).clcw(report(0, retransmit=1, wait=1), NOW)),
    "E13": ("666656", lambda f: f.clcw(report(200), NOW)),
    "E14": ("666656", lambda f: f.clcw(report(f.vs, lockout=1), NOW)),
    "E15": ("666666", lambda f: f.clcw(report(f.vs, version=1), NOW)),
    "E16": ("12365.", expire),
    "E17": ("66666.", lambda f: expire(exhaust(f))),
    "E19": ("123456", lambda f: f.transfer(b"x", NOW)),
    "E21": ("123456", lambda f: f.transfer(b"x", NOW, bypass=True)),
    "E23": ("123451", lambda f: f.directive(Directive.INIT_WITHOUT_CLCW, NOW)),
    "E24": ("123454", lambda f: f.directive(Directive.INIT_WITH_CLCW, NOW)),
    "E25": ("1234.5", lambda f: f.directive(Directive.INIT_WITH_UNLOCK, NOW)),
    "E27": ("1234.5", lambda f: f.directive(Directive.INIT_WITH_SET_VR, NOW, value=7)),
    "E29": ("666666", lambda f: f.directive(Directive.TERMINATE, NOW)),
    "E30": ("123456", lambda f: f.directive(Directive.RESUME, NOW)),
    "E35": ("123456", lambda f: f.directive(Directive.SET_VS, NOW, value=7)),
    "E36": ("123456", lambda f: f.directive(Directive.SET_WINDOW, NOW, value=7)),
    "E37": ("123456", lambda f: f.directive(Directive.SET_T1, NOW, value=7)),
    "E38": ("123456", lambda f: f.directive(Directive.SET_TRANSMISSION_LIMIT, NOW, value=7)),
    "E39": ("123456", lambda f: f.directive(Directive.SET_TIMEOUT_TYPE, NOW, value=1)),
    "E40": ("123456", lambda f: f.directive(Directive.SET_TIMEOUT_TYPE, NOW, value=2)),
}


@pytest.mark.parametrize("state", range(1, 7))
@pytest.mark.parametrize("event", CELLS)
def test_every_event_leads_where_the_table_says(event, state):
    following, cause = CELLS[event]
    if following[state - 1] == ".":
        return
    fop = in_state(state)
    cause(fop)
    assert fop._event == event
    assert fop.state == int(following[state - 1])


@pytest.mark.parametrize(("state", "following"), list(enumerate("166116", start=1)))
def test_a_report_that_all_is_well(state, following):
    """E1: nothing outstanding. In S2 and S3 it contradicts the last report."""
    fop = in_state(state)
    if state < 4:
        fop.nn_r, fop._sent = fop.vs, []
    fop.clcw(report(fop.vs), NOW)
    assert (fop._event, fop.state) == ("E1", int(following))


@pytest.mark.parametrize("state", [1, 2, 3])
@pytest.mark.parametrize(("value", "event"), [(2, "E101"), (0, "E102")])
def test_with_one_transmission_allowed_a_negative_report_ends_the_service(state, value, event):
    fop = in_state(state)
    fop.directive(Directive.SET_TRANSMISSION_LIMIT, NOW, value=1)
    events = fop.clcw(report(value, retransmit=1), NOW)
    assert (fop._event, fop.state) == (event, 6)
    assert [e.tag for e in events if isinstance(e, Confirmed)] == list(range(value))
    assert [(e.tag, e.sequence) for e in events if isinstance(e, NotConfirmed)] == [
        (n, n) for n in range(value, 3)
    ]
    assert events[-1] == Alert(AlertReason.LIMIT, event, FopState(state))


@pytest.mark.parametrize(("state", "e104", "e18"), [(1, 1, 6), (2, 2, 6), (3, 3, 6), (4, 6, 6), (5, 5, 6)])
def test_timeout_type_1_suspends_and_resume_goes_on(state, e104, e18):
    fop = in_state(state, timeout_type=1)
    expire(fop)
    assert (fop._event, fop.state) == ("E104", e104)
    fop = exhaust(in_state(state, timeout_type=1))
    events = expire(fop)
    assert (fop._event, fop.state) == ("E18", e18)
    if state == 5:  # a directive's frame is given up, not suspended
        assert events[-1] == Alert(AlertReason.T1, "E18", FopState.INITIALISING_BC)
        return
    assert events == [Suspended(FopState(state))]
    assert fop.due_ns is None
    refused = fop.directive(Directive.SET_VS, NOW, tag="vs", value=9)
    assert refused == [Rejected("vs")]
    assert fop.directive(Directive.RESUME, NOW, tag="go") == [Accepted("go"), Confirmed("go")]
    assert (fop._event, fop.state, fop.due_ns) == (f"E{30 + state}", state, NOW + T1)
    if state < 4:
        assert Confirmed(2) in fop.clcw(report(3), NOW)


@pytest.mark.parametrize("state", range(1, 7))
def test_lower_procedures_that_refuse_end_the_service(state):
    fop = in_state(state)
    fop.transfer(b"x", NOW, bypass=True, tag="x")
    events = fop.lower("BD", False, NOW)
    assert (fop._event, fop.state) == ("E46", 6)
    assert events[0] == Rejected("x")
    assert events[-1] == Alert(AlertReason.LLIF, "E46", FopState(state))


def test_an_expired_timer_while_waiting_starts_again_lest_the_service_stand_still():
    fop = in_state(3)
    assert expire(fop) == []
    assert fop.transmission_count == 1
    fop.clcw(report(1), fop.due_ns - 1)  # part acknowledged, nothing said of the rest
    assert fop.state is FopState.ACTIVE
    assert [e.sequence for e in expire(fop) if isinstance(e, Transmit)] == [1]


def test_full_queues_reject():
    fop = in_state(1)
    assert fop.transfer(b"3", NOW, tag=3)[0] == Accepted(3)
    assert fop.transfer(b"4", NOW, tag=4) == []  # K = 4 are outstanding
    assert fop.transfer(b"5", NOW, tag=5) == [Rejected(5)]
    assert fop._event == "E20"
    assert len(fop.transfer(b"b", NOW, tag="b", bypass=True)) == 1
    assert fop.transfer(b"c", NOW, tag="c", bypass=True) == [Rejected("c")]
    assert fop._event == "E22"
    assert fop.lower("BD", True, NOW) == [Accepted("b")]


@pytest.mark.parametrize(
    ("directive", "event"), [(Directive.INIT_WITH_UNLOCK, "E26"), (Directive.INIT_WITH_SET_VR, "E28")]
)
def test_a_directive_waits_for_its_predecessors_frame_to_leave(directive, event):
    fop = in_state(5)
    fop.directive(Directive.TERMINATE, NOW)
    assert fop.directive(directive, NOW, tag="again") == [Rejected("again")]
    assert fop._event == event
    fop.lower("BC", True, NOW)
    assert fop.directive(directive, NOW, tag="again")[0] == Accepted("again")


@pytest.mark.parametrize("state", range(1, 7))
def test_the_last_bc_frame_may_be_answered_in_any_state(state):
    for accepted in (True, False):
        fop = in_state(5)
        if state != 5:
            fop.directive(Directive.TERMINATE, NOW)
        fop.state = FopState(state)
        fop.lower("BC", accepted, NOW)
        assert (fop._event, fop.state) == (("E43", state) if accepted else ("E44", 6))


@pytest.mark.parametrize(
    ("directive", "value", "data"),
    [(Directive.INIT_WITH_UNLOCK, 0, UNLOCK), (Directive.INIT_WITH_SET_VR, 77, set_vr(77))],
)
def test_a_directives_frame_is_sent_again_until_reported_done(directive, value, data):
    fop = Fop(SETTINGS)
    events = fop.directive(directive, 0, tag="d", value=value)
    frames = [e for e in events if isinstance(e, Transmit)]
    fop.clcw(report(200, lockout=1), 5)
    assert fop.tick(T1 - 1) == []
    assert fop.tick(T1) == [Abort("BC")]
    events = fop.lower("BC", True, T1)
    assert [e for e in events if isinstance(e, Transmit)] == frames
    sent = decode_frame(frames[0].frame, spacecraft_id=245)
    assert isinstance(sent, TelecommandFrame)
    assert (sent.kind, sent.data, sent.sequence) == ("BC", data, 0)
    assert fop.clcw(report(value), T1 + 5) == [Confirmed("d")]
    assert (fop.state, fop.vs, fop.due_ns) == (FopState.ACTIVE, value, None)


def test_retransmission_sends_the_same_octets_old_before_new():
    fop = in_state(1)
    fop.clcw(report(1, retransmit=1), NOW)
    fop.transfer(b"3", NOW, tag=3)
    sent = []
    for _ in range(3):
        sent += [e.sequence for e in fop.lower("AD", True, NOW) if isinstance(e, Transmit)]
    assert sent == [2, 3]
    assert fop.transmission_count == 2


def test_the_window_wraps_with_the_number():
    fop = Fop(SETTINGS)
    fop.directive(Directive.SET_VS, 0, value=254)
    fop.directive(Directive.INIT_WITH_CLCW, 0)
    assert fop.clcw(report(254), 0) == [Confirmed(None)]
    for tag in range(4):
        assert [e.sequence for e in fop.transfer(b"d", 0, tag=tag) if isinstance(e, Transmit)] == [
            (254 + tag) % 256
        ]
        fop.lower("AD", True, 0)
    assert fop.clcw(report(1), 0) == [Confirmed(0), Confirmed(1), Confirmed(2)]
    assert fop.nn_r == 1


def test_reports_for_others_are_dropped_and_counted():
    fop = in_state(1)
    assert fop.clcw(Clcw(2, 99, lockout=1).encode(), NOW) == []
    assert fop.clcw(Clcw(CHANNEL, 99, cop=2).encode(), NOW) == []
    assert fop.clcw(Clcw(CHANNEL, 99, control_type=1).encode(), NOW) == []
    assert fop.dropped == {"not_clcw": 1, "other_cop": 1, "other_channel": 1}
    assert fop.state is FopState.ACTIVE


def test_nonsense_is_refused():
    for arguments in (
        (1024, 0),
        (0, 64),
        (0, 0, 0),
        (0, 0, 256),
        (0, 0, 1, 0),
        (0, 0, 1, 1, 0),
        (0, 0, 1, 1, 1, 2),
    ):
        with pytest.raises(FswError):
            FopSettings(*arguments)
    fop = in_state(1)
    with pytest.raises(FswError):
        fop.transfer(bytes(1018), NOW)
    with pytest.raises(FswError):
        fop.lower("AD", True, NOW)
    with pytest.raises(FswError):
        fop.lower("AC", True, NOW)
    with pytest.raises(FswError):
        fop.clcw(b"\1\4\0", NOW)


class FopUnderAnything(RuleBasedStateMachine):
    """No sequence of inputs meets a cell that cannot happen; every tag is answered as promised."""

    @initialize(
        window=st.integers(1, 255),
        limit=st.integers(1, 3),
        timeout_type=st.integers(0, 1),
        vs=st.integers(0, 255),
    )
    def start(self, window, limit, timeout_type, vs):
        self.now = 0
        self.fop = Fop(FopSettings(245, CHANNEL, window, T1, limit, timeout_type))
        self.fop.directive(Directive.SET_VS, 0, value=vs)
        self.open = {}
        self.tags = 0
        self.below = []

    def tag(self, kind):
        self.tags += 1
        self.open[self.tags] = kind
        return self.tags

    def take(self, events):
        for event in events:
            match event:
                case Transmit(kind, frame, _):
                    assert isinstance(decode_frame(frame, spacecraft_id=245), TelecommandFrame)
                    assert kind not in self.below
                    self.below.append(kind)
                case Accepted(tag) if self.open[tag] == "BD":
                    del self.open[tag]
                case Accepted(tag):
                    assert self.open[tag] == "asked"
                    self.open[tag] = "accepted"
                case Rejected(tag):
                    assert self.open.pop(tag) != "accepted"
                case Confirmed(tag) | NotConfirmed(tag):
                    assert self.open.pop(tag) == "accepted"

    @rule(bypass=st.booleans(), data=st.binary(max_size=3), segmented=st.booleans())
    def transfer(self, bypass, data, segmented):
        tag = self.tag("BD" if bypass else "asked")
        self.take(
            self.fop.transfer(data, self.now, tag=tag, bypass=bypass, segment=(3, 1) if segmented else None)
        )

    @rule(directive=st.sampled_from(list(Directive)), value=st.integers(0, 256))
    def directive(self, directive, value):
        self.take(self.fop.directive(directive, self.now, tag=self.tag("asked"), value=value))

    @rule()
    def begin(self):
        self.directive(Directive.INIT_WITHOUT_CLCW, 0)

    @rule(
        ahead=st.one_of(st.integers(0, 4), st.integers(-1, 255)),
        lockout=st.sampled_from([0] * 7 + [1]),
        wait=st.integers(0, 1),
        retransmit=st.integers(0, 1),
        version=st.sampled_from([0] * 7 + [1]),
    )
    def clcw(self, ahead, **flags):
        self.take(self.fop.clcw(report((self.fop.nn_r + ahead) % 256, **flags), self.now))

    @rule(octets=st.binary(min_size=4, max_size=4))
    def any_word(self, octets):
        self.take(self.fop.clcw(octets, self.now))

    @precondition(lambda self: self.below)
    @rule(accepted=st.sampled_from([True] * 5 + [False]))
    def lower(self, accepted):
        self.take(self.fop.lower(self.below.pop(0), accepted, self.now))

    @rule(passes=st.integers(0, 2 * T1))
    def time(self, passes):
        self.now += passes
        self.take(self.fop.tick(self.now))

    @rule()
    def another_goes_on_from_the_snapshot(self):
        other = Fop(self.fop.settings)
        other.load(self.fop.save())
        assert other.save() == self.fop.save()
        self.fop = other

    @invariant()
    def queue_and_numbers_agree(self):
        if hasattr(self, "fop"):
            fop = self.fop
            numbers = [sent.sequence for sent in fop._sent]
            assert numbers == [(fop.nn_r + i) % 256 for i in range((fop.vs - fop.nn_r) % 256)]
            assert (fop._control is not None) == (fop.state is FopState.INITIALISING_BC)
            assert fop.due_ns is None or fop.state is not FopState.INITIAL
            assert fop.suspended_in == 0 or fop.state is FopState.INITIAL


TestFopUnderAnything = FopUnderAnything.TestCase
