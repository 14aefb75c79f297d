"""The same program run on each build of the core."""

import os
import subprocess
import sys


def digests(program: str) -> dict[str, str]:
    """What `program` prints after the name of its build, by build: of those that run on this processor."""
    found = {}
    for variant in ("portable", "v3", "v4"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "FSW_CORE": variant},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            assert "this processor runs level" in done.stderr or "No module named" in done.stderr, done.stderr
            continue
        name, digest = done.stdout.split()
        assert name == variant
        found[variant] = digest
    assert "portable" in found
    return found
