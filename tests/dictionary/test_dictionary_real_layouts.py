"""APIDs 1281 and 1287 hold the real octets of Tianwen-1."""

import json
from pathlib import Path

import pytest

from fsw import dictionary
from fsw.dictionary.identifiers import (
    LANDER_APID,
    ORBITER_APID,
    PICTURE_FILES_APID,
    REAL_ORBITER_APIDS,
    Origin,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/tianwen1_telemetry.json").read_text())
RECORDING = Path(__file__).resolve().parents[3] / "shared/recordings/tianwen-1/state_vectors_20210207.txt"
AXES = ("position_x", "position_y", "position_z", "velocity_x", "velocity_y", "velocity_z")


@pytest.mark.parametrize("sample", VECTORS["state_vectors"]["sample"], ids=lambda sample: sample["ts"])
def test_state_vector_encodes_to_the_recorded_octets(sample: dict) -> None:
    report = dictionary.report_for(1287)
    values = dict(zip(AXES, sample["state"], strict=True)) | {"state_time": int(sample["ts"], 16)}
    octets = report.encode(values)
    assert len(octets) == 114
    assert octets[12:18].hex() == sample["ts"]
    assert octets[66:114].hex() == sample["payload_bytes_66_114"]
    assert [report.decode(octets)[axis].value for axis in AXES] == sample["state"]


def test_state_vector_is_the_one_in_the_constructed_frame() -> None:
    frame = bytes.fromhex(VECTORS["constructed_cadu"]["frame"])
    payload = frame[22 : 22 + 114]
    report = dictionary.report_for(1287)
    values = {name: value.value for name, value in report.decode(payload, hidden=True).items()}
    assert values["state_time"] == 0x01776D6DD4FD
    assert values["position_x"] == -345203.0840200648
    assert report.encode(values) == payload


@pytest.mark.skipif(not RECORDING.exists(), reason="recordings are absent: ../shared/recordings")
def test_every_recorded_state_vector_encodes_and_decodes_exactly() -> None:
    report = dictionary.report_for(1287)
    lines = RECORDING.read_text().splitlines()
    assert len(lines) == 257
    for line in lines:
        stamp, _, _, *state = line.split()
        raw = stamp.strip("[]")
        numbers = [float(number) for number in state]
        octets = report.encode(dict(zip(AXES, numbers, strict=True)) | {"state_time": int(raw, 16)})
        assert octets[12:18].hex() == raw
        decoded = report.decode(octets)
        assert [repr(decoded[axis].value) for axis in AXES] == [repr(number) for number in numbers]


def test_attitude_is_a_packet_of_64_octets_with_the_quaternion_at_36() -> None:
    octets = dictionary.report("ATTITUDE").encode(
        {"attitude_w": 1.0, "attitude_x": -0.5, "attitude_y": 0.0001, "attitude_z": -1.0}
    )
    assert 6 + len(octets) == 64
    assert octets[36:44].hex() == "2710ec780001d8f0"
    assert not any(octets[:36] + octets[44:])


def test_what_is_ours_says_so_and_keeps_off_the_real_apids() -> None:
    assert frozenset(int(apid) for apid in VECTORS["packets"]["counts_8h_2020_07_30"]) == REAL_ORBITER_APIDS
    assert not {ORBITER_APID, PICTURE_FILES_APID, LANDER_APID} & REAL_ORBITER_APIDS
    for report in dictionary.reports():
        assert (report.origin is Origin.TIANWEN_1) == (report.apid in REAL_ORBITER_APIDS), report.name
    assert {command.origin for command in dictionary.telecommands()} == {Origin.OURS}
