"""The Wi-Fi link between camera and orbiter, a slot of time at a time.

The station's rate control picks the fastest rate that the range allows, and packets lost in the air are
sent again (`fsw.world.radio.WifiLink`); what no repeat brought over is lost for good.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.kernel.seeds import Stream
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.world.radio import WifiLink, WifiState, WiredLink

SLOT_NS = 200 * MILLISECOND
MOST_WAITING = 16
RANGE_STEP_M = 0.5  # rate and loss change that slowly

_NEVER_LOST = 1e-12
STEPS_KEPT = 1024  # who asks a second time, asks for all of the way


@dataclass(frozen=True, slots=True)
class Slot:
    """What the link takes in one slot, and the chance [0 to 1] that a packet is lost for good."""

    octets: int
    loss: float


class WifiChannel:
    """Both radios and the air between them, or the wire in their place. stream: decides which packets are
    lost. packet_octets: of the longest one."""

    def __init__(self, link: WifiLink | WiredLink, stream: Stream, packet_octets: int) -> None:
        self._packet_octets = packet_octets
        self._link = link
        self._noise_dbm = link.noise_dbm()
        self._state_at = lru_cache(maxsize=STEPS_KEPT)(lambda step: link.state(step * RANGE_STEP_M))
        self._stream = stream
        self._access_point_on = False
        self._carry = 0.0  # octets that the last slots offered and that no whole packet fitted into
        self._to_camera: list[bytes] = []
        self._state = WifiState(0.0, 1.0, 1.0, 0.0)
        self._range_m = 0.0
        self.sent_packets = self.sent_octets = 0  # by the camera
        self.lost_packets = self.lost_octets = 0  # of these, what no repeat brought over

    @property
    def on(self) -> bool:
        """The access point is."""
        return self._access_point_on

    @property
    def linked(self) -> bool:
        """Camera and orbiter hear each other."""
        return self._access_point_on and self._state.rate_bit_s > 0.0

    def switch(self, on: bool) -> None:
        """The access point. What it had still to send is gone when it goes off: nobody expects it later."""
        self._access_point_on = on
        self._carry = 0.0
        if not on:
            self._to_camera.clear()

    def send_to_camera(self, octets: bytes) -> bool:
        """One packet up; False when too many wait already."""
        if len(self._to_camera) >= MOST_WAITING:
            return False
        self._to_camera.append(octets)
        return True

    @property
    def waiting(self) -> bool:
        """Packets wait for the camera."""
        return bool(self._to_camera)

    def state_at(self, range_m: float) -> WifiState:
        """Rate and loss as the channel takes them at a range."""
        return self._state_at(round(range_m / RANGE_STEP_M))

    def begin_slot(self, range_m: float, camera_on: bool) -> Slot:
        """The next slot, with the camera at that range."""
        self._look(range_m, camera_on)
        if not self.linked:
            self._carry = 0.0
            return Slot(0, 1.0)
        self._carry += self._state.rate_bit_s * (SLOT_NS / SECOND) / 8.0
        return Slot(int(self._carry), self._state.packet_loss)

    def pass_slots(self, range_m: float, camera_on: bool) -> None:
        """Slots go by in which nobody has anything to send; in the last the camera is at that range."""
        self._look(range_m, camera_on)
        self._carry = 0.0

    def _look(self, range_m: float, camera_on: bool) -> None:
        self._range_m = range_m
        state = self.state_at(range_m)
        self._state = state if camera_on else WifiState(0.0, 1.0, 1.0, state.snr_db)

    def end_slot(
        self, slot: Slot, octets: npt.NDArray[np.uint8], lengths: npt.NDArray[np.uint32]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
        """What the camera sent in the slot, as the orbiter receives it."""
        self._carry -= float(octets.size)
        self.sent_packets += len(lengths)
        self.sent_octets += int(octets.size)
        if self._carry >= self._packet_octets:
            self._carry = 0.0  # one more would have fitted: air that nobody wanted is gone
        if slot.loss < _NEVER_LOST or not len(lengths):
            return octets, lengths
        # One draw tells which is the first to be lost, mostly none; from there on each has its own.
        draw, all_came, first = self._stream.uniform(), 1.0, 0
        while first < len(lengths):
            all_came *= 1.0 - slot.loss
            if draw >= all_came:
                break
            first += 1
        if first == len(lengths):
            return octets, lengths
        kept = np.ones(len(lengths), dtype=bool)
        kept[first] = False
        kept[first + 1 :] = [self._stream.uniform() >= slot.loss for _ in range(first + 1, len(lengths))]
        self.lost_packets += int((~kept).sum())
        self.lost_octets += int(lengths[~kept].sum())
        return octets[np.repeat(kept, lengths)], lengths[kept]

    def take_for_camera(self) -> list[bytes]:
        """Packets that reach the camera now; they wait while there is no link."""
        if not self.linked:
            return []
        packets, self._to_camera = self._to_camera, []
        return packets

    def status(self) -> dict[str, Any]:
        """linked, rate_kbps (net of losses: what the driver shows), signal_dbm and range_m."""
        rate_bit_s = self._state.rate_bit_s if self.linked else 0.0
        return {
            "linked": self.linked,
            "rate_kbps": round(rate_bit_s / 1000.0),
            "signal_dbm": self._noise_dbm + self._state.snr_db,
            "range_m": self._range_m if self.linked else 0.0,
        }

    def save(self) -> dict[str, Any]:
        state = self._state
        return {
            "access_point_on": self._access_point_on,
            "carry": self._carry,
            "to_camera": list(self._to_camera),
            "state": [state.rate_bit_s, state.packet_loss, state.air_loss, state.snr_db],
            "range_m": self._range_m,
            "counts": [self.sent_packets, self.sent_octets, self.lost_packets, self.lost_octets],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._access_point_on = saved["access_point_on"]
        self._carry = saved["carry"]
        self._to_camera = list(saved["to_camera"])
        self._state = WifiState(*saved["state"])
        self._range_m = saved["range_m"]
        self.sent_packets, self.sent_octets, self.lost_packets, self.lost_octets = saved["counts"]
