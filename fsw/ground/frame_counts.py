"""The virtual channel frame counts of one link, followed through every change of its modulation.

A virtual channel counts its frames on whichever downlink mode sends them, so there is one counter a link,
not one a receiver: else each return to a mode would show what the others sent meanwhile as lost.
"""

from dataclasses import dataclass
from typing import Literal

from fsw.core.telemetry import AOS_IDLE_CHANNEL

COUNT_MASK = {"aos": 0xFFFFFF, "tm": 0xFF}  # 732.0-B-4 4.1.2.4; 132.0-B-3 4.1.2.6


@dataclass(slots=True)
class ChannelCounts:
    """next_count: expected. gaps: places at which frames are missing, or at which the count went back;
    lost_frames: those missing, where that can be told."""

    next_count: int
    gaps: int = 0
    lost_frames: int = 0


class FrameCounter:
    """Tell it of each good frame; `channels` is by (spacecraft, virtual channel)."""

    def __init__(self) -> None:
        self.channels: dict[tuple[int, int], ChannelCounts] = {}

    def follow(
        self, kind: Literal["aos", "tm"], spacecraft: int, virtual_channel: int, count: int
    ) -> tuple[int, int]:
        """The next good frame: whether there is a gap before it (0 or 1), and the frames missing in it.

        A frame that repeats the one before it is no gap. One more than half the count's range ahead is one
        that went backwards (a replay, a restart): a gap, but nothing is known of the loss. The idle channel
        of AOS is not followed: what it lacks is no loss.
        """
        mask = COUNT_MASK[kind]
        channel = self.channels.get((spacecraft, virtual_channel))
        if channel is None:
            channel = self.channels[spacecraft, virtual_channel] = ChannelCounts(count)
        missing = count - channel.next_count & mask
        channel.next_count = count + 1 & mask
        if missing in (0, mask) or (kind == "aos" and virtual_channel == AOS_IDLE_CHANNEL):
            return 0, 0
        lost = missing if missing <= mask // 2 else 0
        channel.gaps += 1
        channel.lost_frames += lost
        return 1, lost

    def save(self) -> list[list[int]]:
        """Plain data."""
        return [
            [*key, channel.next_count, channel.gaps, channel.lost_frames]
            for key, channel in sorted(self.channels.items())
        ]

    def load(self, saved: list[list[int]]) -> None:
        self.channels = {(row[0], row[1]): ChannelCounts(*row[2:]) for row in saved}
