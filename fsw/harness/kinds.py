"""How missions of each kind but flights are flown: `fsw fly` hands them over here.

A runner is a function (mission, settings, folder) -> Outcome in a module of its own, imported when it runs.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.harness import truth
from fsw.harness.flight import DOWNLINK, PICTURES, prepare_folder
from fsw.harness.outcome import SUMMARY, Outcome
from fsw.kernel.time import SECOND
from fsw.missions import Mission


@dataclass(frozen=True, slots=True)
class Runner:
    """entry: "module:function". writes: names in the folder, the first of them written first.

    options: of `fsw fly`, besides --out, --seed, --force and --json, by their parameters' names; those that
    were given come to the function in `settings`, with the seed.
    """

    entry: str
    writes: tuple[str, ...]
    options: frozenset[str] = frozenset()


def end_of(mission: Mission, settings: Mapping[str, Any]) -> int:
    """Mission time at which to stop: the `duration` that was given, or the mission's own."""
    given_s = settings["duration"]
    return round((mission.mission.default_duration_s if given_s is None else given_s) * SECOND)


RUNNERS: dict[str, Runner] = {
    "inspection": Runner(
        "fsw.harness.inspection:fly",
        (
            "trajectory.csv",
            "trajectory.parquet",
            "events.jsonl",
            DOWNLINK,
            PICTURES,
            truth.FILE,
            "inspection.png",
            SUMMARY,
        ),
        frozenset({"duration"}),
    ),
    "line-camera": Runner(
        "fsw.harness.line_camera:fly", ("geometry.csv", DOWNLINK, PICTURES, "views.png", truth.FILE, SUMMARY)
    ),
    "relay": Runner(
        "fsw.harness.relay_year:fly",
        ("passes.csv", "passes.parquet", "days.csv", "days.parquet", "relay.png", SUMMARY),
        frozenset({"duration"}),
    ),
    "rover": Runner(
        "fsw.harness.rover_campaign:fly",
        (
            "drives.csv",
            "drives.parquet",
            "sols.csv",
            "sols.parquet",
            "events.jsonl",
            "rover.png",
            PICTURES,
            truth.FILE,
            SUMMARY,
        ),
        frozenset({"duration"}),
    ),
    "phases": Runner(
        "fsw.harness.phases:fly", ("phases", "phases.png", SUMMARY), frozenset({"workers", "link"})
    ),
}
ALWAYS = {"mission", "out", "seed", "force", "as_json"}


def fly(mission: Mission, given: Mapping[str, str], values: Mapping[str, Any]) -> Outcome:
    """Flies a mission that is not of kind flight.

    given: the parameters of `fsw fly` that were given, with how each is written; values: of all. Raises
    FswError: an option that this kind has not, a folder that holds something else.
    """
    kind = mission.mission.kind
    runner = RUNNERS[kind]
    allowed = ALWAYS | runner.options
    for name, written in given.items():
        if name not in allowed:
            options = ", ".join(
                f"--{name}" for name in ("out", "seed", "force", "json", *sorted(runner.options))
            )
            raise FswError(f"{written}: {mission.name} is of kind {kind}; allowed are {options}")
    folder = values["out"] or Path(f"flight-{mission.name}-{values['seed']}")
    prepare_folder(folder, values["force"], frozenset((*runner.writes, SUMMARY + ".part")), runner.writes[0])
    settings = {name: values[name] for name in ("seed", *sorted(runner.options))}
    module, _, function = runner.entry.partition(":")
    outcome: Outcome = getattr(importlib.import_module(module), function)(mission, settings, folder)
    return outcome
