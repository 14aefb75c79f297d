"""What `fsw recontact` says and leaves of a released camera: a table of all draws, the summary, a plot."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsw.core.errors import FswError
from fsw.ground.figures import new_figure, save_figure
from fsw.ground.whole_file import write_whole

if TYPE_CHECKING:
    from fsw.campaign.recontact import Answer

PARQUET, SUMMARY, PLOT = "recontact.parquet", "recontact.json", "recontact.png"


def text_of(summary: dict[str, Any]) -> str:
    """The answer as a table to read."""
    aimed = "in any direction" if summary["direction"] == "any" else "as dispersed"
    lines = [
        f"{summary['mission']}: {summary['draws']} releases {aimed}, seed {summary['seed']}, watched for "
        f"{summary['days']:g} days"
        + ("" if summary["period_h"] is None else f", {summary['period_h']:.2f} h a revolution"),
        f"{'radius [m]':>10} {'re-contacts':>12} {'probability':>12} {'95 % interval':>25}"
        f" {'median first [h]':>17}",
    ]
    for row in summary["radii"]:
        first = "-" if row["median_first_h"] is None else f"{row['median_first_h']:.2f}"
        between = f"{row['low_95']:.2e} to {row['high_95']:.2e}"
        lines.append(
            f"{row['radius_m']:>10g} {row['recontacts']:>12} {row['probability']:>12.3e}"
            f" {between:>25} {first:>17}"
        )
        if row.get("by_revolution"):
            counts = ", ".join(
                f"{number}: {count}" for number, count in list(row["by_revolution"].items())[:8]
            )
            lines.append(f"{'':>10} first about the end of revolution {counts}")
    nearest = summary["closest_return_m"]
    if nearest is None:
        lines.append("none began to come nearer again, once beyond all these radii")
    else:
        lines.append(
            f"{summary['turned_back']} came nearer again from beyond all these radii, the closest to"
            f" {nearest:.0f} m"
        )
    ends = summary["end_m"]
    lines.append(f"at the end {ends['least'] / 1000:.3g} to {ends['most'] / 1000:.3g} km away")
    return "\n".join(lines)


def write(folder: Path, answer: "Answer") -> None:
    """All three files. Raises FswError when they cannot be."""
    import pyarrow

    from fsw.campaign.recontact import COLUMNS

    fields = [
        pyarrow.field(name, pyarrow.float64(), metadata={"unit": unit, "meaning": meaning})
        for name, (unit, meaning) in COLUMNS.items()
    ]
    schema = pyarrow.schema(fields, metadata={"recontact": json.dumps(answer.summary)})
    arrays = [pyarrow.array(answer.columns[name]) for name in COLUMNS]
    write_files(folder, pyarrow.Table.from_arrays(arrays, schema=schema), answer.summary, _drawn(answer))


def write_files(folder: Path, table: Any, summary: dict[str, Any], figure: Any) -> None:
    """A table as Parquet, the summary and a plot. Raises FswError when they cannot be written."""
    from pyarrow import parquet

    try:
        folder.mkdir(parents=True, exist_ok=True)
        parquet.write_table(table, folder / PARQUET)
        write_whole(folder / SUMMARY, json.dumps(summary, indent=1) + "\n")
        save_figure(figure, folder / PLOT)
    except OSError as error:
        raise FswError(f"{error.filename or folder}: {error.strerror or error}") from error


def _drawn(answer: "Answer") -> Any:
    import numpy as np

    summary, columns = answer.summary, answer.columns
    figure = new_figure(12.0, 5.0)
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    for row in summary["radii"]:
        radius, low, high = row["radius_m"], row["low_95"], row["high_95"]
        if row["recontacts"]:
            left.plot([radius, radius], [max(low, high / 1e4), high], color="#4477aa", linewidth=2)
            left.plot([radius], [row["probability"]], "o", color="#4477aa")
        else:  # nothing counted: below the interval's upper end
            left.plot([radius], [high], marker="v", color="#cc3311", markersize=9)
    left.set(xscale="log", yscale="log", xlabel="radius about the orbiter's origin [m]")
    left.set_ylabel("probability of re-contact")
    left.set_title("95 % intervals; red: none counted, its upper end", fontsize=9)
    left.grid(which="both", alpha=0.3)
    came = np.isfinite(columns["closest_return_m"])
    if came.any():
        ahead, closest = columns["ahead_m_s"][came], columns["closest_return_m"][came]
        right.plot(ahead, closest, ".", markersize=2, color="#4477aa", alpha=0.5)
        right.set(yscale="log", xlabel="release velocity along the orbiter's own [m/s]")
        right.set_ylabel("closest return [m]")
        for radius in answer.radii_m:
            right.axhline(radius, color="#cc3311", linewidth=0.8, linestyle=":")
    else:
        right.hist(columns["end_m"] / 1000, bins=60, color="#4477aa")
        right.set(xlabel="distance at the end [km]; none came nearer again", ylabel="releases per bin")
    right.grid(alpha=0.3)
    aimed = "any direction" if summary["direction"] == "any" else "dispersed about the planned direction"
    figure.suptitle(
        f"{summary['mission']}: {summary['draws']} releases, {aimed}; {summary['days']:g} days;"
        f" seed {summary['seed']}"
    )
    return figure
