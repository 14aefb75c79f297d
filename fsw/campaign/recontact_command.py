"""`fsw recontact`: arguments, what it prints, and its files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fsw.core.errors import FswError

if TYPE_CHECKING:
    from fsw.campaign.recontact import Answer

PARQUET, SUMMARY, PLOT = "recontact.parquet", "recontact.json", "recontact.png"

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
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    }
    for name in ("days", "keep_out", "any_direction"):
        if name in given:
            raise FswError(
                f"--{name.replace('_', '-')}: {mission.name} is of kind inspection, whose file has it"
            )
    if out is not None:
        results.check_libraries("--out")
    runs = given.get("draws", inspections.RUNS)
    rows = inspections.rows_of(mission, runs, seed)
    summary = inspections.summary_of(mission, seed, rows)
    if out is not None:
        inspection_files.write(out, rows, summary)
    click.echo(json.dumps(summary, indent=1) if as_json else inspections.text_of(summary))


def text_of(summary: dict[str, Any]) -> str:
    """The answer as a table to read."""
    aimed = "in any direction" if summary["direction"] == "any" else "as dispersed"
    lines = [
        f"{summary['mission']}: {summary['draws']} releases {aimed}, seed {summary['seed']}, watched for "
        f"{summary['days']:g} days"
        + ("" if summary["period_h"] is None else f", {summary['period_h']:.2f} h a revolution"),
        f"{'radius [m]':>10} {'re-contacts':>12} {'probability':>12} {'95 % interval':>25}"
        f" {'median first [h]':>17}",
    ]
    for row in summary["radii"]:
        first = "-" if row["median_first_h"] is None else f"{row['median_first_h']:.2f}"
        between = f"{row['low_95']:.2e} to {row['high_95']:.2e}"
        lines.append(
            f"{row['radius_m']:>10g} {row['recontacts']:>12} {row['probability']:>12.3e}"
            f" {between:>25} {first:>17}"
        )
        if row.get("by_revolution"):
            counts = ", ".join(
                f"{number}: {count}" for number, count in list(row["by_revolution"].items())[:8]
            )
            lines.append(f"{'':>10} first about the end of revolution {counts}")
    nearest = summary["closest_return_m"]
    if nearest is None:
        lines.append("none began to come nearer again, once beyond all these radii")
    else:
        lines.append(
            f"{summary['turned_back']} came nearer again from beyond all these radii, the closest to"
            f" {nearest:.0f} m"
        )
    ends = summary["end_m"]
    lines.append(f"at the end {ends['least'] / 1000:.3g} to {ends['most'] / 1000:.3g} km away")
    return "\n".join(lines)


def write(folder: Path, answer: "Answer") -> None:
    """All three files. Raises FswError when they cannot be."""
    import pyarrow
    import pyarrow.parquet

    from fsw.campaign.recontact import COLUMNS

    try:
        folder.mkdir(parents=True, exist_ok=True)
        fields = [
            pyarrow.field(name, pyarrow.float64(), metadata={"unit": unit, "meaning": meaning})
            for name, (unit, meaning) in COLUMNS.items()
        ]
        schema = pyarrow.schema(fields, metadata={"recontact": json.dumps(answer.summary)})
        arrays = [pyarrow.array(answer.columns[name]) for name in COLUMNS]
        pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), folder / PARQUET)
        (folder / SUMMARY).write_text(json.dumps(answer.summary, indent=1) + "\n", encoding="utf-8")
        _plot(folder / PLOT, answer)
    except OSError as error:
        raise FswError(f"{error.filename or folder}: {error.strerror or error}") from error


def _plot(path: Path, answer: "Answer") -> None:
    import numpy as np

    from fsw.campaign.results import new_figure, save_figure

    summary, columns = answer.summary, answer.columns
    figure = new_figure(12.0, 5.0)
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    for row in summary["radii"]:
        radius, low, high = row["radius_m"], row["low_95"], row["high_95"]
        if row["recontacts"]:
            left.plot([radius, radius], [max(low, high / 1e4), high], color="#4477aa", linewidth=2)
            left.plot([radius], [row["probability"]], "o", color="#4477aa")
        else:  # nothing counted: below the interval's upper end
            left.plot([radius], [high], marker="v", color="#cc3311", markersize=9)
    left.set(xscale="log", yscale="log", xlabel="radius about the orbiter's origin [m]")
    left.set_ylabel("probability of re-contact")
    left.set_title("95 % intervals; red: none counted, its upper end", fontsize=9)
    left.grid(which="both", alpha=0.3)
    came = np.isfinite(columns["closest_return_m"])
    if came.any():
        ahead, closest = columns["ahead_m_s"][came], columns["closest_return_m"][came]
        right.plot(ahead, closest, ".", markersize=2, color="#4477aa", alpha=0.5)
        right.set(yscale="log", xlabel="release velocity along the orbiter's own [m/s]")
        right.set_ylabel("closest return [m]")
        for radius in answer.radii_m:
            right.axhline(radius, color="#cc3311", linewidth=0.8, linestyle=":")
    else:
        right.hist(columns["end_m"] / 1000, bins=60, color="#4477aa")
        right.set(xlabel="distance at the end [km]; none came nearer again", ylabel="releases per bin")
    right.grid(alpha=0.3)
    aimed = "any direction" if summary["direction"] == "any" else "dispersed about the planned direction"
    figure.suptitle(
        f"{summary['mission']}: {summary['draws']} releases, {aimed}; {summary['days']:g} days;"
        f" seed {summary['seed']}"
    )
    save_figure(figure, path)
