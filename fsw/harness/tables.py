"""Tables into files: CSV always, Parquet where pyarrow is installed (the extra `analysis`)."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MISSING = "pip install 'fsw[analysis]'"


def write_table(folder: Path, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Writes name.csv and, if it can, name.parquet; returns the names of the files written."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return [path.name]
    columns_of = {name: [row[n] for row in rows] for n, name in enumerate(columns)}
    parquet.write_table(pyarrow.table(columns_of), folder / f"{name}.parquet")
    return [path.name, f"{name}.parquet"]
