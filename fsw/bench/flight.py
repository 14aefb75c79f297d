"""Whole flights, as times real time, and what a user waits for: figures of the main job.

Each flight runs in a process of its own, so that its peak memory is its own.
"""

import json
import resource
import subprocess
import sys
import time

from fsw.bench.figure import Figure

FLIGHTS = {
    # name: picture size, pictures, with release, duration [s] (0: the mission's), goal [x real time]
    "flight_800x600": ((800, 600), "rendered", True, 0, 33.0),
    "flight_1600x1200": ((1600, 1200), "rendered", True, 0, 8.0),
    "flight_stored_frame": ((800, 600), "test-card", True, 0, 300.0),
    "housekeeping": ((800, 600), "test-card", False, 2000, 1000.0),
}
HELP_GOAL_S = 0.3
MEMORY_GOAL_MB = 1000.0
HELP_RUNS = 5


def fly(name: str) -> dict[str, float]:
    """One flight in this process, its output to a temporary folder: times real time, peak memory [MB]."""
    import tempfile
    from pathlib import Path

    from fsw import missions
    from fsw.ground import plan
    from fsw.simulation import Settings, Simulation

    size, pictures, release, duration_s, _ = FLIGHTS[name]
    mission = missions.load("tianwen1-cruise")
    with tempfile.TemporaryDirectory(prefix="fsw-bench-") as folder:
        start = time.perf_counter()
        settings = Settings(size=size, pictures="test-card" if pictures == "test-card" else "rendered")
        with Simulation(mission, settings, Path(folder)) as simulation:
            duration_ns = duration_s * 1_000_000_000 or mission.default_duration_ns
            light_ns = simulation.heavens.light_time.one_way_light_time_ns(duration_ns)
            flight = plan.selfie(mission, duration_ns, light_ns) if release else plan.housekeeping()
            for step in flight.steps:
                simulation.command(step.telecommand, step.arguments, arrive_ns=step.arrive_ns)
            simulation.run_until(duration_ns)
            simulation.finish()
            summary = simulation.summary()
        wall_s = time.perf_counter() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "times_real_time": summary["simulated_s"] / wall_s,
        "peak_mb": peak_mb,
        "pictures_taken": summary["pictures_taken"],
        "pictures_received": summary["pictures_received"],
    }


def measure() -> list[Figure]:
    """All flights, and the time that `fsw --help` takes."""
    figures = []
    peak_mb = 0.0
    for name, (*_, goal) in FLIGHTS.items():
        command = [sys.executable, "-P", "-c", f"from fsw.bench.flight import main; main({name!r})"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        peak_mb = max(peak_mb, found["peak_mb"])
        value = found["times_real_time"]
        figures.append(
            Figure(name, value, "x real time", "real time", 1.0, value, f">= {goal:g}x", value >= goal)
        )
    seconds = min(_help_seconds() for _ in range(HELP_RUNS))
    figures.append(
        Figure("help_seconds", seconds, "s", "", None, None, f"< {HELP_GOAL_S} s", seconds < HELP_GOAL_S)
    )
    figures.append(
        Figure(
            "peak_memory_mb",
            peak_mb,
            "MB",
            "",
            None,
            None,
            f"< {MEMORY_GOAL_MB:g} MB",
            peak_mb < MEMORY_GOAL_MB,
        )
    )
    return figures


def _help_seconds() -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-P", "-c", "from fsw.cli import main; main(['--help'])"],
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - start


def main(name: str) -> None:
    """Fly one, print its figures as JSON."""
    print(json.dumps(fly(name)))
