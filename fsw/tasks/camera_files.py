"""Files between camera and relay by CFDP: pictures that come, what is said to them, settings that go."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.crc import crc16
from fsw.core.picture_assembly import Complete, picture_of_message
from fsw.dictionary import camera
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.protocols import cfdp_entity as cfdp
from fsw.protocols.cfdp_entity import Entity, Peer
from fsw.protocols.cfdp_packets import COUNTS, PacketBlock
from fsw.protocols.cfdp_pdu import Condition
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.cfdp_transfer import TransferEnded

PICTURES_UNDER_WAY = 32  # as many as the camera can have slots
ANSWER_ROOM_OCTETS = 1024  # at a time: the radio keeps 16 packets
ANSWER_AGAIN_NS = 200 * MILLISECOND
LENSES = 2
# Why a data unit is dropped that only comes late.
_LATE = (
    "transaction is finished",
    "transaction is finishing",
    "end of file again",
    "transaction is not open",
)


@dataclass(frozen=True, slots=True)
class Lost:
    """A picture that did not come whole. expected_octets: 0 when not known."""

    number: int
    lens: int
    received_octets: int
    expected_octets: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A file to the camera has ended. delivered: the camera has said how; None where it says nothing."""

    sequence: int
    delivered: bool | None
    condition: Condition


Told = Complete | Lost | Sent


def of_camera_files(
    octets: npt.NDArray[np.uint8], lengths: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Which of the packets, back to back in `octets`, carry data units, and where each packet begins."""
    sizes = lengths.astype(np.int64)
    starts = sizes.cumsum() - sizes
    at = np.minimum(starts, len(octets) - 2)  # the last may be too short for a header
    header = octets[at].astype(np.uint16) << 8 | octets[at + 1]
    return (header & 0x7FF == camera.PICTURE_APID) & (lengths > 6), starts


class CameraFiles:
    """One CFDP entity, whose peer is the camera. Class 1 only listens; class 2 answers.

    lost: packets missing in the sequence counts.
    """

    def __init__(self, peer: Peer) -> None:
        self._acknowledged = peer.sender.acknowledged
        self._sequences = 1 << 8 * peer.sender.sequence_octets
        self._entity = Entity((peer,))
        self._next_count: int | None = None
        self.lost = 0
        self._strange = 0  # files that are no pictures

    @property
    def unreadable(self) -> int:
        """Packets that make no sense, and files."""
        drops = self._entity.drops()
        return self._strange + sum(count for reason, count in drops.items() if reason not in _LATE)

    def receive(
        self,
        octets: npt.NDArray[np.uint8],
        lengths: npt.NDArray[np.uint32],
        starts: npt.NDArray[np.int64],
        now_ns: int,
    ) -> list[Told]:
        """Packets back to back; packet i begins at starts[i]."""
        self._count(octets, starts)
        events = self._entity.receive_block(PacketBlock(octets, lengths.astype(np.int64)), now_ns)
        return self._pictures(events)

    def _count(self, octets: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> None:
        counts = (octets[starts + 2].astype(np.int64) << 8 | octets[starts + 3]) % COUNTS
        first = int(counts[0]) if self._next_count is None else self._next_count
        leaps = np.diff(counts, prepend=first - 1) - 1
        ahead = leaps % COUNTS
        self.lost += int(ahead[ahead < COUNTS // 2].sum())
        self._next_count = (int(counts[-1]) + 1) % COUNTS

    def poll(self, now_ns: int) -> list[Told]:
        """Timers that have run out."""
        return self._pictures(self._entity.poll(now_ns))

    def send(self, name: str, octets: bytes, now_ns: int) -> int:
        """Queue a file for the camera; its transaction sequence number.

        Numbers follow the time: the camera remembers the latest, which a cold boot here forgets.
        """
        self._entity.number_from(now_ns // SECOND % self._sequences)
        return self._entity.put(PutRequest(name, octets))

    def cancel(self, sequence: int) -> None:
        """Give up a file to the camera."""
        self._entity.cancel(self._entity.entity, sequence)

    def ended(self) -> list[Told]:
        """What the latest answers have brought to an end."""
        return self._pictures(self._entity.events())

    def link_gone(self) -> list[Told]:
        """Of class 1 nothing more will come; class 2 goes on with the link, as long as its timers allow."""
        return [] if self._acknowledged else self._pictures(self._entity.finish())

    def answers(self, now_ns: int) -> list[bytes]:
        """Packets for the camera."""
        if not self._entity.has_output:
            return []
        block = self._entity.produce(ANSWER_ROOM_OCTETS, now_ns)
        octets, ends = block.octets.tobytes(), block.lengths.cumsum().tolist()
        return [octets[end - length : end] for end, length in zip(ends, block.lengths.tolist())]

    def due_ns(self, now_ns: int) -> int | None:
        """When there is something to do next."""
        due_ns = self._entity.next_deadline_ns
        if self._entity.has_output:
            again_ns = now_ns + ANSWER_AGAIN_NS
            return again_ns if due_ns is None else min(due_ns, again_ns)
        return due_ns

    def _pictures(self, events: list[cfdp.Event]) -> list[Told]:
        told: list[Told] = []
        for event in events:
            match event:
                case FileReceived():
                    told += self._received(event)
                case FileIncomplete():
                    number, lens = self._whose(event)
                    told.append(Lost(number, lens, event.received_octets, event.expected_octets or 0))
                case TransferEnded():
                    told.append(Sent(event.sequence, event.delivered, event.condition))
        return told

    def _received(self, file: FileReceived) -> list[Told]:
        picture = next((p for m in file.messages if (p := picture_of_message(m, len(file.octets)))), None)
        if picture is None or picture.lens >= LENSES:
            self._strange += 1
            return []
        assert picture.descriptor is not None, "a message holds one"
        # The CRC of when it was taken: the file's checksum is of when its transfer began.
        if crc16(file.octets) != picture.descriptor.crc:
            return [Lost(picture.number, picture.lens, len(file.octets), len(file.octets))]
        return [Complete(picture, file.octets)]

    @staticmethod
    def _whose(file: FileIncomplete) -> tuple[int, int]:
        """Number and lens: of the metadata, or the transaction's own, where those were lost."""
        picture = next((p for m in file.messages if (p := picture_of_message(m, 0))), None)
        if picture is None or picture.lens >= LENSES:
            return file.sequence >> 1 & 0xFFFFFFFF, file.sequence & 1
        return picture.number, picture.lens

    def save(self) -> dict[str, Any]:
        return {
            "entity": self._entity.save(),
            "next_count": self._next_count,
            "lost": self.lost,
            "strange": self._strange,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._entity.load(saved["entity"])
        self._next_count = saved["next_count"]
        self.lost = saved["lost"]
        self._strange = saved["strange"]
