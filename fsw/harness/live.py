"""A live spacecraft without its sockets: wall time and octets in, frames out.

`LiveSpacecraft` is advanced by whoever has a clock, and told of octets as they come; all I/O is outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from fsw.core.channel_coding import ConvolutionalEncoder, encode_cadus
from fsw.core.errors import FswError
from fsw.core.telecommand import FECF_OCTETS, HEADER_OCTETS, Discard, decode_frame, encode_cltu
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import DownlinkMode
from fsw.simulation import Simulation
from fsw.vehicles.orbiter import HIGH
from fsw.world.delay_line import DelayLine

Output = Literal["cadu", "frame", "symbols"]
Input = Literal["cltu", "frame"]
MOST_UPLINK_WAITING_NS = 60 * SECOND  # octets that would have to wait longer for the carrier are refused
MOST_AT_ONCE_OCTETS = 65_536


@dataclass(slots=True)
class Counts:
    """What passed, and what was refused with its reason."""

    units_out: int = 0
    octets_out: int = 0
    blocks_in: int = 0
    octets_in: int = 0
    refused_busy: int = 0
    refused_frame: int = 0
    refused_long: int = 0


class LiveSpacecraft:
    """output: what leaves: CADUs, transfer frames, or packed channel symbols (most significant first).

    input: what comes in: CLTUs, or telecommand transfer frames, which are put into CLTUs here.
    light_time: octets take as long as in space, both ways; otherwise they pass at once, as in a test
    hall, and telecommands meet no noise.
    A unit leaves when its last bit has gone on the air.
    """

    def __init__(
        self,
        simulation: Simulation,
        pace: Pace,
        *,
        output: Output = "cadu",
        input: Input = "cltu",
        light_time: bool = False,
    ) -> None:
        if output not in get_args(Output) or input not in get_args(Input):
            raise FswError(
                f"output {output!r}, input {input!r}: allowed are {get_args(Output)}, {get_args(Input)}"
            )
        self.simulation = simulation
        self.pace = pace
        self.output = output
        self.input = input
        self.light_time = light_time
        self.counts = Counts()
        self._under_way: DelayLine[bytes] = DelayLine()
        self._encoder: ConvolutionalEncoder | None = None
        self._mode = ""
        self._jumps = pace.jumps
        self._uplink_free_ns = 0
        simulation.radio.on_frames = self._radiated

    # ---- time -----------------------------------------------------------------------------------

    def advance(self, wall_ns: int) -> list[bytes]:
        """Run what is due (a slice at most, see `Pace`); the units that leave or arrive meanwhile, in order.

        wall_ns: any clock that never goes back.
        """
        if self._jumps != self.pace.jumps:  # a snapshot was restored: what was under way is another flight's
            self._jumps = self.pace.jumps
            self._under_way = DelayLine()
            self._mode = ""
            self._uplink_free_ns = 0
        simulation = self.simulation
        simulation.run_until(self.pace.target(wall_ns, simulation.now_ns))
        units = [unit for _, unit in self._under_way.arrived(simulation.now_ns)]
        self.counts.units_out += len(units)
        self.counts.octets_out += sum(map(len, units))
        return units

    def waiting_ns(self, wall_ns: int) -> int | None:
        """Wall time until `advance` has work, None for never."""
        times = [self.simulation.next_ns(), self._under_way.next_ns()]
        due = [time for time in times if time is not None]
        return self.pace.waiting_ns(wall_ns, self.simulation.now_ns, min(due) if due else None)

    # ---- uplink ---------------------------------------------------------------------------------

    def receive(self, octets: bytes) -> bool:
        """Octets from a transmitter (after `advance` to this instant). False: refused, and counted why.

        Whatever they are, they are radiated: the spacecraft judges them. With input 'frame' they are one
        transfer frame, which must be whole.
        """
        if not octets:
            return True
        if len(octets) > MOST_AT_ONCE_OCTETS:
            self.counts.refused_long += 1
            return False
        if self.input == "frame":
            if isinstance(decode_frame(octets, spacecraft_id=self.simulation.mission.uplink.scid), Discard):
                self.counts.refused_frame += 1
                return False
            transmitter = self.simulation.control.commander.link.transmitter
            cltu = encode_cltu(octets, randomize=self.simulation.mission.uplink.randomized)
            octets = transmitter.acquisition + cltu
        now_ns = self.simulation.now_ns
        if self.light_time:
            if self._uplink_free_ns - now_ns > MOST_UPLINK_WAITING_NS:
                self.counts.refused_busy += 1
                return False
            rate = self.simulation.mission.uplink.bit_rate_bit_s
            self._uplink_free_ns = max(self._uplink_free_ns, now_ns) + round(len(octets) * 8 * SECOND / rate)
            self.simulation.uplink(octets)
        else:
            self.simulation.deliver(octets)
        self.counts.blocks_in += 1
        self.counts.octets_in += len(octets)
        return True

    # ---- downlink -------------------------------------------------------------------------------

    def _radiated(self, mode: str, start_ns: int, frames: bytes) -> None:
        downlink = self.simulation.mission.downlink
        figures = downlink.high if mode == HIGH else downlink.low
        light_time = self.simulation.heavens.light_time
        for number, unit in enumerate(self._units(mode, figures, frames), start=1):
            at_ns = start_ns + number * figures.frame_period_ns
            if self.light_time:
                at_ns += light_time.one_way_light_time_ns(at_ns, "down")
            self._under_way.send(at_ns, unit)

    def _units(self, mode: str, figures: DownlinkMode, frames: bytes) -> Iterator[bytes]:
        rows = np.frombuffer(frames, np.uint8).reshape(-1, figures.frame_octets)
        if self.output == "frame":
            return (row.tobytes() for row in rows)
        code = figures.channel_code
        cadus = encode_cadus(rows, code)
        if self.output == "cadu" or code.convolutional is None:
            return (row.tobytes() for row in cadus)
        if self._mode != mode or self._encoder is None:
            self._encoder = ConvolutionalEncoder(code.convolutional == "g2-inverted")
            self._mode = mode
        encoder = self._encoder
        return (encoder.encode(row).tobytes() for row in cadus)


class FrameStream:
    """Telecommand transfer frames out of a stream of octets, for one client.

    A frame is as long as its header says. Where none begins, the octets held are dropped and counted:
    the sender is expected to begin anew.
    """

    def __init__(self, spacecraft_id: int) -> None:
        self._spacecraft_id = spacecraft_id
        self._held = b""
        self.dropped_octets = 0

    def feed(self, octets: bytes) -> list[bytes]:
        """Whole, valid frames, in order."""
        self._held += octets
        frames = []
        while len(self._held) >= HEADER_OCTETS:
            length = (int.from_bytes(self._held[2:4], "big") & 0x3FF) + 1
            if len(self._held) < length:
                if length < HEADER_OCTETS + FECF_OCTETS or not self._begins_well():
                    self._drop()
                break
            if isinstance(decode_frame(self._held[:length], spacecraft_id=self._spacecraft_id), Discard):
                self._drop()
                break
            frames.append(self._held[:length])
            self._held = self._held[length:]
        return frames

    def _begins_well(self) -> bool:
        """Version 0, spare bits 0 and our spacecraft (232.0-B-4, 4.1.2)."""
        first = int.from_bytes(self._held[:2], "big")
        return first >> 14 == 0 and first >> 10 & 3 == 0 and first & 0x3FF == self._spacecraft_id

    def _drop(self) -> None:
        self.dropped_octets += len(self._held)
        self._held = b""
