"""The camera's firmware seen from outside: orders to the sensor, packets to the link."""

import binascii
import struct

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fsw.core.camera_unit import HEALTH_OCTETS, PART_OVERHEAD_OCTETS, CameraParameters, CameraUnit
from fsw.core.errors import FswError

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000
START, STOP, SET_MODE, SET_EXPOSURE, SET_PERIOD, REPORT_HEALTH = range(1, 7)
WARM = (2000, 2000, 1500)


def telecommand(function, arguments=b"", apid=0x313, count=7):
    body = struct.pack(">HHHB", 0x1000 | apid, 0xC000 | count, len(arguments) + 2, function) + arguments
    return body + struct.pack(">H", binascii.crc_hqx(body, 0xFFFF))


def packets_of(unit, now_ns, budget=10**6):
    waited = unit.waiting
    octets, lengths = unit.transmit(now_ns, budget)
    assert int(lengths.sum()) == len(octets) <= budget
    longest = max(unit.parameters.part_octets + PART_OVERHEAD_OCTETS, HEALTH_OCTETS)
    assert len(octets) or not waited or budget < longest
    assert not unit.waiting or budget - len(octets) < longest
    ends = np.cumsum(lengths)
    packets = [octets[end - length : end].tobytes() for end, length in zip(ends, lengths, strict=True)]
    assert all(binascii.crc_hqx(packet, 0xFFFF) == 0 for packet in packets)
    assert all(int.from_bytes(packet[4:6], "big") + 7 == len(packet) for packet in packets)
    return packets


def apid_of(packet):
    return int.from_bytes(packet[:2], "big") & 0x7FF


def reports_of(packets):
    """(kind, code, about, detail)"""
    return [struct.unpack(">BBBI", packet[13:20]) for packet in packets if apid_of(packet) == 0x312]


def booted(**parameters):
    """A unit at 1 s, its boot report and first health packet already sent."""
    unit = CameraUnit(CameraParameters(boot_ms=500, **parameters))
    unit.separation(0)
    assert unit.poll(SECOND_NS) == []
    packets_of(unit, SECOND_NS)
    return unit


def test_asleep_it_draws_nothing_and_says_nothing_until_the_wire_opens():
    unit = CameraUnit(CameraParameters(), now_ns=5 * SECOND_NS)
    assert (unit.state, unit.power_mw, unit.next_ns()) == ("asleep", 0, None)
    assert unit.poll(100 * SECOND_NS) == []
    assert packets_of(unit, 100 * SECOND_NS) == []
    assert not unit.receive(telecommand(START), 100 * SECOND_NS)
    assert unit.counters()["discarded_radio_off"] == 1
    unit.separation(200 * SECOND_NS)
    assert (unit.state, unit.energy_mj) == ("booting", 0)
    assert unit.next_ns() == 200 * SECOND_NS + 800 * MS_NS


def test_both_lenses_expose_two_seconds_after_separation_and_each_second_after():
    unit = CameraUnit(CameraParameters(slots=32))
    unit.separation(10 * SECOND_NS)
    orders = []
    while (now_ns := unit.next_ns()) <= 16 * SECOND_NS:
        for order in unit.poll(now_ns):
            orders.append((order.start_ns, order.lens, order.number))
            assert unit.commit(order.handle, b"picture", now_ns)
    assert orders == [
        (s * SECOND_NS, lens, 2 * (s - 12) + lens + 1) for s in range(12, 17) for lens in (0, 1)
    ]


def test_boot_is_reported_and_health_follows_each_second():
    unit = CameraUnit(CameraParameters(boot_ms=500))
    unit.separation(0)
    assert packets_of(unit, 500 * MS_NS - 1) == []
    boot, health = packets_of(unit, 500 * MS_NS)
    assert reports_of([boot]) == [(3, 1, 0, 0)]
    assert boot[6:13] == bytes.fromhex("00000000800000")
    assert (apid_of(health), len(health)) == (0x311, 112)
    assert packets_of(unit, 1499 * MS_NS) == []
    assert [apid_of(packet) for packet in packets_of(unit, 1500 * MS_NS)] == [0x311]


def test_health_packet_octet_for_octet():
    unit = booted(exposure_us=4000, gain_256ths=0x0180)
    unit.set_inputs(SECOND_NS, 5900, (-1234, 2500, 1))
    first, second = unit.poll(2 * SECOND_NS)
    unit.commit(first.handle, b"\x55" * 5000, 2 * SECOND_NS)
    unit.fail(second.handle, 2 * SECOND_NS)
    unit.receive(b"\x00", 2 * SECOND_NS)
    unit.transmit(2 * SECOND_NS, 200)  # the failure's report, a health packet; no room for a part
    unit.receive(telecommand(SET_MODE, struct.pack(">HHBB", 1600, 1200, 0, 0)), 2 * SECOND_NS)
    unit.receive(telecommand(SET_EXPOSURE, struct.pack(">IHB", 0, 0, 1)), 2 * SECOND_NS)
    assert unit.receive(telecommand(REPORT_HEALTH), 2 * SECOND_NS + 250 * MS_NS)
    assert len(packets_of(unit, 2 * SECOND_NS + 250 * MS_NS, 2 * 22)) == 2
    report, health = packets_of(unit, 2 * SECOND_NS + 250 * MS_NS, 22 + 112)
    assert reports_of([report]) == [
        (1, 0, REPORT_HEALTH, int.from_bytes(telecommand(REPORT_HEALTH)[:4], "big"))
    ]
    # 0.5 s of 1.5 W, then 1.75 s of 5 W, in steps of 2^20 ns
    assert health[:-2] == struct.pack(
        ">HHHIB2sBBBBBBBHHIhhhIIHHHIIIIIHHIIHBBBBIIHHHHHHHH",
        0x0311, 0xC002, 105,
        2, 0x40, b"\0\0", 2, 1, 0x10, 0x00, 0, 0, 0,
        5900, 999, 9499, -1234, 2500, 1,
        4000, 0, 0x0180, 0, 1000,
        2, 1, 0, 0, 0, 0, 1, 0, 0, 0,
        15, 0, 0, 1,
        2 * 22 + 22 + 112, 112 + 3 * 22,
        3, 0, 1, 0, 0, 0, 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("function", "arguments", "answer"),
    [
        (START, b"", (1, 0)),
        (STOP, b"", (1, 0)),
        (SET_MODE, struct.pack(">HHBB", 1600, 1200, 0, 2), (1, 0)),
        (SET_MODE, struct.pack(">HHBB", 640, 480, 0, 2), (2, 3)),
        (SET_MODE, struct.pack(">HHBB", 800, 600, 2, 2), (2, 3)),
        (SET_MODE, struct.pack(">HHBB", 800, 600, 0, 3), (2, 3)),
        (SET_MODE, struct.pack(">HHBB", 1600, 1200, 1, 2), (2, 4)),
        (SET_MODE, b"\x03\x20", (2, 2)),
        (SET_EXPOSURE, struct.pack(">IHB", 1, 0x0100, 0), (1, 0)),
        (SET_EXPOSURE, struct.pack(">IHB", 0, 0, 1), (1, 0)),
        (SET_EXPOSURE, struct.pack(">IHB", 1_000_000, 0x2000, 2), (1, 0)),
        (SET_EXPOSURE, struct.pack(">IHB", 1, 0x0100, 3), (2, 3)),
        (SET_EXPOSURE, struct.pack(">IHB", 1_000_001, 0x0100, 2), (2, 3)),
        (SET_EXPOSURE, struct.pack(">IHB", 1, 0x00FF, 2), (2, 3)),
        (SET_EXPOSURE, struct.pack(">IHB", 1, 0x2001, 2), (2, 3)),
        (SET_PERIOD, struct.pack(">H", 100), (1, 0)),
        (SET_PERIOD, struct.pack(">H", 99), (2, 3)),
        (SET_PERIOD, struct.pack(">H", 4001), (2, 3)),
        (REPORT_HEALTH, b"\x00", (2, 2)),
        (0, b"", (2, 1)),
        (7, b"", (2, 1)),
        (255, b"any", (2, 1)),
    ],
)
def test_each_telecommand_is_answered_accepted_or_with_the_reason(function, arguments, answer):
    unit = booted()
    request = telecommand(function, arguments)
    assert unit.receive(request, SECOND_NS)
    echo = int.from_bytes(request[:4], "big")
    assert reports_of(packets_of(unit, SECOND_NS)) == [(*answer, function, echo)]
    counters = unit.counters()
    assert (counters["accepted"], counters["refused"]) == ((1, 0) if answer[0] == 1 else (0, 1))


def spoilt(packet, at, value, crc_right):
    octets = bytearray(packet)
    octets[at] = value
    if crc_right:
        octets[-2:] = struct.pack(">H", binascii.crc_hqx(bytes(octets[:-2]), 0xFFFF))
    return bytes(octets)


STOP_PACKET = telecommand(STOP)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "length"),
        (STOP_PACKET[:-1], "length"),
        (STOP_PACKET + b"\x00", "length"),
        (spoilt(STOP_PACKET, 6, START, False), "crc"),
        (spoilt(STOP_PACKET, 0, 0x03, True), "header"),  # telemetry
        (spoilt(STOP_PACKET, 0, 0x33, True), "header"),  # version 1
        (spoilt(STOP_PACKET, 0, 0x1B, True), "header"),  # secondary header
        (spoilt(STOP_PACKET, 2, 0x40, True), "header"),  # first of a group
        (telecommand(STOP, apid=0x310), "apid"),
    ],
)
def test_what_is_no_sound_telecommand_is_dropped_counted_and_not_answered(octets, why):
    unit = booted()
    assert not unit.receive(octets, SECOND_NS)
    assert {name: n for name, n in unit.counters().items() if n and "discarded" in name} == {
        f"discarded_{why}": 1
    }
    assert unit.imaging
    assert packets_of(unit, SECOND_NS) == []


def test_it_has_something_waiting_for_the_link_or_has_not():
    unit = CameraUnit(CameraParameters(boot_ms=500))
    unit.separation(0)
    assert not unit.waiting
    unit.poll(SECOND_NS)
    assert unit.waiting
    assert [apid_of(packet) for packet in packets_of(unit, SECOND_NS)] == [0x312, 0x311]
    assert not unit.waiting
    unit.receive(telecommand(REPORT_HEALTH), SECOND_NS)
    assert unit.waiting
    packets_of(unit, SECOND_NS)
    (order, _) = unit.poll(2 * SECOND_NS)
    packets_of(unit, 2 * SECOND_NS)
    assert not unit.waiting
    unit.commit(order.handle, bytes(3000), 2 * SECOND_NS)
    for _ in range(3):
        assert unit.waiting
        assert len(packets_of(unit, 2 * SECOND_NS, budget=1500)) == 1
    assert not unit.waiting


def test_mode_and_exposure_hold_from_the_next_exposure_on():
    unit = booted()
    before = unit.poll(2 * SECOND_NS)
    unit.receive(telecommand(SET_MODE, struct.pack(">HHBB", 1600, 1200, 0, 2)), 2 * SECOND_NS)
    unit.receive(telecommand(SET_EXPOSURE, struct.pack(">IHB", 7777, 0x0234, 2)), 2 * SECOND_NS)
    for order in before:
        assert (order.width, order.height, order.exposure_us, order.gain_256ths) == (800, 600, 1000, 256)
        unit.commit(order.handle, b"x", 2 * SECOND_NS)
    parts = [p for p in packets_of(unit, 2 * SECOND_NS) if apid_of(p) == 0x310]
    assert [struct.unpack(">IHHH", part[30:40]) for part in parts] == [(1000, 256, 800, 600)] * 2
    for order in unit.poll(3 * SECOND_NS):
        assert (order.width, order.height, order.exposure_us, order.gain_256ths) == (1600, 1200, 7777, 0x234)


def test_raw_pictures_need_slots_that_hold_them():
    unit = booted(slots=4, slot_octets=4 << 20)
    assert unit.receive(telecommand(SET_MODE, struct.pack(">HHBB", 1600, 1200, 1, 2)), SECOND_NS)
    assert {order.encoding for order in unit.poll(2 * SECOND_NS)} == {"raw"}
    with pytest.raises(FswError, match="raw pictures must fit a slot"):
        CameraParameters(width=1600, height=1200, encoding="raw")


def test_a_lens_left_to_its_automatic_tells_what_it_chose():
    unit = booted()
    unit.receive(telecommand(SET_EXPOSURE, struct.pack(">IHB", 0, 0, 1)), SECOND_NS)
    fixed, automatic = unit.poll(2 * SECOND_NS)
    assert (fixed.exposure_us, fixed.gain_256ths) == (1000, 256)
    assert (automatic.exposure_us, automatic.gain_256ths) == (0, 0)
    assert unit.commit(fixed.handle, b"x", 2 * SECOND_NS)
    assert unit.commit(automatic.handle, b"x", 2 * SECOND_NS, exposure_us=4321, gain_256ths=0x345)
    assert not unit.commit(automatic.handle, b"x", 2 * SECOND_NS, exposure_us=1)
    parts = [p for p in packets_of(unit, 2 * SECOND_NS) if apid_of(p) == 0x310]
    assert [struct.unpack(">IH", part[30:36]) for part in parts] == [(1000, 256), (4321, 0x345)]


def test_stop_keeps_the_grid_for_a_later_start():
    unit = booted()
    unit.receive(telecommand(STOP), SECOND_NS)
    assert (unit.power_mw, unit.poll(5 * SECOND_NS)) == (1500, [])
    unit.receive(telecommand(START), 5 * SECOND_NS + 1)
    assert [order.start_ns for order in unit.poll(6 * SECOND_NS)] == [6 * SECOND_NS] * 2
    assert unit.counters()["missed_0"] == 0


def test_a_new_period_begins_with_the_next_beat():
    unit = booted()
    unit.receive(telecommand(SET_PERIOD, struct.pack(">H", 250)), SECOND_NS + 1)
    beats = []
    while (now_ns := unit.next_ns()) < 3 * SECOND_NS:
        beats += [now_ns] * bool(orders := unit.poll(now_ns))
        for order in orders:
            unit.commit(order.handle, b"x", now_ns)
    assert beats == [2 * SECOND_NS + i * 250 * MS_NS for i in range(4)]


def test_pictures_wait_while_the_link_is_down_and_missed_beats_are_counted():
    unit = booted(slots=4)
    for second in range(2, 8):
        for order in unit.poll(second * SECOND_NS):
            unit.commit(order.handle, bytes([order.number]) * 3000, second * SECOND_NS)
        assert packets_of(unit, second * SECOND_NS, 0) == []
    counters = unit.counters()
    assert [counters[name] for name in ("taken_0", "taken_1", "missed_0", "missed_1")] == [2, 2, 4, 4]
    packets = packets_of(unit, 7 * SECOND_NS)
    assert [apid_of(packet) for packet in packets] == [0x311] + [0x310] * 12
    assert [int.from_bytes(p[6:10], "big") for p in packets[1::3]] == [1, 2, 3, 4]


def test_dropping_the_oldest_keeps_the_newest_and_says_which_went():
    unit = booted(slots=4, policy="drop-oldest")
    for second in range(2, 5):
        for order in unit.poll(second * SECOND_NS):
            unit.commit(order.handle, b"x", second * SECOND_NS)
    packets = packets_of(unit, 4 * SECOND_NS)
    assert reports_of(packets) == [(3, 3, 0, 1), (3, 3, 1, 2)]
    assert [int.from_bytes(p[6:10], "big") for p in packets if apid_of(p) == 0x310] == [3, 4, 5, 6]
    assert unit.counters()["dropped"] == 2


def test_a_picture_upset_while_it_waits_is_reported_and_not_sent():
    unit = booted()
    for order in unit.poll(2 * SECOND_NS):
        unit.commit(order.handle, b"\x10" * 3000, 2 * SECOND_NS)
    unit.memory[2999] ^= 0x01
    packets = packets_of(unit, 2 * SECOND_NS)
    assert reports_of(packets) == [(3, 2, 0, 1)]
    assert {int.from_bytes(p[6:10], "big") for p in packets if apid_of(p) == 0x310} == {2}
    assert (unit.counters()["damaged"], unit.counters()["sent"]) == (1, 1)


def test_a_picture_upset_between_its_parts_is_reported_after_them():
    unit = booted()
    for order in unit.poll(2 * SECOND_NS):
        unit.commit(order.handle, b"\x10" * 3000, 2 * SECOND_NS)
    unit.receive(telecommand(STOP), 2 * SECOND_NS)
    assert [apid_of(p) for p in packets_of(unit, 2 * SECOND_NS, 22 + 112 + 1400)] == [0x312, 0x311, 0x310]
    unit.memory[2999] ^= 0x80
    packets = packets_of(unit, 2 * SECOND_NS)
    assert reports_of(packets) == [(3, 2, 0, 1)]
    assert (unit.counters()["damaged"], unit.counters()["sent"]) == (1, 1)


def test_a_sensor_that_does_not_answer_loses_its_exposure_not_its_lens():
    unit = booted(patience=2)
    silent, _ = unit.poll(2 * SECOND_NS)
    assert [order.lens for order in unit.poll(3 * SECOND_NS)] == []
    again, _ = unit.poll(4 * SECOND_NS)
    assert not unit.commit(silent.handle, b"late", 4 * SECOND_NS)
    assert unit.commit(again.handle, b"in time", 4 * SECOND_NS)
    assert reports_of(packets_of(unit, 4 * SECOND_NS)) == [(3, 5, 0, 1), (3, 5, 1, 2)]
    counters = unit.counters()
    assert (counters["failed_0"], counters["taken_0"], counters["busy_0"], counters["stale"]) == (1, 1, 1, 1)


def test_a_battery_under_its_limit_ends_it_for_good():
    unit = booted()
    (order, _) = unit.poll(2 * SECOND_NS)
    unit.set_inputs(2 * SECOND_NS, 4000, WARM)
    assert unit.state == "on"
    unit.set_inputs(3 * SECOND_NS, 3999, WARM)
    energy_mj = unit.energy_mj
    assert (unit.state, unit.power_mw, unit.next_ns(), unit.imaging) == ("off", 0, None, False)
    assert not unit.commit(order.handle, b"x", 3 * SECOND_NS)
    unit.set_inputs(4 * SECOND_NS, 6000, WARM)
    unit.separation(4 * SECOND_NS)
    unit.restart(4 * SECOND_NS)
    assert unit.poll(9 * SECOND_NS) == []
    assert packets_of(unit, 9 * SECOND_NS) == []
    assert (unit.state, unit.energy_mj) == ("off", energy_mj)


def test_energy_is_power_times_time():
    unit = booted()
    unit.poll(3601 * SECOND_NS)
    # 0.5 s at 1.5 W, 3600.5 s at 5 W
    assert unit.energy_mj == pytest.approx(750 + 18_002_500, abs=6)


def test_a_restart_loses_the_pictures_keeps_the_beat_and_the_counts():
    unit = booted(slots=8)
    unit.receive(telecommand(SET_MODE, struct.pack(">HHBB", 1600, 1200, 0, 2)), SECOND_NS)
    kept, lost = unit.poll(2 * SECOND_NS)
    unit.commit(kept.handle, b"x", 2 * SECOND_NS)
    unit.restart(2 * SECOND_NS + 1)
    assert unit.state == "booting"
    assert not unit.commit(lost.handle, b"x", 2 * SECOND_NS + 1)
    orders = unit.poll(3 * SECOND_NS)
    assert [(order.start_ns, order.number, order.width) for order in orders] == [
        (3 * SECOND_NS, 3, 800),
        (3 * SECOND_NS, 4, 800),
    ]
    assert reports_of(packets_of(unit, 3 * SECOND_NS)) == [(3, 1, 0, 1)]
    counters = unit.counters()
    assert (counters["restarts"], counters["dropped"], counters["failed_1"], counters["slots_free"]) == (
        1,
        1,
        1,
        6,
    )


def test_sequence_counts_run_over_per_apid():
    unit = booted(part_octets=1, slot_octets=20_000)
    counts = []
    for order in unit.poll(2 * SECOND_NS):
        unit.commit(order.handle, bytes(10_000), 2 * SECOND_NS)
    for packet in packets_of(unit, 2 * SECOND_NS):
        if apid_of(packet) == 0x310:
            counts.append(int.from_bytes(packet[2:4], "big") & 0x3FFF)
    assert counts == [i % 16384 for i in range(20_000)]


def test_time_never_goes_back():
    unit = booted()
    with pytest.raises(FswError, match="the latest told"):
        unit.poll(SECOND_NS - 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"slots": 0},
        {"slots": 33},
        {"slots": -1},
        {"slot_octets": 2**32},
        {"part_octets": 0},
        {"period_ms": 99},
        {"patience": 0},
        {"exposure_us": 1_000_001},
        {"gain_256ths": 255},
        {"width": 640},
        {"policy": "drop-newest"},
        {"apid_health": 0x310},
        {"apid_report": 0x7FF},
        {"power_idle_mw": 100_001},
        {"battery_capacity_mj": 0},
    ],
)
def test_parameters_out_of_bounds_are_refused(wrong):
    with pytest.raises(FswError):
        CameraParameters(**wrong)


class CameraThatIsSavedAndBranched(RuleBasedStateMachine):
    """Two units: one flies on, the other is replaced at any moment by one restored from its snapshot."""

    @initialize(
        slots=st.integers(1, 4),
        policy=st.sampled_from(["skip-beat", "drop-oldest"]),
        part_octets=st.integers(1, 50),
        patience=st.integers(1, 3),
    )
    def begin(self, slots, policy, part_octets, patience):
        self.parameters = CameraParameters(
            slots=slots, slot_octets=100, policy=policy, part_octets=part_octets, patience=patience
        )
        self.units = [CameraUnit(self.parameters), CameraUnit(self.parameters)]
        self.now_ns = 0
        self.orders = []
        self.begun = 0

    def both(self, step):
        one, other = (step(unit) for unit in self.units)
        assert one == other
        return one

    @rule()
    def separation(self):
        self.both(lambda unit: unit.separation(self.now_ns))

    @rule(step_ns=st.integers(0, 3 * SECOND_NS))
    def poll_later(self, step_ns):
        self.now_ns += step_ns
        self.poll()

    @rule()
    def poll_when_due(self):
        due_ns = self.both(lambda unit: unit.next_ns())
        if due_ns is not None:
            self.now_ns = max(self.now_ns, due_ns)
            self.poll()
            assert self.units[0].next_ns() > self.now_ns

    def poll(self):
        for order in self.both(lambda unit: unit.poll(self.now_ns)):
            self.begun += 1
            assert (order.number, order.start_ns) == (self.begun, self.now_ns)
            self.orders.append(order)

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 100), length=st.integers(1, 100))
    def commit(self, pick, length):
        order = self.orders[pick % len(self.orders)]
        octets = bytes((order.number + i) & 255 for i in range(length))
        self.both(lambda unit: unit.commit(order.handle, octets, self.now_ns))

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 100))
    def fail(self, pick):
        order = self.orders[pick % len(self.orders)]
        self.both(lambda unit: unit.fail(order.handle, self.now_ns))

    @rule(budget=st.integers(0, 400))
    def transmit(self, budget):
        self.both(lambda unit: packets_of(unit, self.now_ns, budget))

    @rule(function=st.integers(0, 8), arguments=st.binary(max_size=7))
    def any_telecommand(self, function, arguments):
        self.both(lambda unit: unit.receive(telecommand(function, arguments), self.now_ns))

    @rule(octets=st.binary(max_size=30))
    def garbage(self, octets):
        self.both(lambda unit: unit.receive(octets, self.now_ns))

    @rule(battery_mv=st.sampled_from([6000, 6000, 6000, 4000, 3999]))
    def inputs(self, battery_mv):
        self.both(lambda unit: unit.set_inputs(self.now_ns, battery_mv, WARM))

    @rule()
    def restart(self):
        self.both(lambda unit: unit.restart(self.now_ns))

    @rule()
    def replace_one_by_its_snapshot(self):
        restored = CameraUnit(self.parameters)
        restored.load(self.units[1].save())
        self.units[1] = restored

    @invariant()
    def the_book_balances(self):
        counters = self.both(lambda unit: unit.counters())
        assert self.units[0].save() == self.units[1].save()
        slots = [counters[f"slots_{state}"] for state in ("free", "exposing", "ready", "sending")]
        assert sum(slots) == self.parameters.slots
        assert slots[3] <= 1
        ended = sum(counters[f"{name}_{lens}"] for name in ("taken", "failed") for lens in (0, 1))
        assert counters["begun"] == self.begun == ended + slots[1]
        taken = counters["taken_0"] + counters["taken_1"]
        assert taken == counters["sent"] + counters["dropped"] + counters["damaged"] + slots[2] + slots[3]


TestSavedAndBranched = CameraThatIsSavedAndBranched.TestCase
TestSavedAndBranched.settings = settings(stateful_step_count=40)


@given(data=st.data(), value=st.integers(0, 255))
def test_a_snapshot_from_elsewhere_is_refused_or_harmless(data, value):
    unit = booted(slots=2, slot_octets=3000)
    for order in unit.poll(2 * SECOND_NS):
        unit.commit(order.handle, bytes(3000), 2 * SECOND_NS)
    unit.transmit(2 * SECOND_NS, 2000)
    saved = unit.save()
    state = bytearray(saved["state"])
    state[data.draw(st.integers(0, len(state) - 1))] = value
    with pytest.raises(FswError):
        unit.load(saved | {"state": bytes(state[:-1])})
    try:
        unit.load(saved | {"state": bytes(state)})
    except FswError:
        assert unit.save() == saved
        return
    now_ns = unit._self.now_ns
    for later in range(5):
        if now_ns + later * SECOND_NS < 2**63:
            for order in unit.poll(now_ns + later * SECOND_NS):
                unit.commit(order.handle, bytes(3000), now_ns + later * SECOND_NS)
            unit.transmit(now_ns + later * SECOND_NS, 5000)


def test_a_snapshot_of_other_parameters_is_refused():
    saved = booted(slots=4).save()
    with pytest.raises(FswError, match="other parameters"):
        booted(slots=5).load(saved)
