"""No file stops the decoder, and every format says what it takes."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsw.core.channel_coding import ConvolutionalEncoder, encode_cadus
from fsw.core.errors import FswError
from fsw.core.space_packet import SpacePacket
from fsw.core.telemetry import VirtualChannelSender
from fsw.ground.decode_command import HELP
from fsw.ground.decode_report import ALL_GOOD, LOSSES, NOTHING, render_report
from fsw.ground.decoding import decode_file
from fsw.ground.formats import NAMED, parse_format

FORMATS = (
    *NAMED,
    "aos:64",
    "aos:64:insert-zone=8:ocf:fecf:fhec",
    "tm:64:secondary-header=4:ocf:fecf",
    "cadu:64",
    "cadu:256:rs=223:basis=conventional:randomizer=255:insert-zone=8",
    "cadu:1024:rs=223:interleave=4:tm",
    "symbols:256:rs=223:basis=conventional:insert-zone=8",
    "symbols:64:convolutional=none:as=i8",
    "symbols:64:as=f32:convolutional=plain",
)
LOW = "cadu:256:rs=223:basis=conventional:randomizer=255:insert-zone=8"
PACKETS = [SpacePacket(8 + count % 3, count, bytes([count]) * (60 + count % 3)) for count in range(40)]


def _cadus(format_text: str, frames: int = 20, scid: int = 245) -> np.ndarray:
    recorded = parse_format(format_text)
    assert recorded.code is not None
    sender = VirtualChannelSender(recorded.frame, scid, 1)
    sender.push(b"".join(packet.encode() for packet in PACKETS))
    return encode_cadus(sender.frames(frames), recorded.code)


def _frames(format_text: str, frames: int = 60) -> np.ndarray:
    sender = VirtualChannelSender(parse_format(format_text).frame, 237, 1)
    sender.push(b"".join(packet.encode() for packet in PACKETS))
    return sender.frames(frames)


@pytest.mark.parametrize("format_text", FORMATS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_file_stops_the_decoder(format_text: str, tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["random", "frames", "cadus"]))
    if kind == "random":
        octets = data.draw(st.binary(max_size=3000))
    else:
        text = format_text if kind == "cadus" and parse_format(format_text).code else LOW
        text = text if kind == "cadus" else "aos:220:insert-zone=8"
        made = _cadus(text, 6) if kind == "cadus" else _frames(text, 12)
        damaged = bytearray(made.tobytes())
        for _ in range(data.draw(st.integers(0, 5))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        cut = data.draw(st.integers(0, len(damaged)))
        octets = bytes(damaged[:cut]) + data.draw(st.binary(max_size=20)) + bytes(damaged[cut + 3 :])
    path = tmp_path / "file"
    path.write_bytes(octets)
    report = decode_file(path, format_text, tmp_path / "packets")
    assert report.octets == len(octets)
    assert report.exit_code in (ALL_GOOD, LOSSES, NOTHING)
    json.dumps(report.as_json())
    assert str(report.octets) in render_report(report)
    assert report.packets == sum(row["packets"] for row in report.virtual_channels.values())


def test_cadus_and_symbols_decode_to_the_packets_sent(tmp_path: Path) -> None:
    expected = b"".join(packet.encode() for packet in PACKETS)
    cadus = _cadus(LOW)
    path, out = tmp_path / "x", tmp_path / "packets"
    path.write_bytes(cadus.tobytes())
    for name in (LOW, "tianwen1"):
        report = decode_file(path, name, out)
        assert out.read_bytes() == expected
        assert (report.frames, report.exit_code) == (20, ALL_GOOD)
    for inverted, encoding in ((True, "u8"), (False, "i8"), (True, "f32")):
        bits = np.unpackbits(
            ConvolutionalEncoder(inverted).encode(
                np.concatenate([cadus.reshape(-1), np.zeros(200, np.uint8)])
            )
        )
        soft = {
            "u8": bits * np.uint8(255),
            "i8": np.where(bits, 127, -127).astype(np.int8),
            "f32": np.where(bits, 1, -1).astype("<f4"),
        }[encoding]
        path.write_bytes(soft.tobytes())
        coding = "inverted" if inverted else "plain"
        text = LOW.replace("cadu", "symbols") + f":convolutional={coding}:as={encoding}"
        report = decode_file(path, text, out)
        assert out.read_bytes() == expected
        assert report.frames == 20


def test_a_downlink_that_switches_its_rate_is_read_whole(tmp_path: Path) -> None:
    high = "cadu:1024:rs=223:interleave=4:basis=conventional:randomizer=255:insert-zone=8"
    low_cadus, high_cadus = _cadus(LOW), _cadus(high, 8, scid=82)
    path, out = tmp_path / "downlink.cadu", tmp_path / "packets"
    path.write_bytes(low_cadus.tobytes() + high_cadus.tobytes() + low_cadus[:0].tobytes())
    report = decode_file(path, "tianwen1", out)
    assert report.frames == 28
    assert out.read_bytes() == 2 * b"".join(packet.encode() for packet in PACKETS)


def test_frames_that_the_code_cannot_correct_are_told(tmp_path: Path) -> None:
    cadus = _cadus(LOW)
    cadus[7, 20:60] ^= 0x55
    cadus[11, 30:34] ^= 0x55
    path = tmp_path / "x"
    path.write_bytes(cadus.tobytes())
    report = decode_file(path, LOW)
    assert report.discarded["undecodable CADUs"] == 1
    assert (report.corrected_symbols, report.exit_code) == (4, LOSSES)
    assert report.virtual_channels["245/1"]["gaps"] == 1


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    for format_text in FORMATS:
        assert decode_file(path, format_text).exit_code == NOTHING


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "allowed are tianwen2, tianwen2-lowrate"),
        ("mars", "allowed are tianwen2"),
        ("aos", "allowed are"),
        ("aos:", "LENGTH ''; allowed are 1 to 65536"),
        ("aos:-5", "LENGTH '-5'"),
        ("aos:10:insert-zone=8", "frame length 10"),
        ("aos:100:zone=3", "zone not understood"),
        ("aos:100:ocf:ocf", "given twice"),
        ("aos:100:fecf=1", "takes no value"),
        ("aos:100:ocf=64", "ocf '64'; allowed are 0 to 63"),
        ("tianwen1:ocf=2+x", "ocf 'x'; allowed are 0 to 63"),
        ("tianwen1:ocf=2:fecf", "allowed are"),
        ("tm:100:fhec", "fhec not understood"),
        ("tm:100:secondary-header=99", "allowed are 0 to 64"),
        ("cadu:20:rs=223", "no room"),
        ("cadu:256:rs=250", "rs=250; allowed are none, 223, 239"),
        ("cadu:2048:rs=223", "allowed with RS"),
        ("cadu:256:basis=triple", "allowed are dual, conventional"),
        ("cadu:256:interleave=9", "allowed are 1 to 8"),
        ("symbols:256:as=u16", "allowed are u8, i8, f32"),
        ("aos:100:scid=x", "scid 'x'"),
        ("tianwen2:5", "allowed are"),
    ],
)
def test_wrong_formats_are_refused_saying_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(FswError, match=says.replace("(", "\\(")):
        parse_format(text)


@given(
    st.text(max_size=30)
    | st.lists(st.sampled_from(["aos", "tm", ":", "cadu", "64", "=", "rs", "ocf"])).map("".join)
)
def test_any_format_text_is_a_format_or_refused(text: str) -> None:
    try:
        recorded = parse_format(text)
    except FswError:
        return
    assert recorded.frame.data_octets >= 1


def test_files_that_cannot_be_opened_are_named(tmp_path: Path) -> None:
    with pytest.raises(FswError, match="absent"):
        decode_file(tmp_path / "absent", "hera")
    assert "exit codes" in HELP
