"""One packet store: what it takes, which blocks of it lie in the mass memory, and how far it was retrieved.

A stored packet is an entry: the on-board time at which it was made (CUC 4+3, 7 octets), then the packet.
Entries gather in an open block, which goes to the mass memory as one record when it is large or old enough.
A record's key tells all that the store must know of it, so the store is found again by the keys alone.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from typing import Any

from fsw.kernel.time import SECOND
from fsw.protocols.pus import PRIMARY_HEADER_OCTETS, TIME_OCTETS
from fsw.tasks.report_selection import ReportSelection

KEYS = "packets/"
BLOCK_OCTETS = 1 << 14
BLOCK_NS = 16 * SECOND
EVER = (1 << 8 * TIME_OCTETS) - 1  # later than any time


@dataclass(slots=True)
class Block:
    """Entries in one record. first, last: least and greatest time among them, in the clock's count."""

    number: int
    first: int
    last: int
    packets: int
    octets: int

    def key(self, store: int) -> str:
        return f"{KEYS}{store}/{self.number}/{self.first:x}/{self.last:x}/{self.packets}"

    @classmethod
    def of_key(cls, key: str, octets: int) -> "tuple[int, Block]":
        """Store and block of a record's key."""
        _, store, number, first, last, packets = key.split("/")
        return int(store), cls(int(number), int(first, 16), int(last, 16), int(packets), octets)


@dataclass(slots=True)
class Reading:
    """How far a retrieval has come: the entry at `index` of block `number` is next.

    start, end: times that count, both included. stop_number, stop_index: where it ends; None for an open
    retrieval, which has no end.
    """

    start: int
    end: int
    number: int = 0
    index: int = 0
    stop_number: int | None = None
    stop_index: int = 0
    packets: int = 0
    lost: int = 0

    def concerns(self, block: Block) -> bool:
        return block.last >= self.start and block.first <= self.end

    def take(self, held: list[bytes], most_octets: int) -> list[bytes]:
        """The next packets of the block it is in, one beyond `most_octets` at the most."""
        end = self.stop_index if self.stop_number == self.number else len(held)
        packets: list[bytes] = []
        while self.index < end and most_octets > 0:
            entry = held[self.index]
            self.index += 1
            if self.start <= time_of(entry) <= self.end:
                packets.append(packet_of(entry))
                most_octets -= len(packets[-1])
        self.packets += len(packets)
        return packets

    def behind(self, number: int, index: int) -> bool:
        """Everything before that place has been read."""
        return (self.number, self.index) >= (number, index)


@dataclass(slots=True)
class PacketStore:
    """number: of the open block. octets: of all entries. open: entries of the open block."""

    identifier: int
    size_octets: int
    circular: bool
    channel: int
    enabled: bool = False
    selection: ReportSelection = field(default_factory=ReportSelection)
    blocks: list[Block] = field(default_factory=list)
    number: int = 0
    open: list[bytes] = field(default_factory=list)
    open_octets: int = 0
    opened_ns: int = 0
    octets: int = 0
    open_retrieval: Reading = field(default_factory=lambda: Reading(0, EVER))
    open_active: bool = False
    range_retrieval: Reading | None = None
    full: bool = False  # and that was told

    # ---- storing --------------------------------------------------------------------------------

    def append(self, entry: bytes, now_ns: int) -> bool:
        """False when it does not fit: too long, or the store is bounded and full."""
        if len(entry) > self.size_octets or (
            not self.circular and self.octets + len(entry) > self.size_octets
        ):
            return False
        if not self.open:
            self.opened_ns = now_ns
        self.open.append(entry)
        self.open_octets += len(entry)
        self.octets += len(entry)
        return True

    def ripe(self, now_ns: int) -> bool:
        """The open block should go to the mass memory."""
        if not self.open:
            return False
        # An eighth of a small store, since a circular one loses its oldest packets by the block.
        large = self.open_octets >= min(BLOCK_OCTETS, self.size_octets // 8)
        return large or now_ns - self.opened_ns >= BLOCK_NS

    def close(self) -> tuple[Block, bytes]:
        """The open block, closed, and its octets; another is begun."""
        times = [time_of(entry) for entry in self.open]
        block = Block(self.number, min(times), max(times), len(times), self.open_octets)
        octets = b"".join(self.open)
        self.blocks.append(block)
        self.number += 1
        self.open, self.open_octets = [], 0
        return block, octets

    def overflowing(self) -> list[Block]:
        """The oldest blocks that have to go, taken off: the store holds more than it may."""
        count, octets = 0, self.octets
        while octets > self.size_octets and count < len(self.blocks):
            octets -= self.blocks[count].octets
            count += 1
        gone, self.blocks = self.blocks[:count], self.blocks[count:]
        self.octets = octets
        return gone

    def remove(self, block: Block) -> None:
        self.blocks.remove(block)
        self.octets -= block.octets

    def find(self, number: int) -> Block | None:
        at = bisect_left(self.blocks, number, key=lambda block: block.number)
        return self.blocks[at] if at < len(self.blocks) and self.blocks[at].number == number else None

    def drop_open(self, until: int) -> None:
        """Out with what is up to that time in the open block."""
        kept = self.later(self.number, self.open, until)
        self.open = kept
        self.octets -= self.open_octets
        self.open_octets = sum(map(len, kept))
        self.octets += self.open_octets

    def later(self, number: int, held: list[bytes], until: int) -> list[bytes]:
        """The entries of a block that stay when those up to a time go; retrievals keep their place in it."""
        for reading in (self.open_retrieval, self.range_retrieval):
            if reading is not None and reading.number == number:
                reading.index = sum(time_of(entry) > until for entry in held[: reading.index])
            if reading is not None and reading.stop_number == number:
                reading.stop_index = sum(time_of(entry) > until for entry in held[: reading.stop_index])
        return [entry for entry in held if time_of(entry) > until]

    @property
    def retrieving(self) -> bool:
        return self.open_active or self.range_retrieval is not None

    # ---- retrieving -----------------------------------------------------------------------------

    def next_block(self, reading: Reading) -> int | None:
        """The number of the block that holds what is read next, the open one's included; None at the end."""
        at = bisect_left(self.blocks, reading.number, key=lambda block: block.number)
        while at < len(self.blocks) and not reading.concerns(self.blocks[at]):
            at += 1
        number = self.blocks[at].number if at < len(self.blocks) else self.number
        if number > reading.number:
            reading.number, reading.index = number, 0
        if reading.stop_number is not None and reading.behind(reading.stop_number, reading.stop_index):
            return None
        if number == self.number and reading.index >= len(self.open):
            return None
        return number

    @property
    def times(self) -> tuple[int, int]:
        """Of the oldest and the newest packet; 0 when there is none."""
        firsts = [block.first for block in self.blocks] + [time_of(entry) for entry in self.open]
        lasts = [block.last for block in self.blocks] + [time_of(entry) for entry in self.open]
        return (min(firsts), max(lasts)) if firsts else (0, 0)

    def octets_from(self, start: int) -> int:
        """Of entries from that time on, to the block."""
        closed = sum(block.octets for block in self.blocks if block.last >= start)
        return closed + sum(len(entry) for entry in self.open if time_of(entry) >= start)

    # ---- definitions and snapshots --------------------------------------------------------------

    def definition(self) -> dict[str, Any]:
        """What must be known of it besides its records."""
        return {
            "identifier": self.identifier,
            "size_octets": self.size_octets,
            "circular": self.circular,
            "channel": self.channel,
            "enabled": self.enabled,
            "selection": self.selection.save(),
            "open_from": self.open_retrieval.start,
        }

    @classmethod
    def of_definition(cls, saved: dict[str, Any]) -> "PacketStore":
        return cls(
            saved["identifier"],
            saved["size_octets"],
            saved["circular"],
            saved["channel"],
            saved["enabled"],
            ReportSelection.load(saved["selection"]),
            open_retrieval=Reading(saved["open_from"], EVER),
        )

    def save(self) -> dict[str, Any]:
        return {
            "definition": self.definition(),
            "blocks": [[b.number, b.first, b.last, b.packets, b.octets] for b in self.blocks],
            "number": self.number,
            "open": list(self.open),
            "opened_ns": self.opened_ns,
            "open_retrieval": astuple(self.open_retrieval),
            "open_active": self.open_active,
            "range_retrieval": None if self.range_retrieval is None else astuple(self.range_retrieval),
            "full": self.full,
        }

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "PacketStore":
        store = cls.of_definition(saved["definition"])
        store.blocks = [Block(*row) for row in saved["blocks"]]
        store.number = saved["number"]
        store.open = list(saved["open"])
        store.open_octets = sum(map(len, store.open))
        store.opened_ns = saved["opened_ns"]
        store.octets = store.open_octets + sum(block.octets for block in store.blocks)
        store.open_retrieval = Reading(*saved["open_retrieval"])
        store.open_active = saved["open_active"]
        reading = saved["range_retrieval"]
        store.range_retrieval = None if reading is None else Reading(*reading)
        store.full = saved["full"]
        return store


def time_of(entry: bytes) -> int:
    """The clock's count when the entry's packet was made."""
    return int.from_bytes(entry[:TIME_OCTETS], "big")


def packet_of(entry: bytes) -> bytes:
    return entry[TIME_OCTETS:]


def entries(octets: bytes) -> Iterator[bytes]:
    """The entries of a whole block."""
    at = 0
    while at < len(octets):
        packet_at = at + TIME_OCTETS
        end = (
            packet_at
            + PRIMARY_HEADER_OCTETS
            + 1
            + int.from_bytes(octets[packet_at + 4 : packet_at + 6], "big")
        )
        yield octets[at:end]
        at = end
