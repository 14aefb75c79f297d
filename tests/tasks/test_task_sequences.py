"""ST[21]: one request after the other, each when the one before is over; against a simple model."""

import json
from binascii import crc_hqx

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from fsw import dictionary
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st21_sequencing import decode_entries, encode_entries
from fsw.kernel.scheduler import CancelTimer, Send, SetTimer
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.file_messages import FileRead, ReadFile
from fsw.tasks.messages import Execute, Executed, Occurred, Outcome, PusReport, SafeMode, Submit, Tick
from fsw.tasks.sequences import ANSWER_WITHIN_NS, BY_REFERENCE, MAX_ACTIVE, MAX_SEQUENCES, Sequences


def ping(count):
    return pus.encode_telecommand(pus.Telecommand(1920, count, 17, 1, 1, pus.Acknowledge.ALL, b""))


@pytest.fixture
def sequences(bench):
    return bench.of(names.SEQUENCES)


@pytest.fixture
def ask(sequences, bench):
    def asked(name, arguments="", now_ns=0):
        sequences.tell(bench.execute(name, arguments), now_ns)
        return sequences.executed()[0]

    return asked


def entries(*rows):
    return f"entries='{json.dumps([dict(packet=ping(c).hex(), delay_ms=ms) for c, ms in rows])}'"


def released(sequences):
    return [m.packet for m in sequences.sent(names.COMMANDING, Submit) if m.answer_to == names.SEQUENCES]


def test_requests_follow_when_delay_and_outcome_have_come(sequences, ask):
    assert ask("SEQUENCE_LOAD", "sequence=S " + entries((1, 1000), (2, 0), (3, 5000))) is None
    assert released(sequences) == []
    assert ask("SEQUENCE_ACTIVATE", "S") is None
    assert released(sequences) == [ping(1)]
    sequences.tell(Outcome(ping(1)[:4]), 300 * MILLISECOND)  # the delay is longer
    assert released(sequences) == []
    assert sequences.timers["due"].at_ns == SECOND
    sequences.expire("due")
    assert released(sequences) == [ping(2)]
    sequences.tell(Outcome(ping(2)[:4]), 4 * SECOND)  # the outcome is later
    assert released(sequences) == [ping(3)]
    sequences.tell(Outcome(ping(3)[:4]), 5 * SECOND)
    assert sequences.events() == []
    assert sequences.timers["due"].at_ns == 9 * SECOND
    sequences.expire("due")
    assert sequences.events() == [("SEQUENCE_COMPLETED", {"sequence": "S"})]
    assert "due" not in sequences.timers


def test_a_failure_ends_its_sequence(sequences, ask):
    ask("SEQUENCE_LOAD", "sequence=S " + entries((1, 0), (2, 0)))
    ask("SEQUENCE_ACTIVATE", "S")
    sequences.tell(Outcome(ping(1)[:4], FailureCode.NOT_ARMED))
    failed = {"sequence": "S", "entry": 0, "failure_code": "NOT_ARMED"}
    assert sequences.events() == [("SEQUENCE_FAILED", failed)]
    assert released(sequences) == []
    assert ask("SEQUENCE_ACTIVATE", "S") is None  # it may be tried again


def test_an_outcome_that_never_comes_is_a_failure(sequences, ask):
    ask("SEQUENCE_LOAD", "sequence=S " + entries((1, 0)))
    ask("SEQUENCE_ACTIVATE", "S")
    assert sequences.timers["due"].at_ns == ANSWER_WITHIN_NS
    sequences.expire("due")
    assert sequences.events()[0][1]["failure_code"] == "NO_ANSWER"


def test_an_aborted_sequence_releases_no_more(sequences, bench, ask):
    ask("SEQUENCE_LOAD", "sequence=S " + entries((1, 0), (2, 0)))
    assert ask("SEQUENCE_ABORT", "S") is FailureCode.NOT_RUNNING
    ask("SEQUENCE_ACTIVATE", "S")
    assert ask("SEQUENCE_ACTIVATE", "S") is FailureCode.IN_USE
    assert ask("SEQUENCE_UNLOAD", "S") is FailureCode.IN_USE
    assert ask("SEQUENCE_ABORT", "S") is None
    sequences.tell(Outcome(ping(1)[:4]), SECOND)
    assert released(sequences) == []
    assert sequences.events() == []
    ask("SEQUENCE_ACTIVATE", "S")
    sequences.tell(bench.execute("SEQUENCES_ABORT"))
    (told,) = sequences.sent(names.DOWNLINK, PusReport)
    assert bench.decoded(told) == ("SEQUENCES_ABORTED", {"sequences": 1, "sequences[0].sequence": "S"})
    assert ask("SEQUENCE_UNLOAD", "S") is None
    assert ask("SEQUENCE_ACTIVATE", "S") is FailureCode.NO_SUCH_ITEM


def test_safe_mode_ends_all_sequences(sequences, ask):
    ask("SEQUENCE_LOAD", "sequence=S " + entries((1, 0), (2, 0)))
    ask("SEQUENCE_ACTIVATE", "S")
    sequences.tell(SafeMode(True))
    assert sequences.events()[0][1]["failure_code"] == "ABORTED"
    sequences.tell(SafeMode(False))
    sequences.tell(Outcome(ping(1)[:4]))
    assert released(sequences) == []


def test_two_sequences_run_side_by_side(sequences, ask):
    ask("SEQUENCE_LOAD", "sequence=A " + entries((1, 0), (2, 0)))
    ask("SEQUENCE_LOAD", "sequence=B " + entries((3, 0), (2, 0)))
    ask("SEQUENCE_ACTIVATE", "A")
    ask("SEQUENCE_ACTIVATE", "B")
    sequences.tell(Outcome(ping(3)[:4]))
    assert released(sequences) == [ping(2)]
    sequences.tell(Outcome(ping(1)[:4]))  # the same request is under way: it could not be told apart
    assert released(sequences) == []
    assert sequences.events()[0][1] == {"sequence": "A", "entry": 1, "failure_code": "BUSY"}


def test_loads_are_checked_and_bounded(sequences, ask):
    bad = "entries='" + json.dumps([dict(packet="1880c000000000", delay_ms=0)]) + "'"
    assert ask("SEQUENCE_LOAD", "sequence=S " + bad) is FailureCode.BAD_REQUEST_INSIDE
    for number in range(MAX_SEQUENCES):
        assert ask("SEQUENCE_LOAD", f"sequence=S{number} " + entries((number, 0))) is None
    assert ask("SEQUENCE_LOAD", "sequence=MORE " + entries((1, 0))) is FailureCode.NO_ROOM
    assert ask("SEQUENCE_LOAD", "sequence=S1 " + entries((1, 0))) is FailureCode.ALREADY_THERE
    for number in range(MAX_ACTIVE):
        assert ask("SEQUENCE_ACTIVATE", f"S{number}") is None
    assert ask("SEQUENCE_ACTIVATE", "S20") is FailureCode.NO_ROOM


def test_reports_tell_state_content_and_checksum(sequences, bench, ask):
    ask("SEQUENCE_LOAD", "sequence=B " + entries(*[(n, n) for n in range(32)]))
    ask("SEQUENCE_LOAD", "sequence=A " + entries((5, 70000)))
    ask("SEQUENCE_ACTIVATE", "B")

    def told(name, arguments=""):
        assert ask(name, arguments) is None
        return [bench.decoded(report)[1] for report in sequences.sent(names.DOWNLINK)]

    (status,) = told("SEQUENCES_REPORT")
    assert [status[f"sequences[{n}].state"] for n in (0, 1)] == ["INACTIVE", "UNDER_EXECUTION"]
    assert status["sequences[0].sequence"] == "A"
    (content,) = told("SEQUENCE_REPORT", "A")
    assert (content["entries[0].packet"], content["entries[0].delay_ms"]) == (ping(5), 70000)
    (crc,) = told("SEQUENCE_CHECKSUM", "A")
    assert crc["crc"] == pus.crc_hqx(ping(5) + b"\0\x01\x11\x70", 0xFFFF)
    assert [part["first_entry"] for part in told("SEQUENCE_REPORT", "B")] == [0]
    for name in ("SEQUENCE_REPORT", "SEQUENCE_CHECKSUM", "SEQUENCE_ABORT", "SEQUENCE_UNLOAD"):
        assert ask(name, "NONE") is FailureCode.NO_SUCH_ITEM


def test_sequences_outlive_a_restart_inactive(sequences, ask):
    ask("SEQUENCE_LOAD", "sequence=S " + entries((1, 0), (2, 0)))
    ask("SEQUENCE_ACTIVATE", "S")
    successor = sequences.make()
    successor.recall(sequences.task.retained())
    assert not successor.save()["sequences"]["S"].active
    assert successor.save()["sequences"]["S"].entries == sequences.task.save()["sequences"]["S"].entries
    with pytest.raises(AssertionError):
        sequences.make().recall({"entries": {"S": ((b"nonsense", 0),)}})


def test_a_sequence_is_loaded_from_a_file_and_its_checksum_is_that_of_the_file(sequences, bench, ask):
    content = encode_entries([(ping(1), 1000), (ping(2), 0)])

    def ask_file(name, octets):
        sequences.tell(bench.execute(name, "S '' plan"))
        (question,) = sequences.sent(names.FILES, ReadFile)
        assert (question.file, question.asker) == ("plan", names.SEQUENCES)
        assert sequences.executed() == []
        sequences.tell(FileRead(octets, question.request))
        return sequences.executed()[0]

    load, run = "SEQUENCE_LOAD_BY_REFERENCE", "SEQUENCE_LOAD_AND_ACTIVATE"
    assert ask_file(load, None) is FailureCode.NO_SUCH_FILE
    for wrong in (b"", content[:-1], content + b"x", encode_entries([(ping(1)[:-1] + b"?", 0)]) * 33):
        assert ask_file(load, wrong) is FailureCode.BAD_REQUEST_INSIDE
    assert ask_file(load, content) is None
    assert ask_file(run, content) is FailureCode.ALREADY_THERE
    assert released(sequences) == []
    ask("SEQUENCE_CHECKSUM", "S")
    ((name, values),) = map(bench.decoded, sequences.sent(names.DOWNLINK, PusReport))
    assert (name, values["crc"]) == ("SEQUENCE_CRC", crc_hqx(content, 0xFFFF))
    ask("SEQUENCE_UNLOAD", "S")
    assert ask_file(run, content) is None
    assert released(sequences) == [ping(1)]
    ask("SEQUENCE_ABORT", "S")
    ask("SEQUENCE_UNLOAD", "S")
    for number in range(MAX_ACTIVE):
        ask("SEQUENCE_LOAD", f"sequence=S{number} " + entries((number + 10, 0)))
        ask("SEQUENCE_ACTIVATE", f"S{number}")
    assert ask_file(run, content) is FailureCode.NO_ROOM
    assert ask("SEQUENCE_UNLOAD", "S") is FailureCode.NO_SUCH_ITEM


@given(
    st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 2**32 - 1)), min_size=1, max_size=32), st.data()
)
def test_entries_survive_a_file_and_no_octets_stop_its_reader(rows, data):
    packets = [(bytes(4) + len(body).to_bytes(2, "big") + b"?" + body, delay) for body, delay in rows]
    octets = encode_entries(packets)
    assert decode_entries(octets) == packets
    cut = octets[: data.draw(st.integers(0, len(octets)))]
    found = decode_entries(cut)
    assert found is None or encode_entries(found) == cut


@given(st.binary(max_size=80))
def test_what_is_read_from_octets_is_what_they_say(octets):
    found = decode_entries(octets)
    assert found is None or encode_entries(found) == octets


def test_every_request_of_the_service_is_handled(sequences):
    handled = {*sequences.task._handlers, *BY_REFERENCE}
    assert handled == {c.name for c in dictionary.telecommands() if c.service == 21}


# ---- against a model --------------------------------------------------------------------------------

NAMES = st.sampled_from(["A", "B", "C"])


class Model(RuleBasedStateMachine):
    """Each sequence as a list of what is left, no two with the same requests."""

    @initialize()
    def begin(self):
        self.task = Sequences()
        self.now_ns, self.due_ns = 0, None
        self.loaded = {}  # name: delays [ms]
        self.active = {}  # name: [entry under way, released at, outcome has come]
        self.released, self.events = [], []

    def count(self, name, entry):
        return 100 * "ABC".index(name) + entry

    def note(self, actions):
        for action in actions:
            match action:
                case Send(_, Submit(packet, names.SEQUENCES)):
                    self.released.append(pus.RequestId.of(packet).count)
                case Send(_, Occurred(event, values)):
                    self.events.append((event.name, values["sequence"]))
                case Send(_, Executed(_, _, failure)):
                    self.failure = failure
                case SetTimer("due", at_ns):
                    self.due_ns = at_ns
                case CancelTimer("due"):
                    self.due_ns = None

    def ask(self, name, **arguments):
        self.note(self.task.handle(Execute(b"abcd", 0, name, arguments), self.now_ns))
        return self.failure

    @rule(name=NAMES, delays=st.lists(st.sampled_from([0, 500, 3000]), min_size=1, max_size=4))
    def load(self, name, delays):
        rows = [dict(packet=ping(self.count(name, n)), delay_ms=ms) for n, ms in enumerate(delays)]
        failure = self.ask("SEQUENCE_LOAD", sequence=name, entries=rows)
        assert (failure is None) == (name not in self.loaded)
        self.loaded.setdefault(name, delays)

    @rule(name=NAMES)
    def unload(self, name):
        failure = self.ask("SEQUENCE_UNLOAD", sequence=name)
        assert (failure is None) == (name in self.loaded and name not in self.active)
        if failure is None:
            del self.loaded[name]

    @rule(name=NAMES)
    def activate(self, name):
        self.released.clear()
        failure = self.ask("SEQUENCE_ACTIVATE", sequence=name)
        assert (failure is None) == (name in self.loaded and name not in self.active)
        if failure is None:
            assert self.released == [self.count(name, 0)]
            self.active[name] = [0, self.now_ns, False]

    @rule(name=NAMES)
    def abort(self, name):
        failure = self.ask("SEQUENCE_ABORT", sequence=name)
        assert (failure is None) == (name in self.active)
        self.active.pop(name, None)

    @rule(name=NAMES, failure=st.none() | st.just(FailureCode.BUSY))
    def outcome(self, name, failure):
        if name not in self.active or self.active[name][2]:
            return
        entry = self.active[name][0]
        self.released.clear(), self.events.clear()
        self.note(self.task.handle(Outcome(ping(self.count(name, entry))[:4], failure), self.now_ns))
        if failure is not None:
            assert self.events == [("SEQUENCE_FAILED", name)]
            del self.active[name]
            return
        self.active[name][2] = True
        self.expect_next([name])

    @rule(ms=st.sampled_from([100, 500, 1000, 4000]))
    def pass_time(self, ms):
        until_ns = self.now_ns + ms * MILLISECOND
        while self.due_ns is not None and self.due_ns <= until_ns:
            self.now_ns, self.due_ns = self.due_ns, None
            self.released.clear(), self.events.clear()
            self.note(self.task.handle(Tick("due"), self.now_ns))
            self.expect_next(list(self.active), timed=True)
        self.now_ns = until_ns
        for name, (entry, at_ns, answered) in self.active.items():  # nothing is forgotten
            assert not answered or self.now_ns < at_ns + self.loaded[name][entry] * MILLISECOND

    def expect_next(self, candidates, timed=False):
        due = []
        for name in candidates:
            entry, at_ns, answered = self.active[name]
            if not answered and timed and self.now_ns >= at_ns + ANSWER_WITHIN_NS:
                assert ("SEQUENCE_FAILED", name) in self.events
                del self.active[name]
            elif answered and self.now_ns >= at_ns + self.loaded[name][entry] * MILLISECOND:
                if entry + 1 == len(self.loaded[name]):
                    assert ("SEQUENCE_COMPLETED", name) in self.events
                    del self.active[name]
                else:
                    due.append(self.count(name, entry + 1))
                    self.active[name] = [entry + 1, self.now_ns, False]
        assert sorted(self.released) == sorted(due)


Model.TestCase.settings = settings(max_examples=40, stateful_step_count=40)
TestSequencesAgainstModel = Model.TestCase
