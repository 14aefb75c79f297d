"""The X-band transponder: transfer frames in, coded channel symbols out; and what its receiver shows."""

from typing import Any

import numpy as np

from fsw.core.channel_coding import ChannelCode, ConvolutionalEncoder, encode_cadus
from fsw.kernel.record import record
from fsw.kernel.snapshot import plain
from fsw.kernel.time import SECOND


@plain
@record
class Transmission:
    """What leaves the antenna from `start_ns` to `end_ns`.

    mode: which modulation and code. symbols: packed channel symbols, first one most significant.
    first_symbol: their number since this mode began. With `coded` false the CADUs themselves.
    """

    mode: str
    start_ns: int
    end_ns: int
    first_symbol: int
    symbols: bytes
    coded: bool


@record
class TransmitMode:
    """name: of the mode. code: managed parameters. frame_ns: a frame's time on the air."""

    name: str
    code: ChannelCode
    frame_octets: int
    frame_ns: int


class Transmitter:
    """modes: by name. coded: whether the convolutional code is applied, as a radio does; if not, CADUs
    leave as they are, for links that carry frames."""

    def __init__(self, modes: tuple[TransmitMode, ...], coded: bool) -> None:
        self._modes = {mode.name: mode for mode in modes}
        self._coded = coded
        self._mode: TransmitMode | None = None
        self._encoder: ConvolutionalEncoder | None = None
        self._symbols_sent = 0

    def transmit(self, name: str, start_ns: int, frames: bytes) -> Transmission:
        """Frames of that mode, back to back, on the air from `start_ns`."""
        mode = self._modes[name]
        if self._mode is not mode:
            self._mode = mode
            self._symbols_sent = 0
            g2_inverted = mode.code.convolutional == "g2-inverted"
            self._encoder = ConvolutionalEncoder(g2_inverted) if mode.code.convolutional else None
        rows = np.frombuffer(frames, np.uint8).reshape(-1, mode.frame_octets)
        octets = encode_cadus(rows, mode.code).reshape(-1)
        coded = self._coded and self._encoder is not None
        if self._encoder is not None and coded:
            octets = self._encoder.encode(octets)
        first = self._symbols_sent
        self._symbols_sent += 8 * octets.size
        end_ns = start_ns + len(rows) * mode.frame_ns
        return Transmission(name, start_ns, end_ns, first, octets.tobytes(), coded)

    def save(self) -> dict[str, Any]:
        return {
            "mode": None if self._mode is None else self._mode.name,
            "encoder": None if self._encoder is None else self._encoder.save(),
            "symbols_sent": self._symbols_sent,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._mode = None if saved["mode"] is None else self._modes[saved["mode"]]
        self._encoder = None
        if self._mode is not None and saved["encoder"] is not None:
            self._encoder = ConvolutionalEncoder(self._mode.code.convolutional == "g2-inverted")
            self._encoder.load(saved["encoder"])
        self._symbols_sent = saved["symbols_sent"]


class UplinkReceiver:
    """What the telecommand receiver shows of the uplink: a carrier, and bits on it.

    It loses its bits soon after the last one, its carrier when none has come for a while (both ours: how
    long the ground leaves a carrier without bits is not modelled).
    """

    BITS_KEPT_NS = SECOND
    CARRIER_KEPT_NS = 60 * SECOND

    def __init__(self) -> None:
        self._heard_ns: int | None = None
        self.carrier = False
        self.bits = False
        self.locks = 0  # times that it locked on bits

    def hear(self, now_ns: int) -> bool:
        """Bits came in; whether what it shows has changed."""
        changed = not (self.carrier and self.bits)
        self.locks += not self.bits
        self._heard_ns, self.carrier, self.bits = now_ns, True, True
        return changed

    def next_ns(self) -> int | None:
        """When it loses lock next, if nothing comes."""
        if self._heard_ns is None or not self.carrier:
            return None
        return self._heard_ns + (self.BITS_KEPT_NS if self.bits else self.CARRIER_KEPT_NS)

    def advance(self, now_ns: int) -> bool:
        """Whether what it shows has changed."""
        if self._heard_ns is None:
            return False
        before = self.carrier, self.bits
        self.bits = self.bits and now_ns < self._heard_ns + self.BITS_KEPT_NS
        self.carrier = self.carrier and now_ns < self._heard_ns + self.CARRIER_KEPT_NS
        return before != (self.carrier, self.bits)

    def save(self) -> dict[str, Any]:
        return {
            "heard_ns": self._heard_ns,
            "carrier": self.carrier,
            "bits": self.bits,
            "locks": self.locks,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._heard_ns, self.carrier, self.bits = saved["heard_ns"], saved["carrier"], saved["bits"]
        self.locks = saved["locks"]
