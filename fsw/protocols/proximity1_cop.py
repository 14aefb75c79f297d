"""COP-P: in-order, complete delivery over a Proximity-1 link (CCSDS 211.0-B-6, section 7).

`FarmP` receives, `FopP` sends; both know frames and control words only, no clock. A sender that has nothing
new to send, or whose window is full, sends what is not acknowledged again, the oldest first; so a lost last
frame needs no timer. A control word that acknowledges what was never sent means that the two have lost each
other: the sender then orders V(R) to be set, until a word shows that it is.

Left out: time-outs of the link itself, which are the radio's affair here, and 32-bit control words.
"""

from typing import Any

from fsw.core.errors import FswError
from fsw.protocols.proximity1 import Construction, Frame, Plcw, SetVr

NUMBERS = 256
MOST_WINDOW = 127

_Data = tuple[Construction, int, bytes]  # what it is, its port, its octets


class FarmP:
    """The receiving side (7.3). counts: accepted, expedited, ahead (behind a gap), behind (had already)."""

    def __init__(self, physical_channel: int = 0) -> None:
        self.physical_channel = physical_channel
        self.expected = 0
        self.retransmit = False
        self.expedited = 0
        self.counts = {"accepted": 0, "expedited": 0, "ahead": 0, "behind": 0}

    def accept(self, frame: Frame) -> bool:
        """Whether the frame's data go on."""
        if frame.expedited:
            self.expedited = (self.expedited + 1) % 8
            self.counts["expedited"] += 1
            return True
        ahead = (frame.sequence - self.expected) % NUMBERS
        if ahead == 0:
            self.expected = (self.expected + 1) % NUMBERS
            self.retransmit = False
            self.counts["accepted"] += 1
            return True
        if ahead < NUMBERS // 2:
            self.retransmit = True
            self.counts["ahead"] += 1
        else:
            self.counts["behind"] += 1
        return False

    def set(self, directive: SetVr) -> None:
        """V(R) as ordered."""
        self.expected, self.retransmit = directive.value, False

    def report(self) -> Plcw:
        """The control word for the other side."""
        return Plcw(self.expected, self.retransmit, self.physical_channel, self.expedited)

    def save(self) -> dict[str, Any]:
        return {
            "expected": self.expected,
            "retransmit": self.retransmit,
            "expedited": self.expedited,
            "counts": dict(self.counts),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.expected, self.retransmit = saved["expected"], saved["retransmit"]
        self.expedited, self.counts = saved["expedited"], dict(saved["counts"])


class FopP:
    """The sending side (7.2): data in by `send`, frames out by `next_frame` whenever the link has room.

    window: frames that may be unacknowledged. counts: sent anew, sent again, acknowledged, expedited, orders
    to set V(R). Raises FswError: a window that is none.
    """

    def __init__(self, spacecraft: int, window: int = MOST_WINDOW, physical_channel: int = 0) -> None:
        if not 1 <= window <= MOST_WINDOW:
            raise FswError(f"COP-P window {window}: allowed are 1 to {MOST_WINDOW}")
        self.spacecraft, self.window, self.physical_channel = spacecraft, window, physical_channel
        self.counts = {"sent": 0, "again": 0, "acknowledged": 0, "expedited": 0, "set_vr": 0}
        self._waiting: list[_Data] = []
        self._urgent: list[_Data] = []
        self._sent: list[_Data] = []  # unacknowledged, oldest first
        self._oldest = 0  # sequence number of the first of them
        self._again = 0  # which of them is sent next, if nothing new may be
        self._urgent_number = 0
        self._lost = False

    @property
    def outstanding(self) -> int:
        """Data not acknowledged yet, sent or not."""
        return len(self._waiting) + len(self._sent)

    @property
    def unacknowledged(self) -> int:
        """Frames sent that may have to be sent again."""
        return len(self._sent)

    @property
    def waiting(self) -> int:
        """Data not sent yet."""
        return len(self._waiting)

    @property
    def has_news(self) -> bool:
        """Whether the next frame may be one that was never sent."""
        return bool(self._urgent or (self._waiting and len(self._sent) < self.window))

    @property
    def lost(self) -> bool:
        """Both sides have lost each other: the next frame orders V(R) to be set."""
        return self._lost

    @property
    def asked_again(self) -> bool:
        """Whether the next frame is one that is to be sent again."""
        return self._again < len(self._sent)

    def send(
        self,
        data: bytes,
        expedited: bool = False,
        construction: Construction = Construction.PACKETS,
        port: int = 0,
    ) -> None:
        """One frame's data; expedited ones overtake all others and are never sent again."""
        (self._urgent if expedited else self._waiting).append((construction, port, data))

    def next_frame(self) -> Frame | None:
        """What to send now; None when all is acknowledged."""
        if self._lost:
            self.counts["set_vr"] += 1
            order = SetVr(self._oldest).encode()
            return self._frame((Construction.PACKETS, 0, order), 0, expedited=True, supervisory=True)
        if self._urgent:
            self.counts["expedited"] += 1
            number, self._urgent_number = self._urgent_number, (self._urgent_number + 1) % NUMBERS
            return self._frame(self._urgent.pop(0), number, expedited=True)
        if self._again < len(self._sent):
            return self._repeated()
        if self._waiting and len(self._sent) < self.window:
            self._sent.append(self._waiting.pop(0))
            self._again = len(self._sent)
            self.counts["sent"] += 1
            return self._frame(self._sent[-1], (self._oldest + self._again - 1) % NUMBERS)
        if self._sent:
            self._again = 0
            return self._repeated()
        return None

    def _repeated(self) -> Frame:
        place, self._again = self._again, self._again + 1
        self.counts["again"] += 1
        return self._frame(self._sent[place], (self._oldest + place) % NUMBERS)

    def _frame(self, data: _Data, number: int, expedited: bool = False, supervisory: bool = False) -> Frame:
        construction, port, octets = data
        channel = self.physical_channel
        return Frame(self.spacecraft, octets, number, expedited, supervisory, construction, channel, port)

    def acknowledge(self, word: Plcw) -> int:
        """Takes a control word; how many frames it acknowledges."""
        done = (word.report - self._oldest) % NUMBERS
        if done > len(self._sent):
            self._lost = True
            return 0
        self._lost = False
        del self._sent[:done]
        self._oldest = word.report
        self._again = 0 if word.retransmit else max(0, self._again - done)
        self.counts["acknowledged"] += done
        return done

    def save(self) -> dict[str, Any]:
        return {
            "counts": dict(self.counts),
            "waiting": _plain(self._waiting),
            "urgent": _plain(self._urgent),
            "sent": _plain(self._sent),
            "oldest": self._oldest,
            "again": self._again,
            "urgent_number": self._urgent_number,
            "lost": self._lost,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.counts = dict(saved["counts"])
        self._waiting, self._urgent = _data(saved["waiting"]), _data(saved["urgent"])
        self._sent, self._oldest, self._again = _data(saved["sent"]), saved["oldest"], saved["again"]
        self._urgent_number, self._lost = saved["urgent_number"], saved["lost"]


def _plain(entries: list[_Data]) -> list[list[Any]]:
    return [[int(construction), port, data] for construction, port, data in entries]


def _data(saved: list[list[Any]]) -> list[_Data]:
    return [(Construction(construction), port, data) for construction, port, data in saved]
