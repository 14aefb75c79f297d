"""Does the inspecting camera strike its host? The probability, for each fault, with the monitor and without.

Each run draws release, delay, sensor errors and the fault's instant as the mission's [dispersions] say, from
streams named for run and quantity; then it is flown with every kind of fault, each with the monitor on and
off. So the columns of the table differ by nothing but what they are named for.

Re-contact: the camera, once released, touches the host's surface (a gap of a millimetre). Entering the
keep-out sphere, after having been outside, is looked at once a cycle.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fsw.campaign import crew
from fsw.campaign.likelihood import interval
from fsw.campaign.variation import AZIMUTH, tilted
from fsw.core.errors import FswError
from fsw.inspection import InspectionFlight, surroundings, without_monitor
from fsw.kernel.seeds import Stream, Streams
from fsw.kernel.time import SECOND
from fsw.missions.inspection import FAULTS, Inspection
from fsw.world.relative_motion import Neighbourhood
from fsw.world.vectors import unit

Row = dict[str, Any]
RUNS = 250  # unless said otherwise
FEW = 40  # rows that are there before other processes have begun
_QUANTITIES = {
    "speed_m_s": ("release", "speed_m_s"),
    "tumble_deg_s": ("release", "tumble_deg_s"),
    "sensor_error_factor": ("sensor", "error_factor"),
    "fault_after_s": ("fault", "after_s"),
    "range_factor": ("fault", "range_factor"),
}


@dataclass(frozen=True, slots=True)
class Varied:
    """One run, but for its fault's kind. seed: of its flights. drawn: by quantity."""

    mission: Inspection
    seed: int
    drawn: dict[str, float]


def varied(mission: Inspection, campaign_seed: int, run: int) -> Varied:
    """Run `run` of the campaign with that seed, from 0. Raises FswError: nothing is varied, or not so."""
    if mission.dispersions is None:
        raise FswError(f"mission {mission.name}: re-contact needs tables [dispersions.*], and it has none")
    drawn: dict[str, float] = {}
    for name, dispersion in mission.dispersions.varied().items():
        drawn[name] = dispersion.draw(Stream(campaign_seed, f"run {run}/{name}"))
    drawn[AZIMUTH] = Stream(campaign_seed, f"run {run}/{AZIMUTH}").between(0.0, 360.0)
    thruster = Stream(campaign_seed, f"run {run}/thruster").below(6)
    mission = replace(mission, fault=replace(mission.fault, thruster=thruster))
    for name, (table, key) in _QUANTITIES.items():
        if name in drawn:
            changed: Any = replace(getattr(mission, table), **{key: drawn[name]})
            mission = replace(mission, **{table: changed})
    direction = tilted(unit(mission.release.direction), drawn.get("direction_off_deg", 0.0), drawn[AZIMUTH])
    late_s = mission.camera.boot_s + drawn.get("late_s", 0.0)
    mission = replace(
        mission,
        release=replace(mission.release, direction=direction),
        camera=replace(mission.camera, boot_s=late_s),
    )
    drawn["thruster"] = thruster
    return Varied(mission, Streams(campaign_seed).seed_of(f"run {run}"), drawn)


@functools.lru_cache(maxsize=2)
def _around(mission: Inspection) -> Neighbourhood:
    return surroundings(mission)


def fly(mission: Inspection, campaign_seed: int, number: int) -> Row:
    """A row: flight `number` of all, which is run number // kinds with a kind of fault, on and off.

    mission: as its file has it, so that what is about its host is made once a process.
    """
    run, kind = divmod(number, len(FAULTS))
    one = varied(mission, campaign_seed, run)
    row: Row = {"number": number, "run": run, "fault": FAULTS[kind], **one.drawn}
    faulty = replace(one.mission, fault=replace(one.mission.fault, kind=FAULTS[kind]))
    for prefix, monitored in (("off", without_monitor(faulty)), ("on", _with_monitor(faulty))):
        flight = InspectionFlight(monitored, one.seed, _around(mission))
        flight.fly()
        row |= {
            f"{prefix}_contact_s": _seconds(flight.contact_ns),
            f"{prefix}_keep_out_s": _seconds(flight.keep_out_entered_ns),
            f"{prefix}_nearest_m": flight.nearest_m,
            f"{prefix}_aborted": flight.aborted,
            f"{prefix}_restarts": flight.inspector.restarts(),
        }
    return row


def _with_monitor(mission: Inspection) -> Inspection:
    return replace(mission, monitor=replace(mission.monitor, enabled=True))


def _seconds(t_ns: int | None) -> float | None:
    return None if t_ns is None else t_ns / SECOND


def rows_of(
    mission: Inspection,
    runs: int,
    seed: int,
    workers: int | None = None,
    told: Callable[[int], object] = lambda done: None,
) -> list[Row]:
    """All flights, in order, however many processes fly them. told: called with how many rows are done."""
    varied(mission, seed, 0)  # what is wrong with the file is said at once
    bare = replace(mission, figures={})
    one = functools.partial(fly, bare, seed)
    numbers = range(runs * len(FAULTS))
    found: dict[int, Row] = {}
    for row in _flown(one, numbers, workers):
        found[row["number"]] = row
        told(len(found))
    return [found[number] for number in numbers]


def _flown(one: Callable[[int], Row], numbers: range, workers: int | None) -> Iterator[Row]:
    if workers is None and len(numbers) <= FEW:
        workers = 1
    return (one(number) for number in numbers) if workers == 1 else crew.local(one, numbers, workers)


def summary_of(mission: Inspection, seed: int, rows: list[Row]) -> dict[str, Any]:
    """Counts, probabilities and their 95 % intervals (Clopper and Pearson), by fault and monitor."""
    table = []
    for kind in FAULTS:
        of_kind = [row for row in rows if row["fault"] == kind]
        line: dict[str, Any] = {"fault": kind, "runs": len(of_kind)}
        for prefix in ("off", "on"):
            struck = sum(row[f"{prefix}_contact_s"] is not None for row in of_kind)
            low, high = interval(struck, len(of_kind))
            line[prefix] = {
                "recontacts": struck,
                "probability": struck / len(of_kind),
                "low_95": low,
                "high_95": high,
                "keep_out_entered": sum(row[f"{prefix}_keep_out_s"] is not None for row in of_kind),
                "aborted": sum(row[f"{prefix}_aborted"] for row in of_kind),
            }
        table.append(line)
    return {
        "mission": mission.name,
        "kind": mission.mission.kind,
        "seed": seed,
        "runs": len(rows) // len(FAULTS),
        "days": mission.mission.default_duration_s / 86_400.0,
        "keep_out_m": mission.monitor.keep_out_m,
        "faults": table,
        "task_restarts": sum(row["off_restarts"] + row["on_restarts"] for row in rows),
    }


def text_of(summary: dict[str, Any]) -> str:
    """The summary as a table to read."""
    runs = summary["runs"]
    lines = [
        f"{summary['mission']}: {runs} releases, each flown with every fault, with the monitor and without; "
        f"seed {summary['seed']}, {summary['days']:g} days",
        f"{'':<15}{'monitor off':^40}{'monitor on':^48}",
        f"{'fault':<15}" + f"{'struck':>7}{'95 % interval':>20}{'keep-out':>10}   " * 2 + f"{'aborts':>8}",
    ]
    for line in summary["faults"]:
        text = f"{line['fault']:<15}"
        for prefix in ("off", "on"):
            found = line[prefix]
            between = f"{100 * found['low_95']:.2f} to {100 * found['high_95']:.2f} %"
            text += f"{found['recontacts']:>7}{between:>20}{found['keep_out_entered']:>10}   "
        lines.append(text + f"{line['on']['aborted']:>8}")
    return "\n".join(lines)
