"""All missions, each flown in the shortest form that shows what it shows, and a sheet of each.

What the folder holds: `NAME.jpg`, a mission's contact sheet; `index.html`, all of them with every figure and
its source; `flights/NAME/`, the flights as `fsw fly` leaves them. A sheet shows what came down: pictures by
the index of the ground's, of a mission in phases the first and the last of each; and the plots of missions
that are no single flight, with what came of them in numbers.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.gallery_sheet import MOST, Page, Shown, chosen, picture_caption, write_index, write_sheet
from fsw.ground.pictures import INDEX
from fsw.ground.received_picture import TRUTH
from fsw.harness import kinds, phases
from fsw.harness.flight import PICTURES, Flight, prepare_folder
from fsw.harness.progress import Watcher
from fsw.missions import Mission, MissionFile
from fsw.missions.mounted import MountedMission
from fsw.missions.phases import PhasedMission
from fsw.missions.portrait import PortraitMission
from fsw.simulation import Settings

FLIGHTS = "flights"
PAGE = "index.html"
_USUAL = {"rate": "max", "link": "symbols", "pictures": "rendered"}  # as `fsw fly` has them
PHASE_SHOWS = 2  # pictures of each phase
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

    def _fly(self, mission: MissionFile) -> tuple[str, ...]:
        """What to tell of the flight."""
        folder = self._flown(mission.name)
        prepare_folder(folder, self._force)
        with self._watcher() as watch:
            # Those that have their own times to come down in bring what they say.
            timed = isinstance(mission, MountedMission | PortraitMission)
            brought = None if timed else BROUGHT
            self._flight = Flight(mission, self._settings, folder, None, brought, watch=watch, portrait=True)
            if self.stopped:
                self._flight.stop()
            summary = self._flight.fly().summary
        self._flight = None
        full, taken = summary["full_frames_received"], summary["pictures_taken"]
        return (
            f"{mission.name}, seed {summary['seed']}, from {mission.epoch.utc(0, 0)}; "
            f"as received on the ground: {full} of {taken} pictures in full",
        )

    def _fly_other(self, mission: Mission) -> tuple[str, ...]:
        """A mission of another kind, by its own runner: the lines that it says of it."""
        settings = self._settings
        values: dict[str, Any] = dict.fromkeys(kinds.RUNNERS[mission.mission.kind].options)
        values |= _USUAL | {"seed": settings.seed, "size": settings.size, "workers": settings.workers}
        values |= {"out": self._flown(mission.name), "force": self._force}
        told = kinds.fly(mission, {}, values)
        self.stopped = self.stopped or bool(told.summary.get("interrupted"))
        return tuple(line for line in told.text().splitlines() if not line.startswith("files "))

    def _page(self, mission: Mission, told: tuple[str, ...]) -> Page:
        shown = tuple(self._shown(mission))
        lines = told[1:]
        if not shown:
            lines += (f"No pictures: {mission.name} takes none, and its plot needs what is not installed.",)
        identity, sheet = mission.mission, f"{mission.name}.jpg"
        figures = mission.figures
        page = Page(mission.name, identity.title, identity.shows, told[0], shown, figures, sheet, lines)
        write_sheet(self._folder / sheet, page)
        return page

    def _shown(self, mission: Mission) -> Iterator[Shown]:
        """Pictures by the ground's index, and plots."""
        folder = self._flown(mission.name)
        if isinstance(mission, PhasedMission):
            for number, phase in enumerate(mission.phase, 1):
                own = folder / phases.FOLDER / f"{number}-{phase.folder}"
                for one in self._pictures(mission, own, PHASE_SHOWS):
                    said, below = one.caption
                    yield replace(one, caption=(said, f"{phase.name}: {below}"))
            return
        yield from self._pictures(mission, folder)
        for path in sorted(folder.glob("*.png")):
            yield Shown(path.read_bytes(), (path.stem.replace("_", " "), ""), self._link(path), wide=True)

    def _pictures(self, mission: Mission, folder: Path, most: int = MOST) -> Iterator[Shown]:
        """Of one flight's folder."""
        index = folder / PICTURES / INDEX
        if not index.exists():
            return
        entries: list[dict[str, Any]] = json.loads(index.read_text(encoding="utf-8"))
        lines = (folder / TRUTH).read_text("utf-8").splitlines() if (folder / TRUTH).exists() else []
        known = {line["file"]: line for line in map(json.loads, lines)}
        for entry in chosen(entries, most):
            path = folder / PICTURES / entry["file"]
            caption = picture_caption(entry, _lens_of(mission, entry), known.get(entry["file"]))
            yield Shown(path.read_bytes(), caption, self._link(path))

    def _link(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _lens_of(mission: Mission, entry: Mapping[str, Any]) -> str | None:
    """`lens A, 120 deg f/2.8`: what a caption says of it; by the index, where that describes it."""
    if entry.get("optics"):
        return f"lens {entry['optics']['field_of_view_deg']:g} deg"
    if not isinstance(mission, MissionFile | PhasedMission):
        return None
    camera = mission.camera
    which = f"lens {entry['lens']}," if camera.lenses > 1 else "lens"
    return f"{which} {camera.field_of_view_deg:g} deg f/{camera.f_number:g}"
