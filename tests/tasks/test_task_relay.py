"""The relay: commands and answers, the link's comings and goings, pictures whole or told."""

import binascii
import struct

import pytest

from fsw.core.camera_unit import CameraParameters, CameraUnit
from fsw.dictionary import camera
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import AccessPoint, FromCamera, Gather, Picture, ToCamera, Values, WifiStatus
from fsw.tasks.relay import PICTURE_TIMEOUT_NS

CAMERA_ANSWERS_WITHIN_NS = 5 * SECOND  # at first
LINKED = WifiStatus(True, 6000, -50.0, 12.5)
SLOWER = WifiStatus(True, 2400, -70.0, 210.0)
GONE = WifiStatus(False, 0, -95.0, 0.0)


def sealed(octets):
    return octets + binascii.crc_hqx(octets, 0xFFFF).to_bytes(2, "big")


def from_camera(*packets):
    return FromCamera(b"".join(packets), b"".join(len(p).to_bytes(4, "little") for p in packets))


class Camera:
    """The camera's firmware with a picture in each lens, its packets one by one. Times: mission time."""

    def __init__(self, clock, part_octets=300, **parameters):
        self.clock = clock
        self.unit = CameraUnit(CameraParameters(part_octets=part_octets, **parameters), clock.agency_ns(0))
        self.unit.separation(clock.agency_ns(0))
        self.pictures = {}

    def take(self, now_ns, octets=bytes(range(250)) * 4):
        for order in self.unit.poll(self.clock.agency_ns(now_ns)):
            self.unit.commit(order.handle, octets, self.clock.agency_ns(now_ns))
            self.pictures[order.number] = (order.lens, order.start_ns)

    def packets(self, now_ns):
        octets, lengths = self.unit.transmit(self.clock.agency_ns(now_ns), 10**6)
        found, at = [], 0
        for length in lengths.tolist():
            found.append(octets[at : at + length].tobytes())
            at += length
        return found


@pytest.fixture
def relay(bench):
    return bench.of(names.RELAY)


@pytest.fixture
def linked(relay, bench):
    relay.tell(bench.execute("WIFI", "ON"))
    relay.tell(LINKED, SECOND)
    return relay


@pytest.fixture
def flying(bench):
    return Camera(bench.clock)


def wifi(relay):
    relay.tell(Gather(Structure.RELAY))
    return relay.values()


def test_the_access_point_is_switched_and_told(relay, bench):
    for state, wifi_state in (("ON", "SEARCHING"), ("ON", "SEARCHING"), ("OFF", "OFF")):
        relay.tell(bench.execute("WIFI", state))
        assert relay.emitted(names.WIFI_PORT) == [AccessPoint(state == "ON")]
        assert relay.events() == [("WIFI_SWITCHED", {"wifi": wifi_state})]
        assert relay.executed() == [None]


def test_the_link_comes_slows_down_is_lost_and_comes_back(relay, bench):
    relay.tell(LINKED)
    assert wifi(relay)["wifi"] == "OFF"  # whatever the driver says
    relay.tell(bench.execute("WIFI", "ON"))
    relay.tell(LINKED)
    assert (relay.events(), wifi(relay)["wifi"]) == ([], "LINKED")
    relay.tell(SLOWER)
    values = {"rate_before_kbps": 6000, "rate_now_kbps": 2400, "range_m": 210.0}
    assert relay.events() == [("LINK_MODE_CHANGED", values)]
    relay.tell(GONE)
    assert (relay.events(), wifi(relay)["wifi"]) == ([("LINK_LOST", {"range_m": 210.0})], "LOST") or (
        wifi(relay)["wifi"] == "LOST"
    )
    relay.tell(GONE)
    assert relay.events() == []
    relay.tell(LINKED)
    assert (relay.events(), wifi(relay)["wifi"]) == ([], "LINKED")


@pytest.mark.parametrize(
    "telecommand",
    [
        "CAMERA_START ",
        "CAMERA_STOP ",
        "CAMERA_MODE UXGA_1600X1200 RAW_BAYER A",
        "CAMERA_EXPOSURE 0 B",
        "CAMERA_SETTINGS SVGA_800X600 1000",
        "CONNECTION_TEST CAMERA",
    ],
)
def test_without_a_link_the_camera_is_not_commanded(relay, bench, telecommand):
    execute = bench.execute(*telecommand.split(" ", 1))
    relay.tell(execute)
    assert relay.executed() == [FailureCode.WIFI_OFF]
    relay.tell(bench.execute("WIFI", "ON"))
    relay.tell(execute)
    assert relay.executed() == [FailureCode.NO_LINK]
    relay.tell(LINKED)
    relay.tell(GONE)
    relay.tell(execute)
    assert relay.executed() == [FailureCode.NO_LINK]
    assert relay.emitted(names.WIFI_PORT) == []


@pytest.mark.parametrize(
    ("telecommand", "failure"),
    [
        ("CAMERA_STOP ", None),
        ("CAMERA_MODE UXGA_1600X1200 JPEG A", None),
        ("CAMERA_EXPOSURE 1000000 BOTH 2.5", None),
        ("CAMERA_MODE UXGA_1600X1200 RAW_BAYER", FailureCode.REFUSED_BY_CAMERA),  # no slot holds it
    ],
)
def test_the_firmware_answers_and_the_request_is_done(linked, bench, flying, telecommand, failure):
    flying.take(2 * SECOND)
    linked.tell(bench.execute(*telecommand.split(" ", 1), request=b"this"), 2 * SECOND)
    (command,) = linked.emitted(names.WIFI_PORT)
    assert isinstance(command, ToCamera)
    flying.packets(2 * SECOND)
    flying.unit.receive(command.octets, bench.clock.agency_ns(2 * SECOND))
    linked.tell(from_camera(*flying.packets(3 * SECOND)), 3 * SECOND)
    assert [(m.request, m.failure) for m in linked.sent(names.COMMANDING)] == [(b"this", failure)]
    assert linked.timers == {}
    assert wifi(linked)["camera_commands_sent"] == 1


def test_the_camera_is_alive_when_it_answers_the_connection_test(linked, bench, flying):
    flying.packets(2 * SECOND)
    linked.tell(bench.execute("CONNECTION_TEST", "CAMERA", request=b"this"), 2 * SECOND)
    (command,) = linked.emitted(names.WIFI_PORT)
    flying.unit.receive(command.octets, bench.clock.agency_ns(2 * SECOND))
    linked.tell(from_camera(*flying.packets(2 * SECOND)), 2 * SECOND)
    assert [bench.decoded(one) for one in linked.sent(names.DOWNLINK)] == [
        ("CONNECTED", {"application": "CAMERA"})
    ]
    assert [(m.request, m.failure) for m in linked.sent(names.COMMANDING)] == [(b"this", None)]
    linked.tell(bench.execute("CONNECTION_TEST", "CAMERA"), 3 * SECOND)
    linked.expire("unanswered")
    assert linked.executed() == [FailureCode.NO_ANSWER]
    assert linked.sent(names.DOWNLINK) == []


def test_a_camera_that_does_not_answer_is_given_up_one_request_after_the_other(linked, bench):
    linked.tell(bench.execute("CAMERA_STOP", request=b"1111"), 2 * SECOND)
    linked.tell(bench.execute("CAMERA_START", request=b"2222"), 4 * SECOND)
    first, second = 2 * SECOND + CAMERA_ANSWERS_WITHIN_NS, 4 * SECOND + CAMERA_ANSWERS_WITHIN_NS
    for request, at_ns in ((b"1111", first), (b"2222", second)):
        assert linked.timers["unanswered"].at_ns == at_ns
        linked.expire("unanswered")
        assert [(m.request, m.failure) for m in linked.sent(names.COMMANDING)] == [
            (request, FailureCode.NO_ANSWER)
        ]
    assert linked.timers == {}


def test_a_picture_is_handed_on_whole_with_what_is_known_of_it(linked, bench, flying):
    flying.take(2 * SECOND + 18_000_000)  # an instant that 2**-24 s do not hit
    linked.tell(from_camera(*flying.packets(2 * SECOND + 100_000_000)), 2 * SECOND + 100_000_000)
    assert linked.events() == [("CAMERA_AWAKE", {"range_m": 12.5})]
    for to in (names.MASS_MEMORY, names.SELECTION):
        found = linked.sent(to, Picture)
        assert [p.octets for p in found] == [bytes(range(250)) * 4] * 2
        for picture in found:
            lens, start_ns = flying.pictures[picture.number]
            assert (picture.lens, picture.size, picture.coding) == (lens, 0, 0)
            assert picture.exposed_at_100us == start_ns // 100_000
            assert (picture.exposure_us, picture.range_m) == (1000, 12.5)
    values = wifi(linked)
    assert (values["pictures_complete"], values["pictures_incomplete"], values["wifi_packets_lost"]) == (
        2,
        0,
        0,
    )


@pytest.mark.parametrize("how", ["link", "time"])
def test_a_picture_that_is_cut_short_is_told_and_not_handed_on(linked, flying, how):
    flying.take(2 * SECOND)
    packets = flying.packets(2 * SECOND)
    parts = [p for p in packets if int.from_bytes(p[:2], "big") & 0x7FF == camera.PICTURE_APID]
    assert len(parts) == 8  # 1000 octets in parts of 300, two lenses
    linked.tell(from_camera(*parts[:-1]), 2 * SECOND)
    whole = [p.number for p in linked.sent(names.MASS_MEMORY, Picture)]
    told = linked.events()
    linked.tell(GONE if how == "link" else LINKED, 2 * SECOND + PICTURE_TIMEOUT_NS)
    told += linked.events()
    (number,) = set(flying.pictures) - set(whole)
    lens, _ = flying.pictures[number]
    values = {
        "picture": number,
        "lens": "AB"[lens],
        "octets_received": 900,
        "octets_expected": 1000,
    }
    assert ("PICTURE_INCOMPLETE", values) in told
    assert wifi(linked)["pictures_incomplete"] == 1


def test_lost_packets_are_counted(linked, flying):
    flying.take(2 * SECOND)
    packets = flying.packets(2 * SECOND)
    linked.tell(from_camera(*packets[:-4], *packets[-2:]), 2 * SECOND)
    assert wifi(linked)["wifi_packets_lost"] == 2
    assert wifi(linked)["wifi_packets_received"] == len(packets) - 2


def test_health_is_told_with_its_age_and_a_low_battery_once(linked, bench):
    flying, low = Camera(bench.clock), []
    for second in (1000, 2000, 3000, 3980, 4100, 4200):  # at 5 W, but for the first two seconds
        packets = flying.packets(second * SECOND)
        assert any(int.from_bytes(p[:2], "big") & 0x7FF == camera.HEALTH_APID for p in packets)
        linked.tell(from_camera(*packets), second * SECOND)
        low += [(second, values) for event, values in linked.events() if event == "CAMERA_BATTERY_LOW"]
    assert [second for second, _ in low] == [3980]
    assert low[0][1]["battery_used_wh"] == pytest.approx(3980 * 5 / 3600, rel=1e-3)
    linked.tell(Gather(Structure.CAMERA), 4202 * SECOND)
    values = linked.values()
    assert (values["health_age_s"], values["camera"], values["picture_size"]) == (
        2.0,
        "TAKING",
        "SVGA_800X600",
    )


def test_before_the_camera_has_told_anything_nothing_is_known_of_it(linked):
    linked.tell(Gather(Structure.CAMERA))
    assert linked.sent(names.HOUSEKEEPING) == [Values({})]


def test_sound_packets_in_no_layout_of_ours_are_dropped_and_counted(linked, flying):
    flying.take(2 * SECOND)
    health = next(p for p in flying.packets(2 * SECOND) if int.from_bytes(p[:2], "big") & 0x7FF == 0x311)
    short = struct.pack(">HHH", 0x311, 0xC005, 9) + bytes(8)
    report = struct.pack(">HHH", 0x312, 0xC000, 5) + bytes(4)
    no_mode = health[:15] + b"\x77" + health[16:-2]
    before = wifi(linked)["wifi_packets_lost"]
    linked.tell(from_camera(sealed(short), sealed(report), sealed(no_mode)), 2 * SECOND)
    assert linked.events() == [("CAMERA_AWAKE", {"range_m": 12.5})]
    assert wifi(linked)["wifi_packets_lost"] >= before + 3
    linked.tell(Gather(Structure.CAMERA))
    assert linked.values() == {}
