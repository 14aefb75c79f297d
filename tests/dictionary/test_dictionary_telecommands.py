"""Telecommands: what an operator writes becomes octets, the same come out on board."""

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary.identifiers import FailureCode

COMMANDS = dictionary.telecommands()
by_name = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


@by_name
@settings(max_examples=10)
@given(data=st.data())
def test_arguments_come_out_on_board_as_given(
    command: dictionary.Telecommand, arguments_of: Any, data: st.DataObject
) -> None:
    arguments = data.draw(arguments_of(command))
    octets = command.encode(arguments)
    assert dictionary.recognise_telecommand(command.service, command.subtype, octets) == (command, arguments)


@by_name
@settings(max_examples=10)
@given(data=st.data())
def test_written_telecommands_are_read_back(
    command: dictionary.Telecommand, arguments_of: Any, written: Any, data: st.DataObject
) -> None:
    arguments = data.draw(arguments_of(command))
    texts = [f"{name}={written(value)}" for name, value in arguments.items()]
    request = dictionary.parse_telecommand(command.name.lower(), " ".join(map(shlex.quote, texts)))
    assert request.telecommand is command
    assert request.encode() == command.encode(arguments)


@by_name
@settings(max_examples=10)
@given(data=st.data())
def test_no_octets_stop_the_reader_on_board(
    command: dictionary.Telecommand, arguments_of: Any, data: st.DataObject
) -> None:
    octets = bytearray(command.encode(data.draw(arguments_of(command))))
    if octets and data.draw(st.booleans()):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    garbage = bytes(octets[: data.draw(st.integers(0, len(octets)))]) + data.draw(st.binary(max_size=9))
    found = dictionary.recognise_telecommand(command.service, command.subtype, garbage)
    if isinstance(found, tuple):  # then it means something, and that encodes again
        assert found[0].decode(found[0].encode(found[1])) == found[1]
    else:
        assert found in (FailureCode.ILLEGAL_ARGUMENT, FailureCode.UNKNOWN_FUNCTION)


@by_name
def test_telecommand_tells_effect_and_verification(command: dictionary.Telecommand) -> None:
    assert command.effect.endswith(".")
    assert command.verification.endswith(".")
    assert all(failure >= 16 for failure in command.failures)
    for argument in command.arguments:
        assert argument.allowed
        assert argument.text


def test_octets_of_a_function_are_identifier_count_and_numbered_values() -> None:
    request = dictionary.parse_telecommand("CAMERA_EXPOSURE", "exposure_us=2000 lens=A")
    assert request.encode().hex() == "00140301000007d00200030100"
    assert dictionary.parse_telecommand("HOUSEKEEPING_ONCE", "COMPUTER,5").encode().hex() == "0200010005"
    assert dictionary.parse_telecommand("PING").encode() == b""


def test_arguments_may_come_in_any_order_but_all_of_them() -> None:
    command = dictionary.telecommand("CAMERA_MODE")
    with pytest.raises(FswError, match="coding missing"):
        command.decode(bytes.fromhex("00130203000101"))
    assert command.decode(bytes.fromhex("001303030001010200")) == {
        "size": "UXGA_1600X1200",
        "coding": "JPEG",
        "lens": "A",
    }


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("FIRE", "", "near it are RELEASE_FIRE; `fsw dictionary` lists all"),
        ("WIFI", "", "state is missing; allowed are OFF | ON"),
        ("WIFI", "state=MAYBE", "allowed are OFF | ON"),
        ("WIFI", "state=7", "allowed are OFF | ON"),
        ("WIFI", "ON OFF", "one too many"),
        ("WIFI", "state=ON state=OFF", "given twice"),
        ("WIFI", "colour=red", "allowed are state"),
        ("CAMERA_EXPOSURE", "-1", "allowed are 0 to 1000000 us"),
        ("CAMERA_EXPOSURE", "1000001", "allowed are 0 to 1000000 us"),
        ("CAMERA_EXPOSURE", "soon", "allowed are 0 to"),
        ("SELECT_PICTURES", "count=100000", "allowed are 0 to 1000"),
        ("RELEASE_FIRE", "key=1", "allowed are 24095 to 24095"),
        ("HOUSEKEEPING_ONCE", "sids=", "0 given"),
        ("HOUSEKEEPING_ONCE", "sids=COMPUTER,MOON", "MOON.*OrbiterStructure"),
        ("PING", "'", "quotation"),
    ],
)
def test_wrong_telecommands_are_refused_saying_what_is_allowed(name: str, text: str, says: str) -> None:
    with pytest.raises(FswError, match=says):
        dictionary.parse_telecommand(name, text)


def test_unknown_requests_have_their_failure_codes() -> None:
    recognise = dictionary.recognise_telecommand
    assert recognise(200, 1, b"") is FailureCode.UNKNOWN_SERVICE
    assert recognise(17, 99, b"") is FailureCode.UNKNOWN_SUBTYPE
    assert recognise(8, 1, b"\xff\xff\x00") is FailureCode.UNKNOWN_FUNCTION
    assert recognise(8, 1, b"\x00") is FailureCode.ILLEGAL_ARGUMENT
    assert recognise(17, 1, b"\x00") is FailureCode.ILLEGAL_ARGUMENT
    assert recognise(3, 27, b"\x02\x00\x01") is FailureCode.ILLEGAL_ARGUMENT
    assert dictionary.known_services()[3] == frozenset(
        {*range(1, 10), 11, *range(27, 35), *range(37, 41), *range(42, 45)}
    )
