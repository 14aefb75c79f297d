"""Time on the wire: CCSDS 301.0-B-4 CUC and CDS, and the counters of three Chinese spacecraft.

All arithmetic is on integers of nanoseconds. Encoding never shows a time that has not come (rounds
down); decoding gives the first nanosecond at which a clock shows the octets. So encoding what was
decoded gives the same octets, and decoding what was encoded is at most one unit early. (Units below
a nanosecond, CUC's fourth octet of fraction and CDS picoseconds, come back rounded up to nanoseconds.)
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, MICROSECOND, MILLISECOND, SECOND, Epoch

_POSIX = Epoch.from_utc("1972-01-01T00:00:00Z")


@cache
def _posix_ns_of(utc: str) -> int:
    return _POSIX.posix_ns(_POSIX.parse(utc))


def _need(octets: bytes, length: int, what: str) -> None:
    if len(octets) < length:
        raise FswError(f"{what}: {len(octets)} octets given, {length} needed")


# ---- counters -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UtcCounter:
    """A counter of UTC as spacecraft keep it that ignore leap seconds: days of 86400 s since an epoch.

    The differences of UTC calendar times in the recordings give exact counts, so a leap second after
    the epoch (2016-12-31 for Tianwen-1; 2015-06-30 as well for Chang'e-5) is not in the count: the
    ground sets the clock, as it sets a computer's. Times are POSIX nanoseconds (`Epoch.posix_ns`).
    """

    name: str
    epoch_utc: str
    octets: int
    byte_order: Literal["big", "little"]
    units_per_second: int

    def encode(self, posix_ns: int) -> bytes:
        """The counter at `posix_ns`. FswError before its epoch or past its range."""
        units = (posix_ns - _posix_ns_of(self.epoch_utc)) * self.units_per_second // SECOND
        if not 0 <= units < 1 << 8 * self.octets:
            raise FswError(
                f"{self.name} time: {units} units since {self.epoch_utc}, "
                f"allowed are 0 to {(1 << 8 * self.octets) - 1}"
            )
        return units.to_bytes(self.octets, self.byte_order)

    def decode(self, octets: bytes) -> int:
        """POSIX nanoseconds of the counter in the first octets; later ones are left alone."""
        _need(octets, self.octets, f"{self.name} time")
        units = int.from_bytes(octets[: self.octets], self.byte_order)
        return _posix_ns_of(self.epoch_utc) - (-units * SECOND // self.units_per_second)


# Orbiter (SCID 245): insert zone and packets. Midnight of 2016-01-01 in Beijing.
TIANWEN1 = UtcCounter("Tianwen-1", "2015-12-31T16:00:00Z", 6, "big", 10_000)
# Lander stack (SCID 82): inferred from recorded insert zones, coded as Tianwen-2's.
TIANWEN1_LANDER = UtcCounter("Tianwen-1 lander", "2015-12-31T16:00:00Z", 6, "little", 65_536)
TIANWEN2 = UtcCounter("Tianwen-2", "2019-12-31T16:00:00Z", 6, "little", 65_536)
CHANGE5 = UtcCounter("Chang'e-5", "2012-08-01T00:00:00Z", 4, "little", 1)


# ---- CUC ------------------------------------------------------------------------------------------

_CUC_TAI = 0b001
_CUC_AGENCY = 0b010
_EXTENSION = 0x80


@dataclass(frozen=True, slots=True)
class CucFormat:
    """Unsegmented time code (301.0-B-4, 3.2): whole seconds and a binary fraction since an epoch.

    coarse: 1 to 7 octets of seconds; fine: 0 to 10 octets of 2^-8n s. epoch: 1958-01-01 TAI or an
    agency's own. implicit: the P-field is agreed upon, not sent. Times are nanoseconds elapsed since
    the epoch, without leap seconds; from 1958 that is `Epoch.tai_ns`.
    """

    coarse: int = 4
    fine: int = 2
    epoch: Literal["tai", "agency"] = "agency"
    implicit: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.coarse <= 7 or not 0 <= self.fine <= 10:
            raise FswError(f"CUC {self.coarse}+{self.fine} octets: allowed are 1 to 7 + 0 to 10")
        if self.epoch not in ("tai", "agency"):
            raise FswError(f"CUC epoch {self.epoch!r}: allowed are 'tai' and 'agency'")

    @classmethod
    def from_p_field(cls, octets: bytes) -> "CucFormat":
        """The format that a P-field of one or two octets announces (3.2.2)."""
        _need(octets, 1, "CUC P-field")
        code = octets[0] >> 4 & 7
        if code not in (_CUC_TAI, _CUC_AGENCY):
            raise FswError(f"P-field {octets[0]:#04x}: time code {code}, allowed for CUC are 1 and 2")
        coarse, fine = (octets[0] >> 2 & 3) + 1, octets[0] & 3
        if octets[0] & _EXTENSION:
            _need(octets, 2, "CUC P-field with extension")
            if octets[1] & _EXTENSION:
                raise FswError(f"P-field {octets[:2].hex()}: a third octet is not defined")
            coarse, fine = coarse + (octets[1] >> 5 & 3), fine + (octets[1] >> 2 & 7)
        return cls(coarse, fine, "tai" if code == _CUC_TAI else "agency")

    @property
    def p_field(self) -> bytes:
        """One octet, or two where the first cannot hold the sizes."""
        code = _CUC_TAI if self.epoch == "tai" else _CUC_AGENCY
        coarse, fine = min(self.coarse, 4), min(self.fine, 3)
        first = code << 4 | (coarse - 1) << 2 | fine
        if (coarse, fine) == (self.coarse, self.fine):
            return bytes([first])
        return bytes([_EXTENSION | first, (self.coarse - coarse) << 5 | (self.fine - fine) << 2])

    @property
    def octets(self) -> int:
        """Length on the wire, the P-field included if it is sent."""
        return (0 if self.implicit else len(self.p_field)) + self.coarse + self.fine

    def encode(self, elapsed_ns: int) -> bytes:
        """P-field (unless implicit) and T-field. FswError before the epoch or past the range."""
        units = (elapsed_ns << 8 * self.fine) // SECOND
        if not 0 <= units < 1 << 8 * (self.coarse + self.fine):
            raise FswError(f"CUC time of {elapsed_ns} ns: allowed are 0 to below {1 << 8 * self.coarse} s")
        t_field = units.to_bytes(self.coarse + self.fine, "big")
        return t_field if self.implicit else self.p_field + t_field

    def decode(self, octets: bytes) -> int:
        """Nanoseconds since the epoch; a P-field, if sent, must be this format's."""
        _need(octets, self.octets, "CUC time")
        start = 0
        if not self.implicit:
            start = len(self.p_field)
            if octets[:start] != self.p_field:
                raise FswError(f"P-field {octets[:start].hex()}: {self.p_field.hex()} expected")
        units = int.from_bytes(octets[start : self.octets], "big")
        return -((-units * SECOND) >> 8 * self.fine)


# ---- CDS ------------------------------------------------------------------------------------------

_CDS_CODE = 0b100
_MILLISECONDS_OF_LONGEST_DAY = 86_401_000


@dataclass(frozen=True, slots=True)
class CdsTime:
    """A day since the epoch and the nanosecond within it; 86400 s and more in a leap second."""

    day: int
    ns_of_day: int

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since the epoch in days of 86400 s."""
        return self.day * DAY + self.ns_of_day

    @classmethod
    def from_elapsed_ns(cls, elapsed_ns: int) -> "CdsTime":
        """From a count of days of 86400 s; `Epoch.posix_ns(t) + POSIX_TO_1958_NS` for the epoch 1958."""
        return cls(*divmod(elapsed_ns, DAY))


@dataclass(frozen=True, slots=True)
class CdsFormat:
    """Day segmented time code (301.0-B-4, 3.3): UTC day, millisecond, and finer if wished.

    day_octets: 2 or 3. submillisecond: octets of microseconds (2), picoseconds (4) or none (0).
    """

    day_octets: Literal[2, 3] = 2
    submillisecond: Literal[0, 2, 4] = 0
    epoch: Literal["1958", "agency"] = "1958"
    implicit: bool = False

    def __post_init__(self) -> None:
        if self.day_octets not in (2, 3) or self.submillisecond not in (0, 2, 4):
            raise FswError(
                f"CDS with {self.day_octets} octets of day and {self.submillisecond} below the "
                "millisecond: allowed are 2 or 3, and 0, 2 or 4"
            )
        if self.epoch not in ("1958", "agency"):
            raise FswError(f"CDS epoch {self.epoch!r}: allowed are '1958' and 'agency'")

    @classmethod
    def from_p_field(cls, octet: int) -> "CdsFormat":
        """The format that a P-field announces (3.3.2)."""
        if octet >> 4 != _CDS_CODE or octet & 3 == 3:
            raise FswError(f"P-field {octet:#04x}: allowed for CDS are 0x40 to 0x4e, not ending in 11")
        below: Literal[0, 2, 4] = (0, 2, 4)[octet & 3]
        return cls(3 if octet & 4 else 2, below, "agency" if octet & 8 else "1958")

    @property
    def p_field(self) -> bytes:
        """Always one octet."""
        flags = (self.epoch == "agency") << 3 | (self.day_octets == 3) << 2 | self.submillisecond // 2
        return bytes([_CDS_CODE << 4 | flags])

    @property
    def octets(self) -> int:
        """Length on the wire, the P-field included if it is sent."""
        return (not self.implicit) + self.day_octets + 4 + self.submillisecond

    def encode(self, time: CdsTime) -> bytes:
        """P-field (unless implicit) and T-field. FswError where day or time of day does not fit."""
        millisecond, below_ns = divmod(time.ns_of_day, MILLISECOND)
        if (
            not 0 <= time.day < 1 << 8 * self.day_octets
            or not 0 <= millisecond < _MILLISECONDS_OF_LONGEST_DAY
        ):
            raise FswError(
                f"CDS time of day {time.day}, {time.ns_of_day} ns: allowed are days 0 to "
                f"{(1 << 8 * self.day_octets) - 1} and up to 86401 s"
            )
        finer = {0: 0, 2: below_ns // MICROSECOND, 4: below_ns * 1000}[self.submillisecond]
        return (
            (b"" if self.implicit else self.p_field)
            + time.day.to_bytes(self.day_octets, "big")
            + millisecond.to_bytes(4, "big")
            + finer.to_bytes(self.submillisecond, "big")
        )

    def decode(self, octets: bytes) -> CdsTime:
        """Day and nanosecond; FswError on another P-field or a time of day that does not exist."""
        _need(octets, self.octets, "CDS time")
        start = 0
        if not self.implicit:
            start = 1
            if octets[:1] != self.p_field:
                raise FswError(f"P-field {octets[:1].hex()}: {self.p_field.hex()} expected")
        middle = start + self.day_octets
        millisecond = int.from_bytes(octets[middle : middle + 4], "big")
        finer = int.from_bytes(octets[middle + 4 : self.octets], "big")
        limit = {0: 1, 2: 1000, 4: 1_000_000_000}[self.submillisecond]
        if millisecond >= _MILLISECONDS_OF_LONGEST_DAY or finer >= limit:
            raise FswError(f"CDS time of day {millisecond} ms and {finer} below: no such time")
        below_ns = finer * MICROSECOND if self.submillisecond == 2 else -(-finer // 1000)
        return CdsTime(int.from_bytes(octets[start:middle], "big"), millisecond * MILLISECOND + below_ns)
