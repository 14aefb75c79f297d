"""What every test shares: how hard hypothesis tries, and where the recordings of real spacecraft are.

`HYPOTHESIS_PROFILE=ci` tries harder and always the same examples, so that a commit has one verdict;
`sanitizer` tries less, since every example costs several times as much there.
"""

import json
import os
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings

from fsw.dictionary.telecommand import ArgumentGroup

# A busy machine is not a fault of the code: nothing here judges by the wall clock.
_NO_CLOCK = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("default", **_NO_CLOCK)
settings.register_profile("ci", max_examples=400, derandomize=True, print_blob=True, **_NO_CLOCK)
settings.register_profile("sanitizer", max_examples=25, derandomize=True, print_blob=True, **_NO_CLOCK)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# An interpreter that a test starts finds the installed fsw, not the source folder it is started in.
os.environ["PYTHONSAFEPATH"] = "1"

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of frames recorded from real spacecraft, beside the project and never in it."""
    if not RECORDINGS.is_dir():
        pytest.skip("no recordings at ../shared/recordings")
    return RECORDINGS


@pytest.fixture(scope="session")
def arguments_of():
    """A strategy of allowed arguments, as `Telecommand.encode` takes and `decode` gives them."""

    def one(argument):
        if isinstance(argument, ArgumentGroup):
            entry = st.fixed_dictionaries({field.name: values(field) for field in argument.fields})
            return st.lists(entry, min_size=argument.least, max_size=min(argument.most, argument.least + 3))
        parameter, least, most = argument.parameter, argument.minimum, argument.maximum
        if parameter.enumeration is not None:
            return st.sampled_from(sorted(parameter.enumeration.__members__))
        if parameter.is_packet:
            head = st.binary(min_size=4, max_size=4)
            rest = st.binary(min_size=1, max_size=20)
            return st.builds(lambda h, r: h + (len(r) - 1).to_bytes(2, "big") + r, head, rest)
        if parameter.is_octets:
            low = int(least or 0) if parameter.octets is None else parameter.octets
            high = min(low + 20, int(low + 20 if most is None else most))
            if parameter.is_text:
                return st.text("AZaz09_/.-", min_size=low, max_size=high)
            return st.binary(min_size=low, max_size=high if parameter.octets is None else low)
        if parameter.raw_range is None:
            low, high = -1e9 if least is None else least, 1e9 if most is None else most
            return st.floats(low, high, width=32 if parameter.octets == 4 else 64, allow_nan=False)
        low, high = parameter.raw_range
        if parameter.calibration is not None:
            low = low if least is None else parameter.encode(least)
            high = high if most is None else parameter.encode(most)
            return st.integers(low, high).map(lambda raw: parameter.decode(raw).value)
        return st.integers(low if least is None else int(least), high if most is None else int(most))

    def values(argument):
        return st.lists(one(argument), min_size=1, max_size=32) if argument.listed else one(argument)

    def of(command):
        return st.fixed_dictionaries({argument.name: values(argument) for argument in command.arguments})

    return of


@pytest.fixture(scope="session")
def written():
    """An argument's value as an operator writes it."""

    def text(value):
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            return json.dumps(value, default=text)
        return ",".join(map(text, value)) if isinstance(value, list) else str(value)

    return text
