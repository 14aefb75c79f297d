"""The command line as a user meets it: files, exit codes, one line of error, Ctrl-C."""

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from PIL import Image

from fsw import cli, dictionary, missions
from fsw.core.errors import FswError
from fsw.dictionary import rover
from fsw.dictionary.services.st21_sequencing import decode_entries
from fsw.harness.flight import prepare_folder
from fsw.harness.kinds import RUNNERS, Runner
from fsw.missions.kinds import KINDS
from fsw.missions.mission_file import COMPUTED, Figure, Identity, Within
from fsw.protocols import obcp

FSW = [sys.executable, "-P", "-c", "from fsw.cli import main; main()"]
SHORT = ["fly", "tianwen1-cruise", "--duration", "130", "--pictures", "test-card", "--seed", "9"]
COMMANDS = sorted(cli.cli.commands)


def fsw(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FSW, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flown") / "selfie"
    return fsw(*SHORT, "--out", folder), folder


@pytest.fixture(scope="module")
def summary(flown):
    return json.loads((flown[1] / "summary.json").read_text())


@pytest.fixture(scope="module")
def events(flown):
    return [json.loads(line) for line in (flown[1] / "events.jsonl").read_text().splitlines()]


# ---- help -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    assert cli.run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: fsw {command}")
    assert len(shown.splitlines()) > 6


def test_help_imports_nothing_heavy():
    look = (
        "import sys; from fsw.cli import run; run(['--help']); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'PIL', 'rich', 'construct'}),"
        " 'fsw.core.binding' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", look], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[] False", done.stderr
    assert all(f"  {command} " in done.stdout for command in COMMANDS)


# ---- fly --------------------------------------------------------------------------------------------


def test_a_flight_says_what_it_did_and_where(flown, summary):
    done, folder = flown
    assert done.returncode == 0, done.stderr
    assert f"{summary['pictures_taken']} taken, {summary['pictures_received']} received" in done.stdout
    assert summary["downlink_sha256"] in done.stdout
    assert str(folder) in done.stdout
    assert 1 < len(done.stderr.splitlines()) < 8


def test_a_flight_leaves_the_files_that_help_names(flown, summary):
    folder = flown[1]
    assert {entry.name for entry in folder.iterdir()} == {
        "pictures", "downlink.cadu", "telemetry.sqlite", "events.jsonl", "contact_sheet.jpg", "summary.json"
    }  # fmt: skip
    index = json.loads((folder / "pictures/index.json").read_text())
    assert len({entry["picture"] for entry in index}) == summary["pictures_received"] > 20
    assert sum(entry["kind"] == "full" for entry in index) == summary["full_frames_received"] == 24
    for entry in index:
        octets = (folder / "pictures" / entry["file"]).read_bytes()
        assert hashlib.sha256(octets).hexdigest() == entry["sha256"]
    assert hashlib.sha256((folder / "downlink.cadu").read_bytes()).hexdigest() == summary["downlink_sha256"]
    with sqlite3.connect(folder / "telemetry.sqlite") as archive:
        assert archive.execute("SELECT sum(received) FROM frames").fetchone() == (summary["frames_received"],)
    with Image.open(folder / "contact_sheet.jpg") as sheet:
        assert sheet.size == (1660, 1410)


def test_a_summary_states_the_flight(summary):
    assert summary["mission"] == "tianwen1-cruise"
    assert (summary["seed"], summary["simulated_s"], summary["interrupted"]) == (9, 130.0, False)
    assert summary["wall_s"] > 0
    assert summary["frames_sent"] > summary["frames_received"] > 1000
    assert (summary["size"], summary["pictures"], summary["link"]) == ("800x600", "test-card", "symbols")


def test_events_are_lines_in_the_order_received(events):
    assert all(
        list(event) == ["received_utc", "spacecraft_utc", "severity", "name", "text", "values"]
        for event in events
    )
    received = [event["received_utc"] for event in events]
    assert received == sorted(received)
    assert all(event["spacecraft_utc"] < event["received_utc"] for event in events if event["spacecraft_utc"])
    names = [event["name"] for event in events]
    assert names.index("EVENT_RELEASE_FIRED") < names.index("EVENT_CAMERA_AWAKE")
    assert not [event for event in events if event["severity"] == "ground"]


def test_every_telecommand_of_the_plan_is_seen_to_be_completed(events):
    completed = [event["values"]["telecommand"] for event in events if event["name"] == "TC_COMPLETED"]
    # The rate changes when what waits in the old one has gone: the dump may be acknowledged before.
    assert sorted(completed) == sorted(
        ["PING", "WIFI", "RELEASE_ARM", "RELEASE_FIRE", "SELECT_PICTURES", "DOWNLINK_RATE", "DUMP_START"]
    )


def test_the_same_seed_gives_the_same_files_whatever_the_workers(flown, tmp_path):
    folder = flown[1]
    done = fsw(*SHORT, "--out", tmp_path / "again", "--workers", 0, "--json")
    assert json.loads(done.stdout) == json.loads((tmp_path / "again/summary.json").read_text())
    for name in ("downlink.cadu", "events.jsonl", "contact_sheet.jpg", "pictures/index.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_flight_too_short_for_pictures_says_so_and_flies(tmp_path, capsys):
    memory = ["--memory", str(tmp_path / "memory")]
    assert cli.run([*SHORT, "--duration", "20", "--out", str(tmp_path / "f"), *memory]) == 0
    out, err = capsys.readouterr()
    assert "20 s is too short for pictures to come down; the least is 105 s" in err
    assert "0 received" in out
    assert not (tmp_path / "f/contact_sheet.jpg").exists()
    assert (tmp_path / "memory/mass_memory.log").stat().st_size > 16  # pictures that stayed on board


def test_ctrl_c_leaves_whole_files(tmp_path):
    folder = tmp_path / "cut"
    arguments = ["fly", "tianwen1-cruise", "--duration", "40", "--rate", "10", "--pictures", "test-card"]
    with subprocess.Popen(
        [*FSW, *arguments, "--out", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:  # the first lines come when a quarter has been flown
            if "real time" in line:
                break
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
    assert process.returncode == 130
    assert error.splitlines()[-1].startswith("fsw: interrupted at ")
    assert "Traceback" not in error
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["interrupted"]
    assert 10 <= summary["simulated_s"] < 40
    assert hashlib.sha256((folder / "downlink.cadu").read_bytes()).hexdigest() == summary["downlink_sha256"]
    assert (folder / "events.jsonl").exists()
    assert json.loads((folder / "pictures/index.json").read_text()) == []
    with sqlite3.connect(folder / "telemetry.sqlite") as archive:
        assert archive.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# ---- the output folder ------------------------------------------------------------------------------


def test_a_flights_own_folder_is_flown_into_again(tmp_path):
    for name in ("downlink.cadu", "summary.json"):
        (tmp_path / name).write_text("old")
    (tmp_path / "pictures/full").mkdir(parents=True)
    (tmp_path / "pictures/full/0000001.jpg").write_text("old")
    prepare_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_refused_and_with_force_they_stay(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("mine")
    (tmp_path / "downlink.cadu").write_text("old")
    assert cli.run([*SHORT, "--out", str(tmp_path)]) == 2
    assert "it holds thesis.tex, not from a flight; --force" in capsys.readouterr().err
    prepare_folder(tmp_path, force=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_pictures_that_no_flight_wrote_are_not_removed(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/holiday.jpg").write_text("mine")
    with pytest.raises(FswError, match="it holds pictures, not from a flight"):
        prepare_folder(tmp_path)
    assert (tmp_path / "pictures/holiday.jpg").exists()


# ---- the other commands -----------------------------------------------------------------------------


def test_the_rovers_dictionary_is_its_own(capsys):
    assert cli.run(["dictionary", "--of", "rover"]) == 0
    shown = capsys.readouterr().out
    for command in rover.BOOK.telecommands():
        assert f"{command.name} [{command.service},{command.subtype}]" in shown
    assert "CAMERA_MODE" not in shown
    assert "APID 1920" not in shown
    assert cli.run(["dictionary", "--of", "rover", "--xtce"]) == 2
    assert "--xtce: of the rover's dictionary there is only the text" in capsys.readouterr().err


def test_decode_reads_what_was_flown(flown, summary, tmp_path):
    packets = tmp_path / "packets.bin"
    done = fsw("decode", flown[1] / "downlink.cadu", "--format", "tianwen1", "--json", "--packets", packets)
    report = json.loads(done.stdout)
    assert report["frames"] == summary["frames_received"]
    channels = report["virtual_channels"]
    assert sorted(channels) == ["245/1", "245/2", "245/3", "245/4", "82/1"]
    # While the receiver locks to the high rate, idle frames pass; nothing else is lost.
    assert [channels[name]["lost_frames"] for name in ("82/1", "245/1", "245/4")] == [0, 0, 0]
    assert channels["245/3"]["lost_frames"] in (0, 1, 2)
    assert {"1281", "1287", "1920", "1921"} <= report["apids"].keys()
    assert done.returncode == report["exit_code"] in (0, 3)
    octets, at, count = packets.read_bytes(), 0, 0
    while at < len(octets):
        at += int.from_bytes(octets[at + 4 : at + 6], "big") + 7
        count += 1
    assert (at, count) == (len(octets), report["packets"])


def test_missions_lists_what_can_be_flown(capsys):
    assert cli.run(["missions"]) == 0
    assert "tianwen1-cruise" in capsys.readouterr().out
    assert cli.run(["missions", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == missions.names()


@dataclass(frozen=True, slots=True)
class Walk:
    """A mission of a kind that only these tests have."""

    mission: Identity
    steps: Annotated[int, Within(1, 100)]
    figures: Annotated[Mapping[str, Figure], COMPUTED]

    @property
    def name(self):
        return self.mission.name


@dataclass(frozen=True, slots=True)
class Walked:
    summary: dict[str, Any]

    def text(self):
        return f"walked {self.summary['steps']} steps"


def walk(mission, settings, folder):
    (folder / "steps.csv").write_text("1\n" * mission.steps)
    return Walked({"steps": mission.steps, **settings})


@pytest.fixture
def walk_file(monkeypatch, tmp_path):
    """A mission file of that kind, with the kind known and its runner."""
    monkeypatch.setitem(KINDS, "walk", Walk)
    runner = Runner("walks:walk", ("steps.csv", "summary.json"), frozenset({"duration"}))
    monkeypatch.setitem(RUNNERS, "walk", runner)
    monkeypatch.setitem(sys.modules, "walks", SimpleNamespace(walk=walk))
    assumed = 'label = "assumed", source = "x" }'
    path = tmp_path / "walk.toml"
    path.write_text(
        '[mission]\nname = "w"\ntitle = "t"\nshows = "s"\nkind = "walk"\n'
        + f'start_utc = {{ value = "2021-02-10T00:00:00Z", {assumed}\n'
        + f"default_duration_s = {{ value = 1.0, {assumed}\n"
    )
    path.write_text(f"steps = {{ value = 7, {assumed}\n" + path.read_text())
    return path


def test_a_mission_of_another_kind_goes_to_its_own_runner(walk_file, tmp_path, capsys):
    folder = tmp_path / "out"
    fly = ["fly", str(walk_file), "--out", str(folder), "--duration", "5"]
    for _ in range(2):  # its own folder is flown into again
        assert cli.run(fly) == 0
    assert capsys.readouterr().out == "walked 7 steps\n" * 2
    assert (folder / "steps.csv").read_text() == "1\n" * 7
    assert cli.run([*fly, "--json", "--seed", "3"]) == 0
    assert json.loads(capsys.readouterr().out) == {"steps": 7, "seed": 3, "duration": 5.0}
    (folder / "mine.txt").write_text("mine")
    assert cli.run(fly) == 2
    assert "it holds mine.txt, not from a flight" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "said"), [
    (["fly", "FILE", "--size", "800x600"],
     "--size: w is of kind walk; allowed are --out, --seed, --force, --json, --duration"),
    (["serve", "FILE"], "mission w is of kind walk; allowed here is kind flight: tianwen1-cruise, "),
    (["console", "FILE"], "mission w is of kind walk; allowed here is kind flight: tianwen1-cruise, "),
])  # fmt: skip
def test_what_a_kind_cannot_do_is_said_in_one_line(arguments, said, walk_file, capsys):
    assert cli.run([str(walk_file) if text == "FILE" else text for text in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"fsw: {said}")
    assert error.count("\n") == 1


def test_a_kind_that_there_is_not_is_refused_with_its_line(walk_file, capsys):
    walk_file.write_text(walk_file.read_text().replace('"walk"', '"run"'))
    assert cli.run(["fly", str(walk_file)]) == 2
    assert "walk.toml:6: mission.kind: 'run'; allowed are flight, " in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--markdown"]], ids=["text", "markdown"])
def test_the_dictionary_prints_every_declaration(options, capsys):
    assert cli.run(["dictionary", *options]) == 0
    shown = capsys.readouterr().out
    for command in dictionary.telecommands():
        assert f"{command.name} [{command.service},{command.subtype}]" in shown
        assert command.effect in shown
        assert command.verification in shown
    for report in dictionary.reports():
        assert f"{report.name} APID {report.apid}" in shown
        assert all(parameter.name in shown for parameter in report.layout.parameters)


def test_the_dictionary_is_given_to_ground_systems_as_xtce(capsys):
    assert cli.run(["dictionary", "--xtce"]) == 0
    root = ET.fromstring(capsys.readouterr().out)
    assert root.tag == "{http://www.omg.org/spec/XTCE/20180204}SpaceSystem"


def test_a_procedure_is_checked_compiled_and_written_as_a_telecommand(tmp_path, capsys):
    text = tmp_path / "release.txt"
    text.write_text("procedure RELEASE (t: real)\nversion 3\nsend RELEASE_ARM state=ON\nwait t s\n")
    assert cli.run(["procedure", "check", str(text)]) == 0
    assert capsys.readouterr().out.startswith("RELEASE version 3: ")
    assert cli.run(["procedure", "compile", str(text)]) == 0
    octets = (tmp_path / "release.obcp").read_bytes()
    assert obcp.Program.decode(octets).version == 3
    capsys.readouterr()
    assert cli.run(["procedure", "load", str(text)]) == 0
    _, name, arguments = capsys.readouterr().out.strip().split(" ", 2)
    assert dictionary.parse_telecommand(name, arguments).arguments["code"] == octets


def test_what_is_wrong_with_a_procedure_is_told_line_by_line(tmp_path, capsys):
    text = tmp_path / "bad.txt"
    text.write_text("procedure BAD\nsend FIRE\nwait 3\n")
    assert cli.run(["procedure", "check", str(text)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{text}:2", f"{text}:3"]


def test_a_sequence_is_checked_and_compiled(tmp_path, capsys):
    text = tmp_path / "open.txt"
    text.write_text("# first\nWIFI ON @100\nwait 2 s\nwait 500 ms  # and then\n\nCAMERA_START @101\n")
    assert cli.run(["sequence", "check", str(text)]) == 0
    assert list(tmp_path.iterdir()) == [text]
    assert cli.run(["sequence", "compile", str(text)]) == 0
    octets = (tmp_path / "open.sequence").read_bytes()
    first, second = (dictionary.telecommand(name) for name in ("WIFI", "CAMERA_START"))
    entries = decode_entries(octets)
    assert [delay_ms for _, delay_ms in entries] == [2500, 0]
    assert [packet[7:9] for packet, _ in entries] == [bytes([c.service, c.subtype]) for c in (first, second)]
    assert f"{len(octets)} octets, CRC {crc_hqx(octets, 0xFFFF)}" in capsys.readouterr().out
    for wrong, reason in (
        ("", "0 requests; allowed are 1 to 32"),
        ("wait 1 s", ":1: a wait before the first request"),
        ("PING\nwait long", ":2: 'wait long': allowed are such as 'wait 500 ms'"),
        ("PING\nwait 99999 min", ":2: a wait of"),
        ("PING\nPONG", ":2: "),
        ("PING\n" * 33, "33 requests"),
    ):
        text.write_text(wrong)
        assert cli.run(["sequence", "check", str(text)]) == 2
        assert reason in capsys.readouterr().err


def test_a_console_takes_commands_from_a_pipe():
    commands = "tc PING\nstep 3m\nverify\nbogus\n"
    done = subprocess.run(
        [*FSW, "console", "tianwen1-cruise"], input=commands, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "telecommand PING (count 0) completed" in done.stdout
    assert "'bogus': allowed are help" in done.stdout


def test_a_served_spacecraft_answers_a_console_and_ends_with_ctrl_c(tmp_path):
    ports = ["--telemetry", "-1", "--telecommand", "-1", "--control", "0", "--telemetry-to", "none"]
    with subprocess.Popen(
        [
            *FSW,
            "serve",
            "tianwen1-cruise",
            *ports,
            "--rate",
            "0",
            "--out",
            tmp_path / "live",
            "--memory",
            tmp_path / "memory",
        ],
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stderr is not None
        control = next(line for line in served.stderr if line.startswith("control ")).split()[-1]
        asked = subprocess.run(
            [*FSW, "console", "--connect", control],
            input="status\n",
            capture_output=True,
            text=True,
            check=False,
        )
        served.send_signal(signal.SIGINT)
        _, error = served.communicate()
    assert asked.returncode == 0, asked.stderr
    assert "2020-09-30T15:59:50" in asked.stdout
    assert served.returncode == 0
    assert "Traceback" not in error
    assert (tmp_path / "live/telemetry.sqlite").exists()
    assert (tmp_path / "memory/mass_memory.log").exists()


def test_bench_gives_the_figures_that_are_asked_for(capsys):
    code = cli.run(["bench", "--json", "--only", "help_seconds"])
    figures = json.loads(capsys.readouterr().out)
    assert [figure["name"] for figure in figures] == ["help_seconds"]
    for figure in figures:
        assert list(figure) == ["name", "value", "unit", "peer", "peer_value", "ratio", "goal", "met"]
        assert figure["value"] > 0
    assert code == (1 if any(figure["met"] is False for figure in figures) else 0)


# ---- how it ends ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fly", "apollo"], "mission apollo: allowed are "),
        (["decode", "/no/such/file", "--format", "hera"], "/no/such/file: No such file or directory"),
        (["decode", __file__, "--format", "morse"], "format 'morse': allowed are"),
        (["fly", "tianwen1-cruise", "--out", __file__], "it is a file"),
        (["console", "--connect", "127.0.0.1:1"], "is `fsw serve` running there?"),
        (["console", "--connect", "127.0.0.1:1", "--seed", "2"], "--seed cannot be chosen"),
        (["console", "--connect", "127.0.0.1:1", "--picture-class", "2"], "--picture-class cannot be chosen"),
        (["console", "--memory", __file__], "mass memory"),
        (["console", "--files", __file__], "folder of files"),
        (["serve", "apollo"], "mission apollo: allowed are "),
        (["sequence", "check", "/no/such/file"], "/no/such/file: No such file or directory"),
        (["procedure", "check", "/no/such/file"], "/no/such/file: No such file or directory"),
        (["bench", "--only", "luck"], "bench luck: allowed are help_seconds"),
        (["fly", "tianwen1-cruise", "--out", "/proc/no"], "output folder /proc/no"),
    ],
)
def test_what_is_not_allowed_is_told_in_one_line(arguments, told, capsys):
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fsw: ")
    assert told in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["flyy"], ["fly"], ["fly", "tianwen1-cruise", "--size", "1x1"], ["decode", "x"]]
)
def test_usage_errors_exit_2(arguments, capsys):
    assert cli.run(arguments) == 2
    assert "Usage: fsw" in capsys.readouterr().err


def test_a_fault_of_our_own_is_one_line_too(monkeypatch, capsys):
    def broken() -> list[str]:
        raise ZeroDivisionError("a bug\nin two lines")

    monkeypatch.setattr(missions, "names", broken)
    assert cli.run(["missions"]) == 70
    assert capsys.readouterr().err == (
        "fsw: a fault in fsw itself: ZeroDivisionError: a bug (FSW_DEBUG=1 shows where)\n"
    )


def test_a_reader_that_goes_away_is_no_error():
    with subprocess.Popen([*FSW, "dictionary"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_flight_with_keys_is_protected_and_its_files_tell_nothing_of_them(tmp_path, capsys):
    key_file = tmp_path / "mine.keys"
    assert cli.run(["keys", str(key_file)]) == 0
    flight = ["fly", "tianwen1-cruise", "--duration", "60", "--pictures", "test-card", "--link", "frames"]
    for name in ("first", "second"):
        assert cli.run([*flight, "--out", str(tmp_path / name), "--keys", str(key_file)]) == 0
    assert "WARNING" not in capsys.readouterr().err
    summaries = [tmp_path / name / "summary.json" for name in ("first", "second")]
    first, second = (json.loads(path.read_text()) for path in summaries)
    assert (first["security"], first["security_keys"]) == ("authenticated encryption", "own")
    assert first["security_refused"] == 0
    assert first["downlink_sha256"] == second["downlink_sha256"]
    secrets = [bytes.fromhex(text) for text in json.loads(key_file.read_text())["keys"].values()]
    for path in (tmp_path / "first").rglob("*.*"):
        octets = path.read_bytes()
        assert not any(secret in octets or secret.hex().encode() in octets for secret in secrets), path


def test_a_mission_that_asks_for_security_warns_without_keys(tmp_path, capsys):
    text = (files("fsw.missions") / "tianwen1-cruise.toml").read_text()
    mission = tmp_path / "guarded.toml"
    mission.write_text(text.replace('security = { value = "none"', 'security = { value = "authenticated"'))
    flight = ["fly", str(mission), "--duration", "5", "--pictures", "test-card", "--link", "frames"]
    assert cli.run([*flight, "--out", str(tmp_path / "flight")]) == 0
    assert "WARNING: telecommands are protected by PUBLISHED TEST KEYS" in capsys.readouterr().err
    summary = json.loads((tmp_path / "flight" / "summary.json").read_text())
    assert summary["security_keys"] == "published test keys, which protect nothing"


def test_keys_cannot_be_chosen_of_a_live_spacecraft(tmp_path, capsys):
    assert cli.run(["console", "--connect", "127.0.0.1:1", "--keys", str(tmp_path / "x")]) == 2
    assert "--keys cannot be chosen of a spacecraft that is live" in capsys.readouterr().err
