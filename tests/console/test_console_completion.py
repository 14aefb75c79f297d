"""What may be typed next."""

import json
import shlex

from hypothesis import given
from hypothesis import strategies as st

from fsw import dictionary
from fsw.console.completion import choices
from fsw.dictionary.telecommand import ArgumentGroup


def texts(line):
    return [choice.text for choice in choices(line)]


def test_commands_telecommands_arguments_and_values():
    assert texts("te") == ["telemetry", "step"]
    assert texts("tc CAM") == [
        "CAMERA_START",
        "CAMERA_STOP",
        "CAMERA_MODE",
        "CAMERA_EXPOSURE",
        "CAMERA_SETTINGS",
    ]
    assert texts("tc camera_mode ") == ["size=", "coding=", "lens=", "at", "ad", "bd"]
    assert texts("tc CAMERA_MODE size=SVGA_800X600 c") == ["coding="]
    assert texts("tc CAMERA_MODE size=") == ["SVGA_800X600", "UXGA_1600X1200", "SQUARE_2048X2048"]
    assert texts("tc CAMERA_EXPOSURE gain=") == ["1.0"]
    assert texts("tc HOUSEKEEPING_ONCE sids=RADIO,REL") == ["RELAY", "RELEASE"]
    assert texts("tc HOUSEKEEPING_CREATE parameters=WIFI,RELEASE_T") == ["RELEASE_TEMPERATURE_C"]
    assert texts("telemetry radio") == ["HOUSEKEEPING_RADIO"]
    assert texts("tc PING ad ") == []
    assert texts("uplink ") == ["open", "close", "resume", "set"]
    assert texts("uplink open ") == ["check", "unlock", "set-vr", "unchecked"]
    assert texts("uplink set t") == ["t1", "timeout", "limit"]
    assert texts("tc NONE ") == texts("quit ") == []


def test_what_is_chosen_replaces_what_was_typed():
    (choice,) = choices("tc CAMERA_MODE size=svga")
    assert (choice.text, choice.replaces) == ("SVGA_800X600", 4)
    assert (
        choices("tc CAMERA_MODE ")[0].note
        == "Size in pixels: SVGA_800X600 | UXGA_1600X1200 | SQUARE_2048X2048"
    )


def written(argument):
    """Something that is allowed."""
    if isinstance(argument, ArgumentGroup):
        return json.dumps([{field.name: written(field) for field in argument.fields}])
    parameter, least = argument.parameter, argument.minimum
    if parameter.enumeration is not None:
        return next(iter(parameter.enumeration.__members__))
    if parameter.is_packet:
        return "PING"
    if parameter.is_octets:
        octets = int(least or 1) if parameter.octets is None else parameter.octets
        return "A" * octets if parameter.is_text else "00" * octets
    return "1" if least is None else f"{int(least)}" if least == int(least) else f"{least}"


def test_every_telecommand_can_be_completed_to_one_that_is_accepted():
    for command in dictionary.telecommands():
        line = f"tc {command.name}"
        for argument in command.arguments:
            line += f" {argument.name}="
            offered = texts(line)
            line += offered[0] if offered else shlex.quote(written(argument))
        dictionary.parse_telecommand(command.name, line.split(" ", 2)[2] if command.arguments else "")


@given(st.text(max_size=40))
def test_no_text_raises(line):
    assert all(choice.replaces <= len(line) for choice in choices(line))
    choices("tc " + line)
