"""All missions, each flown in the shortest form that shows what it shows, and a sheet of each.

What the folder holds: `NAME.jpg`, a mission's contact sheet; `index.html`, all of them with every figure and
its source; `flights/NAME/`, the flights as `fsw fly` leaves them. A sheet shows what came down: pictures by
the index of the ground's; missions of other kinds show the plots and pictures that they wrote as PNG, too.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.gallery_sheet import Page, Shown, chosen, picture_caption, write_index, write_sheet
from fsw.ground.pictures import INDEX
from fsw.harness import kinds
from fsw.harness.flight import PICTURES, Flight, prepare_folder
from fsw.harness.progress import Watcher
from fsw.missions import Mission, MissionFile
from fsw.simulation import Settings

FLIGHTS = "flights"
PAGE = "index.html"
_USUAL = {"rate": "max", "link": "symbols", "pictures": "rendered"}  # as `fsw fly` has them
BROUGHT = 40  # full pictures, from which a sheet takes its own


class Gallery:
    """names: of missions, or paths of mission files. watcher: made anew for each flight. settings: of all."""

    def __init__(
        self,
        names: Sequence[str],
        settings: Settings,
        folder: Path,
        force: bool,
        watcher: Callable[[], Watcher],
    ) -> None:
        self._missions = [missions.load(name) for name in names]
        self._settings = settings
        self._folder = folder
        self._force = force
        self._watcher = watcher
        self._flight: Flight | None = None
        self.stopped = False
        known = [mission.name for mission in self._missions]
        for name in known:
            if known.count(name) > 1:
                raise FswError(f"mission {name}: given twice, and both would write {name}.jpg")

    def _flown(self, name: str) -> Path:
        return self._folder / FLIGHTS / name

    def stop(self) -> None:
        """Ends the flight under way at its next whole step, and all of it then. Safe in a signal handler."""
        self.stopped = True
        if self._flight is not None:
            self._flight.stop()

    def fly(self, stopping: Callable[[Callable[[], None]], AbstractContextManager[None]]) -> Iterator[Page]:
        """Each mission's page, when its sheet is written. Raises FswError when a file cannot be written."""
        pages: list[Page] = []
        for mission in self._missions:
            if isinstance(mission, MissionFile):
                with stopping(self.stop):
                    told = self._fly(mission)
            else:
                told = self._fly_other(mission)
            if self.stopped:
                return
            page = self._page(mission, told)
            pages.append(page)
            write_index(self._folder / PAGE, pages)
            yield page

    def _fly(self, mission: MissionFile) -> str:
        """What to tell of the flight, in one line."""
        folder = self._flown(mission.name)
        prepare_folder(folder, self._force)
        with self._watcher() as watch:
            self._flight = Flight(mission, self._settings, folder, None, BROUGHT, watch=watch, portrait=True)
            if self.stopped:
                self._flight.stop()
            summary = self._flight.fly().summary
        self._flight = None
        full, taken = summary["full_frames_received"], summary["pictures_taken"]
        return (
            f"{mission.name}, seed {summary['seed']}, from {mission.epoch.utc(0, 0)}; "
            f"as received on the ground: {full} of {taken} pictures in full"
        )

    def _fly_other(self, mission: Mission) -> str:
        """A mission of another kind, by its own runner."""
        settings = self._settings
        values: dict[str, Any] = dict.fromkeys(kinds.RUNNERS[mission.mission.kind].options)
        values |= _USUAL | {"seed": settings.seed, "size": settings.size, "workers": settings.workers}
        values |= {"out": self._flown(mission.name), "force": self._force}
        return kinds.fly(mission, {}, values).text().partition("\n")[0]

    def _page(self, mission: Mission, told: str) -> Page:
        shown = tuple(self._shown(mission.name))
        sheet = f"{mission.name}.jpg" if shown else None
        identity = mission.mission
        page = Page(mission.name, identity.title, identity.shows, told, shown, mission.figures, sheet)
        if sheet:
            write_sheet(self._folder / sheet, page)
        return page

    def _shown(self, name: str) -> Iterator[Shown]:
        """Pictures by the ground's index, or plots."""
        folder = self._flown(name)
        index = folder / PICTURES / INDEX
        if index.exists():
            entries: list[dict[str, Any]] = json.loads(index.read_text(encoding="utf-8"))
            for entry in chosen(entries):
                path = folder / PICTURES / entry["file"]
                yield Shown(path.read_bytes(), picture_caption(entry), self._link(path))
        for path in sorted(folder.glob("*.png")):
            yield Shown(path.read_bytes(), (path.stem.replace("_", " "), ""), self._link(path))

    def _link(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()
