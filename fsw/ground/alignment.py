"""Finds the frames in a file of frames without sync markers, and finds them again after damage.

Octets lost or added in such a file move every later frame. A frame start is believed when its header
has the right version and a known spacecraft, and its virtual channel's count goes on from the frames
before it or is taken up by those after it. While that holds one frame length further on, nothing is
searched; otherwise the next two starts that agree are looked for, octet by octet.
"""

from dataclasses import dataclass

import numpy as np

from fsw.core.frame_format import FrameFormat

_AHEAD = 8  # frames looked at beyond the one in hand
_LEARN_FRAMES = 256
_NEAR_AOS, _NEAR_TM = 4096, 32  # counts that may be missing without doubt about the start
_IDLE_CHANNEL = 63


@dataclass(frozen=True, slots=True)
class Damage:
    """position, octets: where in the file. what: in words. harmless: the counts show that no frame of any
    channel is missing there, as with a frame made of noise."""

    position: int
    octets: int
    what: str
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Aligned:
    """One frame; of another length where octets were lost or added in it.

    repaired: its header was replaced by what its neighbours show it to have been.
    """

    position: int
    octets: bytes
    repaired: bool = False


class FrameAligner:
    """Feed octets as they are read; then flush. Memory: a few hundred frames at most.

    spacecraft: identifiers to believe; empty to learn them from the first frames.
    """

    def __init__(self, frame: FrameFormat, spacecraft: frozenset[int] = frozenset()) -> None:
        self._length = frame.length
        self._aos = frame.kind == "aos"
        self._mask = 0xFFFFFF if self._aos else 0xFF
        self._near = _NEAR_AOS if self._aos else _NEAR_TM
        self._header = 6
        self._pointer_stop = frame.header_octets if self._aos else self._header
        self._ocf = int(frame.ocf)
        self._pending = bytearray()
        self._base = 0  # position in the file of the first pending octet
        self._ended = False
        self._known: np.ndarray | None = None  # by the frame's first 16 bits
        self._last: dict[int, int] = {}
        self._channel_last: dict[int, int] = {}
        self._ends: dict[int, bytes] = {}  # what follows the count in a channel's headers
        if spacecraft:
            self._learn_from(spacecraft)
        self.damages: list[Damage] = []
        self.damaged_octets = 0
        self.repaired = 0

    # ---- headers ------------------------------------------------------------------------------

    def _learn_from(self, spacecraft: frozenset[int]) -> None:
        words = np.arange(1 << 16)
        scids = (words >> 6 & 0xFF) if self._aos else (words >> 4 & 0x3FF)
        known = np.isin(scids, sorted(spacecraft)) & (words >> 14 == int(self._aos))
        self._known = known

    def _learn(self) -> None:
        """Which spacecraft there are: those whose counts go on one frame length further, anywhere."""
        octets = np.frombuffer(bytes(self._pending[: _LEARN_FRAMES * self._length]), np.uint8).astype(
            np.int64
        )
        reach = len(octets) - self._length - 5
        if reach <= 0:
            self._known = np.ones(1 << 16, bool)
            return
        word = octets[:-1] << 8 | octets[1:]
        if self._aos:
            count = octets[2:-2] << 16 | octets[3:-1] << 8 | octets[4:]
        else:
            count = octets[2:]
        ids = word if self._aos else word & 0xFFF0
        at = np.arange(reach)
        links = (
            (ids[at] == ids[at + self._length])
            & (word[at] >> 14 == int(self._aos))
            & ((count[at] + 1 & self._mask) == count[at + self._length])
        )
        found, many = np.unique(ids[at[links]], return_counts=True)
        # By chance a count of 8 bits goes on once in 256 places; a real one once a frame.
        enough = 1 if self._aos else max(2, len(octets) // self._length // 8)
        scids = {
            int(word_) >> 6 & 0xFF if self._aos else int(word_) >> 4 & 0x3FF
            for word_ in found[many >= enough]
        }
        if scids:
            self._learn_from(frozenset(scids))
        else:
            self._known = np.ones(1 << 16, bool)

    # What is counted frame by frame: the virtual channel of AOS, the master channel of TM, whose count
    # of 8 bits is helped by that of the virtual channel.

    def _id(self, at: int) -> int:
        word = self._pending[at] << 8 | self._pending[at + 1]
        return word if self._aos else word & 0xFFF0

    def _count(self, at: int) -> int:
        pending = self._pending
        if self._aos:
            return pending[at + 2] << 16 | pending[at + 3] << 8 | pending[at + 4]
        return pending[at + 2]

    def _channel(self, at: int) -> int:
        word = self._pending[at] << 8 | self._pending[at + 1]
        return word if self._aos else word & 0xFFFE

    def _channel_count(self, at: int) -> int:
        return self._count(at) if self._aos else self._pending[at + 3]

    def _is_known(self, at: int) -> bool:
        assert self._known is not None
        if not self._aos and self._pending[at + 4] & 0x58 not in (0x18, 0x40, 0x48, 0x50, 0x58):
            return False  # 132.0-B-3 4.1.2.7.5: without synchronisation flag the segment length is 11
        return bool(self._known[self._pending[at] << 8 | self._pending[at + 1]])

    def _channel_goes_on(self, at: int) -> bool:
        last = self._channel_last.get(self._channel(at))
        return self._aos or last is None or (self._channel_count(at) - last - 1 & self._mask) < self._near

    def _believed(self, at: int) -> bool:
        """Version, spacecraft, and a count that goes on or is taken up."""
        pending = self._pending
        if at + self._header > len(pending) or not self._is_known(at):
            return False
        name, count = self._id(at), self._count(at)
        if self._aos and name & 0x3F == _IDLE_CHANNEL:
            return True
        last = self._last.get(name)
        if last is not None and (count - last - 1 & self._mask) < self._near and self._channel_goes_on(at):
            return True
        for ahead in range(1, _AHEAD + 1):
            later = at + ahead * self._length
            if later + self._header > len(pending):
                return last is None and ahead == 1  # a lone frame: nothing speaks against it
            follows = (self._count(later) - count - 1 & self._mask) < ahead
            if follows and self._id(later) == name and self._is_known(later):
                return True
        return False

    # ---- octets in, frames out ----------------------------------------------------------------

    def feed(self, octets: bytes) -> list[Aligned]:
        """Frames that can be given out now."""
        self._pending += octets
        if self._known is None:
            if len(self._pending) < _LEARN_FRAMES * self._length and not self._ended:
                return []
            self._learn()
        return self._take(keep=(_AHEAD + 2) * self._length)

    def flush(self) -> list[Aligned]:
        """The rest; the file has ended."""
        self._ended = True
        if self._known is None:
            self._learn()
        frames = self._take(keep=0)
        if self._pending:
            self._note(0, len(self._pending), "cut frame at the end of the file")
            self._drop(len(self._pending))
        return frames

    def _note(self, at: int, octets: int, what: str, harmless: bool = False) -> None:
        self.damaged_octets += octets
        if len(self.damages) < 1000:
            self.damages.append(Damage(self._base + at, octets, what, harmless))

    def _drop(self, octets: int) -> None:
        del self._pending[:octets]
        self._base += octets

    def _take(self, keep: int) -> list[Aligned]:
        frames: list[Aligned] = []
        length = self._length
        at = 0
        while at + length <= len(self._pending) and (self._ended or at + length + keep <= len(self._pending)):
            if self._believed(at):
                if self._goes_on_after(at):
                    frames.append(self._accept(at))
                    at += length
                    continue
                at = self._search(at, frames, "octets lost or added in a frame")
            elif self._goes_on_after(at):
                frames.append(self._accept_damaged(at))
                at += length
            else:
                at = self._search(at, frames, "no frame")
        self._drop(min(at, len(self._pending)))
        return frames

    def _goes_on_after(self, at: int, really: bool = False) -> bool:
        """A later frame at a multiple of the length is believed, or (unless `really`) the file ends before
        it could be."""
        for ahead in range(1, _AHEAD + 1):
            later = at + ahead * self._length
            if later + self._length > len(self._pending):
                return not really and ahead == 1 and later + self._header > len(self._pending)
            if self._believed(later):
                return True
        return False

    def _search(self, at: int, frames: list[Aligned], what: str) -> int:
        """The next believed start; what lies between is damage. Where to go on from."""
        assert self._known is not None
        pending = np.frombuffer(bytes(self._pending[at:]), np.uint8)
        word = pending[:-1].astype(np.uint16) << 8 | pending[1:]
        for candidate in (np.flatnonzero(self._known[word]) + at).tolist():
            if candidate == at or candidate + self._length > len(self._pending):
                continue
            if self._believed(candidate) and self._goes_on_after(candidate):
                self._note(at, candidate - at, what)
                if self._believed(at) and candidate - at > 3 * self._length // 2:
                    frames.append(self._accept(at))
                    frames += self._accept_headless(at + self._length, candidate)
                elif self._believed(at):
                    frames.append(self._accept_irregular(at, candidate))
                else:
                    frames += self._accept_headless(at, candidate)
                return int(candidate)
        if self._ended:
            # Nothing agrees any more: the last frame may still be whole.
            if self._believed(at):
                frames.append(self._accept(at))
                return at + self._length
            self._note(at, len(self._pending) - at, what)
            return len(self._pending)
        kept = max(at + 1, len(self._pending) - (_AHEAD + 2) * self._length)
        self._note(at, kept - at, what)
        return kept

    def _accept(self, at: int) -> Aligned:
        name = self._id(at)
        self._last[name] = self._count(at)
        channel = self._channel(at)
        self._channel_last[channel] = self._channel_count(at)
        self._ends[channel] = bytes(self._pending[at + 5 : at + 6]) if self._aos else b""
        return Aligned(self._base + at, bytes(self._pending[at : at + self._length]))

    def _accept_irregular(self, at: int, stop: int) -> Aligned:
        """A frame's header, and octets up to the next frame: more or fewer than a frame has."""
        octets = self._accept(at).octets
        return Aligned(self._base + at, bytes(self._pending[at:stop]) if stop - at != len(octets) else octets)

    def _accept_damaged(self, at: int) -> Aligned:
        """A frame in place whose header is not believed. If just one channel lacks just this one frame
        and the frame's other octets may well be its, the header is put right."""
        octets = bytes(self._pending[at : at + self._length])
        missing = self._missing_before(at + self._length)
        if len(missing) != 1:
            enclosed = bool(self._last) and self._goes_on_after(at, really=True)
            what = "header of no known spacecraft, or out of sequence"
            self._note(at, self._length, what, harmless=enclosed and not missing)
            return Aligned(self._base + at, octets)
        header = self._header_of_missing(missing[0])
        self.repaired += 1
        wrong = sum(a != b for a, b in zip(header, octets))
        self._note(at, wrong, "frame header put right from its neighbours")
        return Aligned(self._base + at, header + octets[len(header) :], repaired=True)

    def _accept_headless(self, at: int, stop: int) -> list[Aligned]:
        """A frame whose header is gone, for the packets at its end; it has no first header pointer."""
        missing = self._missing_before(stop)
        if len(missing) != 1 or not self._pointer_stop < stop - at < 2 * self._length:
            return []
        header = self._header_of_missing(missing[0])
        octets = bytearray(self._pending[at:stop])
        octets[: len(header)] = header
        octets[self._pointer_stop - 2 : self._pointer_stop] = b"\x07\xff" if self._aos else b"\x1f\xff"
        if len(octets) == self._length:
            octets.append(0)
        return [Aligned(self._base + at, bytes(octets), repaired=True)]

    def _header_of_missing(self, channel: int) -> bytes:
        """What the next frame of a channel must begin with; it is taken to have come."""
        count = self._channel_last[channel] + 1 & self._mask
        if self._aos:
            header = channel.to_bytes(2, "big") + count.to_bytes(3, "big") + self._ends[channel]
            self._last[channel] = count
        else:
            master = channel & 0xFFF0
            self._last[master] = self._last[master] + 1 & self._mask
            header = (channel | self._ocf).to_bytes(2, "big") + bytes([self._last[master], count])
        self._channel_last[channel] = count
        return header

    def _missing_before(self, at: int) -> list[int]:
        """Channels that lack exactly one frame between what came and what follows from `at` on."""
        missing = []
        seen: set[int] = set()
        for ahead in range(_AHEAD):
            later = at + ahead * self._length
            if later + self._header > len(self._pending):
                break
            name = self._channel(later)
            if name in seen or name not in self._channel_last:
                continue
            seen.add(name)
            expected = self._channel_last[name] + 2 & self._mask
            if self._is_known(later) and self._channel_count(later) == expected:
                missing.append(name)
        return missing
