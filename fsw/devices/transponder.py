"""The X-band transponder: transfer frames in, coded channel symbols out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsw.core.channel_coding import ChannelCode, ConvolutionalEncoder, encode_cadus
from fsw.kernel.snapshot import plain


@plain
@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
