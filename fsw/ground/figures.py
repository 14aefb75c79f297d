"""Plots as PNG, where matplotlib is installed (the extra `analysis`)."""

from pathlib import Path
from typing import Any


def new_figure(width: float, height: float) -> Any:
    """Without a display, and without matplotlib's global state; None without matplotlib. Sides in inches."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Any, path: Path, dpi: int = 110) -> None:
    """Whole or not there, with nothing in it that another run would write differently. Raises OSError."""
    part = path.with_name(path.name + ".part")
    figure.savefig(part, format="png", dpi=dpi, metadata={"Software": None})
    part.replace(path)
