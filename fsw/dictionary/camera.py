"""What the deployable camera and the orbiter say to each other by Wi-Fi. All ours.

The camera's firmware writes and reads these layouts itself (c_core/flight/camera_unit.h is their
manual); they are declared here for the orbiter, for documents and for tests.
"""

import struct
from dataclasses import dataclass
from typing import Any

import construct

from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.dictionary.identifiers import CameraState, LensSelection, PictureCoding, PictureSize

PICTURE_APID = 0x310
HEALTH_APID = 0x311
REPORT_APID = 0x312
TELECOMMAND_APID = 0x313
UNITS_APID = 0x314  # CFDP data units to the camera; those from it are packets of PICTURE_APID

_TELECOMMAND_ID = 1 << 12 | TELECOMMAND_APID
_UNSEGMENTED = 0b11 << 14
_COUNTS = 1 << 14
_PACKET_HEADER_OCTETS = 6
_CRC_OCTETS = 2

_HEADER = construct.Struct(
    "packet_id" / construct.Int16ub,
    "sequence" / construct.Int16ub,
    "length" / construct.Int16ub,
)
_HEALTH = construct.Struct(
    "header" / _HEADER,
    "time" / construct.Bytes(7),
    "state" / construct.Int8ub,
    "imaging" / construct.Int8ub,
    "mode" / construct.Array(2, construct.Int8ub),
    "restarts" / construct.Int8ub,
    "reports_waiting" / construct.Int8ub,
    "spare" / construct.Int8ub,
    "battery_mv" / construct.Int16ub,
    "charge_permille" / construct.Int16ub,
    "energy_used_mj" / construct.Int32ub,
    "temperatures_centidegc" / construct.Array(3, construct.Int16sb),
    "exposure_us" / construct.Array(2, construct.Int32ub),
    "gain_256ths" / construct.Array(2, construct.Int16ub),
    "period_ms" / construct.Int16ub,
    "begun" / construct.Int32ub,
    "taken" / construct.Array(2, construct.Int32ub),
    "missed" / construct.Array(2, construct.Int32ub),
    "failed" / construct.Array(2, construct.Int16ub),
    "sent" / construct.Int32ub,
    "dropped" / construct.Int32ub,
    "damaged" / construct.Int16ub,
    "slots" / construct.Array(4, construct.Int8ub),
    "offered_octets" / construct.Int32ub,
    "sent_octets" / construct.Int32ub,
    "accepted" / construct.Int16ub,
    "refused" / construct.Int16ub,
    "discarded" / construct.Array(5, construct.Int16ub),
    "reports_lost" / construct.Int16ub,
    "crc" / construct.Int16ub,
)
_REPORT = construct.Struct(
    "header" / _HEADER,
    "time" / construct.Bytes(7),
    "kind" / construct.Int8ub,
    "code" / construct.Int8ub,
    "about" / construct.Int8ub,
    "detail" / construct.Bytes(4),
    "crc" / construct.Int16ub,
)
_SETTINGS = construct.Struct(
    "tag" / construct.Bytes(4),
    "lens" / construct.Int8ub,
    "coding" / construct.Int8ub,
    "width" / construct.Int16ub,
    "height" / construct.Int16ub,
    "exposure_us" / construct.Int32ub,
    "gain_256ths" / construct.Int16ub,
    "period_ms" / construct.Int16ub,
)
SETTINGS_FILE = "settings"  # its name; the camera does not look at it
HEALTH_OCTETS: int = _HEALTH.sizeof()
REPORT_OCTETS: int = _REPORT.sizeof()
# What is looked at in every health packet; the rest waits until it is asked for.
_HEALTH_MODES = slice(15, 17)
_HEALTH_ENERGY = slice(24, 28)
# What housekeeping asks for every few seconds, of _HEALTH: state, imaging, modes, battery, temperature and
# exposure of the first lens, taken, missed, sent.
_HEALTH_VALUES = struct.Struct(">13xBB2B3xH6xh4xI14x2I2I4xI36x")
_SIZES, _CODINGS = frozenset(map(int, PictureSize)), frozenset(map(int, PictureCoding))

_ASLEEP, _BOOTING, _ON, _OFF = range(4)
_ACCEPTED, _REFUSED = 1, 2


def telecommand(function: int, arguments: bytes, count: int) -> bytes:
    """One telecommand packet for the camera; count: of its sequence, taken modulo 16384."""
    length = 1 + len(arguments) + _CRC_OCTETS - 1
    header = _HEADER.build(
        {"packet_id": _TELECOMMAND_ID, "sequence": _UNSEGMENTED | count % _COUNTS, "length": length}
    )
    packet: bytes = header + bytes([function]) + arguments
    return packet + crc16(packet).to_bytes(_CRC_OCTETS, "big")


def start(count: int) -> bytes:
    """Exposures from the next beat on."""
    return telecommand(1, b"", count)


def stop(count: int) -> bytes:
    """No more exposures; pictures in the buffer are still sent."""
    return telecommand(2, b"", count)


def report_health(count: int) -> bytes:
    """A health packet at once; that it is accepted shows that the camera is alive."""
    return telecommand(6, b"", count)


def _pixels(size: PictureSize) -> dict[str, int]:
    width, height = size.pixels
    return {"width": width, "height": height}


def set_mode(size: PictureSize, coding: PictureCoding, lens: LensSelection, count: int) -> bytes:
    """Size and coding of exposures to come."""
    pixels = b"".join(side.to_bytes(2, "big") for side in _pixels(size).values())
    return telecommand(3, pixels + bytes([coding, lens]), count)


def set_exposure(exposure_us: int, gain_256ths: int, lens: LensSelection, count: int) -> bytes:
    """Exposure time (0: automatic) and gain of exposures to come."""
    settings = exposure_us.to_bytes(4, "big") + gain_256ths.to_bytes(2, "big")
    return telecommand(4, settings + bytes([lens]), count)


def settings_file(
    size: PictureSize,
    coding: PictureCoding,
    exposure_us: int,
    gain_256ths: int,
    period_ms: int,
    lens: LensSelection,
) -> bytes:
    """The file that sets all of a lens at once (c_core/flight/camera_settings.h)."""
    settings = _SETTINGS.build(
        {
            "tag": b"SETS",
            "lens": lens,
            "coding": coding,
            **_pixels(size),
            "exposure_us": exposure_us,
            "gain_256ths": gain_256ths,
            "period_ms": period_ms,
        }
    )
    return bytes(settings) + crc16(settings).to_bytes(_CRC_OCTETS, "big")


def battery_used_wh(packet: bytes) -> float:
    """The energy drawn that a health packet tells, its CRC known to be right.

    Raises FswError when its length or a mode in it is not the layout's.
    """
    if len(packet) != HEALTH_OCTETS:
        raise FswError(f"camera health of {len(packet)} octets: {HEALTH_OCTETS} are needed")
    for mode in packet[_HEALTH_MODES]:
        if mode >> 4 not in _SIZES or mode & 15 not in _CODINGS:
            raise FswError(f"camera health with mode 0x{mode:02x}: there is no such mode")
    return int.from_bytes(packet[_HEALTH_ENERGY], "big") / 3_600_000


def health_values(packet: bytes) -> dict[str, Any]:
    """Values of HOUSEKEEPING_CAMERA, but its age, in a health packet. Raises FswError as above."""
    used_wh = battery_used_wh(packet)
    (shown, imaging, mode, _, battery_mv, centidegc, exposure_us, *counts) = _HEALTH_VALUES.unpack(packet)
    taken, taken_too, missed, missed_too, sent = counts
    if shown == _ON:
        state = CameraState.TAKING if imaging else CameraState.STOPPED
    else:
        state = CameraState.AWAKE if shown == _BOOTING else CameraState.ASLEEP
    return {
        "camera": state.name,
        "picture_size": PictureSize(mode >> 4).name,
        "picture_coding": PictureCoding(mode & 15).name,
        "exposure_us": exposure_us,
        "battery_voltage_v": battery_mv / 1000,
        "battery_used_wh": used_wh,
        "camera_temperature_c": centidegc / 100,
        "frames_taken": taken + taken_too,
        "frames_missed": missed + missed_too,
        "frames_sent_by_camera": sent,
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """The camera's answer to a telecommand: the packet's first four octets, and whether accepted."""

    request: bytes
    accepted: bool
    refusal: int


def answer_in(packet: bytes) -> Answer | None:
    """The answer that a report packet holds; None when it reports an event.

    Raises FswError when its length is not the layout's.
    """
    if len(packet) != REPORT_OCTETS:
        raise FswError(f"camera report of {len(packet)} octets: {REPORT_OCTETS} are needed")
    report = _REPORT.parse(packet)
    if report.kind not in (_ACCEPTED, _REFUSED):
        return None
    return Answer(bytes(report.detail), report.kind == _ACCEPTED, report.code)
