"""Missions: one TOML file each, every figure with its label and source.

`names()` lists those that come with fsw; `load("tianwen1-cruise")` reads one of them, and
`load("my.toml")` or `load(Path(...))` a file of one's own. What a file may hold is stated by the
dataclasses of `fsw.missions.mission_file`; how it is written, by `fsw.missions.loader`. WRITING.md, here,
shows how to make one.
"""

from importlib.resources import files
from pathlib import Path

from fsw.core.errors import FswError
from fsw.missions.loader import parse
from fsw.missions.mission_file import Figure, Label, MissionFile

__all__ = ["Figure", "Label", "MissionFile", "load", "names"]

_SUFFIX = ".toml"


def names() -> list[str]:
    """Names of the missions that come with fsw, in alphabetical order."""
    found = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))


def text_of(name: str) -> str:
    """The file of a mission that comes with fsw, to begin one's own with."""
    if name not in names():
        raise FswError(f"mission {name}: allowed are {', '.join(names())}")
    return (files(__name__) / (name + _SUFFIX)).read_text(encoding="utf-8")


def load(mission: str | Path) -> MissionFile:
    """The mission of that name, or in the file of that path.

    FswError names the file, the line and the key of what is wrong, and what is allowed.
    """
    if isinstance(mission, str) and mission in names():
        return parse(text_of(mission), mission + _SUFFIX)
    path = Path(mission)
    if path.suffix != _SUFFIX and not path.exists():
        raise FswError(f"mission {mission!s}: allowed are {', '.join(names())}, or the path of a .toml file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FswError(f"mission file {path}: {error}") from error
    return parse(text, str(path))
