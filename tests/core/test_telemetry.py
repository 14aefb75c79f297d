"""Packets into frames."""

import json
from pathlib import Path

import numpy as np

from fsw.core.frame_format import FrameFormat
from fsw.core.telemetry import VirtualChannelSender, frame_header_error_control

VECTORS = Path(__file__).parents[1] / "vectors"
TIANWEN1 = json.loads((VECTORS / "tianwen1_frames.json").read_text())
LOW_RATE = FrameFormat("aos", 220, insert_zone=8)


def test_header_error_control_equals_an_independent_encoder():
    for vector in json.loads((VECTORS / "crc16.json").read_text())["aos_fhec_rs10_6"]["vectors"]:
        identification, signalling = int(vector["gvcid"], 16), int(vector["signaling"], 16)
        assert frame_header_error_control(identification, signalling) == int(vector["fhec"], 16)


def test_a_tianwen1_frame_is_made_octet_for_octet():
    frame = bytes.fromhex(TIANWEN1["constructed_cadu"]["frame"])
    insert_zone, packet = frame[6:14], frame[16:136]
    sender = VirtualChannelSender(LOW_RATE, 245, 1)
    sender.frame_count = int.from_bytes(frame[2:5], "big")
    assert sender.push(packet)
    assert sender.frames(1, np.frombuffer(insert_zone, np.uint8)[None]).tobytes() == frame
