"""The language of on-board control procedures: what its texts mean, and how its errors read."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.protocols import obcp
from fsw.protocols.obcp import End

PARAMETERS = {
    "frames": obcp.ParameterWord(0x0101, False, {}),
    "volts": obcp.ParameterWord(0x0102, True, {}),
    "wifi": obcp.ParameterWord(0x0103, False, {"OFF": 0, "LINKED": 2}),
}


class Words:
    """A small spacecraft's dictionary."""

    def telecommand(self, name, arguments, computed):
        if name == "PING" and not arguments and not computed:
            return obcp.TelecommandWord(17, 1, b"", {})
        if name == "EXPOSE" and {*arguments, *computed} == {"us", "gain"}:
            holes = {"us": obcp.Hole(0, 4, False), "gain": obcp.Hole(4, 2, True, 1 / 256, -1.0)}
            given = {key: int(text) for key, text in arguments.items()}
            data = given.get("us", 0).to_bytes(4, "big") + given.get("gain", 0).to_bytes(2, "big")
            return obcp.TelecommandWord(8, 1, data, {key: holes[key] for key in computed})
        raise FswError(f"telecommand {name!r} {arguments} {computed}: allowed are PING and EXPOSE")

    def parameter(self, name):
        if name not in PARAMETERS:
            raise FswError(f"parameter {name!r}: allowed are {', '.join(PARAMETERS)}")
        return PARAMETERS[name]

    def event(self, name):
        if name != "DAWN":
            raise FswError(f"event {name!r}: allowed is DAWN")
        return 33


def compiled(text):
    return obcp.compile_procedure(text, Words())


def flown(text, arguments=(), values=(), failures=(), events=()):
    """What happens, and when [s], until the end. values: of parameters by identifier, in order;
    failures: of telecommands in order; events: seconds at which DAWN occurs."""
    machine = obcp.Machine(compiled(text).program, arguments, 0)
    values, failures, told = list(values), list(failures), []
    now_ns = 0
    while True:
        happening = machine.run(now_ns)
        match happening:
            case obcp.Busy():
                now_ns += 1_000_000
            case obcp.Reading(identifier, _):
                told.append((now_ns / SECOND, f"read {identifier:#x}"))
                machine.told(values.pop(0))
            case obcp.Sending(service, subtype, data, until_ns):
                told.append((now_ns / SECOND, f"send {service},{subtype} {data.hex()}".strip()))
                failure = failures.pop(0) if failures else 0
                if failure is None:
                    now_ns = until_ns
                else:
                    machine.outcome(failure)
            case obcp.Awaiting(_, until_ns) | obcp.Asleep(until_ns):
                due = [s for s in events if now_ns < s * SECOND <= until_ns]
                if machine.awaited_event == 33 and due:
                    now_ns = due[0] * SECOND
                    machine.occurred()
                else:
                    now_ns = until_ns
            case obcp.Raised(severity, number, value):
                told.append((now_ns / SECOND, f"raise {severity} {number} {value:g}"))
            case obcp.Reached(step):
                told.append((now_ns / SECOND, f"step {step}"))
            case obcp.Ended(end, code, _):
                return [*told, (now_ns / SECOND, f"{end.name} {code}")]


def body(*lines):
    return "\n".join(["procedure test", *lines])


def raised(expression, **declared):
    """The value of an expression."""
    lines = [f"{kind} {name} := {value}" for name, (kind, value) in declared.items()]
    (_, told), (_, end) = flown(body(*lines, f"raise info 1 {expression}"))
    assert end == "COMPLETED 0"
    return float(told.split()[-1])


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("7 / 2", 3.5),
        ("7 div 2", 3),
        ("-7 div 2", -3),
        ("-7 mod 2", -1),
        ("7 mod -2", 1),
        ("10 - 2 - 3", 5),
        ("abs(-4) + min(3, 2.5) + max(1, 2)", 8.5),
        ("round(2.6) * 0x10", 48),
        ("- - 3", 3),
        ("1e3", 1000),
    ],
)
def test_values_are_those_of_arithmetic(expression, value):
    assert raised(expression) == value


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("1 < 2 and not 2 < 1", True),
        ("1 = 2 or 2 <= 2", True),
        ("not (1 < 2 or false)", False),
        ("1 < 2 and 3 != 3.0 or false", False),
        ("true and ok", True),
    ],
)
def test_conditions_choose_the_branch(condition, holds):
    told = flown(body(f"if {condition}", "raise info 1", "else", "raise info 2", "end"))
    assert told[0][1] == f"raise 1 {1 if holds else 2} 0"


def test_each_branch_is_taken_in_its_turn():
    text = ("procedure sort (x: integer)\nif x < 0\nraise info 1\nelif x = 0\nraise info 2\n"
            "elif x < 10\nraise info 3\nelse\nraise info 4\nend\n")  # fmt: skip
    assert [flown(text, [x])[0][1][8:9] for x in (-5, 0, 9, 10)] == ["1", "2", "3", "4"]


def test_loops_go_round_as_often_as_they_say():
    told = flown(body(
        "integer n := 0",
        "repeat 3", "  repeat 2", "    n := n + 1", "  end", "end",
        "while n < 100 limit 1000", "  n := n + 1", "  if n = 50", "    leave", "  end", "end",
        "raise low 9 n",
    ))  # fmt: skip
    assert [text for _, text in told] == ["raise 2 9 50", "COMPLETED 0"]


def test_a_round_too_many_fails_the_procedure():
    assert flown(body("while true limit 3", "raise info 1", "end"))[-1][1] == "LOOP_LIMIT 0"
    assert flown(body("while true limit 3", "leave", "end"))[-1][1] == "COMPLETED 0"
    told = flown(body("integer n := 0", "while n < 3 limit 3", "n := n + 1", "end"))
    assert told[-1][1] == "COMPLETED 0"


def test_waits_take_mission_time():
    told = flown(body("wait 1500 ms", "raise info 1 elapsed", "wait 2 min", "wait 0 s", "raise info 2"))
    assert told[0] == (1.5, "raise 1 1 1.5")
    assert told[1][0] == pytest.approx(121.5)


def test_waiting_for_a_condition_asks_again_and_again():
    text = body("wait until hk.frames > 2 timeout 10 s every 3 s", "if ok", "raise info 1", "end")
    told = flown(text, values=[0, 1, 5])
    assert told == [(0, "read 0x101"), (3, "read 0x101"), (6, "read 0x101"), (6, "raise 1 1 0"),
                    (6, "COMPLETED 0")]  # fmt: skip


def test_waiting_for_a_condition_ends_at_its_time():
    text = body("wait until hk.frames > 2 timeout 5 s every 3 s", "if not ok", "fail 8", "end")
    told = flown(text, values=[0, 1, 2])
    assert [at for at, _ in told] == [0, 3, 5, 5]
    assert told[-1][1] == "FAILED 8"


@pytest.mark.parametrize(("at", "ok"), [(4, True), (None, False)])
def test_waiting_for_an_event_tells_whether_it_came(at, ok):
    text = body("wait event DAWN timeout 7 s", "if ok", "raise info 1", "else", "raise info 2", "end")
    told = flown(text, events=[at] if at else [])
    assert told[0] == ((4, "raise 1 1 0") if ok else (7, "raise 1 2 0"))


def test_telecommands_must_complete_unless_tried():
    assert flown(body("send PING"), failures=[0]) == [(0, "send 17,1"), (0, "COMPLETED 0")]
    assert flown(body("send PING"), failures=[19])[-1][1] == "TELECOMMAND_FAILED 19"
    assert flown(body("send PING timeout 9 s"), failures=[None])[-1] == (9, "TELECOMMAND_FAILED 65535")
    text = body("try send PING", "if not ok and failure = 19", "fail 3", "end")
    assert flown(text, failures=[19])[-1][1] == "FAILED 3"


def test_arguments_are_written_or_computed():
    text = "procedure p (t: integer, g: real)\nsend EXPOSE us=(t * 2) gain=(g)\nsend EXPOSE us=5 gain=(1)"
    told = flown(text, [500, 3.0])
    assert told[0][1] == "send 8,1 000003e80400"  # (3.0 + 1.0) * 256
    assert told[1][1] == "send 8,1 000000050200"


def test_an_argument_that_does_not_fit_fails_the_procedure():
    assert flown("procedure p (t: integer)\nsend EXPOSE us=(t) gain=0", [-1])[-1][1] == "ARITHMETIC 0"


def test_texts_of_an_enumeration_stand_for_their_numbers():
    text = body('if hk.wifi = "LINKED"', "raise info 1", "end")
    assert [t for _, t in flown(text, values=[2])] == ["read 0x103", "raise 1 1 0", "COMPLETED 0"]
    assert [t for _, t in flown(text, values=[0])] == ["read 0x103", "COMPLETED 0"]


def test_steps_and_stop():
    assert flown(body("step 3", "stop", "step 4")) == [(0, "step 3"), (0, "COMPLETED 0")]


@pytest.mark.parametrize("value", ["1 / 0", "1 div 0", "1 mod 0", "9223372036854775807 + 1", "1e200 * 1e200"])
def test_arithmetic_that_has_no_result_fails_the_procedure(value):
    assert flown(body(f"raise info 1 {value}"))[-1][1] == "ARITHMETIC 0"


def test_limits_of_time_and_instructions_hold():
    assert flown(body("limit time 5 s", "wait 9 s")) == [(5, "TIME_LIMIT 0")]
    told = flown(body("limit instructions 500", "while true limit 100000", "end"))
    assert told[-1][1] == "INSTRUCTION_LIMIT 0"
    assert told[-1][0] == pytest.approx(0.005)  # 100 instructions an activation


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("integer x := 1.5", "an integer is needed, this is a real"),
        ("y := 1", "'y' is not declared"),
        ("raise info 1 z", "'z' is not declared"),
        ("integer min := 1", "'min' cannot be a name"),
        ("integer n := 0", "'n' is declared already"),
        ("if 1", "a truth is needed, this is an integer"),
        ("if 1 < 2 < 3", "'<' is one too many"),
        ("if not 1", "'not' needs a truth"),
        ("n := true + 1", "'+' needs numbers"),
        ("n := 7 mod 2.0", "'mod' needs integers"),
        ("n := (1", "')' is missing"),
        ("n := 1 +", "a value is missing"),
        ("n := $", "'$' is not understood"),
        ("n := 99999999999999999999", "does not fit 64 bits"),
        ("n := " + "(" * 40 + "1" + ")" * 40, "more than 24 brackets in brackets"),
        ("wait 3", "a time ends with ms, s or min"),
        ("while true", "how many rounds at most?"),
        ("while true limit 0", "a number from 1 to 1000000 is needed"),
        ("leave", "there is no loop to leave"),
        ("else", "there is no 'if' here"),
        ("end", "nothing is open that could end"),
        ("wait until true", "'wait until CONDITION timeout VALUE UNIT'"),
        ("wait event NOON timeout 1 s", "allowed is DAWN"),
        ("send PONG", "allowed are PING and EXPOSE"),
        ("send PING x", "arguments are NAME=VALUE or NAME=(VALUE)"),
        ("send EXPOSE us=1 us=2", "us is given twice"),
        ("send EXPOSE us=(1.5) gain=0", "us is an integer: write round()"),
        ("send EXPOSE us=(1 gain=0", "a bracket is not closed"),
        ("n := hk.amperes", "allowed are frames, volts, wifi"),
        ('if hk.wifi = "ON"', "allowed are OFF, LINKED"),
        ('if hk.frames = "ON"', "only a parameter with texts"),
        ("raise loud 1", "the severity one of info, low, medium, high"),
        ("raise info 70000", "a number from 0 to 65535"),
        ("step 0", "a number from 1 to 65535"),
        ("fail", "a number from 1 to 65535"),
        ("limit time 8 days", "'limit time N s'"),
        ("limit time 20000 min", "allowed are up to 604800 s"),
        ("jump 3", "'jump' begins no statement"),
    ],
)
def test_errors_name_the_line_and_what_is_allowed(line, says):
    with pytest.raises(obcp.ProcedureError) as caught:
        compiled(body("integer n := 0", "# a comment", line))
    text = next(text for number, text in caught.value.messages if number == 4 and says in text)
    assert f"line 4: {text}" in str(caught.value)


def test_all_errors_are_told_at_once():
    with pytest.raises(obcp.ProcedureError) as caught:
        compiled("procedure p\nx := 1\nwait 3 s\nif true\ny := 2")
    assert [line for line, _ in caught.value.messages] == [2, 4, 5]


@pytest.mark.parametrize("text", ["", "# nothing", "wait 1 s", "procedure 9lives", "procedure p (a)"])
def test_a_procedure_begins_with_its_name(text):
    with pytest.raises(obcp.ProcedureError):
        compiled(text)


def test_a_program_that_is_too_long_is_refused():
    with pytest.raises(obcp.ProcedureError, match=r"too long|longer than 4096"):
        compiled(body(*["integer n := 1"], *["n := n + 1000"] * 400))


def test_comments_and_quoted_hashes():
    assert flown(body('if hk.wifi = "OFF" # or "LINKED"', "raise info 1", "end"), values=[0])[1][1]


def test_every_address_has_its_line():
    program = compiled(body("wait 1 s", "", "fail 4"))
    machine = obcp.Machine(program.program, [], 0)
    machine.run(0)
    ended = machine.run(SECOND)
    assert program.line_of(ended.at) == 4


# ---- against Python's own arithmetic ----------------------------------------------------------------

_NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str), st.floats(0, 1e6, allow_nan=False).map(lambda x: f"{x:.6f}")
)


@st.composite
def expressions(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        return draw(_NUMBERS)
    left, right = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    return draw(st.sampled_from(["({} + {})", "({} - {})", "({} * {})", "min({}, {})", "max({}, {})",
                                 "abs({} - {})", "-({} + {})"])).format(left, right)  # fmt: skip


@given(expressions())
def test_expressions_give_what_python_gives(expression):
    program = compiled(body(f"raise info 1 {expression}")).program
    happening = obcp.Machine(program, [], 0).run(0)
    expected = eval(expression, {"__builtins__": {}, "min": min, "max": max, "abs": abs})
    if isinstance(expected, int) and abs(expected) >= 2**62:
        return  # an intermediate value may not have fitted
    assert happening == obcp.Raised(1, 1, float(expected))


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_any_text_is_compiled_or_refused_with_its_line(text):
    try:
        found = compiled("procedure p\n" + text)
    except obcp.ProcedureError as error:
        messages = error.messages
    else:
        assert obcp.Program.decode(found.octets) == found.program
        return
    assert all(line >= 1 and message for line, message in messages)


WORDS = [
    *[
        "if",
        "while",
        "repeat",
        "end",
        "else",
        "elif",
        "leave",
        "wait",
        "until",
        "event",
        "send",
        "try",
        "raise",
    ],
    *["step", "stop", "fail", "integer", "real", "limit", "timeout", "every", "1", "2", "s", "ms", "n", ":="],
    *["=", "<", "+", "(", ")", "hk.wifi", "hk.frames", "PING", "DAWN", "true", "ok", "info"],
]


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join), max_size=12))
def test_words_in_any_order_give_a_sound_program_or_an_error(lines):
    try:
        found = compiled(body(*lines))
    except obcp.ProcedureError:
        return
    assert obcp.Program.decode(found.octets) == found.program
    assert End.BAD_CODE.name not in str(flown(body(*lines), values=[1] * 100_000)[-1])
