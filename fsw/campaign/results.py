"""From rows to files: a Parquet table, a summary with quantiles, and plots.

Quantiles are of the runs in which the quantity has a value, between neighbours linear in rank (Hyndman and
Fan, 1996, definition 7, as numpy's and most others' default).
"""

import json
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.campaign.flight import Column
from fsw.core.errors import FswError
from fsw.ground.figures import new_figure, save_figure
from fsw.ground.whole_file import write_whole

Doubles = npt.NDArray[np.float64]
Row = dict[str, Any]

PARQUET, SUMMARY = "runs.parquet", "summary.json"
DISTRIBUTIONS, DEPENDENCE = "distributions.png", "dependence.png"
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

_TEXTS = frozenset({"link_end_why", "error"})
_WHOLE = frozenset(
    {
        "run", "seed", "wifi_sent_packets", "wifi_lost_packets", "wifi_sent_octets", "wifi_lost_octets",
        "pictures_due", "pictures_taken", "pictures_received", "task_restarts",
    }
)  # fmt: skip
# What a reader looks at first; of these there is a histogram where they vary.
_PRINTED = (
    "speed_m_s", "off_nominal_deg", "link_end_s", "range_end_s", "wifi_sent_packets", "wifi_lost_packets",
    "pictures_due", "pictures_deliverable", "pictures_received", "battery_used_wh", "battery_left",
    "closest_m", "sun_in_picture", "host_in_picture", "host_lit_in_picture",
)  # fmt: skip


def check_libraries(what: str = "a campaign") -> None:
    """Raises FswError if what writes the files is not installed: better before a campaign than after it."""
    missing = [name for name in ("pyarrow", "matplotlib") if find_spec(name) is None]
    if missing:
        raise FswError(f"{what} needs {' and '.join(missing)}: pip install 'fsw[analysis]'")


def values_of(rows: Sequence[Row], name: str) -> Doubles:
    """A column's numbers, where there are any."""
    return np.array([row[name] for row in rows if row.get(name) is not None], dtype=np.float64)


def summary_of(rows: Sequence[Row], columns: Sequence[Column], identity: Row) -> Row:
    """What `summary.json` holds. rows: ascending by run."""
    quantities = {}
    for column in columns:
        values = values_of(rows, column.name) if column.name not in _TEXTS | {"run", "seed"} else np.empty(0)
        if not values.size:
            continue
        quantities[column.name] = {
            "unit": column.unit,
            "runs": int(values.size),
            "mean": float(values.mean()),
            "deviation": float(values.std(ddof=1)) if values.size > 1 else None,
            "least": float(values.min()),
            **{f"p{100 * q:02.0f}": float(np.quantile(values, q)) for q in QUANTILES},
            "most": float(values.max()),
        }
    failed = [row["run"] for row in rows if row["error"] is not None]
    return {
        **identity,
        "runs": len(rows),
        "failed": failed,
        "not_released": sum(row["separation_s"] is None for row in rows) - len(failed),
        "link_ends": dict(sorted(Counter(row["link_end_why"] or "not ended" for row in rows).items())),
        "quantities": quantities,
    }


def text_of(summary: Row) -> str:
    """The summary as a table to read."""
    ends = ", ".join(f"{count} {why}" for why, count in summary["link_ends"].items())
    lines = [
        f"{summary['mission']}, campaign seed {summary['seed']}: {summary['runs']} runs, "
        f"{len(summary['failed'])} failed, {summary['not_released']} not released",
        f"link ended by  {ends}",
        f"{'':<26}{'p05':>10}{'p50':>10}{'p95':>10}{'mean':>10}",
    ]
    for name in _PRINTED:
        found = summary["quantities"].get(name)
        if found is None or (found["least"] == found["most"] == 0.0):
            continue
        label = f"{name}" + (f" [{found['unit']}]" if found["unit"] not in ("", "1") else "")
        lines.append(f"{label:<26}" + "".join(f"{found[q]:>10.5g}" for q in ("p05", "p50", "p95", "mean")))
    return "\n".join(lines)


def write(folder: Path, rows: Sequence[Row], columns: Sequence[Column], identity: Row) -> Row:
    """All files but the ledger, each whole or not there; the summary."""
    summary = summary_of(rows, columns, identity)
    _write_parquet(folder / PARQUET, rows, columns, identity)
    write_whole(folder / SUMMARY, json.dumps(summary, indent=1) + "\n")
    _plot_distributions(folder / DISTRIBUTIONS, rows, columns, identity)
    _plot_dependence(folder / DEPENDENCE, rows, columns, identity)
    return summary


def _write_parquet(path: Path, rows: Sequence[Row], columns: Sequence[Column], identity: Row) -> None:
    """Units and meanings go along, as metadata of the columns."""
    import pyarrow
    import pyarrow.parquet

    fields, arrays = [], []
    for column in columns:
        kind = pyarrow.float64()
        if column.name in _TEXTS:
            kind = pyarrow.string()
        elif column.name in _WHOLE:
            kind = pyarrow.int64()
        told = {"unit": column.unit, "meaning": column.meaning}
        fields.append(pyarrow.field(column.name, kind, metadata=told))
        arrays.append(pyarrow.array([row.get(column.name) for row in rows], kind))
    schema = pyarrow.schema(fields, metadata={"campaign": json.dumps(identity)})
    part = path.with_name(path.name + ".part")
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), part)
    part.replace(path)


# ---- plots ------------------------------------------------------------------------------------------


def _varying(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    found = []
    for name in names:
        values = values_of(rows, name)
        if values.size > 1 and values.min() < values.max():
            found.append(name)
    return found


def _label(columns: Sequence[Column], name: str) -> str:
    unit = next(column.unit for column in columns if column.name == name)
    return name + (f" [{unit}]" if unit not in ("", "1") else "")


def _plot_distributions(path: Path, rows: Sequence[Row], columns: Sequence[Column], identity: Row) -> None:
    names = _varying(rows, _PRINTED)
    across = 4
    down = max(1, -(-len(names) // across))
    figure = new_figure(3.4 * across, 2.5 * down + 0.6)
    for index, name in enumerate(names):
        axes = figure.add_subplot(down, across, index + 1)
        values = values_of(rows, name)
        axes.hist(values, bins=min(40, max(8, round(values.size**0.5))), color="#4477aa")
        for quantile, style in ((0.05, ":"), (0.5, "-"), (0.95, ":")):
            axes.axvline(
                float(np.quantile(values, quantile)), color="#cc3311", linestyle=style, linewidth=1.2
            )
        axes.set_xlabel(_label(columns, name), fontsize=8)
        axes.tick_params(labelsize=7)
        if values.size < len(rows):
            axes.set_title(f"{values.size} of {len(rows)} runs", fontsize=7)
    figure.suptitle(
        f"{identity['mission']}, campaign seed {identity['seed']}, {len(rows)} runs: "
        "runs per bin; red: median, and 5 % and 95 %",
        fontsize=10,
    )
    save_figure(figure, path)


def ranks(values: Doubles) -> Doubles:
    """From 0; equal values share the middle of theirs."""
    order = np.argsort(values, kind="stable")
    ranked = np.empty(values.size)
    ranked[order] = np.arange(values.size)
    _, group = np.unique(values, return_inverse=True)
    shared: Doubles = (np.bincount(group, ranked) / np.bincount(group))[group]
    return shared


def rank_correlation(x: Doubles, y: Doubles) -> float:
    """Spearman's: +1 where one rises with the other, 0 where neither tells of the other."""
    a, b = ranks(x) - (x.size - 1) / 2, ranks(y) - (y.size - 1) / 2
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0.0 else 0.0


def _plot_dependence(path: Path, rows: Sequence[Row], columns: Sequence[Column], identity: Row) -> None:
    """Rank correlation of what was drawn with what came of it."""
    drawn = _varying(rows, [column.name for column in columns if column.name.startswith("drawn_")])
    measured = _varying(rows, _PRINTED)
    table = np.zeros((len(measured), len(drawn)))
    for i, y_name in enumerate(measured):
        both = [row for row in rows if row.get(y_name) is not None]
        y = values_of(both, y_name)
        for j, x_name in enumerate(drawn):
            table[i, j] = rank_correlation(values_of(both, x_name), y)
    figure = new_figure(2.8 + 1.0 * max(1, len(drawn)), 1.8 + 0.38 * max(1, len(measured)))
    axes = figure.add_subplot()
    if table.size:
        shown = axes.imshow(table, cmap="RdBu_r", vmin=-1.0, vmax=1.0, aspect="auto")
        figure.colorbar(shown, ax=axes, shrink=0.8)
        for (i, j), value in np.ndenumerate(table):
            colour = "white" if abs(value) > 0.6 else "black"
            axes.text(j, i, f"{value:+.2f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(
        range(len(drawn)), [name.removeprefix("drawn_") for name in drawn], rotation=30, ha="right"
    )
    axes.set_yticks(range(len(measured)), measured)
    axes.tick_params(labelsize=8)
    axes.set_title(
        f"{identity['mission']}, seed {identity['seed']}, {len(rows)} runs: rank correlation (Spearman) "
        "of what was drawn with what came of it",
        fontsize=9,
        loc="right",
    )
    save_figure(figure, path)
