"""Picture files as received, and the index of what came and what did not.

A picture is written only when its file came whole; one that did not is listed as incomplete, with what
is missing. Names come from the picture's label, not from the peer's file name, so nothing is ever
written outside the folder.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.dictionary.picture_label import PictureLabel, decode_label
from fsw.kernel.time import Epoch
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived
from fsw.protocols.time_codes import TIANWEN1

INDEX = "index.json"


class PictureStore:
    """Files received go to `folder` at once, the index at `write_index`; without a folder, to memory.

    An entry of the index: file, kind, picture (number), lens, size, coding, exposed_at_utc, exposure_us,
    range_m, received_at_utc, octets, sha256, complete; for incomplete ones also expected_octets, missing
    and reason, with sha256 null. A file that comes again replaces the earlier one, unless that was whole
    and this is not.
    """

    def __init__(self, epoch: Epoch, folder: Path | None = None) -> None:
        self._epoch = epoch
        self._folder = folder
        self._made: set[str] = set()  # folders that are there
        self._entries: dict[str, dict[str, Any]] = {}
        self._contents: dict[str, bytes] = {}
        self._unlabelled = 0

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The index: in the order in which the files first came."""
        return list(self._entries.values())

    @property
    def complete(self) -> int:
        """Files that came whole."""
        return sum(1 for entry in self._entries.values() if entry["complete"])

    def contents(self, file: str) -> bytes:
        """Octets of a whole file. Raises FswError for any other name."""
        entry = self._entries.get(file)
        if entry is None or not entry["complete"]:
            raise FswError(f"picture {file!r}: no such file came whole")
        if self._folder is None:
            return self._contents[file]
        try:
            return (self._folder / file).read_bytes()
        except OSError as error:
            raise FswError(f"picture {file}: {error}") from error

    def add(self, event: FileReceived | FileIncomplete, received_ns: int) -> dict[str, Any]:
        """A file from the receiving entity; its entry. Raises FswError when the disk refuses."""
        label = next(filter(None, map(decode_label, event.messages)), None)
        file = self._name(label)
        entry: dict[str, Any] = {"file": file, **self._describe(label)}
        entry["received_at_utc"] = self._epoch.utc(received_ns)
        if isinstance(event, FileReceived):
            entry |= {
                "octets": len(event.octets),
                "sha256": hashlib.sha256(event.octets).hexdigest(),
                "complete": True,
            }
            self._write(file, event.octets)
        else:
            entry |= {
                "octets": event.received_octets,
                "sha256": None,
                "complete": False,
                "expected_octets": event.expected_octets,
                "missing": [list(pair) for pair in event.missing],
                "reason": event.reason,
            }
            if file in self._entries and self._entries[file]["complete"]:
                return entry
        self._entries[file] = entry
        return entry

    def write_index(self) -> None:
        """`index.json`, replaced as a whole so that no reader sees half of it."""
        if self._folder is not None:
            self._replace(self._folder, INDEX, _index(self.entries).encode())

    def _name(self, label: PictureLabel | None) -> str:
        if label is not None:
            return label.file_name
        self._unlabelled += 1
        return f"unlabelled/{self._unlabelled:05d}"

    def _describe(self, label: PictureLabel | None) -> dict[str, Any]:
        if label is None:
            keys = ("kind", "picture", "lens", "size", "coding", "exposed_at_utc", "exposure_us", "range_m")
            return dict.fromkeys(keys)
        exposed = self._epoch.from_posix_ns(TIANWEN1.decode(label.exposed_at_100us.to_bytes(6, "big")))
        return {
            "kind": label.kind.name.lower(),
            "picture": label.picture,
            "lens": label.lens.name,
            "size": label.size.name.rsplit("_", 1)[-1].lower(),
            "coding": label.coding.name.lower(),
            "exposed_at_utc": self._epoch.utc(exposed),
            "exposure_us": label.exposure_us,
            "range_m": label.range_m,
        }

    def _write(self, file: str, octets: bytes) -> None:
        if self._folder is None:
            self._contents[file] = octets
        else:
            self._replace(self._folder, file, octets)

    def _replace(self, folder: Path, file: str, octets: bytes) -> None:
        """Whole or not at all. A flight has thousands: no more calls of the system than it takes."""
        path = f"{folder}/{file}"
        parent = os.path.dirname(path)
        try:
            if parent not in self._made:
                os.makedirs(parent, exist_ok=True)
                self._made.add(parent)
            with open(path + ".part", "wb", buffering=0) as part:
                left = memoryview(octets)
                while left:
                    left = left[part.write(left) :]
            os.replace(path + ".part", path)
        except OSError as error:
            raise FswError(f"picture {path}: {error}") from error

    def save(self) -> dict[str, Any]:
        """Entries and the octets of the whole files."""
        return {
            "entries": [dict(entry) for entry in self._entries.values()],
            "contents": {
                file: self.contents(file) for file, entry in self._entries.items() if entry["complete"]
            },
            "unlabelled": self._unlabelled,
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        """Replaces all; the files are written to this store's folder."""
        self._entries = {entry["file"]: dict(entry) for entry in saved["entries"]}
        self._contents = {}
        self._unlabelled = saved["unlabelled"]
        for file, octets in saved["contents"].items():
            self._write(file, octets)


def _index(entries: list[dict[str, Any]]) -> str:
    """JSON with a line for each picture."""
    if not entries:
        return "[]\n"
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n"
