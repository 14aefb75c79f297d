"""The checks find what they are there for: a check that cannot fail proves nothing."""

import zipfile

import pytest

README = """# fsw

<!-- ci: fly -->
```console
$ one && \\
  two
$ three
```

```sh
not this
```

<!-- ci: test -->

```sh
pytest
```
"""


def test_a_command_is_read_as_the_readme_has_it(load_tool):
    command = load_tool("checks/readme.py").command
    assert command("fly", README) == "one && \\\n  two\nthree"
    assert command("test", README) == "pytest"


def test_a_missing_marker_is_not_another_command(load_tool):
    assert load_tool("checks/readme.py").command("bench", README) is None
    assert (
        load_tool("checks/readme.py").command("fly", README.replace("```console", "text\n```console")) is None
    )


def test_the_readme_has_a_test_command(load_tool):
    check = load_tool("checks/readme.py")
    assert "pytest" in check.command("test", check.README.read_text())


@pytest.mark.parametrize(
    ("room", "text", "many"),
    [
        ("flight", '#include "flight/crc16.h"\n#include <stdint.h>\n', 0),
        ("flight", '#include "ground/viterbi.h"\n', 1),
        ("ground", '#include "flight/crc16.h"\n#include "ground/viterbi.h"\n', 0),
        ("ground", '#  include "world/sensor.h"\n', 1),
        ("world", '#include "flight/crc16.h"\n#include "ground/viterbi.h"\n', 2),
        ("host", '#include "flight/crc16.h"\n', 0),
        ("flight", '#include "crc16.h"\n', 1),
    ],
)
def test_a_room_may_include_only_its_own_list(load_tool, tmp_path, monkeypatch, room, text, many):
    check = load_tool("checks/c_includes.py")
    monkeypatch.setattr(check, "C_CORE", tmp_path)
    (tmp_path / room).mkdir()
    source = tmp_path / room / "part.c"
    source.write_text(text)
    assert len(check.faults(source)) == many


def test_only_excused_skips_pass(load_tool, tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="a" name="ran"/>'
        '<testcase classname="a" name="far"><skipped message="no recordings here">x</skipped></testcase>'
        '<testcase classname="a" name="judge"><skipped message="no tshark here">x</skipped></testcase>'
        "</testsuite></testsuites>"
    )
    unexcused = load_tool("checks/skips.py").unexcused
    assert unexcused(report, ["no recordings"]) == ["a.judge: no tshark here"]
    assert unexcused(report, ["no recordings", "tshark"]) == []


GOOD = ("fsw/__init__.py", "fsw/core/_core.abi3.so", "fsw-0.1.0.dist-info/METADATA")


@pytest.mark.parametrize(
    ("name", "extra", "fault"),
    [
        ("fsw-0.1.0-cp311-abi3-linux_x86_64.whl", (), None),
        ("fsw-0.1.0-cp311-cp311-linux_x86_64.whl", (), "not cp311-abi3"),
        ("fsw-0.1.0-cp311-abi3-linux_x86_64.whl", ("tests/test_a.py",), "outside fsw/"),
        ("fsw-0.1.0-cp311-abi3-linux_x86_64.whl", ("fsw/core/crc16.c",), "not needed to run"),
    ],
)
def test_a_wheel_holds_fsw_and_nothing_else(load_tool, tmp_path, name, extra, fault):
    wheel = tmp_path / name
    with zipfile.ZipFile(wheel, "w") as archive:
        for entry in (*GOOD, *extra):
            archive.writestr(entry, "x")
    faults = load_tool("checks/wheel.py").faults(wheel)
    assert len(faults) == (fault is not None)
    assert fault is None or fault in faults[0]


def test_a_wheel_without_the_core_is_refused(load_tool, tmp_path):
    wheel = tmp_path / "fsw-0.1.0-cp311-abi3-linux_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("fsw/__init__.py", "")
    assert load_tool("checks/wheel.py").faults(wheel) == ["the compiled core is not in it"]
