"""One end of a Proximity-1 link: data in and out by COP-P, octets of the radio in and out (211.0-B-6).

Pulled, as its parts are: the radio says from time to time how much it has room for, and gets a portion of
units, the first of which is a control word. What is not acknowledged goes again when the other end asks for
it, or when that has acknowledged nothing in as many portions as its answer takes.
"""

from collections.abc import Callable
from typing import Any

from fsw.protocols.proximity1 import (
    UNIT_OVERHEAD_OCTETS,
    Frame,
    Plcw,
    UnitReader,
    decode_supervisory,
    unit,
)
from fsw.protocols.proximity1_cop import FarmP, FopP

_PACKET_HEADER_OCTETS = 6
_ANY = 1 << 30


class LinkEnd:
    """spacecraft: in the frames of both directions. patience: how many portions an answer takes; what may be
    on its way is not sent again so long. most_octets: of one frame's data."""

    def __init__(self, spacecraft: int, patience: int = 1, most_octets: int = 1000) -> None:
        self.spacecraft, self.patience, self.most_octets = spacecraft, patience, most_octets
        self.fop, self.farm, self.reader = FopP(spacecraft), FarmP(), UnitReader()
        self._silent = 0  # portions since the latest acknowledgement, or since all went again
        self._asked = [-1, 0]  # V(R) with which the other end asked last, and portions since

    def hear(self, octets: bytes) -> list[Frame]:
        """Octets of the radio; the data frames in them that go on."""
        taken: list[Frame] = []
        for frame in self.reader.feed(octets):
            if frame.supervisory:
                for word in decode_supervisory(frame.data) or ():
                    if isinstance(word, Plcw):
                        self._acknowledge(word)
                    else:
                        self.farm.set(word)
            elif self.farm.accept(frame):
                taken.append(frame)
        return taken

    def _acknowledge(self, word: Plcw) -> None:
        if word.retransmit:
            number, portions = self._asked
            if word.report == number and portions < self.patience:
                word = Plcw(word.report, False, word.physical_channel, word.expedited)  # it is on its way
            else:
                self._asked = [word.report, 0]
        if self.fop.acknowledge(word):
            self._silent = 0

    def portion(
        self,
        room: int = _ANY,
        supply: Callable[[], object] | None = None,
        most_units: int = _ANY,
    ) -> bytes:
        """Units of at most `room` octets, and of so many: a control word, then frames, none of them twice.

        supply: called whenever no data wait, to give `fop` those of a frame, if there are any.
        """
        fop = self.fop
        word = Frame(self.spacecraft, self.farm.report().encode(), expedited=True, supervisory=True)
        units = [unit(word)]
        room -= len(units[0])
        self._silent = self._silent + 1 if fop.unacknowledged else 0
        self._asked[1] += 1
        again, once = fop.counts["again"], fop.unacknowledged
        while room >= UNIT_OVERHEAD_OCTETS + self.most_octets and len(units) < most_units:
            if supply is not None and not fop.waiting:
                supply()
            repeated = fop.counts["again"] - again
            if not (fop.lost or fop.has_news or self._repeats(repeated, once)):
                break
            frame = fop.next_frame()
            if frame is None:
                break
            units.append(unit(frame))
            room -= len(units[-1])
            if fop.lost:
                break  # until it is seen to be obeyed
        return b"".join(units)

    def _repeats(self, repeated: int, once: int) -> bool:
        """Whether a frame that was sent before goes now: each of them once a portion at most."""
        if repeated >= once:
            return False
        if not self.fop.asked_again and self._silent < self.patience:
            return False
        self._silent = 0 if repeated == once - 1 else self._silent
        return True

    def save(self) -> dict[str, Any]:
        return {
            "fop": self.fop.save(),
            "farm": self.farm.save(),
            "reader": self.reader.save(),
            "silent": self._silent,
            "asked": list(self._asked),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.fop.load(saved["fop"])
        self.farm.load(saved["farm"])
        self.reader.load(saved["reader"])
        self._silent, self._asked = saved["silent"], list(saved["asked"])


def packets_in(data: bytes) -> list[bytes]:
    """The whole Space Packets in a frame's data; what does not add up is left out."""
    found, at = [], 0
    while at + _PACKET_HEADER_OCTETS < len(data):
        end = at + _PACKET_HEADER_OCTETS + 1 + int.from_bytes(data[at + 4 : at + 6], "big")
        if end > len(data):
            break
        found.append(data[at:end])
        at = end
    return found
