"""One picture out of a flight's folder, with all that is known of it: for export."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.pictures import INDEX
from fsw.missions import Mission

SUMMARY, TRUTH = "summary.json", "truth.jsonl"


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedPicture:
    """entry: of the ground's index. truth: the emulator's line about it, if there is one and it is wanted.
    mission: by which it was flown, if that is known."""

    octets: bytes
    entry: dict[str, Any]
    truth: dict[str, Any] | None
    mission: Mission | None

    @property
    def raw(self) -> bool:
        """Numbers of the sensor, not a picture for the eye."""
        return self.octets.startswith(b"P5\n")

    def pixels(self) -> NDArray[Any]:
        """(height, width, 3) uint8 of a colour picture, (height, width) of a grey one, (height, width) uint16
        of raw numbers; top row first."""
        return raw_numbers(self.octets) if self.raw else decoded(self.octets)


def decoded(octets: bytes) -> NDArray[np.uint8]:
    """(height, width, 3) of a JPEG or PNG, (height, width) of a grey one. FswError: no decoder takes it."""
    try:
        with Image.open(io.BytesIO(octets)) as image:
            return np.asarray(image if image.mode == "L" else image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise FswError(f"not a picture: {error}") from error


def raw_numbers(pgm: bytes) -> NDArray[np.uint16]:
    """(height, width) of a 16-bit binary grey map with comments. Raises FswError on anything else."""
    words: list[bytes] = []
    at = 0
    while len(words) < 4:
        end = pgm.find(b"\n", at)
        if end < 0:
            raise FswError("not a raw picture: its head is cut")
        words += pgm[at:end].partition(b"#")[0].split()
        at = end + 1
    if words[0] != b"P5" or not all(word.isdigit() for word in words[1:4]):
        raise FswError("not a raw picture: P5, width, height and largest value are expected")
    width, height, largest = (int(word) for word in words[1:4])
    if not 255 < largest < 65536 or len(pgm) - at != 2 * width * height or not width * height:
        raise FswError(f"not a raw picture: {width} x {height} with values to {largest} in {len(pgm)} octets")
    return np.frombuffer(pgm, ">u2", width * height, at).reshape(height, width).astype(np.uint16)


def read(path: Path, mission: str | None = None, truth: bool = True) -> ReceivedPicture:
    """The picture file at `path`, somewhere below a folder with the index of what was received.

    mission: name or file, if the flight's summary does not tell. truth: take the emulator's knowledge of it
    too, where that is written down. Raises FswError: no such file, not in an index, or not what was received.
    """
    try:
        octets = path.read_bytes()
        index = next((p / INDEX for p in path.absolute().parents if (p / INDEX).is_file()), None)
        if index is None:
            raise FswError(f"{path}: allowed are pictures as received, below a folder with {INDEX}")
        name = path.absolute().relative_to(index.parent).as_posix()
        entries = json.loads(index.read_text(encoding="utf-8"))
        flight = index.parent.parent
        summary = _object(flight / SUMMARY)
        lines = (flight / TRUTH).read_text("utf-8").splitlines() if (flight / TRUTH).is_file() else []
        known = [json.loads(line) for line in lines] if truth else []
    except OSError as error:
        raise FswError(f"{error.filename or path}: {error.strerror or error}") from error
    except ValueError as error:
        raise FswError(f"{path}: index, summary or truth beside it is not JSON: {error}") from error
    entry = next((one for one in entries if one["file"] == name and one["complete"]), None)
    if entry is None or hashlib.sha256(octets).hexdigest() != entry["sha256"]:
        raise FswError(f"{path}: {'not what was received' if entry else f'not in {index}'}")
    if entry["exposed_at_utc"] is None:
        raise FswError(f"{path}: it came without a label, so nothing is known of it")
    of = str(mission or summary.get("mission"))
    return ReceivedPicture(
        octets,
        entry,
        next((line for line in known if line["file"] == name), None),
        missions.load(of) if mission or of in missions.names() else None,
    )


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}
