"""`fsw fly`: the main job."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from fsw.cli.exit_codes import EXIT_CODES, INTERRUPTED
from fsw.cli.options import KEYS, LINK, MEMORY, PICTURE_CLASS, PICTURES, SEED, SIZE, WORKERS, given, keys_of


@click.command(
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
@SEED
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
@SIZE
@LINK
@PICTURES
@PICTURE_CLASS
@click.option(
    "--wifi-class",
    type=click.Choice(["parts", "1", "2"]),
    help="How pictures come from the camera: in parts, or as CFDP files of class 1, or of class 2 to ask for "
    "what was lost. Default: the mission's.",
)
@click.option(
    "--selection", type=click.IntRange(0, 1000), metavar="N", help="How many full pictures to bring."
)
@MEMORY
@WORKERS
@KEYS
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

        told = kinds.fly(mission_file, given(context), context.params)
        click.echo(json.dumps(told.summary, indent=1) if as_json else told.text())
        if told.summary.get("interrupted"):
            click.echo("fsw: interrupted; what was written is whole", err=True)
            sys.exit(INTERRUPTED)
        return
    folder = Path(f"flight-{mission_file.name}-{seed}") if out is None else out
    prepare_folder(folder, force)
    keys = keys_of(key_file, mission)
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
