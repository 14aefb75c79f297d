"""What every test shares: how hard hypothesis tries, and where the recordings of real spacecraft are.

New examples on every run, but where `CI` is set always the same, so that a commit has one verdict.
`HYPOTHESIS_PROFILE=sanitizer` tries fewer, since every example costs several times as much there.
"""

import json
import os
from pathlib import Path

import pytest
import telecommand_strategies
from hypothesis import HealthCheck, settings

# A busy machine is not a fault of the code: nothing here judges by the wall clock.
_NO_CLOCK = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("default", derandomize="CI" in os.environ, print_blob=True, **_NO_CLOCK)
settings.register_profile("sanitizer", max_examples=15, derandomize=True, print_blob=True, **_NO_CLOCK)
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

    return telecommand_strategies.arguments_of


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
