"""`fsw campaign`: many flights, each varied."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from fsw.core.errors import FswError

EPILOG = """\b
A run's values are drawn from streams named for the campaign's seed, the run's number and the quantity,
so each run can be flown again alone, and gives the same row whoever flew it, in whatever order. (On
processors of another kind, what is reckoned from the flight by sines and the like, angles and shares of
pictures, may differ in its last digit; the flight itself does not.)

\b
--pictures none flies all of the flight software, the release, the camera's way, tumble and battery, and
the Wi-Fi with its losses; but the camera's sensors never answer. So it draws its power and sends its
health, and takes no picture: the Wi-Fi carries little, and how many pictures it would have brought over
is reckoned from the link's rate and loss along the way (pictures_deliverable). Such a flight ends 5 s
after the Wi-Fi link has ended. With --link none the orbiter's transmitter has no carrier: its reports are
made and stored on board, and nobody receives them.

\b
files in DIR (default: campaign-MISSION-SEED):
  runs.log            a row a run as it came, to go on from; append only
  runs.parquet        the table; units and meanings are in the columns' metadata
  summary.json        mean, deviation, extremes and quantiles of each column
  distributions.png   histograms
  dependence.png      rank correlations of what was drawn with what came of it

\b
The same command goes on where it was killed; with a larger --runs it adds to the campaign.

\b
examples:
  fsw campaign tianwen1-cruise --runs 1000
  fsw campaign tianwen1-cruise --run 17              that run alone, its row as JSON
  fsw campaign ./mine.toml --runs 200 --seed 5 --out varied
  fsw campaign tianwen1-cruise --runs 50 --pictures test-card
  dask scheduler & dask worker tcp://127.0.0.1:8786 & fsw campaign tianwen1-mars --runs 500 \\
      --scheduler tcp://127.0.0.1:8786

\b
exit codes:
  0    done
  1    some runs could not be flown; the others are in the table
  2    usage, or something that is not allowed: one line says what is
  130  interrupted by Ctrl-C; the same command goes on"""


@click.command(epilog=EPILOG)
@click.argument("mission")
@click.option("--runs", type=click.IntRange(1, 10_000_000), metavar="N", help="How many flights, 0 to N - 1.")
@click.option("--run", "alone", type=click.IntRange(0), metavar="K", help="Only this one; prints its row.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Of the campaign."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the files go.")
@click.option(
    "--pictures",
    type=click.Choice(["none", "test-card", "rendered"]),
    default="none",
    show_default=True,
    help="What the sensors see.",
)
@click.option(
    "--link",
    type=click.Choice(["none", "frames", "symbols"]),
    help="What the X-band carries: nothing, frames without noise, or noisy soft symbols. Default: none"
    " without pictures, else frames.",
)
@click.option(
    "--duration",
    type=click.FloatRange(1, 1e7),
    metavar="S",
    help="Mission time that no flight exceeds [s]. Default: the mission's own; twice that without pictures.",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes; one a processor if not given.")
@click.option("--scheduler", metavar="ADDRESS", help="Fly on this Dask cluster instead.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json instead of a table.")
def campaign(
    mission: str,
    runs: int | None,
    alone: int | None,
    seed: int,
    out: Path | None,
    pictures: Any,
    link: Any,
    duration: float | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Flies MISSION many times, each time varied, and says how it went.

    What is varied, and how, say the tables [dispersions.*] of the mission file; everything else that is
    random in a flight differs from run to run, too.
    """
    from fsw import missions
    from fsw.campaign.command import run_campaign
    from fsw.campaign.flight import FlightSettings, fly
    from fsw.campaign.results import text_of
    from fsw.campaign.variation import check_limits, varies_a_release

    if (runs is None) == (alone is None):
        raise FswError("allowed is one of --runs N and --run K")
    found = missions.load(mission)
    if not varies_a_release(found):
        fitting = (name for name in missions.names() if varies_a_release(missions.load(name)))
        raise FswError(
            f"mission {found.name}: a campaign varies how a camera is released, as tables [dispersions.*] of"
            f" the mission file say; allowed are {', '.join(fitting)}, and your own that have both"
        )
    assert isinstance(found, missions.MissionFile)
    check_limits(found)
    link = link or ("none" if pictures == "none" else "frames")
    settings = FlightSettings(seed, pictures, link, duration)
    if alone is not None:
        click.echo(json.dumps(fly(found, settings, alone), indent=1))
        return
    assert runs is not None
    summary = run_campaign(found, settings, runs, out, workers, scheduler)
    click.echo(json.dumps(summary, indent=1) if as_json else text_of(summary))
    sys.exit(1 if summary["failed"] else 0)
