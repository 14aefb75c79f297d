"""Flies one seed in many ways and compares what comes down: `determinism.py GCC_VENV CLANG_VENV WORK_DIR`.

Each environment holds fsw as its compiler built it. The flights differ in compiler, in the processor's
build of the core, in Python's hash seed, time zone, locale and number of threads. Downlink, events and
pictures must be the same, octet for octet; and another seed must not give the same downlink, or the
seed is ignored. Exit code 1 where they are not.
"""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

MISSION = "tianwen1-cruise"
DURATION_S = 150
SEED = 7


@dataclass(frozen=True, slots=True)
class Flight:
    """One way to fly: an environment, what is set in it, a seed."""

    name: str
    venv: Path
    setting: dict[str, str] = field(default_factory=dict)
    seed: int = SEED


def runnable_cores(venv: Path) -> list[str]:
    """The builds of the core that this processor runs, the portable one first."""
    code = "from fsw.core import binding; print(binding.lib.host_processor_level())"
    level = subprocess.run(
        [venv / "bin/python", "-P", "-c", code], check=True, capture_output=True, text=True
    )
    return ["portable", "v3", "v4"][: {0: 1, 3: 2, 4: 3}[int(level.stdout)]]


def fly(flight: Flight, out: Path) -> dict[str, str]:
    """SHA-256 of each file that must not depend on the machine."""
    done = subprocess.run(
        [
            *(flight.venv / "bin/fsw", "fly", MISSION, "--out", out),
            *("--duration", str(DURATION_S), "--seed", str(flight.seed)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,  # progress, unless it fails
        text=True,
        env={**os.environ, **flight.setting},
    )
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nFAILED: {flight.name}: exit code {done.returncode}")
    compared = [out / "downlink.cadu", out / "events.jsonl", *sorted((out / "pictures").rglob("*"))]
    sums = {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in compared
        if path.is_file()
    }
    if not (out / "downlink.cadu").stat().st_size:
        raise SystemExit(f"FAILED: {out}: nothing came down, so nothing can be compared")
    stated = json.loads((out / "summary.json").read_text())["downlink_sha256"]
    if stated != sums["downlink.cadu"]:
        raise SystemExit(f"FAILED: {out}: summary.json says downlink {stated}, it is {sums['downlink.cadu']}")
    return sums


def differences(first: dict[str, str], other: dict[str, str]) -> list[str]:
    """Files that only one has, or that differ."""
    return sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name))


def main(gcc: Path, clang: Path, work: Path) -> int:
    work.mkdir(parents=True, exist_ok=True)
    elsewhere = {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "OMP_NUM_THREADS": "1"}
    flights = [
        Flight("gcc", gcc),
        Flight("gcc, again, elsewhere", gcc, elsewhere),
        *(Flight(f"gcc, {core}", gcc, {"FSW_CORE": core}) for core in runnable_cores(gcc)[:-1]),
        *(Flight(f"clang, {core}", clang, {"FSW_CORE": core}) for core in runnable_cores(clang)),
    ]
    sums = [fly(flight, work / f"flight-{k}") for k, flight in enumerate(flights)]
    failed = False
    for flight, these in zip(flights, sums, strict=True):
        unlike = differences(sums[0], these)
        failed |= bool(unlike)
        print(these["downlink.cadu"][:16], flight.name, *(["DIFFERS IN", *unlike[:10]] if unlike else []))
    other = fly(Flight("another seed", gcc, seed=SEED + 1), work / "flight-other-seed")
    print(other["downlink.cadu"][:16], "gcc, another seed")
    if other["downlink.cadu"] == sums[0]["downlink.cadu"]:
        failed = True
        print("FAILED: the seed does not reach the downlink")
    print(f"{len(flights)} flights of {DURATION_S} s, {len(sums[0])} files compared in each")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:])))
