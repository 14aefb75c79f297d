"""Saves the good packets of damaged frames.

The extractor follows packet lengths from the first header pointer on; one wrong length, or a wrong
pointer, would cost it the rest of the frame. Where packets and pointers contradict each other, the frame
is walked again with what is known of the channel: which APIDs it carries, how long their packets are,
how their counts go on. Whatever cannot be believed is covered by an idle packet of its length, so that
the extractor finds every packet that was not touched. Frames with error control are left to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.frame_format import FrameFormat
from fsw.core.frames_to_packets import Batch, PacketExtractor

_HEADER = 6
_FEWEST = 7
_NO_START, _ONLY_IDLE = 0x7FF, 0x7FE
_IDLE_APID = 0x7FF
_HELD_BACK = 8  # frames kept to see whether the next of a channel agrees
_NEAR = 256  # counts that may be missing before a packet is doubted
_MOST_LENGTHS = 16
_TROUBLE = ("bad_pointer", "bad_packet_header")

Frames = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Habits:
    """What is known of the packets of a link: by the first two octets of their header, how often each
    length was seen."""

    lengths: dict[int, dict[int, int]] = field(default_factory=dict)

    def learn(self, batch: Batch) -> None:
        octets = batch.octets
        for offset, length in zip(batch.offset.tolist(), batch.length.tolist(), strict=True):
            word = int(octets[offset]) << 8 | int(octets[offset + 1])
            seen = self.lengths.setdefault(word, {})
            if length in seen or len(seen) < _MOST_LENGTHS:
                seen[length] = seen.get(length, 0) + 1

    def knows(self, word: int) -> bool:
        """The header's first word was seen at least twice."""
        seen = self.lengths.get(word)
        return seen is not None and sum(seen.values()) >= 2

    def expects(self, word: int, length: int) -> bool:
        """Packets of this kind are of this length at least once in twenty."""
        seen = self.lengths.get(word)
        return seen is not None and seen.get(length, 0) >= max(2, sum(seen.values()) // 20)


class Mender:
    """Between the frames of one layout and their extractor. Yields what the extractor yields, with the
    frames it was given; a few frames late."""

    def __init__(self, frame: FrameFormat, extractor: PacketExtractor, habits: Habits) -> None:
        self._frame = frame
        self._extractor = extractor
        self._habits = habits
        self._counts: dict[tuple[int, int], int] = {}  # by frame's first word and packet's first word
        self._pending: Frames = np.empty((0, frame.length), np.uint8)
        self._zone_at = frame.header_octets
        self._zone_octets = frame.data_octets
        self.damaged_packets = 0
        self.substituted = 0
        self._covered = 0  # idle packets in the frame last mended

    def feed(self, frames: Frames) -> Iterator[tuple[Batch, Frames]]:
        """Frames (n, length) in order."""
        self._pending = np.concatenate((self._pending, frames))
        if len(self._pending) > _HELD_BACK:
            body, ahead = self._pending[:-_HELD_BACK], self._pending[-_HELD_BACK:]
            self._pending = ahead
            yield from self._process(body, ahead)

    def flush(self) -> Iterator[tuple[Batch, Frames]]:
        """What is held back; nothing follows it."""
        body, self._pending = self._pending, self._pending[:0]
        if len(body):
            yield from self._process(body, body[:0])

    def feed_irregular(self, octets: bytes) -> Iterator[tuple[Batch, Frames]]:
        """A piece that begins with a frame's header and ends with a frame's end, of another length."""
        yield from self.flush()
        frame = self._reshape(octets)
        if frame is not None:
            row = np.frombuffer(frame, np.uint8).reshape(1, -1)
            batch = self._extractor.feed(row)
            self._note(batch)
            yield batch, row

    # ---- which frames are in trouble -------------------------------------------------------------

    def _process(self, body: Frames, ahead: Frames) -> Iterator[tuple[Batch, Frames]]:
        if self._frame.fecf or self._frame.fhec:
            yield self._extractor.feed(body), body
            return
        before = self._extractor.save()
        batch, troubled = self._try(body)
        after = self._extractor.save()
        if not troubled and len(ahead):
            troubled = self._try(ahead)[1]
            self._extractor.load(after)
        if not troubled:
            self._note(batch)
            yield batch, body
            return
        self._extractor.load(before)
        yield from self._step(body, ahead)

    def _step(self, body: Frames, ahead: Frames) -> Iterator[tuple[Batch, Frames]]:
        """One frame at a time, each with the next one of its channel."""
        together = [bytes(row) for row in np.concatenate((body, ahead))]
        for index in range(len(body)):
            row = body[index : index + 1]
            following = self._following(together, index)
            before = self._extractor.save()
            batch, troubled = self._try(row)
            if not troubled and following is not None:
                after = self._extractor.save()
                troubled = self._try(np.frombuffer(following, np.uint8).reshape(1, -1))[1]
                self._extractor.load(after)
            if troubled:
                mended = self._mend(together[index], following)
                if mended is not None:
                    batch = self._better(batch, row, mended, before, following)
            self._note(batch)
            yield batch, row

    def _better(
        self, batch: Batch, row: Frames, mended: bytes, before: dict[str, Any], following: bytes | None
    ) -> Batch:
        """The mended frame's packets, unless the frame as it came gives more without contradiction: then
        its packets were merely unlike those seen before. The extractor is left after the one chosen."""
        hard = self._contradictions(row, before, following)
        self._extractor.load(before)
        other = self._extractor.feed(np.frombuffer(mended, np.uint8).reshape(1, -1))
        covered = self._covered
        if hard or len(other) >= len(batch):
            self.damaged_packets += covered
            self.substituted += covered
            return other
        self._extractor.load(before)
        return self._extractor.feed(row)

    def _contradictions(self, row: Frames, before: dict[str, Any], following: bytes | None) -> bool:
        """Whether the frame as it came, or the next one after it, makes the extractor drop anything."""
        self._extractor.load(before)
        counts = self._extractor.discarded
        self._extractor.feed(row)
        if following is not None:
            self._extractor.feed(np.frombuffer(following, np.uint8).reshape(1, -1))
        now = self._extractor.discarded
        return any(now.get(reason, 0) != counts.get(reason, 0) for reason in _TROUBLE)

    def _try(self, frames: Frames) -> tuple[Batch, bool]:
        """Feed; whether packets and pointers contradict each other or a packet is unlike all others."""
        counts = self._extractor.discarded
        batch = self._extractor.feed(frames)
        now = self._extractor.discarded
        troubled = any(now.get(reason, 0) != counts.get(reason, 0) for reason in _TROUBLE)
        if not troubled:
            octets = batch.octets
            for offset, length in zip(batch.offset.tolist(), batch.length.tolist(), strict=True):
                word = int(octets[offset]) << 8 | int(octets[offset + 1])
                if not self._habits.expects(word, length):
                    return batch, True
        return batch, troubled

    def _following(self, frames: list[bytes], index: int) -> bytes | None:
        """The next frame of the same channel, if its count is the next."""
        frame = frames[index]
        for later in frames[index + 1 :]:
            if later[:2] == frame[:2]:
                return later if self._count(later) == self._count(frame) + 1 & self._mask else None
        return None

    @property
    def _mask(self) -> int:
        return 0xFFFFFF if self._frame.kind == "aos" else 0xFF

    def _count(self, frame: bytes) -> int:
        return int.from_bytes(frame[2:5], "big") if self._frame.kind == "aos" else frame[3]

    def _note(self, batch: Batch) -> None:
        octets = batch.octets
        rows = zip(
            batch.offset.tolist(),
            batch.spacecraft_id.tolist(),
            batch.virtual_channel.tolist(),
            batch.count.tolist(),
            strict=True,
        )
        for offset, spacecraft, virtual_channel, count in rows:
            word = int(octets[offset]) << 8 | int(octets[offset + 1])
            self._counts[spacecraft << 6 | virtual_channel, word] = count

    # ---- the walk ----------------------------------------------------------------------------------

    def _channel(self, frame: bytes) -> int:
        word = frame[0] << 8 | frame[1]
        if self._frame.kind == "aos":
            return (word >> 6 & 0xFF) << 6 | word & 0x3F
        return (word >> 4 & 0x3FF) << 6 | word >> 1 & 7

    def _pointer_at(self) -> int:
        return self._zone_at - 2 if self._frame.kind == "aos" else 4

    def _pointer(self, frame: bytes) -> int:
        at = self._pointer_at()
        return (frame[at] << 8 | frame[at + 1]) & 0x7FF

    def _mend(self, frame: bytes, following: bytes | None) -> bytes | None:
        """The frame with idle packets over what cannot be believed; None to leave it as it is."""
        pointer = self._pointer(frame)
        if pointer == _ONLY_IDLE:
            return None
        end = self._zone_at + self._zone_octets
        zone = frame[self._zone_at : end]
        beyond = self._pointer(following) if following is not None else None
        channel = self._channel(frame)
        start = self._start(zone, pointer, channel, beyond)
        if start is None:
            return None
        mended, bad = self._cover(zone, start, channel, beyond)
        if mended == zone and start == pointer:
            return None
        self._covered = bad
        at = self._pointer_at()
        word = (frame[at] << 8 | frame[at + 1]) & 0xF800 | start
        return frame[:at] + word.to_bytes(2, "big") + frame[at + 2 : self._zone_at] + mended + frame[end:]

    def _start(self, zone: bytes, pointer: int, channel: int, beyond: int | None) -> int | None:
        """Where the first packet begins: the pointer, unless a packet begins before it, or only elsewhere."""
        if pointer < len(zone) and self._believable(zone, pointer, channel, beyond):
            return pointer
        found = self._next(zone, 0, channel, beyond)
        if pointer < len(zone):
            return found if found is not None and found < pointer else pointer
        return found

    def _cover(self, zone: bytes, start: int, channel: int, beyond: int | None) -> tuple[bytes, int]:
        """The zone with every stretch that holds no believable packet made one idle packet; how many."""
        out = bytearray(zone)
        at, bad = start, 0
        while len(zone) - at >= _HEADER:
            if self._believable(zone, at, channel, beyond):
                at += _length(zone, at)
                continue
            stop = self._next(zone, at + _FEWEST, channel, beyond)
            octets = (len(zone) if stop is None else stop) - at
            if stop is None and beyond is not None and beyond < len(zone):
                octets += beyond  # ends where the next frame's first packet begins
            if octets < _FEWEST:
                break
            header = _IDLE_APID << 32 | 0xC000 << 16 | octets - _FEWEST
            out[at : at + _HEADER] = header.to_bytes(_HEADER, "big")
            bad += 1
            at += octets
        return bytes(out), bad

    def _next(self, zone: bytes, at: int, channel: int, beyond: int | None) -> int | None:
        """The next place that a packet can be believed to begin at."""
        for place in range(at, len(zone) - _HEADER + 1):
            if self._habits.knows(zone[place] << 8 | zone[place + 1]) and self._believable(
                zone, place, channel, beyond
            ):
                return place
        return None

    def _believable(self, zone: bytes, at: int, channel: int, beyond: int | None) -> bool:
        """A header like those seen on this channel, or one that ends where the next one begins."""
        if len(zone) - at < _HEADER:
            return False
        word = zone[at] << 8 | zone[at + 1]
        if word >> 13:
            return False
        if word & 0x7FF == _IDLE_APID:
            return self._ends_well(zone, at + _length(zone, at), beyond, channel)
        count = (zone[at + 2] << 8 | zone[at + 3]) & 0x3FFF
        last = self._counts.get((channel, word))
        near = last is None or (count - last - 1 & 0x3FFF) < _NEAR
        stop = at + _length(zone, at)
        if near and self._habits.expects(word, stop - at):
            return True
        return near and self._ends_well(zone, stop, beyond, channel)

    def _ends_well(self, zone: bytes, stop: int, beyond: int | None, channel: int) -> bool:
        """A packet that ends here is followed by a header like those seen, or agrees with the next frame."""
        left = len(zone) - stop
        if left >= 2:
            word = zone[stop] << 8 | zone[stop + 1]
            if not self._habits.knows(word):
                return False
            if left < _HEADER:
                return True
            count = (zone[stop + 2] << 8 | zone[stop + 3]) & 0x3FFF
            last = self._counts.get((channel, word))
            near = last is None or (count - last - 1 & 0x3FFF) < _NEAR
            return near and self._habits.expects(word, _length(zone, stop))
        if left == 1:
            return zone[stop] >> 5 == 0
        return beyond is not None and -left == beyond

    # ---- pieces of another length --------------------------------------------------------------

    def _reshape(self, octets: bytes) -> bytes | None:
        """A frame of the right length from a piece of another: packets from the front as far as they can
        be believed, an idle packet, packets to the end. None when there is nothing to be had."""
        frame = self._frame
        if not frame.overhead_octets < len(octets) < 2 * frame.length or frame.fecf or frame.fhec:
            return None
        head, trailer = octets[: self._zone_at], octets[len(octets) - frame.trailer_octets :]
        zone = octets[self._zone_at : len(octets) - frame.trailer_octets]
        channel = self._channel(octets)
        pointer = self._pointer(octets)
        at = pointer
        if at >= len(zone) or not self._believable(zone, at, channel, None):
            # The pointer is no help: what it pointed to, or it itself, is what was touched.
            at = 0
            place = self._pointer_at()
            word = (head[place] << 8 | head[place + 1]) & 0xF800
            head = head[:place] + word.to_bytes(2, "big") + head[place + 2 :]
        while len(zone) - at >= _HEADER and self._believable(zone, at, channel, None):
            length = _length(zone, at)
            if at + length > min(len(zone), self._zone_octets):
                break
            at += length
        tail = self._next(zone, at + 1, channel, None)
        while tail is not None and self._zone_octets - at - (len(zone) - tail) < _FEWEST:
            tail = self._next(zone, tail + 1, channel, None)
        rest = zone[tail:] if tail is not None else b""
        gap = self._zone_octets - at - len(rest)
        if gap < _FEWEST:
            return None
        header = _IDLE_APID << 32 | 0xC000 << 16 | gap - _FEWEST
        filler = header.to_bytes(_HEADER, "big") + bytes(gap - _HEADER)
        self.damaged_packets += 1
        self.substituted += 1
        return head + zone[:at] + filler + rest + trailer


def _length(zone: bytes, at: int) -> int:
    return (zone[at + 4] << 8 | zone[at + 5]) + _FEWEST
