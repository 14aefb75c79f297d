"""Byte code from anywhere: refused when it is not sound, harmless whatever it is."""

import dataclasses
import struct
from binascii import crc32

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND
from fsw.protocols import obcp
from fsw.protocols.obcp.instructions import FORMS, MAX_STACK, Op
from fsw.protocols.obcp.program import Packaged

EMPTY = obcp.Program("p", 1, 60, 1000, (), 4, (), bytes([Op.STOP]))
COMMANDS = (Packaged(17, 1, b""), Packaged(8, 1, b"abcdef", (obcp.Hole(1, 2, False), obcp.Hole(4, 1, True))))


def sealed(octets):
    return octets + crc32(octets).to_bytes(4, "big")


@st.composite
def instructions(draw):
    """One instruction with operands in or near their range."""
    op = draw(st.sampled_from(Op))
    small = st.integers(0, 6)
    operands = {"q": st.integers(-5, 2**63 - 1), "d": st.floats(), "b": st.integers(-128, 127)}
    form = FORMS[op].operands
    values = [draw(operands.get(code, small)) for code in form.format.lstrip(">")]
    return bytes([op]) + form.pack(*values)


CODES = st.one_of(
    st.binary(max_size=60), st.lists(instructions(), max_size=30).map(lambda parts: b"".join(parts))
)
PROGRAMS = st.builds(
    obcp.Program,
    st.just("p"),
    st.integers(0, 65535),
    st.sampled_from([1, 60, 7 * 86400]),
    st.sampled_from([1, 50, 1000]),
    st.just(()),
    st.integers(0, 6),
    st.just(COMMANDS),
    CODES,
)


def harmless(program, answer, steps=200):
    """Runs code that was never checked; time goes on, and every slice is bounded."""
    machine = obcp.Machine(program, [0] * len(program.arguments), 0)
    now_ns = 0
    for _ in range(steps):
        before = machine.executed
        happening = machine.run(now_ns, 20)
        assert machine.executed - before <= 20
        assert len(machine.save()["stack"]) <= MAX_STACK
        twin = obcp.Machine.restored(program, unpack(pack(machine.save())))
        assert pack(twin.save()) == pack(machine.save())
        match happening:
            case obcp.Ended():
                assert machine.run(now_ns + 1) == happening
                return happening
            case obcp.Busy():
                now_ns += 1_000_000
            case obcp.Asleep(until_ns) | obcp.Awaiting(_, until_ns):
                assert until_ns > now_ns
                now_ns = until_ns
            case obcp.Reading():
                machine.told(answer)
            case obcp.Sending():
                machine.outcome(abs(int(answer)) % 100)
    assert machine.executed <= program.instructions
    return None


@given(PROGRAMS, st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_code_that_was_never_checked_cannot_raise_or_hang(program, answer):
    harmless(program, answer)


@given(PROGRAMS, st.sampled_from([0, 1, 2.5]))
def test_sound_code_never_meets_what_the_check_excludes(program, answer):
    found = obcp.Program.decode(program.encode())
    if isinstance(found, obcp.Unsound):
        return
    assert found == program
    ended = harmless(program, answer)
    assert ended is None or ended.end is not obcp.End.BAD_CODE


@given(st.binary(max_size=300))
@example(b"OBCP")
@example(sealed(b"OBCP\x01"))
def test_octets_from_anywhere_are_no_program(octets):
    assert isinstance(obcp.Program.decode(octets), obcp.Unsound)
    assert isinstance(obcp.Program.decode(sealed(b"OBCP\x01" + octets)), (obcp.Unsound, obcp.Program))


WHOLE = dataclasses.replace(
    EMPTY,
    name="whole",
    arguments=(0, 1),
    telecommands=COMMANDS,
    code=bytes([Op.PUSH_BYTE, 5, Op.PUSH_BYTE, 6, Op.PUSH_BYTE, 9, Op.SEND, 1, Op.REQUIRE, Op.STOP]),
)


def test_a_program_comes_back_as_it_went():
    assert obcp.Program.decode(WHOLE.encode()) == WHOLE


@pytest.mark.parametrize("length", range(len(WHOLE.encode())))
def test_a_program_cut_anywhere_is_refused(length):
    octets = WHOLE.encode()
    assert isinstance(obcp.Program.decode(octets[:length]), obcp.Unsound)
    assert isinstance(obcp.Program.decode(sealed(octets[: max(length - 4, 0)])), obcp.Unsound) or (
        length == len(octets)
    )


def test_octets_after_a_program_are_refused():
    assert obcp.Program.decode(sealed(WHOLE.encode()[:-4] + b"\0")) == obcp.Unsound("octets after the code")


@given(st.integers(0, len(WHOLE.encode()) * 8 - 1))
def test_a_flipped_bit_is_seen(bit):
    octets = bytearray(WHOLE.encode())
    octets[bit // 8] ^= 1 << bit % 8
    assert isinstance(obcp.Program.decode(bytes(octets)), obcp.Unsound)


def code(*instructions):
    return b"".join(bytes([op]) + FORMS[op].operands.pack(*operands) for op, *operands in instructions)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"\xff", "at 0: operation 255 is not known"),
        (b"", "the code is left"),
        (code((Op.PUSH_BYTE, 1)), "the code is left"),
        (bytes([Op.PUSH_INTEGER, 0]), "at 0: cut short"),
        (code((Op.ADD,), (Op.STOP,)), "the stack holds 0"),
        (code((Op.LOAD, 4), (Op.STOP,)), "variable 4"),
        (code((Op.PUSH_BYTE, 1), (Op.SEND, 0), (Op.STOP,)), "telecommand 0"),
        (code((Op.PUSH_BYTE, 1), (Op.RAISE, 5, 0), (Op.STOP,)), "severity 5"),
        (code((Op.SET_OK, 2), (Op.STOP,)), "ok is set to 2"),
        (code((Op.JUMP, 1)), "entered between instructions, at 1"),
        (code((Op.JUMP, 900)), "at 900"),
        (code((Op.PUSH_BYTE, 1), (Op.JUMP, 0)), "the stack holds 0 or 1"),
        (code(*[(Op.PUSH_BYTE, 1)] * 33, (Op.STOP,)), "the stack holds 32"),
    ],
)  # fmt: skip
def test_unsound_code_is_refused_with_its_place(octets, why):
    found = obcp.Program.decode(dataclasses.replace(EMPTY, code=octets).encode())
    assert isinstance(found, obcp.Unsound)
    assert why in found.reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "9"}, "name"),
        ({"run_time_s": 0}, "run time limit"),
        ({"run_time_s": 7 * 86400 + 1}, "run time limit"),
        ({"instructions": 0}, "instruction limit"),
        ({"instructions": 1_000_001}, "instruction limit"),
        ({"arguments": (2,)}, "arguments"),
        ({"arguments": (0,) * 17}, "arguments"),
        ({"variables": 65}, "variables"),
        ({"arguments": (0,) * 5}, "variables"),
        ({"telecommands": (Packaged(1, 1, bytes(513)),)}, "a telecommand of 513 octets"),
        ({"telecommands": (Packaged(1, 1, b"ab", (obcp.Hole(1, 2, False),)),)}, "outside its telecommand"),
        ({"telecommands": (Packaged(1, 1, b"ab", (obcp.Hole(0, 0, False),)),)}, "outside its telecommand"),
        ({"telecommands": (Packaged(1, 1, b""),) * 65}, "65 telecommands"),
        ({"code": bytes([Op.STOP]) * 4096}, "octets; allowed are up to 4096"),
    ],
)
def test_a_program_beyond_the_limits_is_refused(change, why):
    found = obcp.Program.decode(dataclasses.replace(EMPTY, **change).encode())
    assert isinstance(found, obcp.Unsound)
    assert why in found.reason


def running(*instructions, **change):
    return obcp.Machine(dataclasses.replace(EMPTY, code=code(*instructions), **change), [], 0)


def test_an_endless_loop_is_cut_into_slices_and_ends():
    machine = running((Op.JUMP, 0))
    slices = 0
    while machine.run(slices) == obcp.Busy():
        slices += 1
    assert slices == 10
    assert machine.ended == obcp.Ended(obcp.End.INSTRUCTION_LIMIT, 0, 0)


def test_a_parameter_that_is_never_told_ends_the_procedure():
    machine = running((Op.READ, 0x207), (Op.STOP,))
    happening = machine.run(0)
    assert happening == obcp.Reading(0x207, 5 * SECOND)
    assert machine.run(1) == obcp.Asleep(5 * SECOND)
    assert machine.run(5 * SECOND) == obcp.Ended(obcp.End.NO_VALUE, 0x207, 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, -(2**63) - 1])
def test_a_value_that_is_no_number_ends_the_procedure(value):
    machine = running((Op.READ, 3), (Op.STOP,))
    machine.run(0)
    machine.told(value)
    assert machine.run(0).end is obcp.End.NO_VALUE


def test_answers_that_nobody_asked_for_change_nothing():
    machine = running((Op.PUSH_INTEGER, SECOND), (Op.WAIT,), (Op.OK,), (Op.REQUIRE,), (Op.STOP,))
    machine.run(0)
    before = machine.save()
    machine.told(3)
    machine.outcome(9)
    machine.occurred()
    assert machine.save() == before


def test_time_held_does_not_count_as_run_time():
    machine = running((Op.PUSH_INTEGER, 50 * SECOND), (Op.WAIT,), (Op.STOP,), run_time_s=60)
    machine.run(0)
    machine.held(100 * SECOND)
    assert machine.run(120 * SECOND).end is obcp.End.COMPLETED


def test_an_abort_ends_what_has_not_ended():
    machine = running((Op.PUSH_BYTE, 1), (Op.WAIT,), (Op.STOP,))
    machine.run(0)
    machine.abort()
    assert machine.run(0).end is obcp.End.ABORTED
    machine.abort()
    done = running((Op.STOP,))
    done.run(0)
    done.abort()
    assert done.ended.end is obcp.End.COMPLETED


def test_a_saved_run_goes_on_where_it_was():
    text = [(Op.PUSH_BYTE, 3), (Op.STORE, 0), (Op.COUNT, 0), (Op.LOAD, 0), (Op.READ, 7), (Op.ADD,),
            (Op.RAISE, 1, 2), (Op.JUMP, 4)]  # fmt: skip
    machine = running(*text)
    told = []
    for now_ns in range(30):
        machine = obcp.Machine.restored(machine.program, unpack(pack(machine.save())))
        happening = machine.run(now_ns, 1)
        if isinstance(happening, obcp.Reading):
            machine.told(0.5)
        if isinstance(happening, obcp.Raised):
            told.append(happening.value)
    assert told == [2.5, 1.5, 0.5]
    assert machine.ended.end is obcp.End.LOOP_LIMIT


def test_the_form_is_this_octet_for_octet():
    program = obcp.Program(
        "ab", 0x0102, 60, 500, (1,), 2, (Packaged(8, 1, b"xyz", (obcp.Hole(1, 2, True),)),), b"\1"
    )
    head = b"OBCP\x01\x01\x02\x02ab" + struct.pack(">IIB", 60, 500, 1) + bytes([1, 2, 1])
    body = bytes([8, 1, 1, 0, 1, 2, 1, 0, 3]) + b"xyz" + b"\0\x01\x01"
    assert program.encode() == sealed(head + body)
