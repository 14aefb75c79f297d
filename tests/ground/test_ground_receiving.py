"""The station: symbols or CADUs of Tianwen-1's modes in, packets with their times out."""

import msgpack
import numpy as np

from fsw.core.channel_coding import ConvolutionalEncoder, encode_cadus
from fsw.core.space_packet import SpacePacket
from fsw.core.telemetry import VirtualChannelSender
from fsw.ground.archive import Archive
from fsw.ground.receiving import TIANWEN1_HIGH, TIANWEN1_LOW, DownlinkMode, Station
from fsw.kernel.time import SECOND, Epoch

EPOCH = Epoch.from_utc("2020-09-30T16:00:00Z")
PACKETS = [SpacePacket(8, count, bytes([count]) * 150) for count in range(12)]


def _cadus(mode: DownlinkMode, frames: int) -> np.ndarray:
    sender = VirtualChannelSender(mode.frame, 245, 1)
    sender.push(b"".join(packet.encode() for packet in PACKETS))
    zone = np.zeros((frames, 8), np.uint8)
    return encode_cadus(sender.frames(frames, insert_zones=zone), mode.code)


def _symbols(mode: DownlinkMode, cadus: np.ndarray) -> np.ndarray:
    encoder = ConvolutionalEncoder(mode.code.convolutional == "g2-inverted")
    packed = encoder.encode(np.concatenate([cadus.reshape(-1), np.zeros(300, np.uint8)]))
    return np.unpackbits(packed) * np.uint8(255)


def test_symbols_become_packets_with_the_time_of_their_frame() -> None:
    for mode in (TIANWEN1_LOW, TIANWEN1_HIGH):
        cadus = _cadus(mode, 14)
        sink = bytearray()
        with Archive(":memory:", EPOCH) as archive:
            station = Station([TIANWEN1_LOW, TIANWEN1_HIGH], [245, 82], archive, sink.extend)
            symbols = _symbols(mode, cadus)
            packets = []
            # Cut as one call a second would; each call's first symbol has its own time.
            for start in range(0, len(symbols), 16384):
                start_ns = 80 * SECOND + start * SECOND // mode.symbol_rate
                packets += station.receive_symbols(mode.name, symbols[start : start + 16384], start_ns)
            packets += station.end_of_signal(mode.name)
            assert [packet.octets for packet in packets] == [packet.encode() for packet in PACKETS]
            assert sink == cadus.tobytes()
            first = packets[0].received_ns
            assert abs(first - (80 * SECOND + mode.cadu_ns)) < 1000
            assert [packet.received_ns for packet in packets] == sorted(p.received_ns for p in packets)
            counts = archive.query(
                "SELECT sum(received), sum(gaps), sum(failures) FROM frames WHERE spacecraft = 245"
            )
            assert counts == [(14, 0, None)] or counts == [(14, 0, 0)]


def test_low_rate_sends_four_cadus_a_second() -> None:
    assert TIANWEN1_LOW.cadu_ns == SECOND // 4


def test_cadus_lost_on_the_way_are_counted() -> None:
    cadus = _cadus(TIANWEN1_LOW, 14)
    with Archive(":memory:", EPOCH) as archive:
        station = Station([TIANWEN1_LOW], [245], archive)
        kept = np.concatenate([cadus[:5], cadus[7:]])
        kept[6, 10:14] ^= 0xFF
        station.receive_cadus("low", kept.tobytes(), 0)
        station.end_of_signal("low")
        assert station.frames == 12
        assert station.corrected_symbols == 4
        assert station.lost_frames == {"245/1": 2}
        assert archive.query("SELECT sum(gaps), sum(lost_frames) FROM frames") == [(1, 2)]


def test_frames_of_another_rate_in_between_are_not_lost() -> None:
    modes = {mode.name: mode for mode in (TIANWEN1_LOW, TIANWEN1_HIGH)}
    senders = {name: VirtualChannelSender(mode.frame, 245, 1) for name, mode in modes.items()}
    count = 0xFFFFFF - 20  # it runs over on the way

    def fresh() -> Station:
        return Station(modes.values(), [245], archive)

    with Archive(":memory:", EPOCH) as archive:
        station = fresh()
        for turn, name in enumerate(("low", "high", "low", "high", "low")):
            senders[name].frame_count = count
            cadus = encode_cadus(senders[name].frames(9), modes[name].code)
            count = senders[name].frame_count
            if turn == 3:
                cadus = np.delete(cadus, [4, 5], axis=0)
            station.receive_cadus(name, cadus.tobytes(), turn * 10 * SECOND)
            station.end_of_signal(name)
            saved, station = station.save(), fresh()
            station.load(msgpack.unpackb(msgpack.packb(saved)))
        assert station.frames == 43
        assert station.lost_frames == {"245/1": 2}
        assert archive.query("SELECT sum(received), sum(gaps), sum(lost_frames) FROM frames") == [(43, 1, 2)]


def test_the_station_goes_on_after_saving_and_loading() -> None:
    symbols = _symbols(TIANWEN1_LOW, _cadus(TIANWEN1_LOW, 14))

    def run(break_at: int | None) -> object:
        station = Station([TIANWEN1_LOW], [245])
        packets = []
        for number, start in enumerate(range(0, len(symbols), 5000)):
            if number == break_at:
                saved = msgpack.unpackb(msgpack.packb(station.save()))
                station = Station([TIANWEN1_LOW], [245])
                station.load(saved)
            packets += station.receive_symbols("low", symbols[start : start + 5000], number * SECOND)
        return packets, station.save()

    assert run(4) == run(None)
