"""The Wi-Fi link: its loss, its reach, its rate, and what it carries over."""

import numpy as np
import pytest

from fsw import missions
from fsw.devices.wifi import MOST_WAITING, SLOT_NS, WifiChannel
from fsw.kernel.seeds import Stream
from fsw.kernel.snapshot import pack, unpack
from fsw.world import heavens

MISSION = missions.load("tianwen1-cruise")
LINK = heavens.wifi(MISSION)


def channel(seed=1):
    made = WifiChannel(LINK, Stream(seed, "wifi"), 1500)
    made.switch(True)
    return made


def packets(number, octets=1000):
    return np.zeros(number * octets, np.uint8), np.full(number, octets, np.uint32)


@pytest.mark.parametrize("range_m", [40.0, 200.0, 390.0, 398.0])
def test_over_time_it_carries_its_rate_and_no_slot_more_than_a_packet_over(range_m):
    wifi, sent = channel(), 0
    slots = 400
    rate = LINK.state(round(range_m * 2) / 2).rate_bit_s
    per_slot = rate * SLOT_NS / 8e9
    for _ in range(slots):
        slot = wifi.begin_slot(range_m, True)
        assert slot.octets <= per_slot + 1500
        number = slot.octets // 1400
        wifi.end_slot(slot, *packets(number, 1400))
        sent += number * 1400
    assert per_slot * slots - 2900 < sent <= per_slot * slots


def test_air_that_nobody_wanted_is_gone():
    wifi = channel()
    first = wifi.begin_slot(40.0, True)
    wifi.end_slot(first, *packets(first.octets * 3 // 4 // 1000))
    assert wifi.begin_slot(40.0, True).octets == first.octets


@pytest.mark.parametrize("range_m", [1.0, 40.0, 200.0, 390.0, 398.0, 420.0])
def test_slots_passed_over_leave_it_as_slots_without_packets_do(range_m):
    slot_by_slot, passed = channel(), channel()
    for wifi in (slot_by_slot, passed):
        slot = wifi.begin_slot(1.0, True)
        wifi.end_slot(slot, *packets(slot.octets // 1000))
    for _ in range(5):
        slot = slot_by_slot.begin_slot(range_m, True)
        slot_by_slot.end_slot(slot, *packets(0))
    passed.pass_slots(range_m, True)
    assert passed.status() == slot_by_slot.status()
    assert passed.save() == slot_by_slot.save()


@pytest.mark.parametrize("loss", [0.0, 1e-9, 0.001, 0.05, 0.5, 0.98, 1.0])
def test_each_packet_is_lost_with_its_chance_wherever_it_stands(loss):
    from fsw.devices.wifi import Slot

    wifi, number, slots = channel(7), 20, 1500
    lost = np.zeros(number)
    for _ in range(slots):
        octets, lengths = packets(number, 10)
        octets[:] = np.repeat(np.arange(number), 10)
        got, got_lengths = wifi.end_slot(Slot(1000, loss), octets, lengths)
        assert got.size == 10 * len(got_lengths)
        kept = got.reshape(-1, 10)[:, 0]
        assert (np.diff(kept.astype(int)) > 0).all()
        lost += ~np.isin(np.arange(number), kept)
    # 5 sigma of a binomial, packet by packet.
    spread = 5 * (loss * (1 - loss) / slots) ** 0.5
    assert np.abs(lost / slots - loss).max() <= spread + 1e-12


def test_losses_of_two_packets_have_nothing_to_do_with_each_other():
    from fsw.devices.wifi import Slot

    wifi, slots = channel(3), 6000
    both = 0
    for _ in range(slots):
        _, lengths = wifi.end_slot(Slot(1000, 0.3), *packets(2, 10))
        both += len(lengths) == 0
    assert abs(both / slots - 0.09) < 5 * (0.09 * 0.91 / slots) ** 0.5


@pytest.mark.parametrize(
    ("range_m", "on", "camera_on"),
    [(400.0, True, True), (1e6, True, True), (10.0, False, True), (10.0, True, False)],
)
def test_out_of_reach_or_switched_off_nothing_passes(range_m, on, camera_on):
    wifi = channel()
    wifi.switch(on)
    wifi.send_to_camera(b"command")
    slot = wifi.begin_slot(range_m, camera_on)
    assert (slot.octets, wifi.linked, wifi.take_for_camera()) == (0, False, [])
    status = wifi.status()
    assert (status["linked"], status["rate_kbps"], status["range_m"]) == (False, 0, 0.0)


def test_the_rate_falls_and_the_loss_rises_with_range():
    states = [LINK.state(r) for r in np.arange(0.0, 400.0, 5.0).tolist()]
    rates = [state.rate_bit_s for state in states]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 6e6
    assert states[-1].air_loss > states[0].air_loss
    assert 0 < rates[-1] < 1.2e6


def test_commands_reach_the_camera_once_in_order_and_a_bounded_number_waits():
    wifi = channel()
    assert [wifi.send_to_camera(bytes([n])) for n in range(MOST_WAITING + 1)] == [True] * MOST_WAITING + [
        False
    ]
    wifi.begin_slot(10.0, True)
    assert wifi.take_for_camera() == [bytes([n]) for n in range(MOST_WAITING)]
    assert wifi.take_for_camera() == []


def test_switched_off_it_forgets_the_commands_that_wait():
    wifi = channel()
    wifi.send_to_camera(b"stale")
    wifi.switch(False)
    wifi.switch(True)
    wifi.begin_slot(10.0, True)
    assert wifi.take_for_camera() == []


def test_a_snapshot_changes_no_slot_to_come():
    stream = Stream(5, "wifi")
    wifi = WifiChannel(LINK, stream, 1500)
    wifi.switch(True)
    wifi.send_to_camera(b"command")
    slot = wifi.begin_slot(397.0, True)
    wifi.end_slot(slot, *packets(slot.octets // 1000))
    saved, drawn = unpack(pack(wifi.save())), stream.save()
    again_stream = Stream(6, "other")
    again = WifiChannel(LINK, again_stream, 1500)
    again.load(saved)
    again_stream.load(drawn)
    for _ in range(20):
        told = []
        for one in (wifi, again):
            slot = one.begin_slot(398.0, True)
            got = one.end_slot(slot, *packets(slot.octets // 1000))[1].tolist()
            told.append((slot, got, one.take_for_camera(), one.status()))
        assert told[0] == told[1]
