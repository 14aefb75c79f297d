"""How each kind of mission's camera sees: what it brings as its view once it is where it takes pictures."""

from collections.abc import Callable
from functools import cache, singledispatch
from typing import Any, Protocol

from fsw.missions.mission_file import MissionFile
from fsw.missions.mounted import MountedMission
from fsw.missions.portrait import PortraitMission
from fsw.world.ground_site import GroundSite
from fsw.world.heavens import Heavens
from fsw.world.imaging import ReleasedCamera, Snap
from fsw.world.mounted import MountedView
from fsw.world.portrait import PlacedView
from fsw.world.scene import Studio


class CameraView(Protocol):
    """What a camera sees, and how far it is from its spacecraft: pure functions of mission time."""

    def range_m(self, now_ns: int) -> float: ...
    def take(self, snap: Snap) -> tuple[bytes, int]: ...


# At which mission time it was set free, and the motion that it was given (see `ReleasedCamera`).
ViewFrom = Callable[[int, dict[str, Any]], CameraView]


@singledispatch
def view_of(mission: MissionFile, heavens: Heavens, rendered: bool, seed: int) -> ViewFrom:
    """What makes the camera's view when it has left. What takes long to build is built then, once, however
    often the view is asked for.

    rendered: whether it will take pictures. seed: of the sensor's noise.
    """

    @cache
    def studio() -> Studio | None:
        stack = "tianwen1-stack" if mission.orbiter.entry_capsule else "tianwen1-orbiter"
        return Studio(stack) if rendered else None

    return lambda t_ns, motion: ReleasedCamera(mission, heavens, studio(), t_ns, motion, seed)


@view_of.register
def _mounted(mission: MountedMission, heavens: Heavens, rendered: bool, seed: int) -> ViewFrom:
    """It stays where it is."""
    return lambda t_ns, motion: MountedView(mission, heavens, seed)


@view_of.register
def _placed(mission: PortraitMission, heavens: Heavens, rendered: bool, seed: int) -> ViewFrom:
    """It stands where the mission file has it, whenever it was put there."""
    site = heavens.trajectory
    assert isinstance(site, GroundSite)
    view = cache(lambda: PlacedView(mission, site, rendered, seed))
    return lambda t_ns, motion: view()
