"""`fsw recontact`: whether the released camera comes back."""

import json
from pathlib import Path
from typing import Any

import click

from fsw.campaign.recontact_files import PARQUET, PLOT, SUMMARY, text_of, write
from fsw.cli.options import given
from fsw.core.errors import FswError

EPILOG = """\b
Re-contact, for a radius: having been farther from the orbiter's origin than that, the camera is nearer
again. The first radius is that of the sphere which holds all of the orbiter (the mission file's
recontact.host_radius_m): a camera that does not come back into it touches nothing. The others are
keep-out spheres. The interval is Clopper's and Pearson's, 95 %: it holds the true probability, of these
dispersions and this model, at least as often as that.

\b
The model: two bodies left to themselves, from the release on. About a planet its gravity with J2 to J4 and
the Sun's tide, else the Sun's gravity; sunlight's push on areas and masses of the mission file. Left out:
other harmonics, air, other bodies, the orbiter's gravity and manoeuvres. Varied: speed, direction, spin
(axis and rate) and instant of the release, as [dispersions] say and by the mechanism's own spread.

\b
Of a mission of kind inspection each release is flown with the camera's own software, once for every kind of
fault with its collision monitor and once without; re-contact there is contact of the two surfaces. DRAWS is
250 then, if not given: 3500 flights, some minutes on all processors.

\b
examples:
  fsw recontact tianwen1-mars
  fsw recontact inspector --draws 1000 --out inspected
  fsw recontact tianwen1-mars --any-direction --draws 100000 --out recontact
  fsw recontact tianwen1-cruise --days 100 --keep-out 500

\b
exit codes:
  0    done
  2    usage, or something that is not allowed: one line says what is
  130  interrupted by Ctrl-C"""


@click.command(epilog=EPILOG)
@click.argument("mission")
@click.option(
    "--draws",
    type=click.IntRange(1, 10_000_000),
    default=20_000,
    show_default=True,
    help="How many releases.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Of the draws.")
@click.option(
    "--days",
    type=click.FloatRange(0.01, 400),
    metavar="D",
    help="How long to watch; the mission's recontact.days if not given.",
)
@click.option(
    "--keep-out",
    type=click.FloatRange(0.1, 1e6),
    multiple=True,
    metavar="M",
    help="Radius of a keep-out sphere [m]; may be given several times. Default: 50, 200, 1000.",
)
@click.option(
    "--any-direction",
    is_flag=True,
    help="The camera leaves in whatever direction, all as likely: what if it were not aimed?",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Write {PARQUET} (a row a draw), {SUMMARY} and {PLOT} there.",
)
@click.option("--json", "as_json", is_flag=True, help=f"Print what {SUMMARY} holds instead of a table.")
def recontact(
    mission: str,
    draws: int,
    seed: int,
    days: float | None,
    keep_out: tuple[float, ...],
    any_direction: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """How probable it is that the released camera comes back to its orbiter.

    Draws many releases and propagates camera and orbiter, each on a path of its own, over days. The same
    mission, seed and options give the same releases.
    """
    from fsw import missions
    from fsw.campaign import results
    from fsw.missions.inspection import Inspection

    inspection = missions.load(mission)
    if isinstance(inspection, Inspection):
        _of_inspection(inspection, seed, out, as_json)
        return
    from fsw.campaign.recontact import KEEP_OUT_M, Question, ask

    found = missions.load(mission, missions.MissionFile)
    if out is not None:
        results.check_libraries("--out")
    answer = ask(found, Question(draws, seed, days, keep_out or KEEP_OUT_M, any_direction))
    if out is not None:
        write(out, answer)
    click.echo(json.dumps(answer.summary, indent=1) if as_json else text_of(answer.summary))


def _of_inspection(mission: Any, seed: int, out: Path | None, as_json: bool) -> None:
    """A camera that steers: flown with its software, each release with every fault."""
    from fsw.campaign import inspection_files, inspections, results

    context = click.get_current_context()
    chosen = given(context)
    for name in ("days", "keep_out", "any_direction"):
        if name in chosen:
            raise FswError(f"{chosen[name]}: {mission.name} is of kind inspection, whose file has it")
    if out is not None:
        results.check_libraries("--out")
    runs = context.params["draws"] if "draws" in chosen else inspections.RUNS
    rows = inspections.rows_of(mission, runs, seed)
    summary = inspections.summary_of(mission, seed, rows)
    if out is not None:
        inspection_files.write(out, rows, summary)
    click.echo(json.dumps(summary, indent=1) if as_json else inspections.text_of(summary))
