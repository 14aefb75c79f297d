"""CFDP class 1 (unacknowledged) receiving entity: protocol data units in, whole files out.

A file is complete only when all its octets are there and the checksum is right; it is then given out
once. Otherwise it is reported incomplete with what is missing: when data are still missing some time
after the end of file came (check timer, 4.6.3.3), when nothing more comes (inactivity timer, 4.10), when
the checksum is wrong, the sender cancels, or room runs out. A peer's garbage is dropped
and counted by reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fsw.core.errors import FswError
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_assembly import Assembly, Ranges, gaps
from fsw.protocols.cfdp_checksum import checksum
from fsw.protocols.cfdp_pdu import EndOfFile, FileData, Metadata

Reason = Literal[
    "data missing",
    "inactivity",
    "checksum",
    "size",
    "cancelled",
    "unsupported checksum",
    "no room",
    "abandoned",  # class 2 only
]
_REMEMBERED = 4096  # finished transactions whose stragglers are recognised


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """check_ns: how long data may come after the end of file. inactivity_ns: silence that ends a transfer.

    most_file_octets, most_open, most_kept_octets: bounds on what a peer can make us keep.
    """

    entity: int
    check_ns: int = 2_000_000_000
    inactivity_ns: int = 60_000_000_000
    most_file_octets: int = 1 << 26
    most_open: int = 256
    most_kept_octets: int = 1 << 28


@dataclass(frozen=True, slots=True)
class FileReceived:
    """A file, whole and with the right checksum."""

    source: int
    sequence: int
    name: str
    octets: bytes
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FileIncomplete:
    """A file that did not come whole. missing: octet ranges (start, end), end not included.

    name is None and messages are empty when the metadata were lost; expected_octets is None when
    neither metadata nor end of file came, and the last range then has the end -1.
    """

    source: int
    sequence: int
    name: str | None
    messages: tuple[bytes, ...]
    received_octets: int
    expected_octets: int | None
    missing: tuple[tuple[int, int], ...]
    reason: Reason


Event = FileReceived | FileIncomplete


@dataclass(slots=True)
class _Transfer(Assembly):
    metadata: Metadata | None = None
    end: EndOfFile | None = None
    deadline_ns: int = 0

    @property
    def size(self) -> int | None:
        if self.end is not None:
            return self.end.file_size
        return self.metadata.file_size if self.metadata is not None else None

    def missing(self) -> tuple[tuple[int, int], ...]:
        return missing(self.ranges, self.size)


def missing(ranges: Ranges, size: int | None) -> tuple[tuple[int, int], ...]:
    """The gaps of a file; the last has the end -1 where the size is not known."""
    if size is not None:
        return tuple(gaps(ranges, 0, size))
    reach = ranges[-1][1] if ranges else 0
    return (*gaps(ranges, 0, reach), (reach, -1))


class Receiver:
    """One receiving entity. `receive` each PDU; `poll` when `next_deadline_ns` has come."""

    def __init__(self, settings: ReceiverSettings) -> None:
        self.settings = settings
        self._open: dict[tuple[int, int], _Transfer] = {}  # least lately begun first
        # Metadata as received of those that came whole, nothing for others.
        self._finished: dict[tuple[int, int], bytes] = {}
        self._kept = 0  # octets of all open transfers
        self.dropped: dict[str, int] = {}

    @property
    def open_transfers(self) -> int:
        return len(self._open)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `poll` has something to do, or None."""
        return min((transfer.deadline_ns for transfer in self._open.values()), default=None)

    def receive(self, octets: bytes, now_ns: int) -> list[Event]:
        """One PDU (the data field of a Space Packet) at a time; what it brought to an end."""
        pdu = pdus.decode(octets)
        if isinstance(pdu, str):
            return self._drop(pdu)
        transaction = pdu.transaction
        if transaction.destination != self.settings.entity:
            return self._drop("another entity's")
        if transaction.acknowledged or isinstance(pdu, pdus.OtherDirective):
            return self._drop("class 2 is not supported")
        key = transaction.key
        if key in self._finished:
            # A sender that was restarted numbers from zero again: other metadata mean another file.
            if not isinstance(pdu, Metadata) or pdus.encode(pdu) == self._finished[key]:
                return self._drop("transaction is finished")
            del self._finished[key]
        reach = pdu.offset + len(pdu.octets) if isinstance(pdu, FileData) else pdu.file_size
        if reach > self.settings.most_file_octets:
            return self._drop("file too large")
        events: list[Event] = []
        transfer = self._open.get(key)
        if transfer is None:
            if len(self._open) >= self.settings.most_open:
                events.append(self._give_up(next(iter(self._open)), "no room"))
            transfer = self._open[key] = _Transfer()
        match pdu:
            case FileData():
                kept = len(transfer.octets)
                transfer.add(pdu.offset, pdu.octets)
                self._kept += len(transfer.octets) - kept
                while self._kept > self.settings.most_kept_octets and len(self._open) > 1:
                    oldest = next(other for other in self._open if other != key)
                    events.append(self._give_up(oldest, "no room"))
            case Metadata():
                transfer.metadata = pdu
            case EndOfFile():
                transfer.end = pdu
        # After the end of file the check timer runs on: late data do not start it again.
        if transfer.end is None:
            transfer.deadline_ns = now_ns + self.settings.inactivity_ns
        elif isinstance(pdu, EndOfFile):
            transfer.deadline_ns = now_ns + self.settings.check_ns
        return events + self._try_to_finish(key, transfer)

    def poll(self, now_ns: int) -> list[Event]:
        """Transfers whose time has run out, in the order they began."""
        late = [key for key, transfer in self._open.items() if transfer.deadline_ns <= now_ns]
        return [
            self._give_up(key, "inactivity" if self._open[key].end is None else "data missing")
            for key in late
        ]

    def finish(self) -> list[Event]:
        """Give up whatever is open: the recording or the flight has ended."""
        return [
            self._give_up(key, "inactivity" if self._open[key].end is None else "data missing")
            for key in list(self._open)
        ]

    def _try_to_finish(self, key: tuple[int, int], transfer: _Transfer) -> list[Event]:
        end, metadata = transfer.end, transfer.metadata
        if end is None:
            return []
        if end.condition != pdus.Condition.NO_ERROR:
            return [self._give_up(key, "cancelled")]
        if transfer.ranges and transfer.ranges[-1][1] > end.file_size:
            return [self._give_up(key, "size")]
        if metadata is None or transfer.missing():
            return []
        if metadata.file_size != end.file_size:
            return [self._give_up(key, "size")]
        try:
            right = checksum(metadata.checksum_type, transfer.octets) == end.checksum
        except FswError:
            return [self._give_up(key, "unsupported checksum")]
        if not right:
            return [self._give_up(key, "checksum")]
        self._close(key)
        self._finished[key] = pdus.encode(metadata)
        return [FileReceived(*key, metadata.destination_name, bytes(transfer.octets), metadata.messages)]

    def _give_up(self, key: tuple[int, int], reason: Reason) -> FileIncomplete:
        transfer = self._close(key)
        metadata = transfer.metadata
        return FileIncomplete(
            *key,
            metadata.destination_name if metadata is not None else None,
            metadata.messages if metadata is not None else (),
            transfer.received(),
            transfer.size,
            transfer.missing(),
            reason,
        )

    def _close(self, key: tuple[int, int]) -> _Transfer:
        self._finished[key] = b""
        if len(self._finished) > _REMEMBERED:
            del self._finished[next(iter(self._finished))]
        transfer = self._open.pop(key)
        self._kept -= len(transfer.octets)
        return transfer

    def _drop(self, reason: str) -> list[Event]:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        return []

    def save(self) -> dict[str, Any]:
        """Plain data; settings are the caller's. Metadata and end of file are kept as their octets."""
        return {
            "open": [
                [
                    *key,
                    bytes(transfer.octets),
                    [list(pair) for pair in transfer.ranges],
                    None if transfer.metadata is None else pdus.encode(transfer.metadata),
                    None if transfer.end is None else pdus.encode(transfer.end),
                    transfer.deadline_ns,
                ]
                for key, transfer in self._open.items()
            ],
            "finished": [[*key, metadata] for key, metadata in self._finished.items()],
            "dropped": dict(self.dropped),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._open = {}
        for source, sequence, octets, ranges, metadata, end, deadline_ns in saved["open"]:
            transfer = _Transfer(bytearray(octets), [(low, high) for low, high in ranges])
            transfer.deadline_ns = deadline_ns
            kept = pdus.decode(metadata) if metadata is not None else None
            transfer.metadata = kept if isinstance(kept, Metadata) else None
            ended = pdus.decode(end) if end is not None else None
            transfer.end = ended if isinstance(ended, EndOfFile) else None
            self._open[(source, sequence)] = transfer
        self._kept = sum(len(transfer.octets) for transfer in self._open.values())
        self._finished = {(source, sequence): octets for source, sequence, octets in saved["finished"]}
        self.dropped = dict(saved["dropped"])
