"""The builds of the C core for different processors are one core."""

import os
import subprocess
import sys

import pytest

from fsw.core import binding


def _variant_when(value: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", "from fsw.core import binding; print(binding.variant)"],
        env={**os.environ, "FSW_CORE": value},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_portable_build_can_be_asked_for():
    assert _variant_when("portable").stdout.strip() == "portable"


def test_an_unknown_build_is_refused_with_what_is_allowed():
    done = _variant_when("v9")
    assert done.returncode != 0
    assert "FSW_CORE='v9': allowed are portable, v3, v4" in done.stderr


def test_the_loaded_build_is_one_the_processor_runs():
    level = binding.lib.host_processor_level()
    assert {"portable": 0, "v3": 3, "v4": 4}[binding.variant] <= level


@pytest.mark.parametrize("name", ["portable", "v3", "v4"])
def test_a_build_says_when_the_processor_is_too_small(name):
    needed = {"portable": 0, "v3": 3, "v4": 4}[name]
    done = _variant_when(name)
    if needed > binding.lib.host_processor_level():
        assert "this processor runs level" in done.stderr
    else:
        assert done.stdout.strip() in (name, "") or done.returncode == 0
