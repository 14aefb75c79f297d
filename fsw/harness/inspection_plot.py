"""The inspection flight to look at: the way round the host from two sides, distance over time (PNG)."""

from collections.abc import Sequence
from math import hypot
from pathlib import Path
from typing import Any

from fsw.ground.figures import new_figure, save_figure
from fsw.inspection import InspectionFlight, Row
from fsw.kernel.time import SECOND
from fsw.missions.inspection import Inspection

_NEAR = 1.6  # how many radii of the circuit the view reaches


def draw(path: Path, mission: Inspection, flight: InspectionFlight, rows: Sequence[Row]) -> bool:
    """Whether it was drawn: not without matplotlib (the extra `analysis`)."""
    figure = new_figure(13, 10)
    if figure is None:
        return False
    (above, side), (distance, drift) = figure.subplots(2, 2)
    for axes, across, name in ((above, 1, "across, in the ecliptic"), (side, 2, "north")):
        _way(axes, mission, flight, rows, across)
        axes.set_ylabel(f"{name} [m]")
        axes.set_xlabel("away from the Sun [m]")
    above.legend(loc="upper right", fontsize=8)
    _distance(distance, mission, flight, rows)
    drift.plot([-row.at[0] / 1e3 for row in rows], [row.at[1] / 1e3 for row in rows], color="tab:blue")
    drift.plot(0, 0, "s", color="black")
    drift.set_xlabel("towards the Sun [km]")
    drift.set_ylabel("across [km]")
    drift.set_title(f"the whole way, {rows[-1].t_ns / SECOND / 86400:g} days", fontsize=10)
    for axes in (above, side, distance, drift):
        axes.grid(alpha=0.3)
    struck = flight.contact_ns
    came = "no contact" if struck is None else f"CONTACT after {struck / SECOND:.0f} s"
    monitor = "on" if mission.monitor.enabled else "off"
    fault = "" if mission.fault.kind == "none" else f", {mission.fault.kind}"
    figure.suptitle(f"{mission.mission.title}: monitor {monitor}{fault}; {came}")
    save_figure(figure, path, dpi=100)
    return True


def _way(axes: Any, mission: Inspection, flight: InspectionFlight, rows: Sequence[Row], across: int) -> None:
    from matplotlib.patches import Circle, Rectangle

    for part in mission.host.part:
        low, high = part.low_m, part.high_m
        size = (high[0] - low[0], high[across] - low[across])
        axes.add_patch(Rectangle((low[0], low[across]), *size, facecolor="goldenrod", edgecolor="black"))
    keep_out = mission.monitor.keep_out_m
    axes.add_patch(Circle((0, 0), keep_out, fill=False, color="tab:red", linestyle="--", label="keep-out"))
    reach = _NEAR * mission.circuit.radius_m
    near = [row for row in rows if max(abs(row.at[0]), abs(row.at[across])) < 2.0 * reach]
    axes.plot([row.at[0] for row in near], [row.at[across] for row in near], color="tab:blue", label="way")
    burns = [row for row in near if hypot(*row.gained) > 1e-4]
    axes.plot(
        [row.at[0] for row in burns],
        [row.at[across] for row in burns],
        ".",
        color="tab:green",
        label="thrust",
    )
    for t_ns, said in flight.events:
        if said.event.name in ("ABORT", "THRUSTER_OPEN", "THRUSTER_DEAD", "RETREAT_BURN"):
            row = min(rows, key=lambda row: abs(row.t_ns - t_ns))
            abort = said.event.name == "ABORT"
            axes.plot(
                row.at[0],
                row.at[across],
                "X" if abort else "x",
                color="tab:red",
                label="abort" if abort else None,
            )
    axes.annotate(
        "Sun",
        (0.02, 0.95),
        (0.14, 0.95),
        xycoords="axes fraction",
        arrowprops={"arrowstyle": "->"},
        va="center",
    )
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")


def _distance(axes: Any, mission: Inspection, flight: InspectionFlight, rows: Sequence[Row]) -> None:
    active = [row for row in rows if row.t_ns <= mission.camera.active_s * SECOND]
    hours = [row.t_ns / SECOND / 3600 for row in active]
    axes.plot(hours, [row.distance_m for row in active], color="tab:blue", label="to the host's centre")
    axes.plot(hours, [max(row.gap_m, 0.01) for row in active], color="tab:purple", label="to its surface")
    axes.axhline(mission.monitor.keep_out_m, color="tab:red", linestyle="--", label="keep-out")
    for t_ns, said in flight.events:
        if said.event.name == "ABORT":
            axes.axvline(t_ns / SECOND / 3600, color="tab:red", label=f"abort: {said.values['why']}")
        elif said.event.name == "WAYPOINT_REACHED":
            axes.axvline(t_ns / SECOND / 3600, color="grey", alpha=0.4, linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xlabel("hours from the release (grey: waypoints)")
    axes.set_ylabel("distance [m]")
    axes.legend(fontsize=8)
