"""What the sending and the receiving end of a CFDP link share: data units in, packets and answers out."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Generic, TypeVar

from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_directives import Ack
from fsw.protocols.cfdp_packets import PacketBlock, PacketWriter
from fsw.protocols.cfdp_pdu import Transaction

_MOST_ANSWERS = 1024

Key = TypeVar("Key", bound=Hashable)
Event = TypeVar("Event")


class LinkEnd(ABC, Generic[Key, Event]):
    """Key: what tells its transactions apart.

    What comes and makes no sense is dropped and counted, by reason, in `dropped`.
    """

    def __init__(self, entity: int, writer: PacketWriter) -> None:
        self._entity = entity
        self._writer = writer
        self._answers: dict[Key, bytes] = {}  # acknowledgements to send, one for each transaction
        self.dropped: dict[str, int] = {}

    @abstractmethod
    def entity_of(self, transaction: Transaction) -> int:
        """The entity that this end of the transaction belongs to."""

    @abstractmethod
    def take(self, pdu: pdus.Pdu, now_ns: int) -> list[Event]:
        """A decoded data unit of this entity's; what it brought about."""

    @abstractmethod
    def fill(self, now_ns: int) -> bool:
        """As `produce`, into the block that the writer has begun. False when it has no more room."""

    def receive(self, octets: bytes, now_ns: int) -> list[Event]:
        """One data unit (the data field of a Space Packet) at a time; what it brought about."""
        pdu = pdus.decode(octets)
        if isinstance(pdu, str):
            return self._drop(pdu)
        if self.entity_of(pdu.transaction) != self._entity:
            return self._drop("another entity's")
        return self.take(pdu, now_ns)

    def produce(self, room_octets: int, now_ns: int) -> PacketBlock:
        """The next whole packets, together not more than `room_octets`; none when nothing fits or waits."""
        self._writer.begin(room_octets)
        self.fill(now_ns)
        return self._writer.block()

    def _acknowledge(self, key: Key, transaction: Transaction, ack: Ack) -> None:
        if len(self._answers) < _MOST_ANSWERS or key in self._answers:
            self._answers[key] = directives.encode(transaction, ack)

    def _drop(self, reason: str) -> list[Event]:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        return []
