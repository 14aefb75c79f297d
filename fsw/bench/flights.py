"""Whole flights, telemetry alone, the memory that a flight needs, and how soon help is shown.

Flights and help run in processes of their own, timed from outside, start-up included: what a user waits.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path

from fsw import missions
from fsw.bench.figure import Figure
from fsw.ground import plan
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = "tianwen1-cruise"
HOUSEKEEPING_S = 2000
HELP_RUNS = 5
_FSW = (sys.executable, "-P", "-c", "from fsw.cli import main; main()")
_GOALS = {"flight_800x600": 33, "flight_1600x1200": 8, "flight_stored_frame": 300}
_OPTIONS = {
    "flight_800x600": ("--size", "800x600"),
    "flight_1600x1200": ("--size", "1600x1200"),
    "flight_stored_frame": ("--size", "800x600", "--pictures", "test-card"),
}
MOST_MEMORY_MB = 1000
SLOWEST_HELP_S = 0.3


def measure(names: Collection[str]) -> list[Figure]:
    """flight_*, housekeeping, help_seconds, peak_memory_mb: those of `names`.

    peak_memory_mb is of the largest flight measured; of flight_800x600 when no other is asked for.
    """
    figures, peaks = [], []
    for name in _GOALS:
        if name in names:
            speed, peak_mb = _flight(name)
            figures.append(_times_real_time(name, speed, _GOALS[name]))
            peaks.append(peak_mb)
    others: dict[str, Callable[[], Figure]] = {
        "housekeeping": _housekeeping,
        "help_seconds": _help,
        "peak_memory_mb": lambda: _memory(peaks or [_flight("flight_800x600")[1]]),
    }
    return figures + [other() for name, other in others.items() if name in names]


def _times_real_time(name: str, speed: float, goal: float) -> Figure:
    return Figure(name, speed, "x real time", "", None, None, f"{goal:g} x", speed >= goal)


def _flight(name: str) -> tuple[float, float]:
    """Times real time, and the peak of resident memory [MB]."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ("fly", MISSION, "--out", str(Path(folder) / "flight"), *_OPTIONS[name])
        start = time.perf_counter()
        process = subprocess.Popen([*_FSW, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"fsw {' '.join(arguments)} ended with exit code {process.returncode}")
    flown_s = missions.load(MISSION, missions.MissionFile).mission.default_duration_s
    return flown_s / seconds, used.ru_maxrss / 1024


def _housekeeping() -> Figure:
    """Orbiter, radio with noise, receiver and ground; nothing is released."""
    start = time.perf_counter()
    with Simulation(
        missions.load(MISSION, missions.MissionFile), Settings(pictures="test-card")
    ) as simulation:
        for step in plan.housekeeping().steps:
            simulation.command(step.telecommand, step.arguments, arrive_ns=step.arrive_ns)
        simulation.run_until(HOUSEKEEPING_S * SECOND)
        simulation.finish()
    return _times_real_time("housekeeping", HOUSEKEEPING_S / (time.perf_counter() - start), 1000)


def _help() -> Figure:
    seconds = []
    for _ in range(HELP_RUNS):
        start = time.perf_counter()
        subprocess.run([*_FSW, "--help"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    best = min(seconds)
    goal = f"under {SLOWEST_HELP_S} s"
    return Figure("help_seconds", best, "s", "", None, None, goal, best < SLOWEST_HELP_S)


def _memory(peaks_mb: list[float]) -> Figure:
    peak = max(peaks_mb)
    goal = f"under {MOST_MEMORY_MB} MB"
    return Figure("peak_memory_mb", peak, "MB", "", None, None, goal, peak < MOST_MEMORY_MB)
