"""Telemetry frames, the sending end: space packets into AOS (732.0-B-4) or TM (132.0-B-3) frames."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import load_struct
from fsw.core.frame_format import OCF_OCTETS, FrameFormat

NO_PACKET_STARTS: int = lib.TELEMETRY_NO_PACKET_STARTS
ONLY_IDLE_DATA: int = lib.TELEMETRY_ONLY_IDLE_DATA
AOS_IDLE_CHANNEL: int = lib.TELEMETRY_AOS_IDLE_CHANNEL

Octets = npt.NDArray[np.uint8]


def frame_header_error_control(identification: int, signalling: int) -> int:
    """FHEC of an AOS header (732.0-B-4 4.1.2.6): RS(10,6) over GF(16) on octets 0, 1 and 5."""
    if not 0 <= identification <= 0xFFFF or not 0 <= signalling <= 0xFF:
        raise FswError(
            f"identification {identification}, signalling {signalling}: allowed are 0 to 65535, 0 to 255"
        )
    return int(lib.telemetry_fhec(identification, signalling))


def native_format(format: FrameFormat) -> Any:
    """The format as the C core takes it; FswError if its first header pointer cannot reach the end."""
    if format.data_octets > ONLY_IDLE_DATA:
        raise FswError(
            f"packet zone of {format.data_octets} octets: allowed are 1 to {ONLY_IDLE_DATA}, "
            "all that an 11-bit first header pointer can reach"
        )
    native = ffi.new("telemetry_format_t *")
    native.length, native.insert_zone = format.length, format.insert_zone
    native.version = lib.TELEMETRY_AOS if format.kind == "aos" else lib.TELEMETRY_TM
    native.fhec, native.ocf, native.fecf = format.fhec, format.ocf, format.fecf
    native.secondary_header = format.secondary_header
    assert lib.telemetry_zone_octets(native) == format.data_octets
    return native


class VirtualChannelSender:
    """One virtual channel: packets in, frames out whenever asked.

    capacity: octets of pending packets. cycle: AOS frame count cycle; the usage flag is set by
    `cycle_in_use`. spare: the two spare bits of the AOS signalling field. When packets run out the rest
    of a frame is an idle packet filled with `idle_fill`; with nothing pending at all, idle data.
    """

    def __init__(
        self,
        format: FrameFormat,
        spacecraft_id: int,
        virtual_channel: int,
        *,
        capacity: int = 65536,
        replay: bool = False,
        cycle: int = 0,
        cycle_in_use: bool = False,
        spare: int = 0,
        idle_fill: int = 0xAA,
        idle_apid: int = 0x7FF,
    ) -> None:
        ids, channels = (256, 64) if format.kind == "aos" else (1024, 8)
        if not 0 <= spacecraft_id < ids or not 0 <= virtual_channel < channels:
            raise FswError(
                f"spacecraft id {spacecraft_id}, virtual channel {virtual_channel}: "
                f"allowed are 0 to {ids - 1}, 0 to {channels - 1} in {format.kind} frames"
            )
        if not 0 <= cycle <= 15 or not 0 <= spare <= 3:
            raise FswError(f"cycle {cycle}, spare {spare}: allowed are 0 to 15, 0 to 3")
        if not 0 <= idle_fill <= 255 or not 0 <= idle_apid <= 0x7FF:
            raise FswError(f"idle fill {idle_fill}, APID {idle_apid}: allowed are 0 to 255, 0 to 2047")
        if not 7 <= capacity < 1 << 31:
            raise FswError(f"capacity {capacity} octets: allowed are 7 to {(1 << 31) - 1}")
        self.format = format
        self.spacecraft_id = spacecraft_id
        self.virtual_channel = virtual_channel
        channel = ffi.new("telemetry_channel_t *")
        channel.spacecraft_id, channel.virtual_channel = spacecraft_id, virtual_channel
        channel.replay, channel.cycle, channel.cycle_in_use = replay, cycle, cycle_in_use
        channel.signalling_spare, channel.idle_fill, channel.idle_apid = spare, idle_fill, idle_apid
        self._state = ffi.new("telemetry_sender_t *")
        self._ring = np.zeros(capacity, np.uint8)
        self._ring_view = ffi.from_buffer("uint8_t[]", self._ring, require_writable=True)
        lib.telemetry_sender_start(self._state, native_format(format), channel, capacity)

    def push(self, packets: Any) -> bool:
        """Takes whole packets, all or none; False, counted, if there is no room for them.

        Raises FswError if the octets are not whole space packets, or more than fit at any time.
        """
        octets = ffi.from_buffer("uint8_t[]", packets)
        verdict = lib.telemetry_sender_push(self._state, self._ring_view, octets, len(octets))
        if verdict == lib.TELEMETRY_NOT_PACKETS:
            raise FswError(
                f"{len(octets)} octets pushed: allowed are whole space packets, one after the other"
            )
        return bool(verdict == lib.TELEMETRY_TAKEN)

    @property
    def pending_octets(self) -> int:
        """Octets pushed and not yet in a frame."""
        return int(self._state.filled)

    @property
    def room(self) -> int:
        """Octets that a push can hold now."""
        return int(self._state.capacity - self._state.filled)

    @property
    def frame_count(self) -> int:
        """The virtual channel frame count that the next frame will carry."""
        return int(self._state.frame_count)

    @frame_count.setter
    def frame_count(self, value: int) -> None:
        limit = 1 << 24 if self.format.kind == "aos" else 256
        if not 0 <= value < limit:
            raise FswError(f"frame count {value}: allowed are 0 to {limit - 1}")
        self._state.frame_count = value

    @property
    def between_packets(self) -> bool:
        """No packet is partly sent: an idle frame may go next."""
        return bool(self._state.rest == 0 and self._state.idle_left == 0)

    @property
    def rest_octets(self) -> int:
        """Pending octets of the packet that is partly sent; they come first."""
        return int(self._state.rest)

    @property
    def counters(self) -> dict[str, int]:
        """frames, idle_frames, packets, idle_packets, refused (pushes)."""
        count = self._state.count
        return {name: int(getattr(count, name)) for name, _ in ffi.typeof(count).fields}

    def frames(
        self,
        n: int,
        insert_zones: Octets | None = None,
        ocf: Octets | bytes | None = None,
        *,
        master_counts: Octets | None = None,
        idle: bool = False,
    ) -> Octets:
        """The next n frames, (n, length) octets.

        insert_zones: (n, insert_zone), or for TM the secondary headers' data, (n, secondary_header - 1);
        zeros if None. ocf: (n, 4), or 4 octets for all; zeros if None. master_counts: (n,), the master
        channel frame counts of TM, where several virtual channels share one; counted here if None.
        idle: of idle data only; pending packets wait. FswError in the middle of a packet.
        """
        if idle and not self.between_packets:
            raise FswError("an idle frame in the middle of a packet: allowed only if `between_packets`")
        if n < 0:
            raise FswError(f"{n} frames: allowed are 0 or more")
        width = self.format.insert_zone or max(0, self.format.secondary_header - 1)
        if isinstance(ocf, bytes | bytearray | memoryview):
            if len(ocf) != OCF_OCTETS:
                raise FswError(f"OCF of {len(ocf)} octets: allowed is {OCF_OCTETS}")
            ocf = np.broadcast_to(np.frombuffer(ocf, np.uint8), (n, OCF_OCTETS))
        if ocf is not None and not self.format.ocf:
            raise FswError("an OCF was given: this frame format has none")
        rows = [
            _rows(insert_zones, (n, width), "insert zones"),
            _rows(ocf, (n, OCF_OCTETS), "OCFs"),
            _rows(master_counts, (n,), "master channel counts"),
        ]
        views = [ffi.NULL if row is None else ffi.from_buffer("uint8_t[]", row) for row in rows]
        extras = ffi.new("telemetry_extras_t *", views)
        out = np.empty((n, self.format.length), np.uint8)
        out_view = ffi.from_buffer("uint8_t[]", out, require_writable=True)
        lib.telemetry_sender_frames(self._state, self._ring_view, extras, out_view, n, idle)
        return out

    def save(self) -> dict[str, Any]:
        """State and pending octets; the ring's unused octets are not part of it."""
        head, filled = int(self._state.head), int(self._state.filled)
        pending = np.concatenate([self._ring[head:], self._ring[:head]])[:filled]
        return {"state": bytes(ffi.buffer(self._state)), "pending": pending.tobytes()}

    def load(self, saved: dict[str, Any]) -> None:
        """Goes on exactly as the sender that was saved; it must have had the same capacity."""
        state, pending = saved["state"], saved["pending"]
        loaded = ffi.new("telemetry_sender_t *")
        load_struct(loaded, state, "sender")
        if loaded.capacity != self._ring.size or loaded.filled != len(pending):
            raise FswError(
                f"saved sender has capacity {loaded.capacity} and {loaded.filled} octets pending: "
                f"allowed is {self._ring.size} with as many as were saved, {len(pending)}"
            )
        self._state = loaded
        head = int(loaded.head)
        octets = np.frombuffer(pending, np.uint8)
        first = min(octets.size, self._ring.size - head)
        self._ring[head : head + first] = octets[:first]
        self._ring[: octets.size - first] = octets[first:]


def _rows(given: Any, shape: tuple[int, ...], name: str) -> Octets | None:
    if given is None:
        return None
    row = np.ascontiguousarray(given)
    if row.dtype != np.uint8 or row.shape != shape:
        raise FswError(f"{name} are {row.dtype} {row.shape}: allowed is uint8 {shape}")
    return row
