"""The kinds of mission, and what all of them have.

`[mission] kind` names one; a file without it is a flight. Each kind has a dataclass for its files, in a
module of its own here, and a runner in `fsw.harness.kinds`.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from fsw.kernel.time import Epoch
from fsw.missions.inspection import Inspection
from fsw.missions.line_camera import LineCameraMission
from fsw.missions.mission_file import Figure, Identity, MissionFile
from fsw.missions.mounted import MountedMission
from fsw.missions.phases import PhasedMission
from fsw.missions.portrait import PortraitMission
from fsw.missions.relay_year import RelayYear
from fsw.missions.rover import RoverCampaign

FLIGHT = "flight"
MOUNTED = "mounted"  # a flight whose camera stays on board: flown and operated alike
PORTRAIT = "portrait"  # a flight whose spacecraft is a rover that puts the camera on the ground
KINDS: dict[str, type[Any]] = {
    FLIGHT: MissionFile,
    MOUNTED: MountedMission,
    PORTRAIT: PortraitMission,
    "inspection": Inspection,
    "line-camera": LineCameraMission,
    "phases": PhasedMission,
    "relay": RelayYear,
    "rover": RoverCampaign,
}


class Mission(Protocol):
    """A whole mission file of any kind."""

    @property
    def name(self) -> str: ...
    @property
    def mission(self) -> Identity: ...
    @property
    def epoch(self) -> Epoch: ...
    @property
    def figures(self) -> Mapping[str, Figure]: ...
