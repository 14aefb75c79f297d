"""The downlink in Tianwen-1's modes: order, headers, times, the change of rate, full queues."""

import json
from pathlib import Path

import numpy as np
import pytest

from fsw import dictionary
from fsw.core.crc import crc16
from fsw.core.frame_format import FrameFormat
from fsw.core.frames_to_packets import PacketExtractor
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import (
    ATTITUDE_APID,
    LANDER_APID,
    ORBITER_APID,
    STATE_VECTOR_APID,
    FailureCode,
)
from fsw.dictionary.services.st09_time import TIME_REPORT
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.tasks import downlink as task_module
from fsw.tasks import names
from fsw.tasks.file_messages import FilePackets
from fsw.tasks.messages import (
    AskControlWords,
    ControlWords,
    DownlinkRoom,
    Gather,
    PacketsMade,
    PlainPacket,
    PusReport,
    Radiate,
    ReplayPackets,
    ReplayWanted,
    Tick,
    TimeReportRate,
)

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "tianwen1_frames.json").read_text())[
    "real_headers_r00t"
]["rows"]
LOW, HIGH = (220, 4), (892, 250)


class Frames:
    """Beats of a downlink task, their frames taken apart by hand."""

    def __init__(self, task):
        self.task, self.beats = task, 0

    def beat(self):
        """(high rate, frames) of the next beat."""
        now_ns = self.beats * SECOND
        self.beats += 1
        self.task.tell(Tick("beat"), now_ns)
        (radiate,) = self.task.emitted(names.TRANSPONDER_PORT)
        assert isinstance(radiate, Radiate)
        assert radiate.start_ns == now_ns
        octets, number = HIGH if radiate.high_rate else LOW
        frames = np.frombuffer(radiate.frames, np.uint8).reshape(-1, octets)
        assert len(frames) == number
        return radiate.high_rate, [bytes(frame) for frame in frames]

    def values(self):
        self.task.tell(Gather(Structure.RADIO))
        return self.task.values()


@pytest.fixture
def frames(bench):
    return Frames(bench.of(names.DOWNLINK))


def channel(frame):
    head = int.from_bytes(frame[:2], "big")
    assert head >> 14 == 1
    return head >> 6 & 0xFF, head & 0x3F


def count(frame):
    return int.from_bytes(frame[2:5], "big")


def pointer(frame):
    return int.from_bytes(frame[14:16], "big")


def packets_in(frames, octets):
    """All packets but time reports."""
    return [packet for packet in all_packets_in(frames, octets) if packet[:2] != b"\0\0"]


def all_packets_in(frames, octets):
    batch = PacketExtractor(FrameFormat("aos", octets, insert_zone=8)).feed(
        np.frombuffer(b"".join(frames), np.uint8).reshape(-1, octets)
    )
    every = batch.octets.tobytes()
    ends = zip(batch.offset.tolist(), batch.length.tolist(), strict=True)
    return [every[at : at + length] for at, length in ends]


def report(octets=20, apid=ORBITER_APID):
    return PusReport(apid, 5, 1, bytes(octets))


def test_the_low_rate_is_two_of_the_orbiter_one_idle_one_of_the_lander(frames):
    for _ in range(3):
        high, sent = frames.beat()
        assert not high
        assert [channel(f) for f in sent] == [(245, 1), (245, 1), (245, 3), (82, 1)]


@pytest.mark.parametrize("rate", ["LOW", "HIGH"])
def test_one_idle_frame_in_a_while_is_ours_and_carries_a_control_word(frames, bench, rate):
    words = (b"\x01\x00\x20\x00", b"\x01\x04\x20\x07")
    frames.task.tell(bench.execute("DOWNLINK_RATE", rate))
    frames.beat()
    frames.task.tell(ControlWords(words))
    seen, counts = [], []
    for beat in range(1, 18):
        for frame in frames.beat()[1]:
            if channel(frame) == (245, 2):
                seen.append((beat, frame[-4:]))
                counts.append(count(frame))
                assert pointer(frame) == 0x7FE  # idle data: no packet is lost on who knows of no OCF
                assert len(set(frame[16:-4])) == 1
    beats = [1, 5, 9, 13, 17] if rate == "LOW" else [2, 6, 10, 14]
    assert [beat for beat, _ in seen] == beats
    assert [word for _, word in seen] == [words[k % 2] for k in range(len(beats))]
    assert counts == list(range(len(beats)))


def test_a_downlink_that_starts_asks_for_the_control_words(frames):
    assert frames.task.sent(names.COMMANDING) == [AskControlWords()]


def test_headers_are_those_of_the_real_spacecraft(frames):
    sent = frames.beat()[1]
    for row in ROWS:
        real = bytes.fromhex(row["first_14_bytes"])
        ours = next(f for f in sent if channel(f) == (row["scid"], row["vcid"]))
        assert ours[:2] == real[:2]
        assert ours[5] == real[5]
        assert ours[12:14] == real[12:14]
    idle = sent[2]
    # Replay flag, spare 2 and cycle 10, and 8aaa: as seen on channel 3; all of it fill.
    assert (idle[5], idle[12:14], pointer(idle)) == (0b1010_1010, b"\x8a\xaa", 0x7FE)
    assert set(idle[16:]) == {0xAA}


def test_insert_zones_tell_the_time_of_the_first_bit(frames, bench):
    frames.beat()
    sent = frames.beat()[1]
    for k in (0, 1, 2):
        ticks = bench.clock.ticks(SECOND + k * SECOND // 4)
        assert sent[k][6:12] == ticks.to_bytes(6, "big")
    # 2020-09-30T15:59:51Z is so many seconds of UTC after 2015-12-31T16:00Z, without leap seconds.
    assert bench.clock.ticks(SECOND) == 10_000 * (1735 * 86400 - 9)
    lander = int.from_bytes(sent[3][6:12], "little")
    assert lander == (1735 * 86400 - 9) * 65536 + 3 * 65536 // 4


def test_frame_counts_of_each_channel_go_on_through_changes_of_rate(frames, bench):
    counts = {}
    for k in range(14):
        frames.task.tell(report(700), frames.beats * SECOND - 1)
        frames.task.tell(report(30, LANDER_APID), frames.beats * SECOND - 1)
        if k in (3, 9):
            frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH" if k == 3 else "LOW"))
        for frame in frames.beat()[1]:
            assert count(frame) == counts.get(channel(frame), 0)
            counts[channel(frame)] = count(frame) + 1


def test_what_waits_goes_in_the_old_rate_and_the_new_one_begins_idle(frames, bench):
    for _ in range(8):
        frames.task.tell(report(200))
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH"))
    assert frames.task.executed() == []
    old, rates = [], []
    while True:
        high, sent = frames.beat()
        rates.append(high)
        if high:
            break
        old += sent
    assert rates == [False] * 5 + [True]  # 8 reports of 228 octets, 412 a beat
    assert len(packets_in(old, 220)) == 8 + sum(f is None for f in old)
    assert {channel(f) for f in sent} == {(245, 3)}
    assert {pointer(f) for f in sent} == {0x7FE}
    assert {f[12:14] for f in sent} == {b"\x7a\xaa"}
    assert {octet for f in sent for octet in f[16:]} == {0x55}


def test_the_change_is_told_in_the_new_rate_and_answers_its_request(frames, bench):
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH", request=b"high"))
    frames.task.tell(bench.execute("DOWNLINK_RATE", "LOW", request=b"soon"))
    assert [(m.request, m.failure) for m in frames.task.sent(names.COMMANDING)] == [
        (b"soon", FailureCode.BUSY)
    ]
    frames.beat()
    assert frames.task.events() == [("DOWNLINK_RATE_CHANGED", {"downlink_rate": "HIGH"})]
    assert [(m.request, m.failure) for m in frames.task.sent(names.COMMANDING)] == [(b"high", None)]
    frames.task.tell(report())
    assert packets_in(frames.beat()[1], 892) == []
    assert len(packets_in(frames.beat()[1], 892)) == 1


def test_the_rate_that_is_already_there_is_done_at_once_without_a_break(frames, bench):
    frames.task.tell(bench.execute("DOWNLINK_RATE", "LOW"))
    assert not frames.beat()[0]
    assert frames.task.executed() == [None]
    frames.task.tell(report())
    assert len(packets_in(frames.beat()[1], 220)) == 1


def test_the_landers_packets_wait_through_the_high_rate(frames, bench):
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH"))
    frames.beat()
    for _ in range(3):
        frames.task.tell(report(30, LANDER_APID))
        assert (82, 1) not in {channel(f) for f in frames.beat()[1]}
    frames.task.tell(bench.execute("DOWNLINK_RATE", "LOW"))
    frames.beat()
    assert not frames.task.task.save()["wanted"]
    sent = [f for _ in range(3) for f in frames.beat()[1] if channel(f) == (82, 1)]
    counts = [int.from_bytes(p[2:4], "big") & 0x3FFF for p in packets_in(sent, 220)]
    assert counts == [0, 1, 2]
    assert frames.values()["packets_dropped"] == 0


def test_what_does_not_drain_in_time_goes_on_in_the_new_rate(frames, bench):
    for k in range(40):
        frames.task.tell(PlainPacket(1281, bytes([k]) * 300))
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH"))
    low, high = [], []
    for _ in range(9):
        rate, sent = frames.beat()
        (high if rate else low).extend(f for f in sent if channel(f) == (245, 1))
    got = [p[6] for p in packets_in(low, 220) + packets_in(high, 892) if len(p) == 306]
    lost = frames.values()["packets_dropped"]
    assert lost <= 1  # the one that was torn
    assert len(got) == 40 - lost
    assert got == sorted(got)


def test_in_the_high_rate_real_time_comes_first_then_files_then_idle(frames, bench):
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH"))
    frames.beat()
    frames.beat()
    room = next(m.octets for m in frames.task.sent(names.FILES, DownlinkRoom))
    assert room == 1 << 20
    files = (1921).to_bytes(2, "big") + b"\xc0\0" + (999).to_bytes(2, "big") + bytes(1000)
    frames.task.tell(FilePackets(files * 10))
    frames.task.tell(report())
    _, sent = frames.beat()
    order = [channel(f)[1] for f in sent]
    assert order == [1] * 2 + [4] * 12 + [3] * 236  # 10 060 octets in zones of 876
    assert {f[5] for f in sent if channel(f)[1] == 4} == {0x80}  # replay
    assert [len(p) for p in packets_in([f for f in sent if channel(f)[1] == 4], 892)] == [1006] * 10
    times = [int.from_bytes(f[6:12], "big") for f in sent]
    start = bench.clock.ticks(2 * SECOND)
    assert times == [start + 40 * k for k in range(250)]
    values = frames.values()
    assert (values["frames_sent"], values["octets_waiting"]) == (4 + 250 + 250, 0)
    assert values["idle_frames_sent"] == 1 + 250 + 236


def test_files_wait_through_the_low_rate(frames):
    packet = (1921).to_bytes(2, "big") + b"\xc0\0" + (99).to_bytes(2, "big") + bytes(100)
    frames.task.tell(FilePackets(packet))
    frames.beat()
    assert frames.values()["octets_waiting"] == 106
    assert frames.task.sent(names.FILES) == []


def test_what_finds_the_queue_full_is_counted_packet_by_packet(frames):
    for _ in range(80):
        frames.task.tell(report(1000))
    assert frames.values()["packets_dropped"] == 80 - (1 << 16) // (1000 + pus.TM_OVERHEAD_OCTETS) > 0
    before = frames.values()["packets_dropped"]
    packet = (1921).to_bytes(2, "big") + b"\xc0\0" + (65535).to_bytes(2, "big") + bytes(65536)
    frames.task.tell(FilePackets(packet * 17))
    assert frames.values()["packets_dropped"] == before + 17
    while frames.values()["octets_waiting"]:
        frames.beat()
    assert frames.values()["packets_dropped"] == before + 17


def test_reports_are_numbered_by_application_and_by_type(frames):
    for message in (report(), report(0, LANDER_APID), PusReport(ORBITER_APID, 1, 7, b""), report()):
        frames.task.tell(message)
    sent = frames.beat()[1]
    found = [p for p in packets_in(sent, 220) if int.from_bytes(p[:2], "big") & 0x7FF != 0x7FF]
    rows = [
        (
            int.from_bytes(p[:2], "big") & 0x7FF,
            int.from_bytes(p[2:4], "big") & 0x3FFF,
            p[7],
            int.from_bytes(p[9:11], "big"),
        )
        for p in found
    ]
    assert sorted(rows) == [(1920, 0, 5, 0), (1920, 1, 1, 0), (1920, 2, 5, 1), (1936, 0, 5, 0)]


def test_the_figures_are_those_of_the_mission_file(bench):
    downlink = bench.mission.downlink
    for figures, octets, number in ((downlink.low, *LOW), (downlink.high, *HIGH)):
        assert (figures.frame_octets, round(figures.frames_per_s)) == (octets, number)
        assert figures.insert_zone_octets == task_module.INSERT_ZONE_OCTETS
    low = [(c.scid, c.vcid, c.share, c.insert_zone_tail, c.fill) for c in downlink.low.channel]
    assert low == [
        (245, 1, 0.5, "4aaa", 0xAA),
        (245, 3, 0.1875, "8aaa", 0xAA),
        (245, 2, 0.0625, "8aaa", 0xAA),
        (82, 1, 0.25, "4011", 0xAA),
    ]
    high = {(c.scid, c.vcid): (c.insert_zone_tail, c.fill) for c in downlink.high.channel}
    assert high == {
        (245, 1): ("4aaa", 0x55),
        (245, 4): ("7aaa", 0x55),
        (245, 3): ("7aaa", 0x55),
        (245, 2): ("7aaa", 0x55),
    }


def times_reported(frames, octets):
    """(rate exponent, time of the clock [ns]) of the time reports among the frames' packets."""
    found = []
    for packet in all_packets_in(frames, octets):
        if packet[:2] == b"\0\0":
            assert crc16(packet) == 0
            values = TIME_REPORT.decode(packet[6:-2])
            time = values["time_s"].raw * SECOND + (values["time_fraction"].raw * SECOND >> 24)
            found.append((values["rate_exponent"].raw, time))
    return found


def test_time_is_reported_for_every_so_many_frames(frames, bench):
    frames.task.tell(TimeReportRate(2))
    sent = [frame for _ in range(6) for frame in frames.beat()[1] if channel(frame) == (245, 1)]
    # Frames 0, 4 and 8 of two a second: at 0 s, 2 s, 4 s.
    wanted = [(2, bench.clock.agency_ns(2 * k * SECOND)) for k in range(3)]
    assert times_reported(sent, 220) == wanted
    frames.task.tell(TimeReportRate(0))
    sent = [frame for frame in frames.beat()[1] if channel(frame) == (245, 1)]
    wanted = [(0, bench.clock.agency_ns(6 * SECOND + k * SECOND // 4)) for k in range(2)]
    assert times_reported(sent, 220) == wanted


def test_time_is_reported_in_the_high_rate_too(frames, bench):
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH"))
    frames.beat()
    frames.task.tell(TimeReportRate(1))
    frames.beat()
    sent = [frame for _ in range(2) for frame in frames.beat()[1] if channel(frame) == (245, 1)]
    assert [time for _, time in times_reported(sent, 892)] == [
        bench.clock.agency_ns(k * SECOND) for k in (2, 3)
    ]


def types(apid, service, *subtypes):
    return [{"apid": apid, "services": [{"service": service, "subtypes": list(subtypes)}]}]


def test_what_is_not_forwarded_is_counted_and_offered_for_storage_all_the_same(frames, bench):
    ping = PusReport(ORBITER_APID, 17, 2, b"")
    frames.task.tell(bench.execute("FORWARDING_DELETE", {"applications": types(ORBITER_APID, 17)}))
    assert frames.task.executed() == [None]
    frames.task.tell(ping)
    _, sent = frames.beat()
    assert packets_in(sent, 220) == []
    (made,) = frames.task.sent(names.PACKET_STORES, PacketsMade)
    assert [packet[:3] for packet in made.packets] == [(ORBITER_APID, 17, 2)]
    frames.task.tell(bench.execute("FORWARDING_ADD", {"applications": types(ORBITER_APID, 17, 2)}))
    frames.task.tell(ping)
    _, sent = frames.beat()
    (packet,) = packets_in(sent, 220)
    assert packet[2:4] == b"\xc0\x01"  # the second of its application process
    (made,) = frames.task.sent(names.PACKET_STORES, PacketsMade)
    assert [packet[5] for packet in made.packets] == [packet]


def test_forwarding_control_tells_its_types_and_refuses_unknown_ones(frames, bench):
    assert frames.task.tell(bench.execute("FORWARDING_DELETE", {"applications": types(77, 1)}))
    assert frames.task.executed() == [FailureCode.UNKNOWN_REPORT_TYPE]
    everything = [
        {"apid": apid, "services": []} for apid in (0, ATTITUDE_APID, STATE_VECTOR_APID, LANDER_APID)
    ]
    frames.task.tell(bench.execute("FORWARDING_DELETE", {"applications": everything}))
    frames.task.tell(bench.execute("FORWARDING_DELETE", {"applications": types(ORBITER_APID, 5, 1, 2, 3, 8)}))
    frames.task.tell(bench.execute("FORWARDING_REPORT"))
    frames.task.tell(PlainPacket(ATTITUDE_APID, bytes(64)))
    packets = packets_in(frames.beat()[1] + frames.beat()[1], 220)
    (report,) = [pus.decode_report(packet) for packet in packets]
    declared = dictionary.report("FORWARDED_TYPES")
    values = {name: value.value for name, value in declared.decode(report.source_data).items()}
    assert (values["applications"], values["applications[0].apid"]) == (1, ORBITER_APID)
    of_events = next(
        n
        for n in range(values["applications[0].services"])
        if values[f"applications[0].services[{n}].service"] == 5
    )
    assert values[f"applications[0].services[{of_events}].subtypes"] == 1  # high severity still goes


def test_structures_and_events_that_are_not_selected_are_stored_and_not_forwarded(frames, bench):
    event = Event.CAMERA_AWAKE
    for name, arguments in (
        ("HOUSEKEEPING_DELETE", {"apid": ORBITER_APID, "sids": []}),
        ("HOUSEKEEPING_ADD", {"apid": ORBITER_APID, "structures": [{"sid": 2, "subsampling": 2}]}),
        ("EVENTS_BLOCK", {"apid": ORBITER_APID, "events": [int(event)]}),
    ):
        frames.task.tell(bench.execute(f"FORWARDING_{name}", {"applications": [arguments]}))
        assert frames.task.executed() == [None]
    reports = [
        PusReport(ORBITER_APID, 3, 25, identifier.to_bytes(2, "big") + bytes(10))
        for identifier in (1, 2, 2, 2)
    ]
    reports.append(PusReport(ORBITER_APID, 5, 1, int(event).to_bytes(2, "big") + bytes(2)))
    reports.append(PusReport(ORBITER_APID, 5, 1, bytes([0, 1, 0, 0])))
    for report in reports:
        frames.task.tell(report)
    packets = packets_in(frames.beat()[1], 220)
    sent = [(report.service, report.source_data[:2]) for report in map(pus.decode_report, packets)]
    assert sent == [(3, b"\0\2"), (3, b"\0\2"), (5, b"\0\1")]
    (made,) = frames.task.sent(names.PACKET_STORES, PacketsMade)
    assert [one[3] for one in made.packets] == [1, 2, 2, 2, int(event), 1]


def test_forwarding_control_tells_structures_and_events_and_refuses_unknown_ones(frames, bench):
    nobody = [{"apid": ORBITER_APID, "events": [9999]}]
    frames.task.tell(bench.execute("FORWARDING_EVENTS_BLOCK", {"applications": nobody}))
    assert frames.task.executed() == [FailureCode.UNKNOWN_EVENT]
    for kind, expected in (
        (
            "HOUSEKEEPING",
            {
                "applications": 2,
                "applications[0].apid": ORBITER_APID,
                "applications[0].structures": 0,
                "applications[1].apid": LANDER_APID,
                "applications[1].structures": 0,
            },
        ),
        (
            "DIAGNOSTICS",
            {"applications": 1, "applications[0].apid": ORBITER_APID, "applications[0].structures": 0},
        ),
        ("EVENTS", {"applications": 0}),
    ):
        frames.task.tell(bench.execute(f"FORWARDING_{kind}_REPORT"))
        (packet,) = packets_in(frames.beat()[1], 220)
        report = pus.decode_report(packet)
        declared = dictionary.report_for(ORBITER_APID, 14, report.subtype)
        assert declared.name.startswith(f"FORWARDING_{kind}_")
        assert {name: value.value for name, value in declared.decode(report.source_data).items()} == expected


def stored_packet(number, octets=50):
    report = pus.Report(ORBITER_APID, number, 3, 25, number, 1, bytes(7), bytes(octets))
    return pus.encode_report(report)


def test_stored_packets_take_a_bounded_share_of_the_low_rate(frames):
    frames.beat()
    assert frames.task.sent(names.PACKET_STORES, DownlinkRoom) == []
    frames.task.tell(ReplayWanted(True))
    rooms, got = [], []
    for number in range(20):
        _, sent = frames.beat()
        got += packets_in(sent, 220)
        room = sum(message.octets for message in frames.task.sent(names.PACKET_STORES, DownlinkRoom))
        rooms.append(room)
        if room:
            frames.task.tell(ReplayPackets(stored_packet(number, 200), 4))
    octets = len(stored_packet(0, 200))
    assert max(rooms) <= 400
    assert 20 * 100 - octets <= octets * sum(map(bool, rooms)) <= 20 * 100 + octets
    assert got == [stored_packet(n, 200) for n, room in enumerate(rooms[:-1]) if room]
    frames.task.tell(ReplayWanted(False))
    frames.beat()
    assert frames.task.sent(names.PACKET_STORES, DownlinkRoom) == []


def test_while_real_time_packets_wait_there_is_no_room_for_stored_ones_in_the_low_rate(frames):
    frames.task.tell(ReplayWanted(True))
    for _ in range(20):
        frames.task.tell(PusReport(ORBITER_APID, 3, 25, bytes(100)))
    frames.beat()
    assert frames.task.sent(names.PACKET_STORES, DownlinkRoom) == []


@pytest.mark.parametrize("on", [1, 4])
def test_stored_packets_go_by_their_channel_in_the_high_rate_beside_the_pictures(frames, bench, on):
    frames.task.tell(bench.execute("DOWNLINK_RATE", "HIGH"))
    frames.task.tell(ReplayWanted(True))
    for _ in range(3):
        frames.beat()
    (replay,) = frames.task.sent(names.PACKET_STORES, DownlinkRoom)
    (pictures,) = frames.task.sent(names.FILES, DownlinkRoom)
    assert replay.octets == 1 << 15
    assert pictures.octets + replay.octets < 1 << 20
    frames.task.tell(ReplayPackets(stored_packet(1) + stored_packet(2), on))
    _, sent = frames.beat()
    of_channel = [frame for frame in sent if channel(frame) == (245, on)]
    assert packets_in(of_channel, 892) == [stored_packet(1), stored_packet(2)]
    assert frames.values()["packets_dropped"] == 0


def test_a_report_too_long_for_a_packet_goes_in_parts_that_make_it_whole(frames):
    frames.task.tell(PusReport(ORBITER_APID, 3, 25, bytes(range(256)) * 12))
    sent = [frame for _ in range(10) for frame in frames.beat()[1]]
    reports = [pus.decode_report(packet) for packet in packets_in(sent, 220)]
    assert [(r.service, r.subtype) for r in reports] == [(13, 1), (13, 2), (13, 2), (13, 3)]
    assert [r.source_data[:4].hex() for r in reports] == ["00000001", "00000002", "00000003", "00000004"]
    assert all(len(packet) <= 1024 for packet in packets_in(sent, 220))
    whole = pus.decode_report(b"".join(r.source_data[4:] for r in reports))
    assert (whole.service, whole.subtype, whole.source_data) == (3, 25, bytes(range(256)) * 12)
    assert [whole.count, *(r.count for r in reports)] == [0, 1, 2, 3, 4]
