"""`fsw console`: an operator's session."""

import sys
from pathlib import Path
from typing import Any

import click

from fsw.cli.options import (
    FILES,
    FOLDER,
    FORCE,
    KEYS,
    LINK,
    MEMORY,
    PICTURE_CLASS,
    PICTURES,
    SEED,
    SIZE,
    WORKERS,
    folder_for,
    given,
    keys_of,
)
from fsw.core.errors import FswError


@click.command(
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
@SEED
@SIZE
@LINK
@PICTURES
@PICTURE_CLASS
@FILES
@MEMORY
@WORKERS
@KEYS
@FOLDER
@FORCE
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
    chosen = [written for name, written in given(context).items() if name != "connect"]
    if connect is not None and chosen:
        raise FswError(f"--connect: {', '.join(chosen)} cannot be chosen of a spacecraft that is live")
    from fsw.console.command import run_console
    from fsw.simulation import Settings

    folder = folder_for(out, force)
    keys = None if connect is not None else keys_of(key_file, mission)
    settings = Settings(seed, size, link, pictures, workers, keys, picture_class)
    sys.exit(
        run_console(mission, settings, connect=connect, rate=rate, folder=folder, memory=memory, files=files)
    )
