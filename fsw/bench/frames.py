"""How long one picture of 1600 x 1200 takes on one core: exposure, sensor, development and JPEG.

The spacecraft fills the frame, in cruise and before Mars, as a second after the release; or there is nothing
but sky. Processor time, the least of some: what else the machine does counts little.
"""

import time
from collections.abc import Collection

from fsw import missions
from fsw.bench.figure import Figure
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.world.heavens import Heavens
from fsw.world.imaging import ReleasedCamera, Snap
from fsw.world.scene import Studio

SIZE = (1600, 1200)
RUNS = 5
SLOWEST_FRAME_S, SLOWEST_SKY_S = 0.4, 0.03
# Mission, lens and seconds since the release. The axis of the tumble is such that lens B sees the spacecraft.
FRAMES = {
    "frame_cruise": ("tianwen1-cruise", 1, 1),
    "frame_mars": ("tianwen1-mars", 1, 1),
    "frame_empty_sky": ("tianwen1-cruise", 0, 33),
}
NAMES = tuple(FRAMES)
_AXIS, _RATE_DEG_S = (0.3, 0.5, 0.8), 20.0


def measure(names: Collection[str]) -> list[Figure]:
    """Those of `names`, seconds of one core a picture."""
    figures = []
    for name in NAMES:
        if name in names:
            seconds = _seconds(*FRAMES[name])
            goal = SLOWEST_SKY_S if name == "frame_empty_sky" else SLOWEST_FRAME_S
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


def _seconds(name: str, lens: int, after_s: int) -> float:
    released, mission = camera(name)
    shot = snap(mission, lens, after_s)
    released.take(shot)  # triangles, and the ground of Mars, are made once
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        released.take(shot)
        best = min(best, time.process_time() - start)
    return best
