"""Pictures of missions whose runner is no flight, as a flight's ground leaves them: files below pictures/ and
an index, so that gallery and export take them all alike. Beside what `fsw.ground.pictures` says of an entry:

    target        what is seen; range_m is then the distance to it
    phase_deg     Sun, target, camera; lamp: whether the camera lit what it saw
    optics        of a lens that the mission file's [camera] does not describe: telescope, instrument,
                  field_of_view_deg across the diagonal, distortion (k1 to k4 of Kannala and Brandt)
    line_camera   of a strip: pixel_rad, line_time_s, boresight_column (see `fsw.ground.strip_wcs`)
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fsw.ground.pictures import INDEX
from fsw.ground.whole_file import write_whole
from fsw.harness import truth
from fsw.harness.flight import PICTURES

Entry = dict[str, Any]


def entry(file: str, octets: bytes, **said: Any) -> Entry:
    """Of a picture that came whole."""
    blank = dict.fromkeys(("kind", "picture", "lens", "size", "coding", "exposed_at_utc", "exposure_us"))
    tail = {"octets": len(octets), "sha256": hashlib.sha256(octets).hexdigest(), "complete": True}
    return {"file": file, **blank, "range_m": None, "received_at_utc": None, **said, **tail}


def write(folder: Path, pictures: Iterable[tuple[Entry, bytes]], known: Sequence[str] = ()) -> None:
    """known: lines of `truth.jsonl`, if any. OSError when the disk refuses."""
    entries = []
    for one, octets in pictures:
        path = folder / PICTURES / one["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        entries.append(one)
    if entries:
        write_whole(folder / PICTURES / INDEX, "[\n" + ",\n".join(json.dumps(e) for e in entries) + "\n]\n")
    if known:
        write_whole(folder / truth.FILE, "".join(known))
