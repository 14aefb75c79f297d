"""A file on its way in by CFDP, what becomes of it, and how it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_assembly import Assembly, Ranges, gaps
from fsw.protocols.cfdp_directives import Finished
from fsw.protocols.cfdp_pdu import EndOfFile, Metadata, Transaction
from fsw.protocols.cfdp_transfer import save_transaction

Reason = Literal[
    "data missing",
    "inactivity",
    "checksum",
    "size",
    "cancelled",
    "unsupported checksum",
    "no room",
    "abandoned",
]


@dataclass(frozen=True, slots=True)
class FileReceived:
    """A file, whole and with the right checksum. Without name and octets no file came, only messages.

    acknowledged: by class 2.
    """

    source: int
    sequence: int
    name: str
    octets: bytes
    messages: tuple[bytes, ...]
    acknowledged: bool = field(default=False, compare=False)


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


@dataclass(slots=True)
class Incoming(Assembly):
    """finished: what the receiver has said of its end, once it has; then only the ACK is waited for.

    asked: how far gaps were already asked for at once. nak_due: all that is lacking is to be asked for.
    deadline: inactivity, then check time or NAK, then the acknowledgement of Finished.
    sizes: of 0 in the metadata may be that of a file whose size was not known yet.
    """

    transaction: Transaction = field(kw_only=True)
    metadata: Metadata | None = None
    end: EndOfFile | None = None
    finished: Finished | None = None
    finished_due: bool = False
    nak_due: bool = False
    asked: int = 0
    metadata_asked: bool = False
    gaps_due: Ranges = field(default_factory=list)
    keep_alive_due: bool = False
    keep_alive_at_ns: int | None = None
    size_ignored: bool = False
    suspended: bool = False
    deadline_ns: int | None = None
    expiries: int = 0

    @property
    def size(self) -> int | None:
        if self.end is not None:
            return self.end.file_size
        return self.metadata.file_size or None if self.metadata is not None else None

    @property
    def reach(self) -> int:
        """How far a NAK looks: to the end, or as far as anything has come."""
        return self.end.file_size if self.end is not None else len(self.octets)

    def incomplete(self, reason: Reason) -> FileIncomplete:
        """What there is to tell when no more of it will come."""
        metadata = self.metadata
        return FileIncomplete(
            *self.transaction.key,
            metadata.destination_name if metadata is not None else None,
            metadata.messages if metadata is not None else (),
            self.received(),
            self.size,
            _missing(self.ranges, self.size),
            reason,
        )

    @property
    def has_output(self) -> bool:
        due = self.finished_due or self.nak_due or self.keep_alive_due or bool(self.gaps_due)
        return due and not self.suspended


def _missing(ranges: Ranges, size: int | None) -> tuple[tuple[int, int], ...]:
    """The gaps of a file; the last has the end -1 where the size is not known."""
    if size is not None:
        return tuple(gaps(ranges, 0, size))
    reach = ranges[-1][1] if ranges else 0
    return (*gaps(ranges, 0, reach), (reach, -1))


_PLAIN = (
    "finished_due", "nak_due", "asked", "metadata_asked", "keep_alive_due", "keep_alive_at_ns",
    "size_ignored", "suspended", "deadline_ns", "expiries",
)  # fmt: skip


def save(transfer: Incoming) -> dict[str, Any]:
    transaction, finished = transfer.transaction, transfer.finished
    return {
        "transaction": save_transaction(transaction),
        "octets": bytes(transfer.octets),
        "ranges": [list(pair) for pair in transfer.ranges],
        "gaps_due": [list(pair) for pair in transfer.gaps_due],
        "metadata": None if transfer.metadata is None else pdus.encode(transfer.metadata),
        "end": None if transfer.end is None else pdus.encode(transfer.end),
        "finished": None if finished is None else directives.encode(transaction, finished),
        **{name: getattr(transfer, name) for name in _PLAIN},
    }


def load(row: Mapping[str, Any]) -> Incoming:
    metadata, end, finished = (
        None if row[name] is None else pdus.decode(row[name]) for name in ("metadata", "end", "finished")
    )
    content = directives.read(finished) if isinstance(finished, pdus.OtherDirective) else None
    return Incoming(
        bytearray(row["octets"]),
        [(low, high) for low, high in row["ranges"]],
        transaction=Transaction(*row["transaction"]),
        metadata=metadata if isinstance(metadata, Metadata) else None,
        end=end if isinstance(end, EndOfFile) else None,
        finished=content if isinstance(content, Finished) else None,
        gaps_due=[(low, high) for low, high in row["gaps_due"]],
        **{name: row[name] for name in _PLAIN},
    )
