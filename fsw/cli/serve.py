"""`fsw serve`: a live spacecraft on sockets."""

import sys
from pathlib import Path
from typing import Any

import click

from fsw.cli.options import (
    FILES,
    FOLDER,
    FORCE,
    KEYS,
    MEMORY,
    PICTURE_CLASS,
    PICTURES,
    SEED,
    SIZE,
    WORKERS,
    folder_for,
    keys_of,
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


@click.command(
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
@SEED
@SIZE
@PICTURES
@PICTURE_CLASS
@FILES
@MEMORY
@WORKERS
@KEYS
@FOLDER
@FORCE
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
    keys = keys_of(key_file, mission)
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
        folder=folder_for(out, force),
        memory=memory,
        files=files,
        log=lambda line: click.echo(line, err=True),
    )
    sys.exit(code)
