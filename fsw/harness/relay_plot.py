"""The relay year to look at: distance, rate of return, recorder and total over the days (PNG)."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fsw.ground.figures import new_figure, save_figure
from fsw.missions.relay_year import RelayYear
from fsw.world.windows import Window


def draw(path: Path, mission: RelayYear, days: Sequence[Sequence[Any]], outages: Sequence[Window]) -> bool:
    """Whether it was drawn: not without matplotlib (the extra `analysis`), nor of nothing."""
    figure = new_figure(11, 9) if days else None
    if figure is None:
        return False
    when = [date.fromisoformat(row[0]) for row in days]
    distance, brought, recorder, total = figure.subplots(4, sharex=True)
    distance.plot(when, [row[2] / 1e6 for row in days], color="tab:blue")
    distance.set_ylabel("distance [Mkm]", color="tab:blue")
    angle = distance.twinx()
    angle.plot(when, [row[3] for row in days], color="tab:orange")
    angle.axhline(mission.ground.sun_angle_deg, color="tab:orange", linestyle=":")
    angle.set_ylabel("angle to the Sun [deg]", color="tab:orange")
    brought.bar(when, [row[5] / 1e9 for row in days], width=1.0, color="tab:green")
    brought.set_ylabel("returned [GB a day]")
    recorder.fill_between(when, [row[6] / 1e9 for row in days], step="mid", color="tab:purple", alpha=0.6)
    recorder.axhline(mission.recorder.planned_octets / 1e9, color="tab:purple", linestyle=":")
    recorder.set_ylabel("recorder [GB]")
    total.plot(when, [row[7] / 1e9 for row in days], color="black")
    total.set_ylabel("returned in all [GB]")
    epoch = mission.epoch
    for axes in (distance, brought, recorder, total):
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
        for begin, end in outages:
            span = [date.fromisoformat(epoch.utc(t_ns, 0)[:10]) for t_ns in (begin, end)]
            axes.axvspan(*span, color="gold", alpha=0.25)
    names = [row[1] for row in days]
    for n, name in enumerate(names):
        if n == 0 or names[n - 1] != name:
            for axes in (distance, brought, recorder, total):
                axes.axvline(when[n], color="grey", linewidth=0.8)
            # A phase may be shorter than its name: each on a line of its own.
            line = len(set(names[:n])) % 3
            distance.text(when[n], 20 + 45 * line, f" {name}", fontsize=9)
    distance.set_title(f"{mission.mission.title}: {days[-1][7] / 1e9:.0f} GB by {days[-1][0]}")
    save_figure(figure, path, dpi=100)
    return True
