"""The archive: an SQLite file of frame statistics, packets, parameter values and events.

Rows wait in memory and go in by thousands, one transaction at a time, so a row costs a few
microseconds. Times are mission time in nanoseconds; the views ending in `_utc` show them as UTC. After
a process is killed the file holds every transaction that was finished.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND, Epoch

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE frames (
    second INTEGER, spacecraft INTEGER, virtual_channel INTEGER,
    received INTEGER, corrected_symbols INTEGER, failures INTEGER, gaps INTEGER, lost_frames INTEGER,
    PRIMARY KEY (second, spacecraft, virtual_channel)) WITHOUT ROWID;
CREATE TABLE packets (
    id INTEGER PRIMARY KEY, received_ns INTEGER, spacecraft_ns INTEGER,
    spacecraft INTEGER, virtual_channel INTEGER, apid INTEGER, sequence_count INTEGER,
    service INTEGER, subtype INTEGER, octets BLOB);
CREATE TABLE parameters (
    received_ns INTEGER, spacecraft_ns INTEGER, report TEXT, name TEXT, raw, value, unit TEXT);
CREATE TABLE events (
    received_ns INTEGER, spacecraft_ns INTEGER, severity TEXT, name TEXT, text TEXT, details TEXT);
CREATE INDEX parameters_by_name ON parameters (name, received_ns);
"""
# Columns of frames: its key, and what is summed over the second.
_FRAME_COUNTS = ("received", "corrected_symbols", "failures", "gaps", "lost_frames")
UNKNOWN = -1  # spacecraft and virtual channel of frames that could not be read

_INSERT_PACKETS = "INSERT INTO packets VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_PARAMETERS = "INSERT INTO parameters VALUES (?, ?, ?, ?, ?, ?, ?)"
_INSERT_EVENTS = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_FRAMES = (
    "INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (second, spacecraft, virtual_channel) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _FRAME_COUNTS)
)
_ROWS_AT_ONCE = 8192

PacketRow = tuple[int, int | None, int, int, int, int, int | None, int | None, bytes]
ParameterRow = tuple[int, int | None, str, str, Any, Any, str]


def _view(table: str, time_column: str, start_posix_ns: int, scale: int) -> str:
    seconds = f"{start_posix_ns} / 1e9 + {time_column} / {scale / 1:.1f}"
    return (
        f"CREATE VIEW {table}_utc AS SELECT strftime('%Y-%m-%dT%H:%M:%fZ', {seconds}, 'unixepoch') AS utc,"
        f" {table}.* FROM {table}"
    )


class Archive:
    """One open archive file. `close` it; or use it in a with statement."""

    def __init__(self, path: str | Path, epoch: Epoch) -> None:
        """A new archive at `path` (":memory:" for none on disk). FswError where a file cannot be made.

        An existing file is replaced: an archive is of one flight.
        """
        self._epoch = epoch
        self._path = str(path)
        self._packets: list[PacketRow] = []
        self._parameters: list[ParameterRow] = []
        self._events: list[tuple[Any, ...]] = []
        self._frames: dict[tuple[int, int, int], list[int]] = {}
        try:
            if self._path != ":memory:":
                Path(path).unlink(missing_ok=True)
            self._database = self._open()
            self._database.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise FswError(f"archive {self._path}: {error}") from error
        start = epoch.posix_ns(0)
        for table in ("packets", "parameters", "events"):
            self._database.execute(_view(table, "received_ns", start, SECOND))
        self._database.execute(_view("frames", "second", start, 1))
        self.note("epoch_utc", epoch.utc(0, 9))
        self._database.commit()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level="DEFERRED")
        # Safe when the process dies; only a power failure could tear the file.
        database.execute("PRAGMA synchronous = OFF")
        return database

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, name: str, value: str | int | float) -> None:
        """A fact about the flight, such as its seed."""
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def add_packet(
        self,
        received_ns: int,
        spacecraft_ns: int | None,
        spacecraft: int,
        virtual_channel: int,
        apid: int,
        sequence_count: int,
        service: int | None,
        subtype: int | None,
        octets: bytes,
    ) -> None:
        """One Space Packet, header included."""
        self._packets.append(
            (
                received_ns,
                spacecraft_ns,
                spacecraft,
                virtual_channel,
                apid,
                sequence_count,
                service,
                subtype,
                octets,
            )
        )
        if len(self._packets) >= _ROWS_AT_ONCE:
            self.commit()

    def add_parameters(self, rows: Sequence[ParameterRow]) -> None:
        """Values: (received_ns, spacecraft_ns, report, name, raw, value, unit) each."""
        self._parameters.extend(rows)
        if len(self._parameters) >= _ROWS_AT_ONCE:
            self.commit()

    def add_event(
        self,
        received_ns: int,
        spacecraft_ns: int | None,
        severity: str,
        name: str,
        text: str,
        details: Mapping[str, Any],
    ) -> None:
        """An event of the spacecraft or of the ground."""
        self._events.append(
            (received_ns, spacecraft_ns, severity, name, text, json.dumps(details, sort_keys=True))
        )

    def add_frames(
        self,
        received_ns: int,
        spacecraft: int,
        virtual_channel: int,
        received: int = 0,
        corrected_symbols: int = 0,
        failures: int = 0,
        gaps: int = 0,
        lost_frames: int = 0,
    ) -> None:
        """Counts to be added to the second in which they happened."""
        key = (received_ns // SECOND, spacecraft, virtual_channel)
        counts = self._frames.setdefault(key, [0, 0, 0, 0, 0])
        new = (received, corrected_symbols, failures, gaps, lost_frames)
        for index, value in enumerate(new):
            counts[index] += value
        if len(self._frames) >= _ROWS_AT_ONCE:
            self.commit()

    def commit(self) -> None:
        """Write what waits, in one transaction. Raises FswError when the disk refuses."""
        database = self._database
        try:
            with database:
                database.executemany(
                    _INSERT_FRAMES, [(*key, *counts) for key, counts in self._frames.items()]
                )
                database.executemany(_INSERT_PACKETS, self._packets)
                database.executemany(_INSERT_PARAMETERS, self._parameters)
                database.executemany(_INSERT_EVENTS, self._events)
        except sqlite3.Error as error:
            raise FswError(f"archive {self._path}: {error}") from error
        self._frames.clear()
        self._packets.clear()
        self._parameters.clear()
        self._events.clear()

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a SELECT over everything added so far."""
        self.commit()
        try:
            return self._database.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise FswError(f"archive {self._path}: {error} in {sql!r}") from error

    def close(self) -> None:
        """Write what waits and close the file."""
        self.commit()
        self._database.close()

    def save(self) -> dict[str, Any]:
        """The whole archive as the octets of a database file."""
        self.commit()
        return {"database": self._database.serialize()}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Replace this archive's contents, keeping its path."""
        for waiting in (self._packets, self._parameters, self._events):
            waiting.clear()
        self._frames.clear()
        source = sqlite3.connect(":memory:")
        source.deserialize(saved["database"])
        source.backup(self._database)
        source.close()
