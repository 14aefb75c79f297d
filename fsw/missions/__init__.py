"""Missions: one TOML file each, every figure with its label and source.

`names()` lists those that come with fsw; `load("tianwen1-cruise")` reads one of them, and
`load("my.toml")` or `load(Path(...))` a file of one's own. There are several kinds of mission
(`fsw.missions.kinds`), each with a dataclass that states what its files may hold; who can do with one kind
only says so: `load(mission, MissionFile)`. How a file is written states `fsw.missions.loader`; WRITING.md,
here, shows how to make one.
"""

from importlib.resources import files
from pathlib import Path
from typing import TypeVar, overload

from fsw.core.errors import FswError
from fsw.missions.kinds import KINDS, Mission
from fsw.missions.loader import parse
from fsw.missions.mission_file import Figure, Label, MissionFile

__all__ = ["DEFAULT", "Figure", "Label", "Mission", "MissionFile", "load", "names", "text_of"]

DEFAULT = "tianwen1-cruise"
_SUFFIX = ".toml"

_Kind = TypeVar("_Kind")


def names() -> list[str]:
    """Names of the missions that come with fsw, in alphabetical order."""
    found = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))


def text_of(name: str) -> str:
    """The file of a mission that comes with fsw, to begin one's own with."""
    if name not in names():
        raise FswError(f"mission {name}: allowed are {', '.join(names())}")
    return (files(__name__) / (name + _SUFFIX)).read_text(encoding="utf-8")


@overload
def load(mission: str | Path) -> Mission: ...
@overload
def load(mission: str | Path, kind: type[_Kind]) -> _Kind: ...
def load(mission: str | Path, kind: type[_Kind] | None = None) -> Mission | _Kind:
    """The mission of that name, or in the file of that path, of the type that its kind has.

    kind: the one type that the caller can do with. FswError names the file, the line and the key of what is
    wrong, and what is allowed.
    """
    found = _parsed(mission)
    if kind is None or isinstance(found, kind):
        return found
    (needed,) = (name for name, cls in KINDS.items() if cls is kind)
    fitting = (name for name in names() if isinstance(_parsed(name), kind))
    raise FswError(
        f"mission {found.name} is of kind {found.mission.kind}; allowed here is kind {needed}: "
        + ", ".join(fitting)
    )


def _parsed(mission: str | Path) -> Mission:
    if isinstance(mission, str) and mission in names():
        return parse(text_of(mission), mission + _SUFFIX)
    path = Path(mission)
    if path.suffix != _SUFFIX and not path.exists():
        raise FswError(f"mission {mission!s}: allowed are {', '.join(names())}, or the path of a .toml file")
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise FswError(f"mission file {path}: {error.strerror or error}") from error
    try:
        text = octets.decode("utf-8-sig")  # some editors put a mark before the text
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise FswError(
            f"{path}:{line}: octet 0x{octets[error.start]:02x}; allowed is text in UTF-8"
        ) from error
    return parse(text, str(path))
