"""Says in one line what this machine lacks for building fsw: `python3 tools/preflight.py`.

Runs with nothing but the standard library, before anything is installed. Exit code 0 when nothing
is missing, 1 otherwise.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

OLDEST_PYTHON = (3, 11)


def what_is_missing(*, to_build_only: bool = False) -> str:
    """One line that names what to install, or an empty string.

    to_build_only: leave out the venv module, which pip does without once it is running.
    """
    if sys.version_info < OLDEST_PYTHON:
        return (
            f"fsw needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer; "
            f"this is {sys.version_info.major}.{sys.version_info.minor}."
        )
    named = os.environ.get("CC", "").split()
    if named and not _compiles(named):
        return (
            f"fsw needs a C compiler that works, and CC={' '.join(named)!r} does not: "
            "unset CC or name another compiler in it"
        )
    missing = []
    if not named and not _compiles(_first_compiler()):
        missing.append(("a C compiler that works", "gcc libc6-dev"))
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        missing.append(("Python's C headers (Python.h)", "python3-dev"))
    if not to_build_only and not _has_venv():
        missing.append(("Python's venv module", "python3-venv"))
    if not missing:
        return ""
    what = " and ".join(name for name, _ in missing)
    packages = " ".join(package for _, package in missing)
    as_root = "" if os.geteuid() == 0 else "sudo "
    return f"fsw needs {what}: {as_root}apt-get install -y {packages}"


def _first_compiler() -> list[str]:
    """The one that CMake would take."""
    return [name for name in ("cc", "gcc", "clang") if shutil.which(name)][:1]


def _compiles(compiler: list[str]) -> bool:
    """A compiler without the C library's headers is of no use: build one line to see."""
    if not compiler:
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text('#include <string.h>\nint main(void) { return (int)strlen(""); }\n')
        try:
            done = subprocess.run(
                [*compiler, str(source), "-o", str(source.with_suffix(""))],
                capture_output=True,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0


def _has_venv() -> bool:
    """Debian ships venv without ensurepip until python3-venv is installed."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return sys.prefix != sys.base_prefix
    return True


if __name__ == "__main__":
    line = what_is_missing()
    if line:
        raise SystemExit(line)
