"""The command line: arguments only. What a command needs is imported when it runs, so help is quick."""

import errno
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from fsw.campaign.command import campaign
from fsw.campaign.recontact_command import recontact
from fsw.core.errors import FswError
from fsw.ground.export_command import export
from fsw.harness.gallery_command import gallery

ERROR, BUG, INTERRUPTED = 2, 70, 130
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

EXIT_CODES = """\b
exit codes:
  0    done
  2    usage, or something that is not allowed: one line says what is
  130  interrupted by Ctrl-C; files are whole"""


@click.group(context_settings=SETTINGS)
@click.version_option(package_name="fsw", prog_name="fsw")
def cli() -> None:
    """A spacecraft in a Python package: flight software, its hardware, its world and its ground.

    \b
    fsw fly tianwen1-cruise                 release the camera, bring the pictures home
    fsw decode flight/downlink.cadu --format tianwen1
    fsw COMMAND --help                      what each command does, writes and returns
    """


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--file", "name", metavar="NAME", help="Print that mission's file, to begin one's own with.")
def missions(as_json: bool, name: str | None) -> None:
    """Lists the missions that can be flown, with what each shows."""
    from fsw import missions as mission_files

    if name is not None:
        click.echo(mission_files.text_of(name), nl=False)
        return
    rows: list[dict[str, Any]] = []
    for name in mission_files.names():
        mission = mission_files.load(name)
        rows.append(
            {
                "name": name,
                "kind": mission.mission.kind,
                "title": mission.mission.title,
                "shows": mission.mission.shows,
                "start_utc": mission.mission.start_utc,
                "default_duration_s": mission.mission.default_duration_s,
            }
        )
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<20} {row['title']}")
        click.echo(f"{'':<20} {row['shows']}")
        seconds = row["default_duration_s"]
        lasts = f"{seconds:g} s" if seconds < 2 * 86_400 else f"{seconds / 86_400:g} days"
        click.echo(f"{'':<20} from {row['start_utc']}, {lasts}")


def _size(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.partition("x")
    return int(width), int(height)


_SEED = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Everything random."
)
_SIZE = click.option(
    "--size",
    type=click.Choice(["800x600", "1600x1200", "2048x2048"]),
    callback=_size,
    help="Of the pictures; the mission's own if not given.",
)
_LINK = click.option(
    "--link",
    type=click.Choice(["symbols", "frames"]),
    default="symbols",
    show_default=True,
    help="What the X-band carries: noisy soft symbols, or frames without noise.",
)
_PICTURE_CLASS = click.option(
    "--picture-class",
    type=click.IntRange(1, 2),
    help="CFDP class of picture files: 1, or 2 to ask for what was lost. Default: the mission's.",
)
_WIFI_CLASS = click.option(
    "--wifi-class",
    type=click.Choice(["parts", "1", "2"]),
    help="How pictures come from the camera: in parts, or as CFDP files of class 1, or of class 2 to ask for "
    "what was lost. Default: the mission's.",
)
_PICTURES = click.option(
    "--pictures",
    type=click.Choice(["rendered", "test-card"]),
    default="rendered",
    show_default=True,
    help="What the sensors see.",
)
_MEMORY = click.option(
    "--memory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the orbiter's mass memory there: the next run with this folder finds what it holds.",
)
_FILES = click.option(
    "--files",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The ground's file store: a folder for files up and down; in memory if not given.",
)
_KEYS = click.option(
    "--keys",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Protect the telecommands with these keys, which `fsw keys FILE` makes.",
)
_WORKERS = click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="Threads that make pictures; one a processor if not given. They change no result.",
)


def _keys_of(key_file: Path | None, mission: str | None) -> Any:
    """The keys in the file, told that a flight begins; a warning where the mission has to do without."""
    from fsw import missions as mission_files

    if key_file is not None:
        from fsw.harness.key_file import begin_flight

        return begin_flight(key_file)
    found = mission_files.load(mission or mission_files.DEFAULT, mission_files.MissionFile)
    if found.uplink.security != "none":
        click.echo(
            "fsw: WARNING: telecommands are protected by PUBLISHED TEST KEYS, which protect nothing;"
            " make your own with `fsw keys FILE` and give them with --keys FILE",
            err=True,
        )
    return None


@cli.command(
    epilog="""\b
files in DIR (default: flight-MISSION-SEED):
  pictures/           as received: thumb/, full/ and index.json
  downlink.cadu       channel access data units as received, each from its sync marker on
  telemetry.sqlite    frame statistics, packets, parameters, events (tables and *_utc views)
  events.jsonl        an event a line: spacecraft, telecommand verification, ground
  contact_sheet.jpg   up to 16 of the full pictures
  truth.jsonl         what only the emulator knows of them: how the camera stood
  summary.json        counts, seconds, SHA-256 of the downlink

\b
examples:
  fsw fly tianwen1-cruise
  fsw fly tianwen1-cruise --out selfie --seed 7 --size 1600x1200
  fsw fly tianwen1-cruise --duration 150           pictures of the first half minute
  fsw fly tianwen1-cruise --pictures test-card     radio and ground at several hundred times real time

"""
    + EXIT_CODES
)
@click.argument("mission")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the files go.")
@_SEED
@click.option(
    "--duration",
    type=click.FloatRange(1, 1e7),
    metavar="S",
    help="Mission time to fly, in all [s]; the mission's own if not given.",
)
@click.option(
    "--rate",
    type=click.Choice(["max", "1", "10"]),
    default="max",
    show_default=True,
    help="Times real time.",
)
@_SIZE
@_LINK
@_PICTURES
@_PICTURE_CLASS
@_WIFI_CLASS
@click.option(
    "--selection", type=click.IntRange(0, 1000), metavar="N", help="How many full pictures to bring."
)
@_MEMORY
@_WORKERS
@_KEYS
@click.option("--force", is_flag=True, help="Fly into a folder that holds other files too.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json instead of sentences.")
@click.pass_context
def fly(
    context: click.Context,
    mission: str,
    out: Path | None,
    seed: int,
    duration: float | None,
    rate: str,
    size: tuple[int, int] | None,
    link: Any,
    pictures: Any,
    picture_class: int | None,
    wifi_class: str | None,
    selection: int | None,
    memory: Path | None,
    workers: int | None,
    key_file: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Flies MISSION from start to end and writes what came down.

    MISSION is a name from `fsw missions` or the path of a mission file. Of a flight, the orbiter releases
    its camera, receives its pictures by Wi-Fi while it drifts away, and radios thumbnails of all and the
    best in full to Earth, where they are decoded. The same mission, seed and options give the same files,
    octet for octet, on every machine; also with --keys, whatever the keys. Missions of another kind (`fsw
    missions --json` tells) write files of their own, and take fewer options.
    """
    from fsw import missions as mission_files
    from fsw.harness.flight import Flight, prepare_folder
    from fsw.harness.progress import watcher
    from fsw.harness.stopping import stopping
    from fsw.simulation import Settings

    mission_file = mission_files.load(mission)
    if not isinstance(mission_file, mission_files.MissionFile):
        from fsw.harness import kinds

        told = kinds.fly(mission_file, _given(context), context.params)
        click.echo(json.dumps(told.summary, indent=1) if as_json else told.text())
        return
    folder = Path(f"flight-{mission_file.name}-{seed}") if out is None else out
    prepare_folder(folder, force)
    keys = _keys_of(key_file, mission)
    settings = Settings(seed, size, link, pictures, workers, keys, picture_class, wifi_class)
    with watcher() as watch:
        flight = Flight(
            mission_file,
            settings,
            folder,
            duration,
            selection,
            None if rate == "max" else float(rate),
            watch,
            memory,
        )
        if flight.plan.note:
            click.echo(f"fsw: {flight.plan.note}", err=True)
        with stopping(flight.stop):
            outcome = flight.fly()
    if as_json:
        click.echo(json.dumps(outcome.summary, indent=1))
    else:
        click.echo(outcome.text())
    if outcome.summary["interrupted"]:
        at = f"{outcome.summary['simulated_s']:.0f} s"
        click.echo(f"fsw: interrupted at {at}; the files in {folder} are whole", err=True)
        sys.exit(INTERRUPTED)


def _given(context: click.Context) -> dict[str, str]:
    """Names of the parameters that were given, with how each is written."""
    chosen = click.core.ParameterSource.COMMANDLINE
    return {
        str(parameter.name): parameter.opts[0]
        for parameter in context.command.params
        if context.get_parameter_source(str(parameter.name)) is chosen
    }


cli.add_command(gallery)
cli.add_command(export)


class _DecodeHelp(click.Command):
    """Its help is the ground's, which is imported only when it is asked for."""

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from fsw.ground.decode_command import EXIT_CODES, HELP
        from fsw.ground.formats import __doc__ as formats

        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(HELP.partition("\n\nformats:")[0])
        formatter.write_paragraph()
        for line in (formats or "").partition("\n\n")[2].rstrip().splitlines():
            formatter.write(f"  {line}\n".rstrip(" "))
        formatter.write("\n" + "".join(f"  {line}\n" for line in EXIT_CODES.splitlines()))
        formatter.write(
            "\n  examples:\n"
            "    fsw decode selfie/downlink.cadu --format tianwen1\n"
            "    fsw decode frames.bin --format aos:892:insert-zone=8 --json\n"
            "    fsw decode pass.s8 --format symbols:256:rs=223:as=i8 --packets packets.bin\n"
        )


@cli.command(cls=_DecodeHelp)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_text", required=True, metavar="FORMAT", help="What the file holds.")
@click.option(
    "--packets", type=click.Path(path_type=Path), metavar="FILE", help="Write the Space Packets there."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def decode(file: Path, format_text: str, packets: Path | None, as_json: bool) -> None:
    """Reads recorded frames, CADUs or soft symbols."""
    from fsw.ground.decode_command import decode_file, render_report

    report = decode_file(file, format_text, packets)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=1))
    else:
        click.echo(render_report(report), nl=False)
    sys.exit(report.exit_code)


@cli.command()
@click.option("--markdown", "form", flag_value="markdown", help="As a page to browse.")
@click.option("--xtce", "form", flag_value="xtce", help="As XTCE 1.2, for a ground system.")
@click.option(
    "--of",
    "computer",
    type=click.Choice(["orbiter", "rover"]),
    default="orbiter",
    show_default=True,
    help="Whose; the rover's as text only.",
)
def dictionary(form: str | None, computer: str) -> None:
    """Prints every telecommand and every telemetry report.

    Telecommands with effect, how to see that it worked, how it can fail, and arguments; reports with the
    position, size, unit, scale and limits of each field. Each says whether its layout is Tianwen-1's own
    or ours.
    """
    from fsw.dictionary import page, printed, xtce

    if computer == "rover":
        from fsw.dictionary import rover

        if form is not None:
            raise FswError(f"--{form}: of the rover's dictionary there is only the text")
        click.echo(printed.as_text(rover.BOOK), nl=False)
        return
    forms = {None: printed.as_text, "markdown": page.as_markdown, "xtce": xtce.document}
    click.echo(forms[form](), nl=False)


@cli.command(
    epilog="""\b
examples:
  fsw procedure check release.txt
  fsw procedure compile release.txt               writes release.obcp
  fsw procedure load release.txt | fsw console    loads it aboard

"""
    + EXIT_CODES
)
@click.argument("action", type=click.Choice(["check", "compile", "load"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where compile writes; FILE.obcp if not given.",
)
def procedure(action: str, file: Path, out: Path | None) -> None:
    """Compiles on-board control procedures.

    check tells what is wrong with one, line by line, or how large it is; compile writes the octets that go
    on board; load prints the telecommand that takes them there, for the console.
    """
    from fsw.ground import procedure_command as command

    try:
        compiled = command.compiled(file)
    except command.ProcedureError as error:
        for line, text in error.messages:
            click.echo(f"{file}:{line}: {text}", err=True)
        sys.exit(ERROR)
    if action == "load":
        click.echo(command.as_telecommand(compiled))
        return
    click.echo(command.told(compiled))
    if action == "compile":
        (out or file.with_suffix(command.SUFFIX)).write_bytes(compiled.octets)


@cli.command(
    epilog="""\b
a line for each request, and waits between them:
  WIFI ON @100
  wait 2 s
  CAMERA_START @101

\b
examples:
  fsw sequence check open.txt
  fsw sequence compile open.txt                   writes open.sequence
  fsw console, then: file send open.sequence; tc SEQUENCE_LOAD_AND_ACTIVATE OPEN '' open.sequence

"""
    + EXIT_CODES
)
@click.argument("action", type=click.Choice(["check", "compile"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where compile writes; FILE.sequence if not given.",
)
def sequence(action: str, file: Path, out: Path | None) -> None:
    """Compiles request sequences into files that the spacecraft loads by reference.

    check tells what is wrong with one, or its checksum, as SEQUENCE_CHECKSUM reports it; compile writes the
    octets that go on board as a file.
    """
    from fsw.ground import sequence_command as command

    octets = command.compiled(file)
    click.echo(command.told(octets))
    if action == "compile":
        (out or file.with_suffix(command.SUFFIX)).write_bytes(octets)


_FOLDER = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write pictures, downlink.cadu and telemetry.sqlite there.",
)


def _folder_for(out: Path | None, force: bool) -> Path | None:
    if out is not None:
        from fsw.harness.flight import prepare_folder

        prepare_folder(out, force)
    return out


_FORCE = click.option("--force", is_flag=True, help="Write into a folder that holds other files too.")


@cli.command(
    epilog="""\b
examples:
  fsw console                                   a flight of one's own, standing still at first
  fsw console tianwen1-cruise --rate 10
  fsw console --connect 127.0.0.1:10030         a spacecraft that `fsw serve` flies
  printf 'tc PING\nstep 3m\nverify\n' | fsw console

\b
in the session:
  step 5m             five minutes; `step until 16:05:00`, `run 10`, `run max`, `pause`
  release             arm and fire the camera's release mechanism, after a confirmation
  tc WIFI state=ON    any telecommand; Tab completes it from the dictionary
  telemetry RADIO     the latest values; `events`, `verify`, `pictures`, `status`
  file send FILE      a file goes up; `file list`, `file fetch NAME`, `help file`
  snapshot FILE       keep the whole flight; `restore FILE` goes back to it
  help                all of them; `help CAMERA_MODE` explains a telecommand

\b
exit codes:
  0    left
  1    a command failed, when they came from a pipe
  2    usage, nobody at that port, or something that is not allowed
  130  interrupted by Ctrl-C"""
)
@click.argument("mission", required=False)
@click.option("--connect", metavar="HOST:PORT", help="The control port of `fsw serve`.")
@click.option(
    "--rate",
    type=click.FloatRange(0, 1000),
    default=0.0,
    show_default=True,
    help="Mission seconds a second at first; 0 stands still.",
)
@_SEED
@_SIZE
@_LINK
@_PICTURES
@_PICTURE_CLASS
@_FILES
@_MEMORY
@_WORKERS
@_KEYS
@_FOLDER
@_FORCE
@click.pass_context
def console(
    context: click.Context,
    mission: str | None,
    connect: str | None,
    rate: float,
    seed: int,
    size: tuple[int, int] | None,
    link: Any,
    pictures: Any,
    picture_class: int | None,
    files: Path | None,
    memory: Path | None,
    workers: int | None,
    key_file: Path | None,
    out: Path | None,
    force: bool,
) -> None:
    """An operator's session: telecommands, telemetry, events, pictures, time.

    On a flight of MISSION of its own (the first of `fsw missions` if not given), or with --connect on a
    spacecraft that is live; then there is nothing else to choose. The clock is simulated UTC; what is
    received left the spacecraft one light time earlier, and telecommands take as long to get there.
    """
    chosen = [
        {"mission": "MISSION", "key_file": "--keys"}.get(name, f"--{name.replace('_', '-')}")
        for name in context.params
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE and name != "connect"
    ]
    if connect is not None and chosen:
        raise FswError(f"--connect: {', '.join(chosen)} cannot be chosen of a spacecraft that is live")
    from fsw.console.command import run_console
    from fsw.simulation import Settings

    folder = _folder_for(out, force)
    keys = None if connect is not None else _keys_of(key_file, mission)
    settings = Settings(seed, size, link, pictures, workers, keys, picture_class)
    sys.exit(
        run_console(mission, settings, connect=connect, rate=rate, folder=folder, memory=memory, files=files)
    )


def _port(context: click.Context, parameter: click.Parameter, number: int) -> int | None:
    return number if number >= 0 else None


def _address(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, int] | None:
    """`HOST:PORT`; none for `none`."""
    if text is None or text == "none":
        return None
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(f"{text!r}: allowed are HOST:PORT and none")
    return host, int(port)


_PORT = click.IntRange(-1, 65535)


@cli.command(
    epilog="""\b
ports, on 127.0.0.1 unless --bind says otherwise:
  10015  telemetry: TCP, any number of listeners; UDP to 127.0.0.1:10015, a datagram a unit
  10025  telecommand: TCP and UDP
  10030  control: fsw console --connect 127.0.0.1:10030

The telecommand port takes what anybody sends; with --keys the spacecraft obeys only frames protected
with them (SDLS). The control port is always open to who can reach it: bind another address only where
everybody may command the spacecraft.

\b
examples:
  fsw serve tianwen1-cruise
  fsw serve tianwen1-cruise --keys mine.keys
  fsw serve tianwen1-cruise --output frame --input frame --telemetry-to 127.0.0.1:7000
  nc 127.0.0.1 10015 > live.cadu & fsw decode live.cadu --format tianwen1

\b
exit codes:
  0    ended by Ctrl-C, the way to end it; files are whole
  2    usage, a port that is taken, or something that is not allowed"""
)
@click.argument("mission")
@click.option(
    "--bind", default="127.0.0.1", show_default=True, metavar="HOST", help="Where ports are opened."
)
@click.option(
    "--telemetry", type=_PORT, callback=_port, default=10015, show_default=True, help="Port; -1 for none."
)
@click.option(
    "--telecommand", type=_PORT, callback=_port, default=10025, show_default=True, help="Port; -1 for none."
)
@click.option(
    "--control", type=_PORT, callback=_port, default=10030, show_default=True, help="Port; -1 for none."
)
@click.option(
    "--telemetry-to",
    callback=_address,
    default="127.0.0.1:10015",
    show_default=True,
    metavar="HOST:PORT",
    help="Where UDP datagrams of telemetry go, or `none`.",
)
@click.option(
    "--output",
    type=click.Choice(["cadu", "frame", "symbols"]),
    default="cadu",
    show_default=True,
    help="CADUs, transfer frames, or convolutionally coded symbols, eight an octet.",
)
@click.option(
    "--input",
    "telecommands_as",
    type=click.Choice(["cltu", "frame"]),
    default="cltu",
    show_default=True,
    help="CLTUs, or telecommand transfer frames.",
)
@click.option(
    "--light-time", is_flag=True, help="Octets take as long as in space; otherwise they pass at once."
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1000),
    default=1.0,
    show_default=True,
    help="Mission seconds a second; 0 waits for an operator to say `run`.",
)
@_SEED
@_SIZE
@_PICTURES
@_PICTURE_CLASS
@_FILES
@_MEMORY
@_WORKERS
@_KEYS
@_FOLDER
@_FORCE
def serve(
    mission: str,
    bind: str,
    telemetry: int | None,
    telecommand: int | None,
    control: int | None,
    telemetry_to: tuple[str, int] | None,
    output: Any,
    telecommands_as: Any,
    light_time: bool,
    rate: float,
    seed: int,
    size: tuple[int, int] | None,
    pictures: Any,
    picture_class: int | None,
    files: Path | None,
    memory: Path | None,
    workers: int | None,
    key_file: Path | None,
    out: Path | None,
    force: bool,
) -> None:
    """A live spacecraft on sockets: telemetry out, telecommands in, at the wall's pace, until Ctrl-C.

    Nothing happens on board by itself but telemetry: release the camera by telecommand, or from a console.
    """
    from fsw.console.session import ControlRoom
    from fsw.harness.command import run_server
    from fsw.harness.server import Ports
    from fsw.simulation import Settings

    ports = Ports(bind, telemetry_to, telemetry, telecommand, control)
    keys = _keys_of(key_file, mission)
    settings = Settings(seed, size, "symbols", pictures, workers, keys, picture_class)
    code = run_server(
        mission,
        settings,
        operations=ControlRoom,
        ports=ports,
        output=output,
        input=telecommands_as,
        light_time=light_time,
        rate=rate,
        folder=_folder_for(out, force),
        memory=memory,
        files=files,
        log=lambda line: click.echo(line, err=True),
    )
    sys.exit(code)


@cli.command(
    epilog="""\b
examples:
  fsw keys mine.keys
  fsw fly tianwen1-cruise --keys mine.keys

\b
exit codes:
  0    the file is made
  2    usage, or there is such a file already"""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--session",
    "session_keys",
    type=int,
    default=8,
    show_default=True,
    metavar="N",
    help="Session keys; three are in use at launch, the others can be uploaded.",
)
def keys(file: Path, session_keys: int) -> None:
    """Makes FILE with new keys for a protected telecommand link.

    A master key and N session keys, from this system's random source, readable by you alone. Whoever has the
    file commands the spacecraft. It also counts the flights begun with it, so that no number is ever used
    twice: give every flight the file itself, not a copy. An existing file is never overwritten.
    """
    from fsw.harness.key_file import make_key_file

    make_key_file(file, session_keys)
    click.echo(f"{file}: a master key and {session_keys} session keys")


@cli.command(
    epilog="""\b
examples:
  fsw bench
  fsw bench --only viterbi --only rs_decode_16
  fsw bench --json > figures.json

\b
exit codes:
  0    every figure that has a goal meets it
  1    some do not
  2    usage"""
)
@click.option("--only", multiple=True, metavar="NAME", help="This figure; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of figures.")
def bench(only: tuple[str, ...], as_json: bool) -> None:
    """Measures speeds, beside peers and limits that are measured in the same run.

    The whole flights take some minutes; nothing else should run meanwhile. A peer that is not installed
    is named, and its ratio left out.
    """
    from dataclasses import asdict

    from fsw.bench.suite import measured

    figures = []
    for figure in measured(only):
        figures.append(figure)
        if not as_json:
            beside = "" if figure.ratio is None else f"{figure.ratio:10.1f} x {figure.peer}"
            verdict = {True: "met", False: "NOT MET", None: "not judged"}[figure.met]
            value = f"{figure.name:<20} {figure.value:10.4g} {figure.unit:<12}"
            click.echo(f"{value}{beside:<24} goal {figure.goal}: {verdict}")
    if as_json:
        click.echo(json.dumps([asdict(figure) for figure in figures], indent=1))
    sys.exit(1 if any(figure.met is False for figure in figures) else 0)


cli.add_command(campaign)
cli.add_command(recontact)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: every end of a command is an exit code, and at most one line of error."""
    # A flight keeps much and leaves few cycles: the collector would look through all of it for nothing.
    gc.set_threshold(50_000, 20, 100)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """As `main`, but returns the exit code."""
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        # Not click's own main: it decides itself what a closed pipe and Ctrl-C exit with.
        with cli.make_context("fsw", given) as context:
            cli.invoke(context)
        return _flushed(0)
    except SystemExit as end:
        return _flushed(end.code if isinstance(end.code, int) else 0)
    except click.exceptions.Exit as end:
        return _flushed(end.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _failed("interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except FswError as error:
        return _failed(str(error), ERROR)
    except BrokenPipeError:
        return _quiet()
    except OSError as error:
        if error.errno == errno.EPIPE:
            return _quiet()
        return _failed(f"{error.filename or 'output'}: {error.strerror or error}", ERROR)
    except Exception as error:
        if os.environ.get("FSW_DEBUG"):
            raise
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        return _failed(f"a fault in fsw itself: {told} (FSW_DEBUG=1 shows where)", BUG)


def _failed(text: str, code: int) -> int:
    click.echo(f"fsw: {' '.join(text.split())}", err=True)
    return code


def _flushed(code: int) -> int:
    """What is still in the buffer may be what nobody reads."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet()
    return code


def _quiet() -> int:
    """The reader of our output has gone, as `| head` does: nothing to say, and nothing at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
