"""A rover's sols to look at: way, energy and returned volume (PNG)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fsw.ground.figures import new_figure, save_figure
from fsw.missions.rover import RoverCampaign

_COLOURS = {"DRIVE_DONE": "tab:green", "HAZARD_STOP": "tab:red"}


def draw(
    path: Path, mission: RoverCampaign, sols: Sequence[Sequence[Any]], drives: Sequence[Sequence[Any]]
) -> bool:
    """Whether it was drawn: not without matplotlib (the extra `analysis`)."""
    when = [row[0] for row in sols]
    figure = new_figure(11, 9)
    if figure is None:
        return False
    way, drive, energy, volume = figure.subplots(4, sharex=True)
    way.plot(when, [row[6] for row in sols], color="tab:blue", label="by the wheels")
    way.plot(when, [row[7] for row in sols], color="tab:cyan", label="over ground")
    way.set_ylabel("way [m]")
    way.legend(loc="upper left")
    for outcome, colour in (*_COLOURS.items(), ("other", "tab:grey")):
        chosen = [row for row in drives if (row[5] if row[5] in _COLOURS else "other") == outcome]
        name = outcome.lower().replace("_", " ")
        drive.bar([row[0] for row in chosen], [row[6] for row in chosen], width=1.0, color=colour, label=name)
    drive.set_ylabel("each drive [m]")
    drive.legend(loc="upper right", ncols=3)
    energy.plot(when, [row[3] for row in sols], color="tab:orange", label="wings, a sol")
    energy.plot(when, [row[4] for row in sols], color="tab:red", label="battery, least")
    energy.plot(when, [row[5] for row in sols], color="tab:purple", label="battery at midnight")
    energy.set_ylabel("energy [Wh]")
    energy.legend(loc="center left")
    volume.bar(when, [row[9] / 1e6 for row in sols], width=1.0, color="tab:green")
    volume.set_ylabel("returned [MB a sol]")
    total = volume.twinx()
    total.plot(when, [row[10] / 1e6 for row in sols], color="black")
    total.set_ylabel("in all [MB]")
    for axes in (way, drive, energy, volume):
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
    drive.set_ylim(top=1.35 * mission.operations.drive_m)
    volume.set_xlabel("sol")
    way.set_title(f"{mission.mission.title}: {sols[-1][6]:.0f} m by sol {when[-1]}")
    save_figure(figure, path, dpi=100)
    return True
