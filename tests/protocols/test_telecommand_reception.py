"""Reception on board: FARM-1 of each channel, room, what is told of it, and what outlives a restart."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.core.farm import UNLOCK, FarmState, set_vr
from fsw.core.space_packet import SpacePacket
from fsw.core.telecommand import acquisition_sequence, encode_cltu, encode_frame
from fsw.kernel.snapshot import pack, unpack
from fsw.protocols.clcw import Clcw
from fsw.protocols.telecommand_reception import ChannelSettings, ReceptionSettings, TelecommandReception

SPACECRAFT = 245
SETTINGS = ReceptionSettings(
    SPACECRAFT, (ChannelSettings(0, (0,), window=10), ChannelSettings(3, (), window=4))
)


def packet(count):
    return SpacePacket(apid=1920, count=count, data=b"abc", telecommand=True).encode()


def cltu(data, sequence=0, channel=0, **kind):
    segment = (3, 0) if channel == 0 and not kind.get("control") else None
    frame = encode_frame(SPACECRAFT, channel, data, sequence=sequence, segment=segment, **kind)
    return acquisition_sequence() + encode_cltu(frame, randomize=True)


def ad(count, channel=0):
    return cltu(packet(count), count, channel, bypass=False)


def bc(data, channel=0):
    return cltu(data, 0, channel, control=True)


def words(reception):
    return [Clcw.decode(octets) for octets in reception.control_words()]


def test_channels_have_their_own_farm_and_boot_locked_out():
    reception = TelecommandReception(SETTINGS)
    assert reception.feed(ad(0) + ad(0, 3)) == []
    assert [w.lockout for w in words(reception)] == [1, 1]
    assert reception.feed(bc(UNLOCK, 3) + ad(0) + ad(0, 3) + ad(1, 3)) == [packet(0), packet(1)]
    first, second = words(reception)
    assert (first.virtual_channel, first.lockout, first.report_value) == (0, 1, 0)
    assert (second.virtual_channel, second.lockout, second.report_value, second.farm_b) == (3, 0, 2, 1)
    assert reception.locked == {0: True, 3: False}
    assert reception.feed(cltu(packet(9))) == [packet(9)]  # expedited


def test_housekeeping_counts_what_farm_took_and_what_it_did_not():
    reception = TelecommandReception(SETTINGS)
    # Locked out: a number in order is not taken, and Set V(R) is not obeyed.
    reception.feed(ad(0) + bc(set_vr(4)) + bc(UNLOCK) + bc(set_vr(0)))
    reception.feed(ad(0) + ad(1) + ad(1) + ad(3) + cltu(packet(7)) + ad(100))
    reception.feed(cltu(b"x", channel=9) + encode_cltu(b"no frame", randomize=True))
    values = reception.values()
    assert {name: values[name] for name in ("ad_accepted", "ad_discarded", "bd_accepted", "bc_executed")} == {
        "ad_accepted": 2, "ad_discarded": 4, "bd_accepted": 1, "bc_executed": 2}  # fmt: skip
    assert (values["farm_state"], values["farm_expected"], values["farm_lockouts"]) == ("LOCKOUT", 2, 1)
    assert values["frames_invalid"] == 1
    assert reception.dropped == reception.discarded["not_accepted"] + 1 == 7


def test_housekeeping_tells_of_each_channel_in_its_turn_and_of_all_what_was_dropped():
    reception = TelecommandReception(SETTINGS)
    reception.feed(bc(UNLOCK, 3) + ad(0, 3) + ad(1, 3) + encode_cltu(b"no frame", randomize=True))
    told = [reception.values(turn) for turn in range(4)]
    assert [(v["farm_channel"], v["farm_state"], v["farm_expected"], v["ad_accepted"]) for v in told] == [
        (0, "LOCKOUT", 0, 0), (3, "OPEN", 2, 2)] * 2  # fmt: skip
    assert {(v["frames_invalid"], v["bits_corrected"]) for v in told} == {(1, 0)}


def test_the_link_flags_are_what_the_receiver_shows():
    reception = TelecommandReception(SETTINGS)
    assert {(w.no_rf, w.no_bit_lock) for w in words(reception)} == {(1, 1)}
    reception.set_link(carrier=True, bits=False)
    assert {(w.no_rf, w.no_bit_lock) for w in words(reception)} == {(0, 1)}


def test_without_room_a_frame_waits_and_the_frames_in_hand_count():
    free = 2
    reception = TelecommandReception(SETTINGS, room=lambda in_hand: in_hand < free)
    reception.feed(bc(UNLOCK))
    assert reception.feed(ad(0) + ad(1) + ad(2)) == [packet(0), packet(1)]
    assert (words(reception)[0].wait, words(reception)[0].retransmit) == (1, 1)
    free = 0
    reception.room_made()
    assert words(reception)[0].wait == 1
    free = 1
    reception.room_made()
    assert (words(reception)[0].wait, words(reception)[0].retransmit) == (0, 1)
    assert reception.feed(ad(2)) == [packet(2)]
    assert words(reception)[0].retransmit == 0


def test_farms_outlive_a_restart_but_only_where_they_belong():
    reception = TelecommandReception(SETTINGS)
    reception.feed(bc(UNLOCK) + ad(0))
    states = unpack(pack(reception.farm_states()))
    again = TelecommandReception(SETTINGS)
    again.recall_farms(states)
    assert again.farms[0].expected == 1
    assert again.farms[3].state is FarmState.LOCKOUT
    with pytest.raises(FswError, match="not one of ours"):
        again.recall_farms([[7, states[0][1]]])
    with pytest.raises(FswError, match="another's"):
        again.recall_farms([[3, states[0][1]]])
    with pytest.raises(FswError, match="octets"):
        again.recall_farms([[0, b""]])


@given(
    counts=st.lists(st.integers(0, 12), max_size=6),
    noise=st.binary(max_size=30),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_in_pieces_through_snapshots_and_after_noise_the_same_comes_out(counts, noise, cuts):
    octets = noise + b"".join(map(ad, counts)) + noise
    whole, pieces = TelecommandReception(SETTINGS), TelecommandReception(SETTINGS)
    for each in (whole, pieces):
        each.feed(bc(UNLOCK))
    found = []
    bounds = sorted({0, *(min(cut, len(octets)) for cut in cuts), len(octets)})
    for start, end in itertools.pairwise(bounds):
        found += pieces.feed(octets[start:end])
        fresh = TelecommandReception(SETTINGS)
        fresh.load(unpack(pack(pieces.save())))
        pieces = fresh
    assert whole.feed(octets) == found
    assert whole.control_words() == pieces.control_words()
    assert pack(whole.save()) == pack(pieces.save())
    taken = [p for p in found if p in {packet(count) for count in counts}]
    assert taken == [packet(count) for count in range(len(taken))]
