"""How far a flight is, on standard error: a bar on a terminal, a few lines elsewhere."""

import sys
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from fsw.harness.flight import Flight
from fsw.kernel.time import SECOND

LINES = 4  # where there is no terminal


class Watcher(Protocol):
    """Told of a flight's progress once a mission second."""

    def __call__(self, flight: Flight, /) -> object: ...
    def __enter__(self) -> "Watcher": ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def watcher() -> Watcher:
    """What suits standard error."""
    console = Console(stderr=True)
    return _Bar(console) if console.is_terminal else _Lines()


def state(flight: Flight) -> str:
    """`412 s, 33.1x real time; pictures 804 taken, 0 received; 1320 frames; locked`."""
    simulation = flight.simulation
    flown_s = simulation.now_ns / SECOND
    speed = f"{flown_s / flight.wall_s:.1f}x real time; " if flight.wall_s else ""
    return (
        f"{flown_s:.0f} s, {speed}pictures {simulation.camera.pictures_taken} taken, "
        f"{simulation.control.pictures.complete} received; {simulation.station.frames} frames; "
        + ("locked" if simulation.x_band.locked else "no lock")
    )


class _Bar:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            BarColumn(24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, flight: Flight) -> None:
        if self._task is None:
            self._task = self._progress.add_task("", total=flight.duration_ns, state="")
        self._progress.update(self._task, completed=flight.simulation.now_ns, state=state(flight))


class _Lines:
    def __init__(self) -> None:
        self._next = 1

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, flight: Flight) -> None:
        if flight.simulation.now_ns * LINES >= self._next * flight.duration_ns:
            self._next = 1 + flight.simulation.now_ns * LINES // flight.duration_ns
            print(state(flight), file=sys.stderr, flush=True)
