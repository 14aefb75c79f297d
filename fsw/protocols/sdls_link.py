"""SDLS at its two places in the telecommand link: what both ends begin with, and ProcessSecurity on board.

Three security associations guard each channel. Type-AD and type-BD frames have one each, since a type-AD
frame that is sent again may come after later type-BD frames, and would look stale among their numbers. The
third, of authentication only and with a key of its own, is for recovery: when one of the others is stuck.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsw.core.telecommand import TelecommandFrame
from fsw.protocols.sdls import (
    Accepted,
    AssociationState,
    Channel,
    Key,
    KeyState,
    Refused,
    SecurityAssociation,
    SecurityUnit,
)
from fsw.protocols.sdls_codes import FrameRefusal, Service
from fsw.protocols.sdls_keys import FIRST_SESSION_KEY, FOR_AD, FOR_BD, FOR_RECOVERY, LinkKeys
from fsw.protocols.sdls_procedures import Failure, Recipient

Saved = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LinkSecurity:
    """Managed parameters. spi: of type-AD frames; the next two for type BD and for recovery.

    maps: MAPs in use by virtual channel, none where frames have no segment header.
    """

    service: Service
    spi: int
    window: int
    spacecraft_id: int
    maps: Mapping[int, tuple[int, ...]]

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(
            Channel(virtual_channel, map_id)
            for virtual_channel, maps in self.maps.items()
            for map_id in (maps or (None,))
        )


def make_unit(keys: LinkKeys, security: LinkSecurity, *, on_board: bool) -> SecurityUnit:
    """One end at launch. The ground has all keys; those that are not on board are not active there either."""
    in_use = (FOR_AD, FOR_BD, FOR_RECOVERY)
    ring = {
        number: Key(octets, _state(number in in_use or number < FIRST_SESSION_KEY))
        for number, octets in keys.keys.items()
        if not on_board or number < FIRST_SESSION_KEY or number in in_use
    }
    associations = []
    services = (security.service, security.service, Service.AUTHENTICATION)
    for at, (key_id, service) in enumerate(zip(in_use, services)):
        association = SecurityAssociation.baseline(security.spi + at, service, security.window)
        association.key_id, association.channels = key_id, security.channels
        association.state, association.started = AssociationState.OPERATIONAL, len(in_use) - at
        association.number = keys.first_number(association.anti_replay_octets)
        associations.append(association)
    return SecurityUnit(ring, associations)


def _state(active: bool) -> KeyState:
    return KeyState.ACTIVE if active else KeyState.PRE_ACTIVE


def frame_header(virtual_channel: int, segment_header: bytes) -> bytes:
    """What of a frame is authenticated before its security header, the rest zero: the standard's mask."""
    return bytes((0, 0, virtual_channel << 2, 0, 0)) + segment_header


class SpacecraftSecurity:
    """ProcessSecurity between FARM-1 and the segments; and the extended procedures.

    A box of its own beside the computer, with memory that no reset clears: whoever restarts or boots the
    computer gives its tasks the same one again. published: the keys are those that everybody knows.
    """

    def __init__(self, keys: LinkKeys, security: LinkSecurity) -> None:
        self.unit = make_unit(keys, security, on_board=True)
        self.service = security.service
        self.published = keys.published
        self._maps = dict(security.maps)
        self._recipient = Recipient(self.unit, security.spacecraft_id)
        self._carrier: int | None = None  # the association of the latest frame taken
        self._refused: list[Refused] = []

    def process(self, frame: TelecommandFrame) -> bytes | None:
        """The frame data field of a genuine and fresh frame, segment header first; None for any other."""
        size = 1 if self._maps.get(frame.virtual_channel) else 0
        segment, protected = frame.data[:size], frame.data[size:]
        channel = Channel(frame.virtual_channel, segment[0] & 0x3F if segment else None)
        verdict = self.unit.process(channel, frame_header(frame.virtual_channel, segment), protected)
        if isinstance(verdict, Accepted):
            self._carrier = verdict.spi
            return segment + verdict.data
        self._refused.append(verdict)
        return None

    def take_refused(self) -> list[Refused]:
        """Frames refused since the last call, to be reported."""
        refused, self._refused = self._refused, []
        return refused

    def execute(self, command: bytes) -> bytes | Failure:
        """An extended procedure: its reply, or why it was not carried out (see `Recipient`)."""
        return self._recipient.execute(command, self._carrier)

    def save(self) -> Saved:
        """Plain data, keys included."""
        return {
            "unit": self.unit.save(),
            "carrier": self._carrier,
            "refused": [
                [int(each.reason), each.spi, each.number.to_bytes(12, "big")] for each in self._refused
            ],
        }

    def load(self, saved: Saved) -> None:
        self.unit.load(saved["unit"])
        self._carrier = saved["carrier"]
        self._refused = [
            Refused(FrameRefusal(reason), spi, int.from_bytes(number, "big"))
            for reason, spi, number in saved["refused"]
        ]
