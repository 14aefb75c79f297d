"""The relay where the camera's pictures come as CFDP files: what it hands on, tells and says."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import event, given

from fsw.core.camera_unit import CameraParameters, CameraUnit
from fsw.dictionary import camera
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_directives import Ack, Finished, Nak
from fsw.tasks import names
from fsw.tasks.messages import FromCamera, Gather, Picture, ToCamera, WifiStatus
from fsw.tasks.relay import Relay
from fsw.vehicles.camera_link import file_delivery, relay_peer

LINKED = WifiStatus(True, 6000, -50.0, 12.5)
GONE = WifiStatus(False, 0, -95.0, 0.0)
OCTETS = bytes(range(250)) * 20
NOW = 2 * SECOND


def apid(packet):
    return int.from_bytes(packet[:2], "big") & 0x7FF


def from_camera(packets):
    return FromCamera(b"".join(packets), b"".join(len(p).to_bytes(4, "little") for p in packets))


class Wifi:
    """A relay, a camera with a picture in each lens, and no air between them. kind: CFDP class."""

    def __init__(self, bench, kind, **files):
        given = replace(bench.mission.wifi.files, segment_octets=1000, **files)
        mission = replace(bench.mission, wifi=replace(bench.mission.wifi, picture_class=kind, files=given))
        self.bench, self.clock = bench, bench.clock
        self.relay = bench.of(names.RELAY, lambda: Relay(bench.clock, relay_peer(mission)))
        self.relay.tell(bench.execute("WIFI", "ON"))
        self.relay.tell(LINKED, SECOND)
        self.unit = CameraUnit(CameraParameters(files=file_delivery(mission.wifi)), self.clock.agency_ns(0))
        self.unit.separation(self.clock.agency_ns(0))
        self.unit.transmit(self.clock.agency_ns(NOW), 10**6)
        for order in self.unit.poll(self.clock.agency_ns(NOW)):
            self.unit.commit(order.handle, OCTETS[order.lens :], self.clock.agency_ns(NOW))

    def packets(self, now_ns=NOW):
        octets, lengths = self.unit.transmit(self.clock.agency_ns(now_ns), 10**6)
        found, at = [], 0
        for length in lengths.tolist():
            found.append(octets[at : at + length].tobytes())
            at += length
        return found

    def pictures(self):
        return {p.number: p.octets for p in self.relay.sent(names.MASS_MEMORY, Picture)}

    def said(self):
        """Data units to the camera."""
        packets = [m.octets for m in self.relay.emitted(names.WIFI_PORT) if isinstance(m, ToCamera)]
        assert all(p[0] == 0x10 | camera.UNITS_APID >> 8 and p[1] == camera.UNITS_APID & 255 for p in packets)
        return packets

    def hear(self, packets, now_ns=NOW):
        for packet in packets:
            assert self.unit.receive(packet, self.clock.agency_ns(now_ns))

    def values(self):
        self.relay.tell(Gather(Structure.RELAY))
        return self.relay.values()


def contents(packets):
    return [directives.read(pdus.decode(packet[6:])) for packet in packets]


@pytest.fixture(params=["1", "2"])
def wifi(bench, request):
    return Wifi(bench, request.param)


@pytest.fixture
def acknowledged(bench):
    return Wifi(bench, "2")


WHOLE = {1: OCTETS, 2: OCTETS[1:]}


def test_pictures_are_handed_on_whole_with_what_is_known_of_them(wifi):
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    assert wifi.pictures() == WHOLE
    found = wifi.relay.sent(names.SELECTION, Picture)
    assert [(p.number, p.lens, p.size, p.coding, p.exposure_us, p.range_m) for p in found] == [
        (1, 0, 0, 0, 1000, 12.5),
        (2, 1, 0, 0, 1000, 12.5),
    ]
    start_ns = wifi.clock.agency_ns(NOW)
    assert {p.exposed_at_100us for p in found} == {start_ns // 100_000}
    assert wifi.relay.events() == [("CAMERA_AWAKE", {"range_m": 12.5})]
    values = wifi.values()
    assert (values["pictures_complete"], values["wifi_packets_lost"]) == (2, 0)


def test_health_and_reports_between_the_data_units_are_understood(wifi):
    before = wifi.packets()
    wifi.relay.tell(from_camera(before[:3]), NOW)
    after = wifi.packets(3 * SECOND)
    assert {apid(p) for p in after} == {camera.HEALTH_APID}
    wifi.relay.tell(from_camera([before[3], *after, *before[4:]]), 3 * SECOND)
    assert set(wifi.pictures()) == {1, 2}
    wifi.relay.tell(Gather(Structure.CAMERA), 3 * SECOND)
    assert wifi.relay.values()["camera"] == "TAKING"


def test_the_camera_is_told_that_a_file_is_whole_and_lets_its_slot_go(acknowledged):
    wifi = acknowledged
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    assert wifi.unit.counters()["slots_sending"] == 2
    said = wifi.said()
    assert [type(c) for c in contents(said)] == [Ack, Ack, Finished, Finished]
    wifi.hear(said)
    assert (wifi.unit.counters()["sent"], wifi.unit.counters()["slots_sending"]) == (2, 0)
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    assert wifi.said() == []
    assert wifi.relay.task._files._entity.open_incoming == 0


def test_what_is_missing_is_asked_for_and_comes(acknowledged):
    wifi = acknowledged
    packets = wifi.packets()
    wifi.relay.tell(from_camera([*packets[1:3], *packets[4:]]), NOW)  # one's metadata, and a segment
    assert set(wifi.pictures()) == {2}
    said = wifi.said()
    assert (0, 0) in [gap for c in contents(said) if isinstance(c, Nak) for gap in c.missing]
    wifi.hear(said)
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    assert wifi.pictures() == {1: OCTETS}
    assert wifi.values()["wifi_packets_lost"] == 2 - 1  # of the first packet nothing is known


def test_a_picture_that_is_cut_short_is_told_when_nothing_more_comes(bench):
    wifi = Wifi(bench, "1")
    wifi.relay.tell(from_camera(wifi.packets()[:4]), NOW)
    assert wifi.relay.timers["files"].at_ns == NOW + 60 * SECOND
    wifi.relay.expire("files")
    values = {"picture": 1, "lens": "A", "octets_received": 3000, "octets_expected": 5000}
    assert wifi.relay.events() == [("PICTURE_INCOMPLETE", values)]
    assert wifi.values()["pictures_incomplete"] == 1


def test_a_picture_of_which_only_data_came_is_known_by_its_transaction(bench):
    wifi = Wifi(bench, "1")
    packets = wifi.packets()
    wifi.relay.tell(from_camera(packets[8:11]), NOW)
    wifi.relay.tell(GONE, NOW + SECOND)
    values = {"picture": 2, "lens": "B", "octets_received": 3000, "octets_expected": 0}
    assert ("PICTURE_INCOMPLETE", values) in wifi.relay.events()


def test_a_damaged_picture_is_not_handed_on(wifi):
    packets = wifi.packets()
    pdu = pdus.decode(packets[2][6:])
    wrong = pdus.encode(replace(pdu, octets=bytes(len(pdu.octets))))
    wifi.relay.tell(from_camera([*packets[:2], packets[2][:6] + wrong, *packets[3:]]), NOW)
    assert set(wifi.pictures()) == {2}
    values = {"picture": 1, "lens": "A", "octets_received": 5000, "octets_expected": 5000}
    assert ("PICTURE_INCOMPLETE", values) in wifi.relay.events()
    wifi.hear(wifi.said())
    if wifi.unit.counters()["units_taken"]:
        assert (wifi.unit.counters()["damaged"], wifi.unit.counters()["sent"]) == (1, 1)


def test_while_nobody_hears_nothing_is_said_and_it_is_said_again(acknowledged):
    wifi = acknowledged
    wifi.relay.tell(from_camera(wifi.packets()[:8]), NOW)
    assert wifi.unit.counters()["slots_sending"] == 2
    wifi.relay.tell(GONE, NOW + SECOND)
    wifi.relay.expire("files")
    assert wifi.said() == []  # Finished again, into the void
    wifi.relay.tell(LINKED, NOW + 3 * SECOND)
    wifi.relay.expire("files")
    (finished,) = wifi.said()
    assert contents([finished]) == [Finished(0, True, 2)]


def test_garbage_in_the_pictures_packets_is_counted(wifi):
    before = wifi.values()["wifi_packets_lost"]
    head = (camera.PICTURE_APID).to_bytes(2, "big") + b"\xc0\0\0\0"
    wifi.relay.tell(from_camera([head + b"x", head + bytes(30), head[:6], head[:1]]), NOW)
    assert wifi.values()["wifi_packets_lost"] >= before + 2
    assert wifi.pictures() == {}


def test_a_file_that_is_no_picture_is_not_handed_on(wifi):
    transaction = pdus.decode(wifi.packets()[0][6:]).transaction
    units = [
        pdus.Metadata(transaction, 15, 1, "a", "a", (b"PICT" + bytes(26),)),
        pdus.FileData(transaction, 0, b"!"),
        pdus.EndOfFile(transaction, 0, 0, 1),
    ]
    head = (camera.PICTURE_APID).to_bytes(2, "big") + b"\xc0\0\0\0"
    wifi.relay.tell(from_camera([head + pdus.encode(unit) for unit in units]), NOW)
    assert wifi.pictures() == {}
    assert wifi.relay.task._files.unreadable == 1


def test_a_restarted_relay_goes_on_with_files_under_way(acknowledged):
    wifi = acknowledged
    packets = wifi.packets()
    wifi.relay.tell(from_camera(packets[:3]), NOW)
    fresh = wifi.relay.make()
    fresh.recall(wifi.relay.task.retained())
    wifi.relay.task = fresh
    assert any(getattr(a, "name", "") == "files" for a in fresh.start(NOW + 100 * MILLISECOND))
    wifi.relay.tell(from_camera(packets[3:]), NOW + SECOND)
    assert wifi.pictures() == WHOLE


SETTINGS = "size=UXGA_1600X1200 exposure_us=2000 gain=2 period_ms=2000 lens=B"


def settled(wifi, now_ns, arguments=SETTINGS, lose=()):
    """A settings file goes up and is answered; lose: which of the camera's packets are."""
    wifi.relay.tell(wifi.bench.execute("CAMERA_SETTINGS", arguments, request=b"this"), now_ns)
    wifi.hear(wifi.said(), now_ns)
    packets = [p for i, p in enumerate(wifi.packets(now_ns)) if i not in lose]
    wifi.relay.tell(from_camera(packets), now_ns)
    return [(m.request, m.failure) for m in wifi.relay.sent(names.COMMANDING)]


def test_settings_go_up_as_a_file_and_are_taken(wifi):
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    wifi.hear(wifi.said())
    assert settled(wifi, NOW + SECOND) == [(b"this", None)]
    wifi.relay.tell(Gather(Structure.RELAY))
    assert wifi.relay.values()["camera_commands_sent"] == 1
    assert "unanswered" not in wifi.relay.timers
    assert wifi.unit.counters()["accepted"] == 1
    wifi.hear(wifi.said(), NOW + SECOND)  # the last acknowledgement
    assert wifi.relay.task._files._entity.open_outgoing == 0


def test_bad_settings_are_refused_by_the_camera(wifi):
    told = settled(wifi, NOW + SECOND, "size=UXGA_1600X1200 exposure_us=2000 coding=RAW_BAYER")
    assert told == [(b"this", FailureCode.REFUSED_BY_CAMERA)]
    assert wifi.unit.counters()["refused"] == 1


def test_finished_answers_where_the_report_is_lost(acknowledged):
    wifi = acknowledged
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    wifi.hear(wifi.said())
    wifi.relay.tell(from_camera(wifi.packets()), NOW)
    assert settled(wifi, NOW + SECOND // 2, lose=(0,)) == [(b"this", None)]


def test_settings_that_nobody_answers_are_given_up(wifi):
    wifi.relay.tell(wifi.bench.execute("CAMERA_SETTINGS", SETTINGS, request=b"this"), NOW)
    assert len(wifi.said()) == 3
    wifi.relay.expire("unanswered")
    assert [(m.request, m.failure) for m in wifi.relay.sent(names.COMMANDING)] == [
        (b"this", FailureCode.NO_ANSWER)
    ]


def test_where_pictures_come_in_parts_no_file_goes_up(bench):
    relay = bench.of(names.RELAY)
    relay.tell(bench.execute("WIFI", "ON"))
    relay.tell(LINKED, SECOND)
    relay.tell(bench.execute("CAMERA_SETTINGS", SETTINGS), NOW)
    assert relay.executed() == [FailureCode.NO_FILE_LINK]
    assert relay.emitted(names.WIFI_PORT) == []


def test_numbers_of_files_go_on_after_all_is_forgotten(wifi):
    assert settled(wifi, NOW + SECOND) == [(b"this", None)]
    wifi.relay.task = wifi.relay.make()  # a cold boot
    wifi.relay.tell(wifi.bench.execute("WIFI", "ON"))
    wifi.relay.tell(LINKED, SECOND)
    assert settled(wifi, NOW + 50 * SECOND) == [(b"this", None)]


@given(st.data(), st.sampled_from("12"))
def test_whatever_comes_in_whatever_order_no_picture_is_wrong_and_none_is_handed_on_twice(bench, data, kind):
    wifi = Wifi(bench, kind, crc=True)
    packets, came, now_ns = wifi.packets(), [], NOW

    def tell(message):
        wifi.relay.tell(message, now_ns)
        came.extend(wifi.pictures().items())

    for what in data.draw(st.lists(st.sampled_from(["camera"] * 4 + ["other"] * 5), min_size=1, max_size=6)):
        if what == "camera":  # most of it, in most of its order
            lost = data.draw(st.sets(st.integers(0, len(packets) - 1), max_size=3))
            late = data.draw(st.sets(st.integers(0, len(packets) - 1), max_size=3))
            order = [i for i in range(len(packets)) if i not in late] + sorted(late)
            tell(from_camera([packets[i] for i in order if i not in lost]))
            continue
        now_ns += data.draw(st.integers(0, 20)) * SECOND
        match data.draw(st.sampled_from(["garbage", "damaged", "status", "time", "heard"])):
            case "garbage":
                octets = data.draw(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4))
                tell(from_camera(octets))
            case "damaged":
                packet = bytearray(data.draw(st.sampled_from(packets)))
                packet[data.draw(st.integers(6, len(packet) - 1))] ^= data.draw(st.integers(1, 255))
                tell(from_camera([bytes(packet)]))
            case "status":
                tell(data.draw(st.sampled_from([LINKED, GONE])))
            case "time" if "files" in wifi.relay.timers:
                due = wifi.relay.timers.pop("files")
                now_ns = max(now_ns, due.at_ns)
                tell(due.message)
            case "heard":
                wifi.hear(wifi.said(), now_ns)
                packets += wifi.packets(now_ns)
    event(f"{len(came)} came")
    assert all(octets == WHOLE[number] for number, octets in came)
    assert len(came) == len(dict(came))
