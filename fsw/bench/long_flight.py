"""Many hours of housekeeping and storage: how fast they pass, and whether memory stays what it is.

Run in a process of its own, whose memory is its own. `python -m fsw.bench.long_flight DAYS` flies as long
as one likes.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fsw import missions
from fsw.bench.figure import Figure
from fsw.ground import plan
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

DAYS = 0.5
SETTLED = 0.25  # of the flight: by then all buffers have their size
MOST_GROWTH_MB = 16
GOAL = 1000
_STEPS = 240


def measure() -> list[Figure]:
    """long_flight, long_flight_growth_mb."""
    command = (sys.executable, "-P", "-m", "fsw.bench.long_flight", str(DAYS))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    speed, growth_mb = found["times_real_time"], found["growth_mb"]
    goal_mb = f"under {MOST_GROWTH_MB} MB"
    return [
        Figure("long_flight", speed, "x real time", "", None, None, f"{GOAL} x", speed >= GOAL),
        Figure("long_flight_growth_mb", growth_mb, "MB", "", None, None, goal_mb, growth_mb < MOST_GROWTH_MB),
    ]


def fly(days: float) -> dict[str, float]:
    """times_real_time; growth_mb of resident memory from SETTLED on; disk_mb of the output."""
    end_ns = round(days * 86_400 * SECOND)
    start, settled_mb, most_mb = time.perf_counter(), 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "flight"
        with Simulation(
            missions.load("tianwen1-cruise", missions.MissionFile), Settings(pictures="test-card"), out
        ) as simulation:
            for step in plan.housekeeping().steps:
                simulation.command(step.telecommand, step.arguments, arrive_ns=step.arrive_ns)
            for number in range(1, _STEPS + 1):
                simulation.run_until(end_ns * number // _STEPS)
                resident_mb = _resident_mb()
                if number <= SETTLED * _STEPS:
                    settled_mb = max(settled_mb, resident_mb)
                most_mb = max(most_mb, resident_mb)
            simulation.finish()
        disk_mb = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 2**20
    seconds = time.perf_counter() - start
    return {
        "times_real_time": days * 86_400 / seconds,
        "growth_mb": most_mb - settled_mb,
        "peak_mb": most_mb,
        "disk_mb": disk_mb,
    }


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    print(json.dumps(fly(float(sys.argv[1]))))
