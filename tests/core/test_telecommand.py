"""Telecommands: CLTU, frame, segment, and whatever else the radio brings."""

import json
from pathlib import Path

import pytest

from fsw.core.telecommand import CltuReceiver, TelecommandReceiver, decode_frame, encode_cltu, encode_frame

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "cltu.json").read_text())
FRAMES = {name: bytes.fromhex(frame) for name, frame in VECTORS["dariol83"]["frames"].items()}


@pytest.mark.parametrize("name", FRAMES)
def test_cltus_equal_those_of_an_independent_sender(name):
    assert encode_cltu(FRAMES[name]).hex() == VECTORS["dariol83"]["cltus"][name]
    assert encode_cltu(FRAMES[name], randomize=True).hex() == VECTORS["dariol83"]["cltus_randomized"][name]


@pytest.mark.parametrize("pair", VECTORS["spacepylib"]["pairs"], ids=["long", "short"])
def test_cltus_of_another_sender_are_made_and_read(pair):
    frame = bytes.fromhex(pair["frame"])
    assert encode_cltu(frame).hex() == pair["cltu"]
    (candidate,) = CltuReceiver().feed(bytes.fromhex(pair["cltu"]))
    assert candidate[: len(frame)] == frame
    assert set(candidate[len(frame) :]) <= {0x55}


def test_frames_equal_those_of_an_independent_sender():
    data = bytes.fromhex("01020304")
    assert encode_frame(0x52, 1, data, sequence=7, bypass=False) == FRAMES["AD_n7"]
    assert encode_frame(0x52, 1, data, sequence=9) == FRAMES["BD_n9"]
    assert encode_frame(0x52, 1, b"\x00", control=True) == FRAMES["BC_unlock"]
    assert encode_frame(0x52, 1, b"\x82\x00\x55", control=True) == FRAMES["BC_setvr_55"]


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("randomized", [False, True])
def test_every_kind_of_frame_arrives(name, randomized):
    receiver = TelecommandReceiver(0x52, randomized)
    receiver.feed(encode_cltu(FRAMES[name], randomize=randomized))
    (frame,) = receiver.frames
    assert frame == decode_frame(FRAMES[name], spacecraft_id=0x52)
    assert frame.kind == name[:2]
    assert receiver.control_frames == ([frame] if frame.control else [])
    assert "bad_fecf" not in receiver.discarded
