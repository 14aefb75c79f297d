"""Numbers of SDLS that telemetry shows too. Apart from `fsw.protocols.sdls`, which loads the ciphers."""

from enum import IntEnum


class Service(IntEnum):
    """Service type of a security association (4.2.2.4): two bits, encryption and authentication."""

    AUTHENTICATION = 0b01
    AUTHENTICATED_ENCRYPTION = 0b11


class FrameRefusal(IntEnum):
    """Why a telecommand frame was refused (355.0-B-2 4.2.4)."""

    TOO_SHORT = 1
    UNKNOWN_ASSOCIATION = 2
    NOT_OPERATIONAL = 3
    OTHER_CHANNEL = 4
    KEY_NOT_ACTIVE = 5
    BAD_MAC = 6
    REPLAYED = 7
    OUTSIDE_WINDOW = 8

    @property
    def text(self) -> str:
        return _REFUSAL_TEXTS[self]


_REFUSAL_TEXTS = {
    FrameRefusal.TOO_SHORT: "no room for security header and trailer",
    FrameRefusal.UNKNOWN_ASSOCIATION: "no security association has this SPI",
    FrameRefusal.NOT_OPERATIONAL: "its security association is not started",
    FrameRefusal.OTHER_CHANNEL: "its security association is for another channel",
    FrameRefusal.KEY_NOT_ACTIVE: "the key of its security association is not active",
    FrameRefusal.BAD_MAC: "forged or damaged: the MAC does not fit",
    FrameRefusal.REPLAYED: "replayed or stale: its number is not above the last one",
    FrameRefusal.OUTSIDE_WINDOW: "its number is beyond the window",
}
