"""Space Data Link Security on telecommand frames (CCSDS 355.0-B-2): apply on the ground, process on board.

    protected = ground.apply((0, 0), header, data)               # before FOP-1; goes where the data were
    verdict = spacecraft.process((0, 0), header, protected)      # after FARM-1: Accepted or Refused

`header` is the frame from its first octet to before the security header: the primary header (5 octets) and
the segment header, if there is one. What COP-1 sets later is masked, so zeros may stand for it. Octets in,
octets or the reason out: no clock, no random source, no I/O.

    SPI 16 | IV 0 or 96 | sequence number 0 to 64 | data, encrypted or plain | MAC 128      (4.1)

Two services, each with the algorithm of annex E: authenticated encryption by AES-256-GCM and authentication
by AES-256-CMAC. Encryption alone is not offered: it would protect nothing that a spacecraft obeys.

Anti-replay (4.2.4.4): a number is taken if last < number <= last + window. Numbers never wrap: a security
association that has used its last one sends and takes nothing more until it is keyed anew.

What is not protected: which frames there are, their order (that is COP-1's) and type-BC frames, which carry
no data: whoever can reach the receiver can still unlock FARM-1 or set its V(R).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from fsw.core.errors import FswError
from fsw.protocols import sdls_cipher
from fsw.protocols.sdls_cipher import IV_OCTETS, MAC_OCTETS
from fsw.protocols.sdls_codes import FrameRefusal, Service
from fsw.protocols.sdls_keys import KEY_OCTETS

Saved = dict[str, Any]

SPI_OCTETS = 2
MOST_NUMBER_OCTETS = 8
MOST_WINDOW = 255  # set by one octet in the extended procedures
MOST_LOGGED = 32
# 4.2.2.6.2 b: of the primary header only the virtual channel; then the segment header.
_PRIMARY_HEADER_MASK = bytes((0, 0, 0xFC, 0, 0))


class Channel(NamedTuple):
    """A global MAP of this spacecraft; map_id None where frames have no segment header."""

    virtual_channel: int
    map_id: int | None = 0


class KeyState(IntEnum):
    """Life of a key (355.1-B-1 3.2)."""

    PRE_ACTIVE = 0
    ACTIVE = 1
    DEACTIVATED = 2
    DESTROYED = 3


class AssociationState(IntEnum):
    """Life of a security association (355.1-B-1 3.3)."""

    UNKEYED = 1
    KEYED = 2
    OPERATIONAL = 3


@dataclass(slots=True)
class Key:
    """octets: 32; none once destroyed. used_to: highest IV (or number) known to be used with it, for ever."""

    octets: bytes = field(repr=False)
    state: KeyState = KeyState.PRE_ACTIVE
    used_to: int = 0

    def __post_init__(self) -> None:
        if len(self.octets) != (0 if self.state is KeyState.DESTROYED else KEY_OCTETS):
            raise FswError(f"key of {len(self.octets)} octets: allowed is {KEY_OCTETS}")


@dataclass(slots=True)
class SecurityAssociation:
    """What both ends have agreed on for some channels; plain data.

    mask: authentication bit mask over header and security header, None for the standard's own.
    number: the last one sent (ground) or taken (spacecraft); it is the IV where there is no sequence number.
    window: 1 to 255. started: rises with each start; of two associations for one channel the one started
    last is used to send. last_procedure: tag of the extended procedure that was last tried on it.
    """

    spi: int
    service: Service
    iv_octets: int = IV_OCTETS
    number_octets: int = 0
    window: int = 64
    mask: bytes | None = None
    state: AssociationState = AssociationState.UNKEYED
    key_id: int | None = None
    number: int = 0
    channels: tuple[Channel, ...] = ()
    started: int = 0
    last_procedure: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.spi < 0xFFFF:
            raise FswError(f"SPI {self.spi}: allowed are 1 to 65534 (355.0-B-2 4.1.1.2.3)")
        if not 1 <= self.window <= MOST_WINDOW:
            raise FswError(f"anti-replay window {self.window}: allowed are 1 to {MOST_WINDOW}")
        iv_octets = IV_OCTETS if self.service is Service.AUTHENTICATED_ENCRYPTION else 0
        if self.iv_octets != iv_octets:
            raise FswError(f"IV of {self.iv_octets} octets: for {self.service.name} allowed is {iv_octets}")
        least = 0 if iv_octets else 1  # nothing is sent without some number against replay
        if not least <= self.number_octets <= MOST_NUMBER_OCTETS:
            raise FswError(
                f"sequence number of {self.number_octets} octets: allowed are {least} to {MOST_NUMBER_OCTETS}"
            )
        if not 0 <= self.number <= self.most_number:
            raise FswError(f"anti-replay number {self.number}: allowed are 0 to {self.most_number}")

    @classmethod
    def baseline(cls, spi: int, service: Service, window: int = 64) -> "SecurityAssociation":
        """Annex E: GCM, its IV being the number (E1); CMAC with a number of 32 bits (E2)."""
        if service is Service.AUTHENTICATION:
            return cls(spi, service, 0, 4, window)
        return cls(spi, service, IV_OCTETS, 0, window)

    @property
    def header_octets(self) -> int:
        return SPI_OCTETS + self.iv_octets + self.number_octets

    @property
    def overhead_octets(self) -> int:
        """By which a frame grows."""
        return self.header_octets + MAC_OCTETS

    @property
    def anti_replay_octets(self) -> int:
        """Of the anti-replay number: the sequence number, or the IV where there is none (4.1.1.4.2)."""
        return self.number_octets or self.iv_octets

    @property
    def most_number(self) -> int:
        return (1 << 8 * self.anti_replay_octets) - 1

    def mask_for(self, header_octets: int) -> bytes:
        """The authentication bit mask over so many octets of frame header and the security header."""
        if self.mask is not None:
            return self.mask
        # The IV need not be covered (4.2.2.6.2 h): GCM authenticates it by itself.
        covered = b"\xff" * SPI_OCTETS + bytes(self.iv_octets) + b"\xff" * self.number_octets
        segment = b"\xff" * (header_octets - len(_PRIMARY_HEADER_MASK))
        return _PRIMARY_HEADER_MASK + segment + covered

    def save(self) -> Saved:
        return {
            "spi": self.spi,
            "service": int(self.service),
            "iv_octets": self.iv_octets,
            "number_octets": self.number_octets,
            "window": self.window,
            "mask": self.mask,
            "state": int(self.state),
            "key_id": self.key_id,
            "number": self.number.to_bytes(IV_OCTETS, "big"),
            "channels": [list(channel) for channel in self.channels],
            "started": self.started,
            "last_procedure": self.last_procedure,
        }

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "SecurityAssociation":
        """The association that `save` gave."""
        values = dict(saved)
        values["service"] = Service(values["service"])
        values["state"] = AssociationState(values["state"])
        values["channels"] = tuple(Channel(*channel) for channel in values["channels"])
        values["number"] = int.from_bytes(values["number"], "big")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The data of a frame that is genuine and fresh."""

    data: bytes
    spi: int
    number: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame whose data must not be looked at. spi and number as far as they could be read, unproven."""

    reason: FrameRefusal
    spi: int = 0
    number: int = 0


class SecurityUnit:
    """Keys and security associations of one end of the link, and what became of the frames.

    `save` is everything: keys too. A unit that loses its state must not go on, since numbers would come
    twice; so it belongs into memory that survives a reset, and `apply` and `process` change the number
    before they return what it was used for.
    """

    def __init__(
        self, keys: Mapping[int, Key] | None = None, associations: Iterable[SecurityAssociation] = ()
    ) -> None:
        self.keys: dict[int, Key] = dict(sorted((keys or {}).items()))
        self.associations: dict[int, SecurityAssociation] = {}
        for association in sorted(associations, key=lambda each: each.spi):
            self.associations[association.spi] = association
        self.accepted = 0
        self.refused: dict[str, int] = {reason.name: 0 for reason in FrameRefusal}
        self.log: list[list[int]] = []  # [reason, SPI, low 32 bits of the number], oldest first
        self.alarm = False  # something was refused since the alarm was reset
        self.challenges_answered = 0

    # ---- the two functions (4.2.3, 4.2.4) ------------------------------------------------------------

    def sending(self, channel: Channel, spi: int | None = None) -> SecurityAssociation:
        """The association that protects this channel. Raises FswError if none is operational."""
        found = [
            each
            for each in self._operational(channel)
            if self._key(each) is not None and spi in (None, each.spi)
        ]
        if not found:
            which = "no security association" if spi is None else f"no security association of SPI {spi}"
            raise FswError(f"{_named(channel)}: {which} with an active key is operational")
        return max(found, key=lambda each: each.started)

    def apply(self, channel: Channel, header: bytes, data: bytes, spi: int | None = None) -> bytes:
        """Security header, data and MAC, to go into the frame where the data would have gone.

        spi: of the association that is to protect it; without it the one started last. Raises FswError: none
        is operational, its numbers are used up, its mask fits no such header.
        """
        association = self.sending(channel, spi)
        assert association.key_id is not None
        key = self.keys[association.key_id]
        if association.number >= association.most_number:
            raise FswError(
                f"SPI {association.spi}: its {association.most_number} numbers are used up; rekey it"
            )
        association.number += 1
        # Two frames with one IV under one key would betray GCM's authentication key, so the key decides too.
        iv = max(key.used_to + 1, 0 if association.number_octets else association.number)
        if not association.number_octets:
            association.number = iv
        key.used_to = iv if association.iv_octets else max(key.used_to, association.number)
        security = association.spi.to_bytes(SPI_OCTETS, "big")
        if association.iv_octets:
            security += iv.to_bytes(IV_OCTETS, "big")
        security += association.number.to_bytes(association.anti_replay_octets, "big")[
            : association.number_octets
        ]
        covered = _masked(association, header + security, len(header))
        if covered is None:
            raise FswError(f"SPI {association.spi}: its mask does not fit a header of {len(header)} octets")
        if association.service is Service.AUTHENTICATED_ENCRYPTION:
            return security + sdls_cipher.seal(key.octets, iv.to_bytes(IV_OCTETS, "big"), data, covered)
        return security + data + sdls_cipher.authenticate(key.octets, covered + data)

    def process(self, channel: Channel, header: bytes, protected: bytes) -> Accepted | Refused:
        """What stood in a frame of this channel after `header`. What is refused is counted and logged."""
        verdict = self._judge(channel, header, protected)
        if isinstance(verdict, Accepted):
            association = self.associations[verdict.spi]
            association.number = verdict.number
            assert association.key_id is not None
            key = self.keys[association.key_id]
            key.used_to = max(key.used_to, verdict.number)
            self.accepted += 1
        else:
            self.refuse(verdict)
        return verdict

    def refuse(self, verdict: Refused) -> None:
        """Count, log and raise the alarm."""
        self.refused[verdict.reason.name] += 1
        self.alarm = True
        self.log.append([int(verdict.reason), verdict.spi, verdict.number & 0xFFFFFFFF])
        del self.log[:-MOST_LOGGED]

    def _judge(self, channel: Channel, header: bytes, protected: bytes) -> Accepted | Refused:
        if len(protected) < SPI_OCTETS:
            return Refused(FrameRefusal.TOO_SHORT)
        spi = int.from_bytes(protected[:SPI_OCTETS], "big")
        association = self.associations.get(spi)
        if association is None:
            return Refused(FrameRefusal.UNKNOWN_ASSOCIATION, spi)
        if association.state is not AssociationState.OPERATIONAL:
            return Refused(FrameRefusal.NOT_OPERATIONAL, spi)
        if channel not in association.channels:
            return Refused(FrameRefusal.OTHER_CHANNEL, spi)
        key = self._key(association)
        if key is None:
            return Refused(FrameRefusal.KEY_NOT_ACTIVE, spi)
        at = association.header_octets
        if len(protected) < association.overhead_octets:
            return Refused(FrameRefusal.TOO_SHORT, spi)
        security, body = protected[:at], protected[at:]
        number = int.from_bytes(security[at - association.anti_replay_octets :], "big")
        data = self._open(association, key, header, security, body)
        if data is None:
            return Refused(FrameRefusal.BAD_MAC, spi, number)
        if number <= association.number:
            return Refused(FrameRefusal.REPLAYED, spi, number)
        if number > association.number + association.window:
            return Refused(FrameRefusal.OUTSIDE_WINDOW, spi, number)
        return Accepted(data, spi, number)

    def _open(
        self, association: SecurityAssociation, key: bytes, header: bytes, security: bytes, body: bytes
    ) -> bytes | None:
        covered = _masked(association, header + security, len(header))
        if covered is None:
            return None
        if association.service is Service.AUTHENTICATED_ENCRYPTION:
            iv = security[SPI_OCTETS : SPI_OCTETS + IV_OCTETS]
            return sdls_cipher.unseal(key, iv, body, covered)
        data, mac = body[:-MAC_OCTETS], body[-MAC_OCTETS:]
        return data if sdls_cipher.is_authentic(key, covered + data, mac) else None

    # ---- what the procedures share -------------------------------------------------------------------

    def is_in_use(self, key_id: int) -> bool:
        """Some association that is keyed or operational holds this key."""
        return any(
            each.key_id == key_id and each.state is not AssociationState.UNKEYED
            for each in self.associations.values()
        )

    def is_only_one(self, association: SecurityAssociation) -> bool:
        """Without it some channel of it would be closed for good."""
        if association.state is not AssociationState.OPERATIONAL:
            return False
        return any(len(self._operational(channel)) == 1 for channel in association.channels)

    def next_start(self) -> int:
        return 1 + max((each.started for each in self.associations.values()), default=0)

    def _operational(self, channel: Channel) -> list[SecurityAssociation]:
        return [
            each
            for each in self.associations.values()
            if each.state is AssociationState.OPERATIONAL and channel in each.channels
        ]

    def _key(self, association: SecurityAssociation) -> bytes | None:
        """Its octets, if it is active."""
        if association.key_id is None:
            return None
        key = self.keys.get(association.key_id)
        return key.octets if key is not None and key.state is KeyState.ACTIVE else None

    # ---- state -------------------------------------------------------------------------------------

    @property
    def counters(self) -> dict[str, int]:
        """accepted, and how many were refused by the name of each reason in lower case."""
        return {"accepted": self.accepted, **{name.lower(): many for name, many in self.refused.items()}}

    def save(self) -> Saved:
        return {
            "keys": [
                [number, key.octets, int(key.state), key.used_to.to_bytes(IV_OCTETS, "big")]
                for number, key in self.keys.items()
            ],
            "associations": [each.save() for each in self.associations.values()],
            "accepted": self.accepted,
            "refused": dict(self.refused),
            "log": [list(entry) for entry in self.log],
            "alarm": self.alarm,
            "challenges_answered": self.challenges_answered,
        }

    def load(self, saved: Saved) -> None:
        """Goes on where `save` was."""
        self.keys = {
            number: Key(octets, KeyState(state), int.from_bytes(used_to, "big"))
            for number, octets, state, used_to in saved["keys"]
        }
        restored = [SecurityAssociation.restored(each) for each in saved["associations"]]
        self.associations = {each.spi: each for each in restored}
        self.accepted = saved["accepted"]
        self.refused = dict(saved["refused"])
        self.log = [list(entry) for entry in saved["log"]]
        self.alarm = saved["alarm"]
        self.challenges_answered = saved["challenges_answered"]


def _masked(association: SecurityAssociation, octets: bytes, header_octets: int) -> bytes | None:
    """Header and security header as far as they are authenticated, the rest zero; None if no mask fits."""
    mask = association.mask_for(header_octets)
    if len(mask) != len(octets):
        return None
    masked = int.from_bytes(octets, "big") & int.from_bytes(mask, "big")
    return masked.to_bytes(len(octets), "big")


def _named(channel: Channel) -> str:
    of_map = "" if channel.map_id is None else f", MAP {channel.map_id}"
    return f"virtual channel {channel.virtual_channel}{of_map}"
