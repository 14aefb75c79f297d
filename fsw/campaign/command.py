"""`fsw campaign`: the run of the whole, and what it says meanwhile."""

import functools
import hashlib
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fsw.campaign import crew, results
from fsw.campaign.flight import FlightSettings, columns, fly
from fsw.campaign.ledger import Ledger
from fsw.campaign.variation import dispersions_of
from fsw.core.errors import FswError
from fsw.missions import MissionFile

LEDGER = "runs.log"


def run_campaign(
    mission: MissionFile,
    settings: FlightSettings,
    runs: int,
    out: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> dict[str, Any]:
    """All runs that are not in the folder yet, then the files; the summary.

    Raises FswError: a library is missing, the folder holds something else, nobody can fly.
    """
    results.check_libraries()
    identity = {
        "fsw": crew.own_version(),
        "mission": mission.name,
        # All values, without their labels and sources.
        "mission_sha256": hashlib.sha256(repr(mission).encode()).hexdigest(),
        "seed": settings.campaign_seed,
        "pictures": settings.pictures,
        "link": settings.link,
        "duration_s": settings.duration_s,
    }
    folder = Path(f"campaign-{mission.name}-{settings.campaign_seed}") if out is None else out
    _prepare(folder)
    with Ledger(folder / LEDGER, identity) as ledger:
        if ledger.rows and max(ledger.rows) >= runs:
            raise FswError(f"{folder}: it holds run {max(ledger.rows)} already; allowed is --runs above that")
        missing = [run for run in range(runs) if run not in ledger.rows]
        # Where each figure comes from need not travel with it.
        one = functools.partial(fly, replace(mission, figures={}), settings)
        rows = (
            crew.local(one, missing, workers) if scheduler is None else crew.on_dask(one, missing, scheduler)
        )
        with _progress(runs, len(ledger.rows)) as told, closing(_generator(rows)) as flown:
            try:
                for row in flown:
                    ledger.add(row)
                    told(len(ledger.rows))
            except KeyboardInterrupt:
                done = f"{len(ledger.rows)} of {runs} runs are done"
                print(f"fsw: {done}; the same command goes on", file=sys.stderr, flush=True)
                raise
        ordered = [ledger.rows[run] for run in range(runs)]
        return results.write(folder, ordered, columns(dispersions_of(mission)), identity)


def _generator(rows: Iterable[dict[str, Any]]) -> Generator[dict[str, Any], None, None]:
    yield from rows


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise FswError(f"output folder {folder}: {error.strerror or error}") from error
    if held and LEDGER not in held:
        raise FswError(f"output folder {folder}: it holds {', '.join(held[:3])}, not from a campaign")


@contextmanager
def _progress(runs: int, done: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, ten lines elsewhere; on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if console.is_terminal:
        bar = (BarColumn(30), MofNCompleteColumn(), TextColumn("runs"), TimeRemainingColumn())
        with Progress(*bar, console=console, transient=True) as progress:
            task = progress.add_task("", total=runs, completed=done)
            yield lambda count: progress.update(task, completed=count)
        return
    said = 10 * done // runs

    def tell(count: int) -> None:
        nonlocal said
        if 10 * count // runs > said:
            said = 10 * count // runs
            print(f"{count} of {runs} runs", file=sys.stderr, flush=True)

    if done:
        print(f"{done} of {runs} runs are there already", file=sys.stderr, flush=True)
    yield tell
