"""How long one picture of 1600 x 1200 takes on one core: exposure, sensor, development and JPEG.

The spacecraft fills the frame, in cruise and before Mars, as a second after the release; or there is nothing
but sky; or rover, lander and the ground of Mars, as in the portrait. Processor time, the least of some: what
else the machine does counts little.
"""

import time
from collections.abc import Collection

from fsw import missions
from fsw.bench.figure import Figure
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.missions.portrait import PortraitMission
from fsw.world.ground_site import GroundSite
from fsw.world.heavens import Heavens
from fsw.world.imaging import ReleasedCamera, Snap
from fsw.world.portrait import PlacedView
from fsw.world.scene import Studio

SIZE = (1600, 1200)
RUNS = 5
SLOWEST_FRAME_S = 0.4
SLOWEST_S = {"frame_empty_sky": 0.03, "frame_surface": 0.5}
# Mission, lens and seconds since the release. The axis of the tumble is such that lens B sees the spacecraft.
FRAMES = {
    "frame_cruise": ("tianwen1-cruise", 1, 1),
    "frame_mars": ("tianwen1-mars", 1, 1),
    "frame_empty_sky": ("tianwen1-cruise", 0, 33),
}
NAMES = (*FRAMES, "frame_surface")
_AXIS, _RATE_DEG_S = (0.3, 0.5, 0.8), 20.0


def measure(names: Collection[str]) -> list[Figure]:
    """Those of `names`, seconds of one core a picture."""
    figures = []
    for name in NAMES:
        if name in names:
            seconds = _seconds(name)
            goal = SLOWEST_S.get(name, SLOWEST_FRAME_S)
            figures.append(Figure(name, seconds, "s", "", None, None, f"under {goal} s", seconds < goal))
    return figures


def camera(name: str) -> tuple[ReleasedCamera, MissionFile]:
    """Of that mission, just released."""
    mission = missions.load(name, MissionFile)
    studio = Studio("tianwen1-stack" if mission.orbiter.entry_capsule else "tianwen1-orbiter")
    motion = {
        "speed_m_s": mission.camera.separation_speed_m_s,
        "direction": mission.orbiter.release_direction,
        "axis": _AXIS,
        "rate_deg_s": _RATE_DEG_S,
    }
    return ReleasedCamera(mission, Heavens.of(mission), studio, mission.release_ns, motion, 1), mission


def snap(mission: MissionFile, lens: int, after_s: int) -> Snap:
    """The picture so long after the release, with the mission's exposure."""
    start_ns = mission.release_ns + after_s * SECOND
    return Snap(lens, start_ns, mission.camera.exposure_us, mission.camera.gain, *SIZE, False)


def portrait() -> tuple[PlacedView, Snap]:
    """The camera on the ground, and its frontal picture: ten seconds after the rover has come to stand."""
    mission = missions.load("zhurong-portrait", PortraitMission)
    site = Heavens.of(mission).trajectory
    assert isinstance(site, GroundSite)
    standing = [leg.name for leg in mission.drive.leg].index("frontal picture")
    start_ns = mission.leg_end_ns(standing - 1) + 10 * SECOND
    shot = Snap(0, start_ns, mission.camera.exposure_us, mission.camera.gain, *SIZE, False)
    return PlacedView(mission, site, True, 1), shot


def _released(name: str, lens: int, after_s: int) -> tuple[ReleasedCamera, Snap]:
    released, mission = camera(name)
    return released, snap(mission, lens, after_s)


def _seconds(name: str) -> float:
    view, shot = portrait() if name == "frame_surface" else _released(*FRAMES[name])
    view.take(shot)  # triangles, and the ground of Mars, are made once
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        view.take(shot)
        best = min(best, time.process_time() - start)
    return best
