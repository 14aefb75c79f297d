"""Options that several commands have, and what they mean."""

from pathlib import Path
from typing import Any

import click


def _size(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.partition("x")
    return int(width), int(height)


SEED = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Everything random."
)
SIZE = click.option(
    "--size",
    type=click.Choice(["800x600", "1600x1200", "2048x2048"]),
    callback=_size,
    help="Of the pictures; the mission's own if not given.",
)
LINK = click.option(
    "--link",
    type=click.Choice(["symbols", "frames"]),
    default="symbols",
    show_default=True,
    help="What the X-band carries: noisy soft symbols, or frames without noise.",
)
PICTURE_CLASS = click.option(
    "--picture-class",
    type=click.IntRange(1, 2),
    help="CFDP class of picture files: 1, or 2 to ask for what was lost. Default: the mission's.",
)
PICTURES = click.option(
    "--pictures",
    type=click.Choice(["rendered", "test-card"]),
    default="rendered",
    show_default=True,
    help="What the sensors see.",
)
MEMORY = click.option(
    "--memory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the orbiter's mass memory there: the next run with this folder finds what it holds.",
)
FILES = click.option(
    "--files",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The ground's file store: a folder for files up and down; in memory if not given.",
)
KEYS = click.option(
    "--keys",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Protect the telecommands with these keys, which `fsw keys FILE` makes.",
)
WORKERS = click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="Threads that make pictures; one a processor if not given. They change no result.",
)
FOLDER = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write pictures, downlink.cadu and telemetry.sqlite there.",
)
FORCE = click.option("--force", is_flag=True, help="Write into a folder that holds other files too.")


def folder_for(out: Path | None, force: bool) -> Path | None:
    """The folder of --out, made and found empty, or what --force allows."""
    if out is not None:
        from fsw.harness.flight import prepare_folder

        prepare_folder(out, force)
    return out


def keys_of(key_file: Path | None, mission: str | None) -> Any:
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


def given(context: click.Context) -> dict[str, str]:
    """Names of the parameters that were given, as they were typed, with how each is written."""
    chosen = click.core.ParameterSource.COMMANDLINE
    written = {
        str(one.name): one.opts[0] if isinstance(one, click.Option) else one.human_readable_name
        for one in context.command.params
    }
    return {name: written[name] for name in context.params if context.get_parameter_source(name) is chosen}
