"""ST[18]: procedures loaded, run, held, ended; what they send, read, await and tell; none holds up others."""

import pytest

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.ground.procedure_words import DictionaryWords
from fsw.kernel.scheduler import Spend
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.protocols import obcp, pus
from fsw.tasks import names
from fsw.tasks.file_messages import FileRead, ReadFile
from fsw.tasks.messages import Execute, Gather, Occurred, Outcome, PusReport, SafeMode, Submit, Values
from fsw.tasks.procedures import BY_REFERENCE, FIRST_COUNT, MAX_ACTIVE, MAX_PROCEDURES, PACE_NS


def compiled(*lines, name="TEST", arguments=""):
    text = "\n".join([f"procedure {name} ({arguments})", *lines])
    return obcp.compile_procedure(text, DictionaryWords()).octets


@pytest.fixture
def procedures(bench):
    return bench.of(names.PROCEDURES)


@pytest.fixture
def ask(procedures, bench):
    def asked(name, arguments="", now_ns=0):
        procedures.tell(bench.execute(name, arguments), now_ns)
        return procedures.executed()[0]

    return asked


@pytest.fixture
def load(procedures):
    def loaded(*lines, name="TEST", arguments=""):
        code = compiled(*lines, name=name, arguments=arguments)
        procedures.tell(Execute(b"abcd", 15, "PROCEDURE_LOAD", {"procedure": name, "code": code}))
        return procedures.executed()[0]

    return loaded


@pytest.fixture
def states(procedures, bench, ask):
    def told():
        ask("PROCEDURES_REPORT")
        (report,) = procedures.sent(names.DOWNLINK, PusReport)
        _, values = bench.decoded(report)
        rows = range(values["procedures"])
        return [
            tuple(values[f"procedures[{n}].{key}"] for key in ("procedure", "state", "step")) for n in rows
        ]

    return told


def submitted(procedures):
    packets = [m.packet for m in procedures.sent(names.COMMANDING, Submit) if m.answer_to == names.PROCEDURES]
    found = []
    for packet in packets:
        verdict = pus.check_acceptance(packet, frozenset({1920}), dictionary.known_services())
        assert isinstance(verdict, pus.Telecommand)
        command = dictionary.recognise_telecommand(verdict.service, verdict.subtype, verdict.application_data)
        found.append((command[0].name, command[1], verdict))
    return found


def run_on(procedures, name="TEST"):
    procedures.expire(f"run {name}")


def test_a_procedure_sends_and_goes_on_when_the_outcome_has_come(procedures, load, ask):
    assert load("send RELEASE_ARM state=ON", "send RELEASE_FIRE", "raise info 5 2.5") is None
    assert ask("PROCEDURE_ACTIVATE", "TEST") is None
    ((name, arguments, packet),) = submitted(procedures)
    assert (name, arguments) == ("RELEASE_ARM", {"state": "ON"})
    assert (packet.count, packet.source, packet.acknowledge) == (FIRST_COUNT, 2, 0)
    procedures.tell(Outcome(packet.request_id.encode()), 40 * MILLISECOND)
    ((name, _, packet),) = submitted(procedures)
    assert (name, packet.count) == ("RELEASE_FIRE", FIRST_COUNT + 1)
    procedures.tell(Outcome(packet.request_id.encode()), 2 * SECOND)
    told = {"procedure": "TEST", "number": 5, "value": 2.5}
    assert procedures.events() == [("PROCEDURE_INFO", told), ("PROCEDURE_COMPLETED", {"procedure": "TEST"})]
    assert procedures.timers == {}


def test_a_telecommand_that_fails_ends_it_with_the_code(procedures, load, ask):
    load("step 4", "send RELEASE_FIRE")
    ask("PROCEDURE_ACTIVATE", "TEST")
    procedures.tell(Outcome(submitted(procedures)[0][2].request_id.encode(), FailureCode.NOT_ARMED))
    run_on(procedures)
    ((event, values),) = procedures.events()
    assert event == "PROCEDURE_FAILED"
    assert (values["end"], values["code"], values["step"]) == ("TELECOMMAND_FAILED", 16, 4)


def test_an_outcome_of_another_request_is_not_taken(procedures, load, ask):
    load("send PING")
    ask("PROCEDURE_ACTIVATE", "TEST")
    procedures.tell(Outcome(b"\x1f\x80\xc0\x01"), SECOND)
    assert procedures.answers == []


def test_a_procedure_reads_housekeeping_from_its_owners(procedures, load, ask):
    load('wait until hk.wifi = "LINKED" timeout 9 s every 2 s', "if hk.camera_range_m > 10", "fail 3", "end")
    ask("PROCEDURE_ACTIVATE", "TEST")
    assert procedures.sent(names.RELAY) == [Gather(Structure.RELAY, names.PROCEDURES)]
    procedures.tell(Values({"wifi_rate_kbps": 3}), SECOND)  # another's
    assert procedures.answers == []
    procedures.tell(Values({"wifi": "SEARCHING"}), SECOND)
    assert procedures.timers["run TEST"].at_ns == 3 * SECOND
    run_on(procedures)
    procedures.tell(Values({"wifi": "LINKED", "camera_range_m": 2.5}), 4 * SECOND)
    procedures.tell(Values({"wifi": "LINKED", "camera_range_m": 12.5}), 5 * SECOND)
    assert procedures.events()[0][1]["code"] == 3


def test_a_parameter_that_nobody_tells_ends_it(procedures, load, ask):
    load("integer n := hk.firings")
    ask("PROCEDURE_ACTIVATE", "TEST")
    assert procedures.timers["run TEST"].at_ns == 5 * SECOND
    run_on(procedures)
    values = procedures.events()[0][1]
    assert (values["end"], values["code"]) == ("NO_VALUE", 0x0604)


def test_a_procedure_waits_for_events(procedures, load, ask):
    load("wait event SEPARATION_SEEN timeout 10 s", "if ok", "raise info 1", "end")
    ask("PROCEDURE_ACTIVATE", "TEST")
    procedures.tell(Occurred(Event.RELEASE_FIRED, {}), SECOND)
    assert procedures.answers == []
    procedures.tell(Occurred(Event.SEPARATION_SEEN, {"after_firing_us": 1}), 2 * SECOND)
    assert procedures.events()[0][0] == "PROCEDURE_INFO"


def test_arguments_are_checked_and_used(procedures, load, ask):
    load("send CAMERA_EXPOSURE exposure_us=(t) gain=(g) lens=A", arguments="t: integer, g: real")
    activate = "procedure=TEST arguments='{}'".format
    for given in ("[]", '[{"value": 1}]', '[{"value": 1.5}, {"value": 2}]'):
        assert ask("PROCEDURE_ACTIVATE", activate(given)) is FailureCode.ARGUMENTS_WRONG
    assert ask("PROCEDURE_ACTIVATE", activate('[{"value": 2000}, {"value": 2.5}]')) is None
    ((name, arguments, _),) = submitted(procedures)
    assert (name, arguments) == ("CAMERA_EXPOSURE", {"exposure_us": 2000, "gain": 2.5, "lens": "A"})


def test_loads_are_checked_and_bounded(procedures, ask, load):
    assert ask("PROCEDURE_LOAD", "TEST 4f424350") is FailureCode.PROGRAM_UNSOUND
    other = f"OTHER {compiled().hex()}"
    assert ask("PROCEDURE_LOAD", other) is FailureCode.PROGRAM_UNSOUND  # its name is TEST
    for number in range(MAX_PROCEDURES):
        assert load("wait 5 s", name=f"P{number}") is None
    assert load(name="MORE") is FailureCode.NO_ROOM
    assert load(name="P3") is FailureCode.ALREADY_THERE
    for number in range(MAX_ACTIVE):
        assert ask("PROCEDURE_ACTIVATE", f"P{number}") is None
    assert ask("PROCEDURE_ACTIVATE", "P9") is FailureCode.NO_ROOM
    assert ask("PROCEDURE_ACTIVATE", "P0") is FailureCode.IN_USE
    assert ask("PROCEDURE_UNLOAD", "P0") is FailureCode.IN_USE
    assert ask("PROCEDURE_UNLOAD", "P9") is None
    for name in ("UNLOAD", "ACTIVATE", "STOP", "SUSPEND", "RESUME", "ABORT"):
        assert ask(f"PROCEDURE_{name}", "P9") is FailureCode.NO_SUCH_ITEM
    for name in ("STOP", "SUSPEND", "RESUME", "ABORT"):
        assert ask(f"PROCEDURE_{name}", "P10") is FailureCode.NOT_RUNNING


STEPS = ("limit time 60 s", "step 1", "wait 10 s", "step 2", "wait 10 s", "step 3")


def test_a_procedure_is_held_at_a_step_and_resumed(procedures, load, ask, states):
    load(*STEPS)
    ask("PROCEDURE_ACTIVATE", "TEST STEPS")
    assert procedures.events() == [("PROCEDURE_STEP", {"procedure": "TEST", "step": 1})]
    assert ask("PROCEDURE_SUSPEND", "TEST 2") is None
    assert states() == [("TEST", "RUNNING", 1)]
    run_on(procedures)
    assert states() == [("TEST", "HELD", 2)]
    assert procedures.timers == {}
    assert ask("PROCEDURE_SUSPEND", "TEST") is FailureCode.NOT_RUNNING
    assert ask("PROCEDURE_RESUME", "TEST", 100 * SECOND) is None
    assert procedures.timers["run TEST"].at_ns == 110 * SECOND
    run_on(procedures)  # 110 s after its start, but 90 s of that it was held
    assert procedures.events()[-1][0] == "PROCEDURE_COMPLETED"


def test_a_procedure_is_stopped_at_a_step_or_aborted_at_once(procedures, load, ask, states):
    load(*STEPS)
    ask("PROCEDURE_ACTIVATE", "TEST")
    assert ask("PROCEDURE_STOP", "TEST") is None
    assert procedures.events() == []
    run_on(procedures)
    ((event, values),) = procedures.events()
    assert (event, values["end"], values["step"]) == ("PROCEDURE_FAILED", "ABORTED", 2)
    ask("PROCEDURE_ACTIVATE", "TEST")
    assert ask("PROCEDURE_ABORT", "TEST") is None
    assert procedures.events()[0][1]["end"] == "ABORTED"
    assert states() == [("TEST", "INACTIVE", 0)]
    assert procedures.timers == {}


def test_the_engine_stops_all_and_lets_none_start(procedures, bench, load, ask):
    load("wait 10 s", name="A")
    load("wait 10 s", name="B")
    ask("PROCEDURE_ACTIVATE", "A")
    ask("PROCEDURE_ACTIVATE", "B")
    procedures.tell(bench.execute("PROCEDURES_ABORT"))
    _, told = bench.decoded(procedures.sent(names.DOWNLINK)[0])
    assert [told[f"procedures[{n}].procedure"] for n in (0, 1)] == ["A", "B"]
    ask("PROCEDURE_ACTIVATE", "A")
    assert ask("PROCEDURE_ENGINE_STOP") is None
    assert [event for event, _ in procedures.events()] == ["PROCEDURE_FAILED"]
    assert ask("PROCEDURE_ACTIVATE", "A") is FailureCode.ENGINE_STOPPED
    assert ask("PROCEDURE_ENGINE_START") is None
    assert ask("PROCEDURE_ACTIVATE", "A") is None


def test_safe_mode_ends_all_procedures(procedures, load, ask):
    load(*STEPS)
    ask("PROCEDURE_ACTIVATE", "TEST")
    procedures.tell(SafeMode(True))
    assert procedures.events()[0][1]["end"] == "ABORTED"
    assert procedures.timers == {}


def test_observation_is_switched_while_it_runs(procedures, load, ask):
    load(*STEPS)
    ask("PROCEDURE_ACTIVATE", "TEST")
    rows = 'procedures=\'[{"procedure": "TEST", "observability": "STEPS"}]\''
    assert ask("PROCEDURE_OBSERVE", rows) is None
    run_on(procedures)
    assert procedures.events() == [("PROCEDURE_STEP", {"procedure": "TEST", "step": 2})]
    assert ask("PROCEDURE_OBSERVE", rows.replace("TEST", "NONE")) is FailureCode.NO_SUCH_ITEM


@pytest.mark.parametrize(
    "lines",
    [
        ["while true limit 1000000", "end"],
        ["while true limit 1000000", "wait 0 s", "end"],
        ["while true limit 1000000", "raise info 1", "end"],
        ["while true limit 1000000", "step 1", "end"],
        ["while true limit 1000000", "try send PING", "end"],
        ["integer n := 0", "while true limit 1000000", "n := hk.firings", "end"],
    ],
)
def test_no_procedure_makes_time_stand_still_or_floods(procedures, load, ask, lines):
    """What it asks for is answered at once, a hundred times; mission time goes on all the same."""
    load("limit instructions 1000000", *lines)
    ask("PROCEDURE_ACTIVATE", "TEST STEPS")
    now_ns, events = 0, 0
    for _ in range(100):
        assert sum(a.ns for a in procedures.answers if isinstance(a, Spend)) <= MILLISECOND
        assert len(procedures.events()) <= 4
        events += len(procedures.events())
        packets = [packet.request_id.encode() for _, _, packet in submitted(procedures)]
        reads = procedures.sent(names.RELEASE)
        for request in packets:
            procedures.tell(Outcome(request), now_ns)
        if reads:
            procedures.tell(Values({"firings": 1}), now_ns)
        timer = procedures.timers["run TEST"]
        assert timer.at_ns >= now_ns + PACE_NS
        now_ns = timer.at_ns
        run_on(procedures)
    assert now_ns >= 100 * PACE_NS
    assert events <= 20 * now_ns // SECOND + 4


def test_procedures_outlive_a_restart_but_do_not_run(procedures, load, ask, states):
    load(*STEPS)
    ask("PROCEDURE_ACTIVATE", "TEST")
    retained = procedures.task.retained()
    successor = procedures.make()
    successor.recall(retained)
    assert successor.save() == {**retained, "runs": {}}
    with pytest.raises(AssertionError, match="memory has changed"):
        procedures.make().recall(retained | {"programs": {"TEST": b"\0" + retained["programs"]["TEST"][1:]}})


def test_one_step_at_a_time(procedures, load, ask, states):
    load("integer n := 0", *STEPS[1:], "n := 1")
    assert ask("PROCEDURE_ACTIVATE_ONE_STEP", "TEST") is None
    assert states() == [("TEST", "RUNNING", 1)]
    run_on(procedures)
    assert states() == [("TEST", "HELD", 2)]
    assert procedures.timers == {}
    assert ask("PROCEDURE_ACTIVATE_ONE_STEP", "TEST") is FailureCode.IN_USE
    assert ask("PROCEDURE_RESUME_ONE_STEP", "TEST", 30 * SECOND) is None
    assert ask("PROCEDURE_RESUME_ONE_STEP", "TEST", 30 * SECOND) is FailureCode.NOT_RUNNING
    run_on(procedures)
    assert states() == [("TEST", "HELD", 3)]
    assert ask("PROCEDURE_RESUME_ONE_STEP", "TEST", 50 * SECOND) is None
    assert procedures.events() == [("PROCEDURE_COMPLETED", {"procedure": "TEST"})]
    assert ask("PROCEDURE_RESUME_ONE_STEP", "NONE") is FailureCode.NO_SUCH_ITEM


def test_one_step_is_the_first_even_where_nothing_comes_before_it(procedures, load, ask, states):
    load("step 7", "raise info 1", "step 8", "raise info 2")
    ask("PROCEDURE_ACTIVATE_ONE_STEP", "TEST")
    assert [values["number"] for _, values in procedures.events()] == [1]
    assert states() == [("TEST", "HELD", 8)]
    load("raise info 3", name="STEPLESS")
    ask("PROCEDURE_ACTIVATE_ONE_STEP", "STEPLESS")
    assert [name for name, _ in procedures.events()] == ["PROCEDURE_INFO", "PROCEDURE_COMPLETED"]


def test_stopped_and_unloaded_at_a_step(procedures, load, ask, states):
    load(*STEPS)
    assert ask("PROCEDURE_STOP_AND_UNLOAD", "TEST 0") is FailureCode.NOT_RUNNING
    ask("PROCEDURE_ACTIVATE", "TEST")
    assert ask("PROCEDURE_STOP_AND_UNLOAD", "TEST 2") is None
    assert states() == [("TEST", "RUNNING", 1)]
    run_on(procedures)
    assert [name for name, _ in procedures.events()] == ["PROCEDURE_FAILED"]
    assert states() == []
    load(*STEPS)
    ask("PROCEDURE_ACTIVATE_ONE_STEP", "TEST")
    run_on(procedures)  # held
    assert ask("PROCEDURE_STOP_AND_UNLOAD", "TEST 0") is None
    assert states() == []


def test_an_active_procedure_is_told_new_arguments(procedures, load, ask):
    load("limit time 90 s", "wait 10 s", "raise info 1 (n + x)", "wait 10 s", "raise info 2 (n + x)",
         arguments="n: integer, x: real")  # fmt: skip
    values = """arguments='[{"value": 3}, {"value": 2.5}]'"""
    assert ask("PROCEDURE_COMMUNICATE", f"TEST {values}") is FailureCode.NOT_RUNNING
    ask("PROCEDURE_ACTIVATE", """TEST arguments='[{"value": 1}, {"value": 0.5}]'""")
    run_on(procedures)
    assert procedures.events()[0][1]["value"] == 1.5
    assert ask("PROCEDURE_COMMUNICATE", f"TEST {values}", 15 * SECOND) is None
    for wrong in ("[]", """[{"value": 3}]""", """[{"value": 3.5}, {"value": 1}]"""):
        assert ask("PROCEDURE_COMMUNICATE", f"TEST arguments='{wrong}'") is FailureCode.ARGUMENTS_WRONG
    assert ask("PROCEDURE_COMMUNICATE", f"NONE {values}") is FailureCode.NO_SUCH_ITEM
    run_on(procedures)
    assert procedures.events()[0][1]["value"] == 5.5


def test_a_procedure_is_loaded_from_a_file(procedures, bench, states):
    code = compiled("raise info 1 x", arguments="x: real")

    def ask(name, arguments, octets):
        procedures.tell(bench.execute(name, arguments))
        (question,) = procedures.sent(names.FILES, ReadFile)
        assert (question.file, question.asker) == ("obcp/test", names.PROCEDURES)
        assert procedures.executed() == []
        procedures.tell(FileRead(octets, question.request))
        return procedures.executed()[0]

    load, run = ("PROCEDURE_LOAD_BY_REFERENCE", "TEST obcp test"), "PROCEDURE_LOAD_AND_ACTIVATE"
    one = """TEST obcp test arguments='[{"value": 4}]'"""
    assert ask(*load, None) is FailureCode.NO_SUCH_FILE
    for unsound in (b"", code[:-1], code + b"x", compiled(name="OTHER"), bytes(obcp.MAX_PROGRAM_OCTETS + 1)):
        assert ask(*load, unsound) is FailureCode.PROGRAM_UNSOUND
    assert ask(run, "TEST obcp test", code) is FailureCode.ARGUMENTS_WRONG
    assert states() == []
    assert ask(run, one, code) is None
    assert [name for name, _ in procedures.events()] == ["PROCEDURE_INFO", "PROCEDURE_COMPLETED"]
    assert ask(run, one, code) is FailureCode.ALREADY_THERE
    assert states() == [("TEST", "INACTIVE", 0)]
    procedures.tell(bench.execute("PROCEDURE_UNLOAD", "TEST"))
    procedures.tell(bench.execute("PROCEDURE_ENGINE_STOP"))
    procedures.executed()
    assert ask(run, one, code) is FailureCode.ENGINE_STOPPED
    assert ask(*load, code) is None
    assert states() == [("TEST", "INACTIVE", 0)]


def test_every_request_of_the_service_is_handled(procedures):
    handled = {*procedures.task._handlers, *BY_REFERENCE}
    assert handled == {c.name for c in dictionary.telecommands() if c.service == 18}


# ---- the dictionary's words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("send FIRE", "near it are RELEASE_FIRE"),
        ("send WIFI colour=RED", "no argument 'colour'; allowed are state"),
        ("send WIFI", "state is missing"),
        ("send WIFI state=MAYBE", "allowed are OFF | ON"),
        ("send HOUSEKEEPING_ONCE sids=(3)", "sids cannot be computed on board"),
        ("real x := hk.wifi_temperature", "near it are wifi, wifi_rate_kbps"),
        ("wait event DAWN timeout 1 s", "allowed are COMPUTER_STARTED"),
    ],
)
def test_words_that_are_not_in_the_dictionary_are_refused(line, says):
    with pytest.raises(FswError, match="line 2") as caught:
        compiled(line)
    assert says in str(caught.value)


def test_parameters_have_their_identifiers_kinds_and_texts():
    words = DictionaryWords()
    assert words.parameter("camera_range_m").real
    wifi = words.parameter("wifi")
    assert (wifi.identifier, wifi.real, wifi.texts["LINKED"]) == (0x0401, False, 2)
    assert words.event("LINK_LOST") == Event.LINK_LOST


@pytest.mark.parametrize("argument", ["exposure_us", "gain", "lens"])
def test_a_computed_argument_is_where_its_octets_are(argument):
    given = {"exposure_us": "70000", "gain": "2.5", "lens": "BOTH"}
    value = {"exposure_us": 70000, "gain": 2.5, "lens": 2}[argument]
    rest = {key: text for key, text in given.items() if key != argument}
    word = DictionaryWords().telecommand("CAMERA_EXPOSURE", rest, [argument])
    hole = word.holes[argument]
    raw = round((value - hole.shift) / hole.scale).to_bytes(hole.octets, "big", signed=hole.signed)
    data = word.application_data[: hole.offset] + raw + word.application_data[hole.offset + hole.octets :]
    assert data == dictionary.parse_telecommand("CAMERA_EXPOSURE", given).encode()
