"""`fsw gallery`: a contact sheet of every mission."""

import sys
from pathlib import Path

import click

from fsw.cli.exit_codes import INTERRUPTED
from fsw.cli.options import SEED, WORKERS


@click.command(
    epilog="""\b
files in DIR:
  NAME.jpg            a mission's contact sheet: pictures with time, distance, lens and exposure, and the
                      figures behind them, stated, derived and assumed
  index.html          all of the sheets; every figure with its source
  flights/NAME/       the flights, as `fsw fly` leaves them

\b
examples:
  fsw gallery
  fsw gallery tianwen1-mars --size 1600x1200 --out mars

\b
exit codes:
  0    done
  2    usage, or something that is not allowed: one line says what is
  130  interrupted by Ctrl-C; sheets and files are whole"""
)
@click.argument("mission", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("gallery"),
    show_default=True,
    metavar="DIR",
    help="Where the files go.",
)
@SEED
@click.option(
    "--size",
    type=click.Choice(["800x600", "1600x1200"]),
    help="Of the pictures; the mission's own if not given.",
)
@WORKERS
@click.option("--force", is_flag=True, help="Fly into folders that hold other files too.")
def gallery(
    mission: tuple[str, ...], out: Path, seed: int, size: str | None, workers: int | None, force: bool
) -> None:
    """Flies all missions, or each MISSION, and makes a contact sheet of each.

    Each flies in the shortest form that shows what it shows. The same missions, seed and size give the same
    sheets, but for what another version of Pillow makes of them.
    """
    from fsw import missions
    from fsw.harness.gallery import PAGE, Gallery
    from fsw.harness.progress import watcher
    from fsw.harness.stopping import stopping
    from fsw.simulation import Settings

    width, _, height = (size or "").partition("x")
    settings = Settings(seed, (int(width), int(height)) if size else None, workers=workers)
    show = Gallery(mission or missions.names(), settings, out, force, watcher)
    for page in show.fly(stopping):
        click.echo(f"{page.name:<20} {len(page.shown)} shown on {out / page.sheet}")
    if show.stopped:
        click.echo(f"fsw: interrupted; the sheets in {out} are whole", err=True)
        sys.exit(INTERRUPTED)
    click.echo(f"{'all':<20} {out / PAGE}")
