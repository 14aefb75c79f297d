"""Telecommand reception on board: octets of the uplink in, packets and control words out.

CLTUs, frames, FARM-1 of each virtual channel, security, MAPs (231.0-B-4, 232.0-B-4, 232.1-B-2). What the
ground is told of it, the control words, is given from the state of each FARM-1 whenever asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fsw.core.errors import FswError
from fsw.core.farm import Farm, FarmAnswer, FarmState
from fsw.core.telecommand import DISCARD_REASONS, ProcessSecurity, TelecommandFrame, TelecommandReceiver

Saved = dict[str, Any]
_KINDS = ("ad", "bd", "bc")
_COUNTS = (*(f"{kind}_{fate}" for kind in _KINDS for fate in ("taken", "discarded")), "lockouts")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Managed parameters of one virtual channel. maps: those in use; none if it has no segment headers.

    window: W of FARM-1. boot: OPEN or LOCKOUT.
    """

    virtual_channel: int
    maps: tuple[int, ...] = (0,)
    window: int = 10
    boot: FarmState = FarmState.LOCKOUT


@dataclass(frozen=True, slots=True)
class ReceptionSettings:
    """Managed parameters of the physical channel. corrects: BCH corrects an error, or only detects three."""

    spacecraft_id: int
    channels: tuple[ChannelSettings, ...]
    randomized: bool = True
    corrects: bool = True


class TelecommandReception:
    """room: asked at each type-AD frame whether its data can be taken now (FARM-1's Wait otherwise), with the
    number of frames that were taken in the same `feed` and are not yet given on.

    process_security: see `TelecommandReceiver`.
    """

    def __init__(
        self,
        settings: ReceptionSettings,
        room: Callable[[int], bool] | None = None,
        process_security: ProcessSecurity | None = None,
    ) -> None:
        self.settings = settings
        self.farms = {
            channel.virtual_channel: Farm(
                channel.virtual_channel, channel.window, state=channel.boot, room=self._has_room
            )
            for channel in settings.channels
        }
        self._room = room
        self._in_hand = 0
        self._counts = {channel: dict.fromkeys(_COUNTS, 0) for channel in self.farms}
        self.set_link(carrier=False, bits=False)
        self._receiver = TelecommandReceiver(
            settings.spacecraft_id,
            settings.randomized,
            segmented=[channel.virtual_channel for channel in settings.channels if channel.maps],
            maps={channel.virtual_channel: channel.maps for channel in settings.channels},
            corrects=settings.corrects,
            accept=self._accept,
            process_security=process_security,
        )

    def feed(self, octets: bytes) -> list[bytes]:
        """Space packets completed by these octets, in order."""
        packets = [packet.encode() for packet in self._receiver.feed(octets)]
        self._in_hand = 0
        return packets

    def _accept(self, frame: TelecommandFrame) -> bool:
        farm = self.farms.get(frame.virtual_channel)
        if farm is None:
            return False
        counts, before = self._counts[frame.virtual_channel], farm.state
        answer = farm.feed(frame).answer
        taken = answer in (FarmAnswer.ACCEPT, FarmAnswer.EXECUTED)
        counts[f"{frame.kind.lower()}_{'taken' if taken else 'discarded'}"] += 1
        counts["lockouts"] += before is not FarmState.LOCKOUT and farm.state is FarmState.LOCKOUT
        self._in_hand += answer is FarmAnswer.ACCEPT
        return taken

    def _has_room(self) -> bool:
        return self._room is None or self._room(self._in_hand)

    @property
    def waits(self) -> bool:
        """FARM-1 of some channel has had to let a frame go for want of room."""
        return any(farm.waits for farm in self.farms.values())

    def room_made(self) -> None:
        """Event E10, if there is room again for those that wait."""
        for farm in self.farms.values():
            if farm.waits and self._has_room():
                farm.buffer_released()

    def set_link(self, *, carrier: bool, bits: bool) -> None:
        """What the receiver shows: a carrier, and bits on it."""
        for farm in self.farms.values():
            farm.set_link(no_rf=not carrier, no_bit_lock=not bits)

    def control_words(self) -> tuple[bytes, ...]:
        """The CLCW of each virtual channel now, in the order of the settings."""
        return tuple(farm.clcw() for farm in self.farms.values())

    @property
    def locked(self) -> dict[int, bool]:
        """Whether FARM-1 is in lockout, by virtual channel."""
        return {channel: farm.state is FarmState.LOCKOUT for channel, farm in self.farms.items()}

    def values(self, turn: int = 0) -> dict[str, Any]:
        """Housekeeping of the uplink. turn: counts the channels round, of one of which COP-1 is told."""
        channel, farm = list(self.farms.items())[turn % len(self.farms)]
        counts, dropped = self._counts[channel], self._receiver.discarded
        return {
            "farm_channel": channel,
            "farm_state": farm.state.name,
            "farm_expected": farm.expected,
            "farm_expedited": farm.expedited,
            "farm_retransmit": "ON" if farm.retransmits else "OFF",
            "ad_accepted": counts["ad_taken"],
            "ad_discarded": counts["ad_discarded"],
            "bd_accepted": counts["bd_taken"],
            "bc_executed": counts["bc_taken"],
            "farm_lockouts": counts["lockouts"],
            "bits_corrected": self._receiver.counters["corrected"],
            "frames_invalid": sum(dropped.get(reason, 0) for reason in DISCARD_REASONS),
            "segments_dropped": sum(many for reason, many in dropped.items() if reason.startswith("segment")),
        }

    @property
    def starts(self) -> int:
        """Start sequences of CLTUs met."""
        return self._receiver.starts

    @property
    def counters(self) -> dict[str, int]:
        """As of `TelecommandReceiver`."""
        return self._receiver.counters

    @property
    def dropped(self) -> int:
        """Frames, segments and CLTUs dropped for whatever reason."""
        return self._receiver.dropped

    @property
    def discarded(self) -> dict[str, int]:
        """As of `TelecommandReceiver`."""
        return self._receiver.discarded

    def farm_states(self) -> list[list[Any]]:
        """Plain data: of COP-1 what must outlive a restart, or the ground has to begin again with Unlock."""
        return [[channel, farm.save()] for channel, farm in self.farms.items()]

    def recall_farms(self, states: list[list[Any]]) -> None:
        """Take them over. Raises FswError if they are not those of these channels and windows."""
        for channel, state in states:
            farm = self.farms.get(channel)
            if farm is None:
                raise FswError(f"saved FARM-1 of virtual channel {channel}, not one of ours")
            window = farm.window
            farm.load(state)
            if (farm.virtual_channel, farm.window) != (channel, window):
                raise FswError(f"saved FARM-1 of virtual channel {channel} is another's")

    def save(self) -> Saved:
        return {
            "receiver": self._receiver.save(),
            "farms": self.farm_states(),
            "counts": [[channel, dict(counts)] for channel, counts in self._counts.items()],
        }

    def load(self, saved: Saved) -> None:
        self._receiver.load(saved["receiver"])
        self.recall_farms(saved["farms"])
        self._counts = {channel: dict(counts) for channel, counts in saved["counts"]}
