"""From packets to values, events, pictures and verified telecommands; all of it saved and loaded."""

import json
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import dictionary, missions
from fsw.core.errors import FswError
from fsw.core.telecommand import TelecommandReceiver
from fsw.dictionary.identifiers import (
    GROUND_SOURCE,
    ORBITER_APID,
    ORBITER_SCID,
    PICTURE_FILES_APID,
    Lens,
    PictureCoding,
    PictureKind,
    PictureSize,
)
from fsw.dictionary.picture_label import PictureLabel
from fsw.ground.archive import Archive
from fsw.ground.control_centre import ControlCentre, Picture
from fsw.ground.receiving import ReceivedPacket
from fsw.ground.telemetry import Telemetry, decode_packet, event_text
from fsw.kernel.time import SECOND, Epoch
from fsw.missions.file_link import ground_link
from fsw.protocols import pus
from fsw.protocols.cfdp_filestore import tame
from fsw.protocols.cfdp_packets import PacketBlock
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.time_codes import TIANWEN1

EPOCH = Epoch.from_utc("2020-09-30T16:00:00Z")
LINK = ground_link(missions.load("tianwen1-cruise").files)
CAMERA = {
    "camera": "TAKING",
    "picture_size": "UXGA_1600X1200",
    "picture_coding": "JPEG",
    "exposure_us": 2000,
    "battery_voltage_v": 2.7,
    "battery_used_wh": 1.5,
    "camera_temperature_c": -12.34,
    "frames_taken": 100,
    "frames_missed": 0,
    "frames_sent_by_camera": 98,
    "health_age_s": 0.5,
}


def _report(name: str, values: dict, made_ns: int = 0, count: int = 0) -> ReceivedPacket:
    report = dictionary.report(name)
    assert report.service is not None
    assert report.subtype is not None
    octets = pus.encode_report(
        pus.Report(
            report.apid,
            count,
            report.service,
            report.subtype,
            0,
            GROUND_SOURCE,
            pus.encode_time(EPOCH.posix_ns(made_ns)),
            report.encode(values),
        )
    )
    return ReceivedPacket(octets, made_ns + 80 * SECOND, ORBITER_SCID, 1, report.apid)


def _pictures(octets: bytes, number: int = 12) -> list[ReceivedPacket]:
    exposed = int.from_bytes(TIANWEN1.encode(EPOCH.posix_ns(5 * SECOND)), "big")
    label = PictureLabel(
        number, PictureKind.FULL, Lens.B, PictureSize(1), PictureCoding.JPEG, exposed, 2000, 12.3
    )
    sender = Sender(SenderSettings(ORBITER_SCID, GROUND_SOURCE, PICTURE_FILES_APID, segment_octets=100))
    sender.put(PutRequest(label.file_name, octets, (label.encode(),)))
    return _received(sender.produce(1 << 20, 0), SECOND)


def _received(block: PacketBlock, at_ns: int) -> list[ReceivedPacket]:
    ends = block.lengths.cumsum().tolist()
    octets = block.octets.tobytes()
    return [
        ReceivedPacket(octets[start:end], at_ns, 245, 4, PICTURE_FILES_APID)
        for start, end in zip([0, *ends], ends)
    ]


def test_housekeeping_becomes_values_limits_and_rows() -> None:
    with Archive(":memory:", EPOCH) as archive:
        centre = ControlCentre(EPOCH, LINK, archive)
        (news,) = centre.receive([_report("HOUSEKEEPING_CAMERA", CAMERA, 7 * SECOND)])
        assert isinstance(news, Telemetry)
        assert abs((news.spacecraft_ns or 0) - 7 * SECOND) < 100
        assert news.values["camera_temperature_c"] == (-1234, -12.34, "degC")
        assert [violation.parameter for violation in news.violations] == ["battery_voltage_v"]
        assert centre.telemetry.value("HOUSEKEEPING_CAMERA", "camera") == (2, "TAKING", "")
        rows = archive.query("SELECT raw, value, unit FROM parameters WHERE name = 'battery_voltage_v'")
        assert rows == [(2700, 2.7, "V")]
        assert archive.query("SELECT service, subtype FROM packets") == [(3, 25)]


def test_real_packets_have_no_header_of_ours_and_give_their_own_time() -> None:
    state_time = int.from_bytes(TIANWEN1.encode(EPOCH.posix_ns(3 * SECOND)), "big")
    axes = ("position_x", "position_y", "position_z", "velocity_x", "velocity_y", "velocity_z")
    values = dict.fromkeys(axes, 1.5) | {"state_time": state_time}
    data = dictionary.report("STATE_VECTOR").encode(values)
    octets = bytes.fromhex("0507c0110071") + data
    telemetry = decode_packet(octets, 80 * SECOND, 245, 1, EPOCH)
    assert (telemetry.spacecraft_ns, telemetry.values["position_y"].value) == (3 * SECOND, 1.5)


def test_events_are_told_in_a_line() -> None:
    with Archive(":memory:", EPOCH) as archive:
        centre = ControlCentre(EPOCH, LINK, archive)
        (news,) = centre.receive([_report("EVENT_LINK_LOST", {"range_m": 400.0})])
        assert isinstance(news, Telemetry)
        assert news.is_event
        assert event_text(news) == "Nothing more comes from the camera: range_m 400.0 m"
        assert archive.query("SELECT severity, name FROM events") == [("medium", "EVENT_LINK_LOST")]


def test_unknown_and_damaged_packets_are_kept_with_the_reason() -> None:
    centre = ControlCentre(EPOCH, LINK)
    good = _report("HOUSEKEEPING_CAMERA", CAMERA)
    bad = good.octets[:-1] + bytes([good.octets[-1] ^ 1])
    (news,) = centre.receive([ReceivedPacket(bad, 0, 245, 1, ORBITER_APID)])
    assert isinstance(news, Telemetry)
    assert (news.problem, news.report) == ("packet error control wrong", None)
    (unknown,) = centre.receive([ReceivedPacket(bytes.fromhex("0008c00000010102"), 0, 245, 1, 8)])
    assert isinstance(unknown, Telemetry)
    assert (unknown.problem, unknown.report) == (None, None)
    assert centre.telemetry.problems == {"packet error control wrong": 1}


@given(st.binary(min_size=7, max_size=80), st.sampled_from([ORBITER_APID, 1936, 1287, 1281, 5]))
def test_no_packet_stops_the_decoder(octets: bytes, apid: int) -> None:
    word = (apid | 0x0800).to_bytes(2, "big")
    telemetry = decode_packet(word + octets[2:], 0, 245, 1, EPOCH)
    assert telemetry.apid == apid


def test_pictures_are_written_only_when_whole(tmp_path: Path) -> None:
    centre = ControlCentre(EPOCH, LINK, pictures_folder=tmp_path / "pictures")
    jpeg = bytes(range(250)) * 4
    news = centre.receive(_pictures(jpeg))
    assert [type(item) for item in news] == [Picture]
    cut = _pictures(jpeg, 13)
    assert centre.receive(cut[:4] + cut[5:]) == []
    assert centre.tick(2 * SECOND) == []
    (gone,) = centre.tick(4 * SECOND)
    assert isinstance(gone, Picture)
    centre.finish(5 * SECOND)
    assert (tmp_path / "pictures/full/0000012.jpg").read_bytes() == jpeg
    assert not (tmp_path / "pictures/full/0000013.jpg").exists()
    index = json.loads((tmp_path / "pictures/index.json").read_text())
    assert [(entry["file"], entry["complete"]) for entry in index] == [
        ("full/0000012.jpg", True),
        ("full/0000013.jpg", False),
    ]
    assert index[0]["exposed_at_utc"] == "2020-09-30T16:00:05.000Z"
    assert (index[0]["lens"], index[0]["range_m"], index[0]["size"]) == ("B", 12.3, "1600x1200")
    assert index[1]["missing"] == [[300, 400]]
    assert index[1]["octets"] == 900


@given(st.text(max_size=40))
def test_a_file_that_is_no_picture_goes_to_the_store_or_nowhere(name: str) -> None:
    centre = ControlCentre(EPOCH, LINK)
    sender = Sender(SenderSettings(ORBITER_SCID, GROUND_SOURCE, PICTURE_FILES_APID))
    try:
        sender.put(PutRequest(name, b"octets"))
    except (FswError, UnicodeEncodeError):
        return
    news = centre.receive(_received(sender.produce(10_000, 0), 0))
    assert centre.pictures.entries == []
    (told,) = news
    if tame(name):
        assert (centre.store.read(name), told.name) == (b"octets", "GROUND_FILE_RECEIVED")
    else:
        assert (centre.store.files, told.name) == ([], "GROUND_FILE_INCOMPLETE")


def test_a_telecommand_reaches_the_spacecraft_and_is_followed_to_its_end() -> None:
    centre = ControlCentre(EPOCH, LINK)
    radiation = centre.radiate(dictionary.parse_telecommand("CAMERA_EXPOSURE", "exposure_us=500"), 0)
    (packet,) = TelecommandReceiver(ORBITER_SCID, randomized=True).feed(radiation.cltu)
    assert packet.encode() == radiation.packet
    accepted = pus.check_acceptance(radiation.packet, frozenset({ORBITER_APID}), dictionary.known_services())
    assert isinstance(accepted, pus.Telecommand)
    found = dictionary.recognise_telecommand(accepted.service, accepted.subtype, accepted.application_data)
    assert isinstance(found, tuple)
    assert found[1] == {"exposure_us": 500, "lens": "BOTH", "gain": 1.0}

    request = {
        "request_packet_id": accepted.request_id.packet_id,
        "request_sequence": accepted.request_id.sequence,
    }
    (sent,) = centre.telecommands()
    assert sent.stage == "radiated"
    centre.receive([_report("TC_ACCEPTED", request, SECOND)])
    assert sent.stage == "accepted"
    centre.receive([_report("TC_COMPLETED", request, 3 * SECOND), _report("TC_STARTED", request, 2 * SECOND)])
    assert sent.stage == "completed"
    assert [stage for _, stage in sent.history] == ["accepted", "completed", "started"]
    other = centre.radiate(dictionary.parse_telecommand("PING"), 0)
    failure = {
        "request_packet_id": other.request.packet_id,
        "request_sequence": other.request.sequence,
        "failure_code": "NO_LINK",
    }
    centre.receive([_report("TC_NOT_STARTED", failure, SECOND)])
    assert (centre.telecommands()[1].stage, centre.telecommands()[1].failure) == ("failed", "NO_LINK")
    centre.receive([_report("TC_ACCEPTED", request | {"request_sequence": 0xC123}, SECOND)])
    assert centre.commander.unmatched == 1


@pytest.mark.parametrize("cut", [0, 1, 5, 9])
def test_the_centre_goes_on_after_saving_and_loading(cut: int) -> None:
    packets = [
        _report("HOUSEKEEPING_CAMERA", CAMERA),
        *_pictures(bytes(800)),
        _report("EVENT_LINK_LOST", {"range_m": 1.0}),
    ]

    def run(break_at: int | None) -> object:
        centre = ControlCentre(EPOCH, LINK, Archive(":memory:", EPOCH))
        centre.radiate(dictionary.parse_telecommand("PING"), 0)
        for number, packet in enumerate(packets):
            if number == break_at:
                saved = msgpack.unpackb(msgpack.packb(centre.save()))
                centre = ControlCentre(EPOCH, LINK, Archive(":memory:", EPOCH))
                centre.load(saved)
            centre.receive([packet])
        state = centre.save()
        archive = Archive(":memory:", EPOCH)
        archive.load(state.pop("archive"))
        tables = [archive.query(f"SELECT * FROM {name}") for name in ("packets", "events", "parameters")]
        return state, tables

    assert run(cut) == run(None)
