"""The camera's two sensors with their encoder: an order in, and after read-out a picture's octets.

A picture is a pure function of its `Shot`, so it may be made in another thread and ahead of time: while
this beat's pictures are made, those that the next beats will most likely ask for are begun. A guess that
proves wrong costs time, never a bit of any result.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from fsw.kernel.record import record
from fsw.kernel.snapshot import plain
from fsw.kernel.time import MILLISECOND

READ_OUT_NS = {800: 120 * MILLISECOND, 1600: 280 * MILLISECOND, 2048: 440 * MILLISECOND}
BEATS_AHEAD = 2


def read_out_ns(width: int) -> int:
    """Of the deployable camera's sensors, from the end of an exposure to the encoder's last octet."""
    return READ_OUT_NS[width]


@record
class Taken:
    """What came of a shot: the encoder's octets, and the exposure time that was used."""

    octets: bytes
    exposure_us: int


@plain
@record
class Shot:
    """All that a picture depends on, besides the world. start_ns: mission time; gain: 256ths;
    exposure_us: 0 leaves it to the sensor."""

    lens: int
    start_ns: int
    exposure_us: int
    gain_256ths: int
    width: int
    height: int
    encoding: str

    def at(self, start_ns: int) -> "Shot":
        """The same, at another time."""
        return Shot(
            self.lens,
            start_ns,
            self.exposure_us,
            self.gain_256ths,
            self.width,
            self.height,
            self.encoding,
        )


class ImageSensor:
    """take: makes the picture of a shot. period_ns: of the beats.

    later: the mission time so many beats after one, by the clock that keeps them, and it drifts.
    workers: threads that make pictures; 0 makes them where they are asked for. read_out: time [ns] that a
    picture of a width takes behind its exposure.
    """

    def __init__(
        self,
        take: Callable[[Shot], Taken],
        period_ns: int,
        workers: int | None = None,
        later: Callable[[int, int], int] | None = None,
        read_out: Callable[[int], int] = read_out_ns,
    ) -> None:
        self._take = take
        self._read_out = read_out
        self._later = (lambda t_ns, beats: t_ns + beats * period_ns) if later is None else later
        self._period_ns = period_ns
        workers = (os.cpu_count() or 1) if workers is None else workers
        self._pool = ThreadPoolExecutor(workers, "darkroom") if workers else None
        self._begun: dict[Shot, Future[Taken]] = {}
        self._orders: list[list[Any]] = []  # ready at [ns], handle, shot

    def order(self, handle: int, shot: Shot) -> None:
        """Begin an exposure."""
        ready_ns = shot.start_ns + shot.exposure_us * 1000 + self._read_out(shot.width)
        self._orders.append([ready_ns, handle, shot])
        self._orders.sort(key=lambda entry: (entry[0], entry[2].lens))
        if self._pool is None:
            return
        self._forget_before(shot.start_ns - self._period_ns)
        for beats in range(BEATS_AHEAD + 1):
            likely = shot.at(self._later(shot.start_ns, beats)) if beats else shot
            if likely not in self._begun:
                self._begun[likely] = self._pool.submit(self._take, likely)

    def _forget_before(self, start_ns: int) -> None:
        waiting = {entry[2] for entry in self._orders}
        for shot in [s for s in self._begun if s.start_ns < start_ns and s not in waiting]:
            self._begun.pop(shot).cancel()

    def next_ns(self) -> int | None:
        """When the next picture has been read out."""
        return self._orders[0][0] if self._orders else None

    def ready(self, now_ns: int) -> list[tuple[int, Taken]]:
        """Handles and pictures read out by now, in order."""
        done: list[tuple[int, Taken]] = []
        while self._orders and self._orders[0][0] <= now_ns:
            _, handle, shot = self._orders.pop(0)
            begun = self._begun.pop(shot, None)
            done.append((handle, self._take(shot) if begun is None else begun.result()))
        return done

    def close(self) -> None:
        """Stop the threads; what they had begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._begun.clear()

    def save(self) -> dict[str, Any]:
        return {"orders": [list(entry) for entry in self._orders]}

    def load(self, saved: dict[str, Any]) -> None:
        self._begun.clear()
        self._orders = [list(entry) for entry in saved["orders"]]
