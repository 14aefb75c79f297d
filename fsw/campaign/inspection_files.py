"""What `fsw recontact` leaves of an inspection: a table of all flights, the summary, and a plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fsw.campaign.recontact_files import write_files
from fsw.ground.figures import new_figure

Row = dict[str, Any]
_COLOURS = {"off": "tab:red", "on": "tab:green"}


def write(folder: Path, rows: Sequence[Row], summary: Row) -> None:
    """All three. Raises FswError when they cannot be written."""
    import pyarrow

    table = pyarrow.table({name: [row[name] for row in rows] for name in rows[0]})
    figure = new_figure(12.0, 8.0)
    _draw(figure, rows, summary)
    write_files(folder, table, summary, figure)


def _draw(figure: Any, rows: Sequence[Row], summary: Row) -> None:
    shares, nearest = figure.subplots(1, 2, sharey=True)
    kinds = [line["fault"] for line in summary["faults"]]
    for side, (prefix, colour) in enumerate(_COLOURS.items()):
        lifted = [place + 0.18 - 0.36 * side for place in range(len(kinds))]
        found = [line[prefix] for line in summary["faults"]]
        share = [100 * one["probability"] for one in found]
        error = [
            [100 * (one["probability"] - one["low_95"]) for one in found],
            [100 * (one["high_95"] - one["probability"]) for one in found],
        ]
        label = f"monitor {prefix}"
        shares.errorbar(share, lifted, xerr=error, fmt="o", color=colour, capsize=3, label=label)
        for place, kind in zip(lifted, kinds, strict=True):
            least = [max(row[f"{prefix}_nearest_m"], 0.05) for row in rows if row["fault"] == kind]
            spread = [place + 0.12 * ((7 * n) % 11 / 10 - 0.5) for n in range(len(least))]
            nearest.plot(least, spread, ".", color=colour, alpha=0.35, markersize=3)
    shares.set_yticks(range(len(kinds)), kinds)
    shares.invert_yaxis()
    shares.set_xlabel("flights that struck the host [%], with 95 % intervals")
    shares.legend(loc="lower right")
    nearest.set_xscale("log")
    nearest.set_xlabel("nearest approach of surfaces since the camera steers [m]; 0.05: struck")
    for axes in (shares, nearest):
        axes.grid(alpha=0.3)
    figure.suptitle(f"{summary['mission']}: {summary['runs']} releases, seed {summary['seed']}")
