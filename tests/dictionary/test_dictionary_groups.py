"""Fields that come N times, octets and text behind their length: as declared, whoever reads them."""

import construct
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.dictionary.identifiers import Origin, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, ArgumentGroup, Telecommand

_U8, _U16, _U24 = construct.Int8ub, construct.Int16ub, construct.Int24ub
_NAME = Parameter("name", construct.PascalString(_U8, "utf8"), "A name")
_BODY = Parameter("body", construct.Prefixed(_U16, construct.GreedyBytes), "Octets")
_STEP = Parameter("step", construct.BytesInteger(3, signed=True), "A step")
_LEVEL = Parameter("level", construct.Float64b, "A level")
_STATE = Parameter("state", _U8, "ON or OFF", enumeration=Switch)
_GAIN = Parameter("gain", _U16, "A gain", calibration=Linear(0.5))

REPORT = Report(
    "SPECIMEN",
    1920,
    (_STEP, _NAME, _STATE),
    "All kinds of fields",
    Origin.OURS,
    200,
    1,
    groups=(Group("rows", (_GAIN, _BODY, Group("levels", (_LEVEL,), "Levels", 2)), "Rows", most=3),),
)
COMMAND = Telecommand(
    "SPECIMEN",
    200,
    2,
    "None.",
    "None.",
    arguments=(
        Argument(_STEP, -5, 5),
        Argument(_NAME, 1, 12),
        Argument(_STATE, listed=True),
        ArgumentGroup(
            "rows",
            (
                Argument(_GAIN, 1, 100),
                Argument(_BODY),
                ArgumentGroup("levels", (Argument(_LEVEL),), "Levels", 0),
            ),
            "Rows",
            most=3,
        ),
    ),
)

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "gain": st.integers(0, 65535).map(lambda raw: raw / 2),
            "body": st.binary(max_size=9),
            "levels": st.lists(st.fixed_dictionaries({"level": st.floats(allow_nan=False)}), max_size=3),
        }
    ),
    max_size=3,
)
VALUES = st.fixed_dictionaries(
    {
        "step": st.integers(-(1 << 23), (1 << 23) - 1),
        "name": st.text(max_size=20),
        "state": st.sampled_from(["ON", "OFF"]),
        "rows": ROWS,
    }
)


@given(values=VALUES)
def test_a_report_with_groups_says_what_construct_says(values):
    octets = REPORT.encode(values)
    parsed = REPORT.layout.construct.parse(octets)
    decoded = REPORT.decode(octets)
    assert decoded["step"].value == parsed.step == values["step"]
    assert decoded["name"].value == parsed.name == values["name"]
    assert decoded["rows"].value == len(parsed.rows) == len(values["rows"])
    for i, (row, there) in enumerate(zip(values["rows"], parsed.rows, strict=True)):
        assert decoded[f"rows[{i}].gain"] == (there.gain, row["gain"], "")
        assert decoded[f"rows[{i}].body"].value == there.body == row["body"]
        levels = [decoded[f"rows[{i}].levels[{k}].level"].value for k in range(len(row["levels"]))]
        assert levels == [entry.level for entry in there.levels] == [e["level"] for e in row["levels"]]


@given(values=VALUES, garbage=st.binary(min_size=1, max_size=5))
def test_a_report_cut_short_or_with_garbage_behind_is_refused(values, garbage):
    octets = REPORT.encode(values)
    for whole in range(len(octets)):
        with pytest.raises(FswError):
            REPORT.decode(octets[:whole])
    with pytest.raises(FswError, match="are declared"):
        REPORT.decode(octets + garbage)


@given(octets=st.binary(max_size=80))
def test_any_octets_are_a_report_or_refused(octets):
    try:
        decoded = REPORT.decode(octets)
    except FswError:
        return
    assert REPORT.layout.construct.build(REPORT.layout.construct.parse(octets)) == octets
    assert decoded["rows"].value <= 3


@given(data=st.data())
def test_arguments_in_groups_come_out_on_board_as_given(arguments_of, written, data):
    arguments = data.draw(arguments_of(COMMAND))
    octets = COMMAND.encode(arguments)
    assert COMMAND.decode(octets) == arguments
    for whole in range(len(octets)):
        with pytest.raises(FswError):
            COMMAND.decode(octets[:whole])
    with pytest.raises(FswError, match="too many"):
        COMMAND.decode(octets + b"\0")
    parsed = {
        argument.name: argument.parse(written(arguments[argument.name])) for argument in COMMAND.arguments
    }
    assert COMMAND.encode(parsed) == octets


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"step": 6}, "allowed are -5 to 5"),
        ({"name": ""}, "text of 1 to 12 octets"),
        ({"name": "thirteen chars"}, "text of 1 to 12 octets"),
        ({"rows": []}, "0 given; allowed are 1 to 3 of: gain"),
        ({"rows": [{}]}, "gain is missing"),
        ({"rows": [{"gain": 1, "body": b"", "colour": 1}]}, "no argument colour"),
        ({"rows": [{"gain": 1000, "body": b""}]}, "allowed are 1 to 100"),
        ({"rows": {"gain": 1}}, "a list of entries"),
        ({"rows": [1]}, "by name"),
        ({"rows": [{"gain": 1, "body": bytes(70000)}]}, "up to 65535 octets"),
    ],
)
def test_unfit_arguments_are_refused_saying_what_is_allowed(arguments, says):
    fit = {"step": 0, "name": "x", "state": "ON", "rows": [{"gain": 1, "body": b""}]}
    COMMAND.encode(fit)
    with pytest.raises(FswError, match=says):
        COMMAND.encode(fit | arguments)


def test_octets_are_as_declared():
    rows = [{"gain": 3.5, "body": b"\xab", "levels": [{"level": 1.0}]}]
    octets = REPORT.encode({"step": -2, "name": "fsw", "state": "ON", "rows": rows})
    assert octets.hex() == "fffffe03667377010100070001ab00013ff0000000000000"
    rows = [{"gain": 3.5, "body": b"\xab", "levels": [{"level": 1.0}]}]
    octets = COMMAND.encode({"step": -2, "name": "fsw", "state": ["ON", "OFF"], "rows": rows})
    assert octets.hex() == "fffffe036673770201000100070001ab013ff0000000000000"
