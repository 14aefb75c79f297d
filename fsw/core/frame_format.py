"""The managed parameters that fix a telemetry frame's layout, shared by both ends of a link."""

from dataclasses import dataclass
from typing import Literal

from fsw.core.errors import FswError

AOS_PRIMARY_HEADER_OCTETS = 6
TM_PRIMARY_HEADER_OCTETS = 6
FRAME_HEADER_ERROR_CONTROL_OCTETS = 2
POINTER_OCTETS = 2
OCF_OCTETS = 4
FECF_OCTETS = 2
LONGEST_FRAME_OCTETS = 65536


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """Layout of AOS (CCSDS 732.0-B-4, 4.1) or TM (132.0-B-3, 4.1) transfer frames on one channel.

    length: whole frame, octets. insert_zone: octets, AOS only. fhec: frame header error control,
    AOS only. secondary_header: octets of the TM secondary header, its ID octet included; 0 for none.
    """

    kind: Literal["aos", "tm"]
    length: int
    insert_zone: int = 0
    fhec: bool = False
    ocf: bool = False
    fecf: bool = False
    secondary_header: int = 0

    def __post_init__(self) -> None:
        if self.kind not in ("aos", "tm"):
            raise FswError(f"frame kind {self.kind!r}: allowed are 'aos' and 'tm'")
        if self.kind == "tm" and (self.insert_zone or self.fhec):
            raise FswError("TM frames have neither insert zone nor header error control")
        if self.kind == "aos" and self.secondary_header:
            raise FswError("AOS frames have no secondary header")
        if self.insert_zone < 0 or not 0 <= self.secondary_header <= 64:
            raise FswError(
                f"insert zone {self.insert_zone}, secondary header {self.secondary_header} octets: "
                "allowed are 0 or more, and 0 to 64"
            )
        if self.length > LONGEST_FRAME_OCTETS or self.data_octets < 1:
            raise FswError(
                f"frame length {self.length} octets: allowed are {self.overhead_octets + 1} "
                f"to {LONGEST_FRAME_OCTETS} with this layout"
            )

    @property
    def header_octets(self) -> int:
        """Everything before the packet zone: headers, insert zone, and the M_PDU pointer of AOS."""
        if self.kind == "tm":
            return TM_PRIMARY_HEADER_OCTETS + self.secondary_header
        fhec = FRAME_HEADER_ERROR_CONTROL_OCTETS if self.fhec else 0
        return AOS_PRIMARY_HEADER_OCTETS + fhec + self.insert_zone + POINTER_OCTETS

    @property
    def trailer_octets(self) -> int:
        """Operational control field and frame error control field."""
        return OCF_OCTETS * self.ocf + FECF_OCTETS * self.fecf

    @property
    def overhead_octets(self) -> int:
        """All that is not packet zone."""
        return self.header_octets + self.trailer_octets

    @property
    def data_octets(self) -> int:
        """The packet zone."""
        return self.length - self.overhead_octets
