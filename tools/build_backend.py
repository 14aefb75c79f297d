"""The build backend: scikit-build-core, behind one check.

A machine without a C compiler or Python's headers gets one plain line that says what to install,
instead of a page of CMake output.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from preflight import what_is_missing
from scikit_build_core import build as _build
from scikit_build_core.build import *  # noqa: F403


def _check() -> None:
    missing = what_is_missing(to_build_only=True)
    if missing:
        raise SystemExit(missing)


def get_requires_for_build_wheel(config_settings=None):
    _check()
    return _build.get_requires_for_build_wheel(config_settings)


def get_requires_for_build_editable(config_settings=None):
    _check()
    return _build.get_requires_for_build_editable(config_settings)
