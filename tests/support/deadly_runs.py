"""Runs of a campaign that kill the process they are flown in. Here, where other processes can import them."""

import os
import signal
from pathlib import Path
from typing import Any

from fsw import missions
from fsw.campaign.flight import FlightSettings, fly
from fsw.missions import MissionFile

MISSION = missions.load("tianwen1-cruise", MissionFile)
SHORT = FlightSettings(campaign_seed=7, duration_s=45.0)


def deadly(marks: Path, fatal: int, run: int) -> dict[str, Any]:
    """As `fly`, but the first process that has flown run `fatal` is killed before it can tell."""
    row = fly(MISSION, SHORT, run)
    mark = marks / "killed"
    if run == fatal and not mark.exists():
        mark.write_text(str(os.getpid()), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    return row


def hopeless(run: int) -> dict[str, Any]:
    """Nobody who flies it lives."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}
