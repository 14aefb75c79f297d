"""One flight from its first second to its last, into a folder of whole files.

What the folder holds afterwards, however the flight ended:

    pictures/           as received, with index.json
    downlink.cadu       the channel access data units as received, one after the other
    telemetry.sqlite    frame statistics, packets, parameter values, events
    events.jsonl        an event a line (see `fsw.ground.event_log`)
    contact_sheet.jpg   up to 16 of the full pictures; not there when none came
    truth.jsonl         what only the emulator knows of them (`fsw.harness.truth`); not there when none came
    summary.json        counts, seconds, SHA-256 of the downlink

All but the summary depend on mission and settings alone. The wall clock is read to pace the flight and to
say how long it took.
"""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.ground import contact_sheet, recording
from fsw.ground.control_centre import News
from fsw.ground.event_log import EventLog
from fsw.ground.plan import Plan, planned, portrait_ns
from fsw.ground.whole_file import write_whole
from fsw.harness import truth
from fsw.harness.outcome import SUMMARY, Outcome, concluded, writing
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import MissionFile
from fsw.simulation import Settings, Simulation

PICTURES = "pictures"
DOWNLINK = recording.FILE
EVENTS = "events.jsonl"
SHEET = "contact_sheet.jpg"
_FILES = (DOWNLINK, EVENTS, SHEET, SUMMARY, truth.FILE, "telemetry.sqlite", "telemetry.sqlite-journal")
OWN = frozenset({PICTURES, *_FILES, SUMMARY + ".part", truth.FILE + ".part"})

STEP_NS = SECOND  # between two looks at the clock and at the operator's wish to stop
PACED_STEP_S = 0.1


def _lines(s: Mapping[str, Any]) -> tuple[str, ...]:
    """The summary to read."""
    speed = s["times_real_time"]
    return (
        f"{s['mission']}, seed {s['seed']}: {s['simulated_s']:g} s flown in "
        f"{s['wall_s']:.1f} s" + (f", {speed:.1f} times real time" if speed else ""),
        f"pictures  {s['pictures_taken']} taken, {s['pictures_received']} received: "
        f"{s['thumbnails_received']} thumbnails, {s['full_frames_received']} in full, "
        f"{s['files_incomplete']} incomplete",
        f"downlink  {s['frames_sent']} frames sent, {s['frames_received']} received, "
        f"{s['frames_undecodable']} undecodable, {s['symbols_corrected']} symbols corrected",
        *(_pass_told(one) for one in s.get("relay_passes", ())),
    )


def _pass_told(one: dict[str, Any]) -> str:
    """A relay's pass in one line: frames are Proximity-1's."""
    return (
        f"relay     {one['from_utc'][11:19]} to {one['to_utc'][11:19]}, {one['least_kbit_s']} to "
        f"{one['most_kbit_s']} kbit/s: {one['frames']} frames up, {one['frames_again']} again, "
        f"{one['octets'] / 1e6:.2f} MB; {one['forward_frames']} down, {one['forward_frames_again']} again"
    )


def prepare_folder(
    folder: Path, force: bool = False, writes: frozenset[str] = OWN, mark: str = DOWNLINK
) -> None:
    """An empty folder of that name: made, or cleared of an earlier flight.

    Only what a flight `writes` is ever removed, and the `mark` among it tells that it was a flight that
    wrote. Raises FswError when the folder holds anything else, unless `force`: then that stays where it is.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise FswError(f"output folder {folder}: it is a file")
        held = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
        foreign = [name for name in held if name not in writes]
        own = [name for name in held if name in writes]
        if (foreign or (own and mark not in own)) and not force:
            raise FswError(
                f"output folder {folder}: it holds {', '.join((foreign or own)[:3])}, not from a flight;"
                " --force flies into it all the same and leaves that alone"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name in own:
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        raise FswError(f"output folder {folder}: {error.strerror or error}") from error


class Flight:
    """A flight that is about to begin in `folder`, which must be empty (see `prepare_folder`).

    duration_s: of mission time, in all. rate: mission seconds per second of wall clock, None for as fast
    as it goes. watch: called about once a mission second, with this flight. memory: folder of the orbiter's
    mass memory, if it shall outlive the flight. portrait: the shortest flight that shows what the mission
    shows, with the camera stopped when pictures are chosen; then there is no duration_s.
    """

    def __init__(
        self,
        mission: MissionFile,
        settings: Settings,
        folder: Path,
        duration_s: float | None = None,
        selection: int | None = None,
        rate: float | None = None,
        watch: Callable[["Flight"], object] | None = None,
        memory: Path | None = None,
        portrait: bool = False,
    ) -> None:
        assert not (portrait and duration_s is not None)
        self.mission = mission
        self.settings = settings
        self.folder = folder
        self.duration_ns = mission.default_duration_ns if duration_s is None else round(duration_s * SECOND)
        self.wall_s = 0.0
        self.stopped = False
        self._rate = rate
        self._watch = watch
        self._news: Callable[[News], object] = lambda news: None
        self.simulation = Simulation(mission, settings, folder, lambda news: self._news(news), memory)
        self.plan = self._planned(selection, portrait)

    def _planned(self, selection: int | None, portrait: bool) -> Plan:
        mission, light_time = self.mission, self.simulation.heavens.light_time
        way_ns = light_time.one_way_light_time_ns(self.duration_ns, "down")
        if portrait:
            self.duration_ns = portrait_ns(mission, way_ns)
        return planned(mission, self.duration_ns, way_ns, selection, stop_camera=portrait)

    def stop(self) -> None:
        """Ends the flight at the next whole step. Safe in a signal handler."""
        self.stopped = True

    def fly(self) -> Outcome:
        """All of it, or up to `stop`. Raises FswError when a file cannot be written."""
        start_s = time.monotonic()
        simulation = self.simulation
        with writing(self.folder):
            with simulation, (self.folder / EVENTS).open("w", encoding="utf-8") as events:
                self._news = EventLog(simulation.epoch, simulation.control, events.write).note
                for step in self.plan.steps:
                    simulation.command(step.telecommand, step.arguments, arrive_ns=step.arrive_ns)
                self._advance(start_s)
                simulation.finish()
                sheet = self._contact_sheet()
                known = "".join(truth.lines(simulation))
            self.wall_s = time.monotonic() - start_s
            summary = self._summary()
            if known:
                write_whole(self.folder / truth.FILE, known)
            remark = f", {sheet} pictures on {SHEET}" if sheet else ""
            return concluded(self.folder, summary, _lines(summary), summary["downlink_sha256"], remark)

    def _advance(self, start_s: float) -> None:
        simulation = self.simulation
        step_ns = STEP_NS if self._rate is None else round(PACED_STEP_S * self._rate * SECOND)
        while simulation.now_ns < self.duration_ns and not self.stopped:
            until_ns = min(simulation.now_ns + step_ns, self.duration_ns)
            simulation.run_until(until_ns)
            if self._rate is not None:
                ahead_s = until_ns / SECOND / self._rate - (time.monotonic() - start_s)
                time.sleep(max(0.0, ahead_s))
            self.wall_s = time.monotonic() - start_s
            if self._watch is not None:
                self._watch(self)

    def _contact_sheet(self) -> int:
        mission, simulation = self.mission, self.simulation
        start = simulation.epoch.utc(0, 0)
        subtitle = f"{mission.name}, seed {self.settings.seed}, from {start}; as received on the ground"
        return contact_sheet.write(
            self.folder / SHEET, simulation.control.pictures, mission.mission.title, subtitle
        )

    def _summary(self) -> dict[str, Any]:
        counts = self.simulation.summary()
        size = self.settings.size
        return {
            **counts,
            "wall_s": round(self.wall_s, 3),
            "times_real_time": round(counts["simulated_s"] / self.wall_s, 1) if self.wall_s else None,
            "size": self.mission.camera.default_mode if size is None else f"{size[0]}x{size[1]}",
            "link": self.settings.link,
            "pictures": self.settings.pictures,
            "interrupted": self.stopped,
            "note": self.plan.note,
        }
