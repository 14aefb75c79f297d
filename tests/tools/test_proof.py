"""SPIN holds the model of COP-1 to its claims, and a model with a known hole fails: the check can fail."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUNNER = Path(__file__).parents[2] / "tools" / "proof" / "spin.sh"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("spin", "gcc", "bash"))),
    reason="needs spin and gcc (Debian: apt install spin gcc)",
)


def spin(work: Path, *options: str, checks: str = "safety liveness") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", RUNNER, work, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "CHECKS": checks},
    )


def test_cop1_loses_doubles_and_swaps_nothing_and_delivers_once_healed(tmp_path):
    run = spin(tmp_path, "-DFAULTS=2", "-DN=4")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "safety: holds" in run.stdout
    assert "liveness: holds" in run.stdout


def test_a_timer_left_stopped_while_waiting_is_found(tmp_path):
    run = spin(tmp_path, "-DIGNORE_T1_IN_S3", checks="liveness")
    assert run.returncode == 1
    assert "FAILED: liveness" in run.stdout
