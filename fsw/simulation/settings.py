"""What is chosen of a flight, besides its mission file."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from fsw.core.errors import FswError
from fsw.missions.mission_file import MissionFile

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.protocols.sdls_keys import LinkKeys

Pictures = Literal["rendered", "test-card", "none"]
Link = Literal["symbols", "frames", "none"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a flight depends on, besides its mission file.

    size: of the pictures [px], None for the mission's. link: the X-band carries soft symbols with noise,
    or CADUs without; 'none': the orbiter's transmitter has no carrier: reports are made and stored on
    board, but no frames, and the ground hears nothing.
    pictures: what the sensors see, or a stored test card; 'none': the sensors never answer, the camera draws
    its power and sends its health, and takes no picture. workers: threads that make pictures, None for one a
    processor; they change no result. keys: of both ends of the telecommand link,
    which they protect. picture_class: of CFDP for picture files, 1 or 2, None for the mission's.
    wifi_class: how pictures come from the camera, 'parts' or CFDP class '1' or '2', None for the mission's.
    """

    seed: int = 1
    size: tuple[int, int] | None = None
    link: Link = "symbols"
    pictures: Pictures = "rendered"
    workers: int | None = None
    keys: "LinkKeys | None" = None
    picture_class: int | None = None
    wifi_class: str | None = None

    def chosen(self, mission: MissionFile) -> MissionFile:
        """The mission with what is chosen here of how its pictures travel."""
        if self.picture_class is not None:
            mission = replace(mission, files=replace(mission.files, picture_class=self.picture_class))
        if self.wifi_class is not None:
            mission = replace(mission, wifi=replace(mission.wifi, picture_class=self.wifi_class))
        return mission

    def picture_size(self, mission: MissionFile) -> tuple[int, int]:
        """Width and height [px]. Raises FswError when the camera has no such mode."""
        modes = {(mode.width, mode.height): mode.name for mode in mission.camera.mode}
        if self.size is None:
            return next(size for size, name in modes.items() if name == mission.camera.default_mode)
        if self.size not in modes:
            width, height = self.size
            raise FswError(f"picture size {width}x{height}: allowed are {', '.join(modes.values())}")
        return self.size


DEFAULTS = Settings()
