"""The mass memory: octets under keys, in a log that only grows and can be killed at any moment.

What `store` and `delete` say yes to is in the file, so it outlives the death of this program; what was in
the file when `flush` said yes outlives a loss of power too. At the start the log is scanned: whole records
are found again, damaged ones are counted and told with where they lie, and a torn tail is cut off (format and
scan: `fsw.devices.log_records`). Nothing damaged is ever fetched as good.

Damage to the head of a record also hides whose record it was. If that key was stored before, the older octets
count again, which `take_damage` cannot tell; it tells where something was lost. The older octets also count
where a power loss tore a record off in the middle: what it replaced had been flushed, it had not. A flush
says so in the log, so a record that was flushed and then damaged is told from a torn one, and costs its key.

When what was replaced or deleted fills more of the log than what counts, and more than `SPARE_OCTETS`, the
records that count are copied to a new log, which then takes the old one's place. So the file is at most a
little over twice as large as what it holds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fsw.core.errors import FswError
from fsw.devices import log_records as records
from fsw.devices.log_file import LogFile, TemporaryLogFile
from fsw.devices.log_records import Damage, Kind

SPARE_OCTETS = 4 << 20
MOST_DAMAGE_TOLD = 64  # not yet taken; all of it is counted
_COPY_OCTETS = 1 << 20


class MassMemory:
    """capacity_octets: emulated size; a record that does not fit is refused. A record takes its octets, its
    key, and 28.

    file: where the log lies, by default a temporary file; it is closed by `close`. Raises FswError when it
    holds something else than a log that this version reads.
    """

    def __init__(self, capacity_octets: int, file: LogFile | None = None) -> None:
        self._capacity_octets = capacity_octets
        self._file: LogFile = TemporaryLogFile() if file is None else file
        self._index: dict[str, tuple[int, int]] = {}  # key: where its record begins, octets stored
        self._end = 0
        self._sequence = 0  # of the next record
        self._used_octets = 0
        self._compact_above = SPARE_OCTETS
        self._flushed = True
        self._unmarked = False  # since the last record that tells of a flush others have come
        self._mended = True  # no torn record counts as the latest of its key
        self._damage: list[Damage] = []
        self.damaged = 0  # stretches of the log that hold no whole record, and stored records found damaged
        self.flushes_failed = 0  # in a row
        try:
            self._open()
        except FswError:
            self._file.close()
            raise
        except OSError as error:
            self._file.close()
            raise FswError(f"mass memory: {error.strerror or error}") from error

    # ---- use ------------------------------------------------------------------------------------

    @property
    def used_octets(self) -> int:
        """Of the emulated capacity: records that can be fetched."""
        return self._used_octets

    @property
    def log_octets(self) -> int:
        """Of the file: those that were replaced or deleted too."""
        return self._end

    def store(self, key: str, octets: bytes) -> bool:
        """False when there is no room for it, or the disk takes no more. A key stored again is replaced."""
        name = key.encode()
        assert 0 < len(name) <= records.LONGEST_KEY_OCTETS, f"a key of {len(name)} octets"
        assert len(octets) <= records.MOST_OCTETS, f"{len(octets)} octets in one record"
        before = self._record_octets(key)
        used = self._used_octets - before + records.HEAD_OCTETS + len(name) + len(octets)
        if used > self._capacity_octets:
            return False
        at = self._end
        if not self._append(Kind.STORE, name, octets):
            return False
        self._index.pop(key, None)  # so that the index stays in the log's order
        self._index[key] = (at, len(octets))
        self._used_octets = used
        self._compact_if_worth_it()
        return True

    def fetch(self, key: str) -> bytes | None:
        """The octets stored under this key; None when there are none or the record is damaged."""
        found = self._index.get(key)
        if found is None:
            return None
        octets = self._fetch_at(key, *found)
        if octets is None:
            size = self._record_octets(key)
            self._note(Damage(found[0], size, "octets", key))
            self._forget(key)
            # So that an older record of the key is not found at the next start.
            self._append(Kind.DELETE, key.encode(), b"")
        return octets

    def delete(self, key: str) -> bool:
        """Nothing is stored under this key any more. False when the disk takes no more: it still is."""
        if key not in self._index:
            return True
        if not self._append(Kind.DELETE, key.encode(), b""):
            return False
        self._forget(key)
        self._compact_if_worth_it()
        return True

    def keys(self, prefix: str = "") -> dict[str, int]:
        """Octets stored under each key that begins so, in the order in which they were stored."""
        return {key: octets for key, (_, octets) in self._index.items() if key.startswith(prefix)}

    def flush(self) -> bool:
        """What was stored and deleted so far outlives a loss of power. False when the disk cannot say so."""
        if self._flushed:
            return True
        if not self._sync():
            return False
        if (
            self._unmarked and self._mended
        ):  # the record need not last: it says of those before it that they do
            self._append(Kind.FLUSHED, b"", b"")
            self._unmarked = False
        self._flushed = True
        return True

    def _sync(self) -> bool:
        try:
            self._file.sync()
        except OSError:
            self.flushes_failed += 1
            return False
        self.flushes_failed = 0
        return True

    def take_damage(self) -> list[Damage]:
        """What was found damaged since the last call, in order; at most 64 at once."""
        damage, self._damage = self._damage, []
        return damage

    def close(self) -> None:
        """The file is not used any more."""
        self.flush()
        self._file.close()

    # ---- the log --------------------------------------------------------------------------------

    def _open(self) -> None:
        header = self._file.read(0, records.FILE_HEADER_OCTETS)
        version = records.file_version(header)
        if version not in (None, records.VERSION):
            raise FswError(f"mass memory: a log of version {version}; this fsw reads {records.VERSION}")
        torn: set[str] = set()  # keys whose latest record is damaged, and perhaps never was whole
        for found in records.scan(self._file):
            self._take(found, torn)
        if version is None:
            if not self._index and not self._is_unborn(header):
                raise FswError("mass memory: the file that is there is not a log of one")
            if header:
                self._note(Damage(0, len(header), "header"))
            self._file.write(0, [records.encode_file_header()])
        if self._end < records.FILE_HEADER_OCTETS:
            self._end = records.FILE_HEADER_OCTETS
        if self._file.size() > self._end:
            self._file.truncate(self._end)
        self._mended = all([self._mend(key) for key in sorted(torn)])
        self._flushed = self._sync()  # what a killed program left is perhaps not on the disk yet

    def _mend(self, key: str) -> bool:
        """Behind a torn record goes what counts again, so that a flush may speak of all before it. False when
        the disk has no room for it."""
        found = self._index.get(key)
        octets = None if found is None else self._fetch_at(key, *found)
        if octets is None:
            self._forget(key)
            return self._append(Kind.DELETE, key.encode(), b"")
        at = self._end
        if not self._append(Kind.STORE, key.encode(), octets):
            return False
        self._index.pop(key)
        self._index[key] = (at, len(octets))
        return True

    def _is_unborn(self, header: bytes) -> bool:
        """Killed while the header was written: a piece of it, or room made for it, is all that there is."""
        whole = records.encode_file_header()
        return self._file.size() <= len(whole) and (whole.startswith(header) or not any(header))

    def _take(self, found: records.Found | Damage, torn: set[str]) -> None:
        if isinstance(found, Damage):
            self._note(found)
            if found.what != "tail":
                self._end = found.at + found.octets
            return
        head, key = found.head, found.head.key.decode()
        if head.kind is Kind.FLUSHED:
            for damaged in torn:
                self._forget(damaged)
            torn.clear()
        elif not found.whole:
            self._note(Damage(found.at, head.record_octets, "octets", key))
            torn.add(key)
        else:
            torn.discard(key)
            self._forget(key)
            if head.kind is Kind.STORE:
                self._index[key] = (found.at, head.octets)
                self._used_octets += head.record_octets
        self._end = found.at + head.record_octets
        self._sequence = head.sequence + 1

    def _append(self, kind: Kind, name: bytes, octets: bytes) -> bool:
        head = records.encode_head(self._end, kind, name, octets, self._sequence)
        try:
            self._file.write(self._end, [head, name, octets])
        except OSError:
            self._cut()
            return False
        self._end += records.HEAD_OCTETS + len(name) + len(octets)
        self._sequence += 1
        self._flushed, self._unmarked = False, True
        return True

    def _cut(self) -> None:
        """Away with what a full disk let through of a record; what stays all the same is no record."""
        try:
            self._file.truncate(self._end)
        except OSError:
            return

    def _fetch_at(self, key: str, at: int, octets: int) -> bytes | None:
        name = key.encode()
        try:
            record = self._file.read(at, records.HEAD_OCTETS + len(name) + octets)
        except OSError:
            return None
        return records.decode_stored(at, name, record)

    def _forget(self, key: str) -> None:
        self._used_octets -= self._record_octets(key)
        self._index.pop(key, None)

    def _record_octets(self, key: str) -> int:
        found = self._index.get(key)
        return 0 if found is None else records.HEAD_OCTETS + len(key.encode()) + found[1]

    def _note(self, damage: Damage) -> None:
        self.damaged += 1
        if len(self._damage) < MOST_DAMAGE_TOLD:
            self._damage.append(damage)

    # ---- compaction -----------------------------------------------------------------------------

    def _compact_if_worth_it(self) -> None:
        dead = self._end - self._used_octets
        if dead <= max(self._compact_above, self._used_octets):
            return
        try:
            self._compact()
            self._compact_above = SPARE_OCTETS
        except OSError:
            self._compact_above = 2 * dead  # no room for two logs: again when there is more to be won

    def _compact(self) -> None:
        index: dict[str, tuple[int, int]] = {}
        end, parts, start, sequence = records.FILE_HEADER_OCTETS, [records.encode_file_header()], 0, 0
        with self._replacement() as fresh:
            for key, octets in self._whole_records():
                name = key.encode()
                parts += [records.encode_head(end, Kind.STORE, name, octets, sequence), name, octets]
                index[key] = (end, len(octets))
                end += records.HEAD_OCTETS + len(name) + len(octets)
                sequence += 1
                if end - start >= _COPY_OCTETS:
                    fresh.write(start, [b"".join(parts)])
                    parts, start = [], end
            fresh.write(start, [b"".join(parts)])
        for key in [key for key in self._index if key not in index]:
            self._note(Damage(self._index[key][0], self._record_octets(key), "octets", key))
            self._forget(key)
        self._index, self._end, self._sequence = index, end, sequence
        self._flushed, self._unmarked, self._mended = False, True, True

    @contextmanager
    def _replacement(self) -> Iterator[LogFile]:
        """A new file, to be written; then it takes the place of the old one, which stays if that fails."""
        fresh = self._file.fresh()
        try:
            yield fresh
            self._file.become(fresh)
        except OSError:
            fresh.close()
            raise

    def _whole_records(self) -> Iterator[tuple[str, bytes]]:
        for key, (at, stored) in self._index.items():
            octets = self._fetch_at(key, at, stored)
            if octets is not None:
                yield key, octets

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Everything, the stored octets included."""
        return {
            "octets": self._file.read(0, self._end),
            "index": [[key, *where] for key, where in self._index.items()],
            "sequence": self._sequence,
            "compact_above": self._compact_above,
            "unmarked": self._unmarked,
            "mended": self._mended,
            "damaged": self.damaged,
            "damage": [[d.at, d.octets, d.what, d.key] for d in self._damage],
        }

    def load(self, saved: dict[str, Any]) -> None:
        """What was stored here before is gone. Raises FswError when the index points outside the octets, or
        the disk does not take them; then all is as before."""
        octets = saved["octets"]
        index = {key: (at, stored) for key, at, stored in saved["index"]}
        sizes = {key: records.HEAD_OCTETS + len(key.encode()) + stored for key, (_, stored) in index.items()}
        if any(at + sizes[key] > len(octets) for key, (at, _) in index.items()):
            raise FswError("saved mass memory: a record lies outside it")
        try:
            with self._replacement() as fresh:
                fresh.write(0, [octets])
        except OSError as error:
            raise FswError(f"mass memory: {error.strerror or error}") from error
        self._end = len(octets)
        self._index = index
        self._used_octets = sum(sizes.values())
        self._sequence = saved["sequence"]
        self._compact_above = saved["compact_above"]
        self.damaged = saved["damaged"]
        self._damage = [Damage(*row) for row in saved["damage"]]
        self._flushed, self._unmarked, self._mended = False, saved["unmarked"], saved["mended"]
