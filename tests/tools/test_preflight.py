"""A machine that cannot build fsw is told so in one line that says what to install."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def preflight(load_tool, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, with no compiler named in the environment."""
    monkeypatch.delenv("CC", raising=False)
    return load_tool("preflight.py")


def _executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _without_headers(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"include": str(folder)})


def test_a_machine_that_runs_these_tests_lacks_nothing(preflight):
    assert preflight.what_is_missing() == ""


def test_no_compiler_names_the_package_to_install(preflight, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    line = preflight.what_is_missing()
    assert line.startswith("fsw needs a C compiler that works: ")
    assert line.endswith("apt-get install -y gcc libc6-dev")


def test_a_compiler_that_cannot_compile_is_as_good_as_none(preflight, monkeypatch, tmp_path):
    _executable(tmp_path / "cc", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "a C compiler that works" in preflight.what_is_missing()


def test_a_compiler_by_another_name_than_gcc_will_do(preflight, monkeypatch, tmp_path):
    bin_only = tmp_path / "bin"
    bin_only.mkdir()
    # What a compiler owes preflight is exit code 0; the build itself finds out the rest.
    _executable(bin_only / "clang", "exit 0")
    monkeypatch.setenv("PATH", str(bin_only))
    assert preflight.what_is_missing() == ""


def test_a_wrong_cc_is_blamed_itself_and_not_a_package(preflight, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    line = preflight.what_is_missing()
    assert "CC='no-such-compiler -O2'" in line
    assert "apt-get" not in line


def test_a_cc_with_options_works(preflight, monkeypatch):
    monkeypatch.setenv("CC", "cc -O2")
    assert preflight.what_is_missing() == ""


def test_no_python_headers_names_the_package_to_install(preflight, monkeypatch, tmp_path):
    _without_headers(monkeypatch, tmp_path)
    line = preflight.what_is_missing()
    assert line.startswith("fsw needs Python's C headers (Python.h): ")
    assert line.endswith("apt-get install -y python3-dev")


def test_everything_that_is_missing_comes_in_one_line(preflight, monkeypatch, tmp_path):
    _without_headers(monkeypatch, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(preflight, "_has_venv", lambda: False)
    line = preflight.what_is_missing()
    assert "\n" not in line
    assert line.endswith("apt-get install -y gcc libc6-dev python3-dev python3-venv")


def test_a_build_does_not_ask_for_the_venv_module(preflight, monkeypatch):
    monkeypatch.setattr(preflight, "_has_venv", lambda: False)
    assert "python3-venv" in preflight.what_is_missing()
    assert preflight.what_is_missing(to_build_only=True) == ""


@pytest.mark.parametrize(("user", "prefix"), [(0, ": apt-get"), (1000, ": sudo apt-get")])
def test_the_line_can_be_pasted_as_it_is(preflight, monkeypatch, tmp_path, user, prefix):
    _without_headers(monkeypatch, tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert prefix in preflight.what_is_missing()


def test_an_old_python_is_named(preflight, monkeypatch):
    monkeypatch.setattr(preflight, "OLDEST_PYTHON", (99, 0))
    assert preflight.what_is_missing().startswith("fsw needs Python 99.0 or newer; this is 3.")


def test_the_command_prints_one_line_and_fails(tmp_path):
    done = subprocess.run(
        [sys.executable, TOOLS / "preflight.py"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("fsw needs a C compiler that works: ")


@pytest.mark.parametrize("hook", ["get_requires_for_build_wheel", "get_requires_for_build_editable"])
@pytest.mark.parametrize("can_build", [True, False])
def test_the_build_backend_asks_preflight_before_anything_else(tmp_path, hook, can_build):
    # pip gives the backend its own environment; here a stand-in for the one thing it holds.
    package = tmp_path / "scikit_build_core"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "build.py").write_text(f"def {hook}(config_settings):\n    return ['cmake']\n")
    done = subprocess.run(
        [sys.executable, "-c", f"import build_backend; print(build_backend.{hook}())"],
        env={
            "PATH": os.environ["PATH"] if can_build else str(tmp_path),
            "PYTHONPATH": f"{TOOLS}{os.pathsep}{tmp_path}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if can_build:
        assert done.stdout == "['cmake']\n"
    else:
        assert done.returncode != 0
        assert done.stderr.startswith("fsw needs a C compiler that works: ")
        assert done.stderr.count("\n") == 1
