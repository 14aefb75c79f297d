"""The sending side by itself: segments, security, one frame at a time, and what the operator may ask when."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.core.farm import FarmState
from fsw.core.space_packet import SpacePacket
from fsw.core.telecommand import decode_frame, encode_cltu
from fsw.ground.command_link import CommandLink, LinkChannel, UplinkSettings
from fsw.ground.transmitter import Transmitter
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND
from fsw.missions import load
from fsw.protocols.clcw import Clcw
from fsw.protocols.fop import Directive
from fsw.protocols.fop_table import FopState
from fsw.protocols.telecommand_reception import ChannelSettings, ReceptionSettings, TelecommandReception

SPACECRAFT = 245
SETTINGS = UplinkSettings(SPACECRAFT, (LinkChannel(0, (0, 1), window=3), LinkChannel(5, ())))
PACKET = SpacePacket(apid=1920, count=3, data=b"a request", telecommand=True).encode()
RECEIVER = ReceptionSettings(
    SPACECRAFT,
    (ChannelSettings(0, (0, 1), window=254, boot=FarmState.OPEN),),
)


def word(number=0, channel=0, **flags):
    return Clcw(channel, number, **flags).encode()


def opened(link, now_ns=0):
    """With the AD service of channel 0 open and nothing to be told."""
    link.initiate(now_ns, "unchecked")
    link.take_notices()
    return link


def settle(link, now_ns):
    """Everything that the transmitter has to send, in order, until there is no more."""
    octets = b""
    while bursts := link.take_bursts():
        octets += b"".join(burst.octets for burst in bursts)
        link.advance(now_ns + SECOND * 1000 if now_ns is None else bursts[-1].end_ns)
    return octets


class Brackets:
    """Protection that anybody can see: four octets more in each frame."""

    octets = 4

    def apply(self, channel, field, *_):
        return field[:1] + b"<" + field[1:] + b">" * 3


@given(
    data=st.binary(min_size=1, max_size=300),
    frame_octets=st.integers(20, 80),
    map_id=st.sampled_from([0, 1]),
    service=st.sampled_from(["AD", "BD"]),
    secure=st.booleans(),
)
def test_any_packet_comes_through_in_segments_of_any_length(data, frame_octets, map_id, service, secure):
    security = Brackets()
    settings = dataclasses.replace(SETTINGS, frame_octets=frame_octets)
    settings = dataclasses.replace(settings, channels=(LinkChannel(0, (0, 1), window=255),))
    link = opened(CommandLink(settings, security if secure else None))
    packet = SpacePacket(apid=1920, count=3, data=data, telecommand=True).encode()
    if service == "AD":
        link.enqueue(packet, 0, map_id=map_id)
        octets = settle(link, 0)
    else:
        frames = link.expedite(packet, 0, map_id=map_id)
        assert all(len(frame) <= frame_octets for frame in frames)
        octets = b"".join(link.transmitter.acquisition + encode_cltu(f, randomize=True) for f in frames)
    process = (lambda frame: frame.data[:1] + frame.data[2:-3]) if secure else None
    receiver = TelecommandReception(RECEIVER, process_security=process)
    assert receiver.feed(octets) == [packet]
    assert receiver.values()["segments_dropped"] == 0


def test_a_channel_without_segments_takes_what_fits_into_a_frame():
    link = CommandLink(dataclasses.replace(SETTINGS, frame_octets=7 + len(PACKET)))
    (frame,) = link.expedite(PACKET, 0, 5)
    assert decode_frame(frame, spacecraft_id=SPACECRAFT).data == PACKET
    with pytest.raises(FswError, match="without segments"):
        link.expedite(PACKET + b"x", 0, 5)
    with pytest.raises(FswError, match="has no segments"):
        link.expedite(PACKET, 0, 5, 1)
    with pytest.raises(FswError, match="MAP 2: allowed are 0, 1"):
        link.expedite(PACKET, 0, 0, 2)
    with pytest.raises(FswError, match="virtual channel 9: allowed are 0, 5"):
        link.expedite(PACKET, 0, 9)


def test_one_frame_is_on_the_air_at_a_time_and_no_more_than_the_window_are_outstanding():
    link = opened(CommandLink(SETTINGS))
    tags = [tag for _ in range(5) for tag in link.enqueue(PACKET, 0)]
    assert link.take_outcomes() == [(tags[0], "radiated")]
    (first,) = link.take_bursts()
    link.advance(first.end_ns - 1)
    assert link.take_bursts() == []
    link.advance(first.end_ns)
    (second,) = link.take_bursts()
    assert second.start_ns == first.end_ns
    settle(link, 0)
    link.advance(second.end_ns)
    (third,) = link.take_bursts()
    link.advance(third.end_ns)
    assert link.take_bursts() == []  # K is 3
    assert (link.status().outstanding, link.status().waiting) == (3, 2)
    link.control_word(word(2), third.end_ns, third.end_ns)
    assert [row for row in link.take_outcomes() if row[1] == "delivered"] == [
        (t, "delivered") for t in tags[:2]
    ]
    assert len(link.take_bursts()) == 1


def test_a_closed_service_takes_nothing_and_says_what_became_of_the_rest():
    link = CommandLink(SETTINGS)
    with pytest.raises(FswError, match="not open: initiate it first"):
        link.enqueue(PACKET, 0)
    opened(link)
    tags = [tag for _ in range(3) for tag in link.enqueue(PACKET, 0)]
    link.direct(Directive.TERMINATE, 1)
    fates = dict(link.take_outcomes())
    assert fates == {tags[0]: "unconfirmed", tags[1]: "lost", tags[2]: "lost"}
    assert [notice.text for notice in link.take_notices()] == ["AD service closed"]


def test_opening_reads_the_latest_control_word_once_nothing_is_under_way():
    link = CommandLink(SETTINGS)
    with pytest.raises(FswError, match="no control word"):
        link.initiate(0)
    link.control_word(word(7), 10, 10)
    assert link.initiate(10, round_trip_ns=100 * SECOND) == "initiate AD with CLCW check"
    assert link.status().vs == 7
    # The round trip, the longest frame's time on the air, and the margin.
    assert link.status().t1_ns == pytest.approx(
        100 * SECOND + 20 * SECOND + 1024 * 8 * SECOND / 2000, rel=0.05
    )
    with pytest.raises(FswError, match="terminate it first"):
        link.initiate(10)
    link.control_word(word(7), 20, 20)
    tags = [tag for _ in range(2) for tag in link.enqueue(PACKET, 20)]
    settle(link, 0)
    sent_ns = SECOND
    link.advance(sent_ns)
    link.control_word(word(8, lockout=1), sent_ns, sent_ns)
    assert "locked out" in link.take_notices()[-1].text
    assert dict(link.take_outcomes())[tags[1]] == "unconfirmed"
    with pytest.raises(FswError, match="may still be under way"):
        link.initiate(sent_ns + 1)
    dry_ns = sent_ns + 101 * SECOND
    link.control_word(word(8, lockout=1), dry_ns, dry_ns)
    assert link.initiate(dry_ns) == "initiate AD with Unlock"
    # Before N(R): it had arrived. The other one had not.
    assert dict(link.take_outcomes()) == {tags[0]: "delivered", tags[1]: "lost"}
    assert link.status().state is FopState.INITIALISING_BC


def test_a_suspended_service_may_be_given_up_and_opened_anew():
    settings = dataclasses.replace(
        SETTINGS, channels=(LinkChannel(0, (0,), t1_margin_ns=SECOND, transmission_limit=1, timeout_type=1),)
    )
    link = opened(CommandLink(settings))
    link.direct(Directive.SET_T1, 0, 5 * SECOND)
    (tag,) = link.enqueue(PACKET, 0)
    settle(link, 0)
    link.advance(6 * SECOND)
    assert link.status().suspended
    assert link.status().open
    link.control_word(word(1), 300 * SECOND, 300 * SECOND)
    link.initiate(300 * SECOND)
    assert link.take_outcomes()[-1] == (tag, "delivered")
    assert not link.status().suspended
    assert link.status().vs == 1


def test_control_words_of_others_and_reports_that_are_none_are_ignored():
    link = CommandLink(SETTINGS)
    link.control_word(word(3, channel=9), 1, 1)
    link.control_word(b"\x80\0\0\0", 1, 1)
    assert link.status().word is None
    link.control_word(word(3, channel=5), 1, 1)
    assert link.status(5).word.report_value == 3
    assert link.status(0).word is None


def test_a_directive_that_fop_rejects_is_the_operators_error():
    link = opened(CommandLink(SETTINGS))
    with pytest.raises(FswError, match=r"set V\(S\) 3: rejected"):
        link.direct(Directive.SET_VS, 0, 3)
    with pytest.raises(FswError, match="rejected"):
        link.direct(Directive.SET_WINDOW, 0, 0)
    link.direct(Directive.SET_WINDOW, 0, 2)
    assert link.status().window == 2


@given(steps=st.lists(st.sampled_from(["send", "word", "run", "alert"]), max_size=12))
def test_a_saved_link_goes_on_as_the_one_that_was_saved(steps):
    link, now_ns = opened(CommandLink(SETTINGS)), 0
    for step in [*steps, "send", "run"]:
        now_ns += SECOND
        twin = CommandLink(SETTINGS)
        twin.load(unpack(pack(link.save())))
        said = []
        for each in (link, twin):
            try:
                if step == "send":
                    each.enqueue(PACKET, now_ns)
                elif step == "word":
                    each.control_word(word(each.status().vs), now_ns, now_ns)
                elif step == "alert":
                    each.control_word(word(0, lockout=1), now_ns, now_ns)
                else:
                    each.advance(now_ns)
                error = ""
            except FswError as caught:
                error = str(caught)
            said.append(
                (error, each.take_bursts(), each.take_outcomes(), each.take_notices(), each.next_ns())
            )
        assert said[0] == said[1]
        assert pack(link.save()) == pack(twin.save())


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 50)), min_size=1, max_size=12))
def test_bursts_never_overlap_and_never_come_before_their_time(wanted):
    transmitter = Transmitter(8000.0)
    assert transmitter.octet_ns == SECOND // 1000
    bursts = [transmitter.radiate(bytes(n), at * 1_000_000, 0) for at, n in wanted]
    for burst, (at, _) in zip(bursts, wanted, strict=True):
        assert burst.start_ns >= at * 1_000_000
        assert burst.end_ns - burst.start_ns == len(burst.octets) * SECOND // 1000
    ordered = sorted(bursts, key=lambda burst: burst.start_ns)
    assert all(a.end_ns <= b.start_ns for a, b in itertools.pairwise(ordered))


def test_settings_are_those_of_the_mission_file():
    uplink = load("tianwen1-cruise").uplink
    settings = UplinkSettings.of(uplink)
    assert (settings.spacecraft, settings.randomized, settings.frame_octets) == (245, True, 1024)
    (channel,) = settings.channels
    assert (channel.virtual_channel, channel.maps, channel.window) == (0, (0, 1), 60)
    assert (channel.t1_margin_ns, channel.transmission_limit, channel.timeout_type) == (20 * SECOND, 3, 0)
