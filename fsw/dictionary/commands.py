"""ST[8] functions of the flight. All ours: nothing is published of Tianwen-1's own telecommands.

Each states its effect, how to see that it worked, and how it can fail beyond acceptance.
"""

from enum import IntEnum

import construct

from fsw.dictionary.identifiers import (
    BootKind,
    DownlinkRate,
    FailureCode,
    LensSelection,
    MissionPhase,
    PictureCoding,
    PictureSet,
    PictureSize,
    Switch,
)
from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.telecommand import Argument, Telecommand


class Function(IntEnum):
    """Function identifiers of ST[8,1]."""

    RELEASE_ARM = 1
    RELEASE_FIRE = 2
    WIFI = 16
    CAMERA_START = 17
    CAMERA_STOP = 18
    CAMERA_MODE = 19
    CAMERA_EXPOSURE = 20
    CAMERA_SETTINGS = 21
    SELECT_PICTURES = 32
    DOWNLINK_RATE = 48
    DUMP_START = 49
    DUMP_STOP = 50
    SAFE_MODE = 64
    COMPUTER_RESET = 65
    MISSION_PHASE = 66


RELEASE_KEY = 0x5E1F  # fire carries it, so that no single wrong bit fires

_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub


def _choice(name: str, text: str, enumeration: type[IntEnum], default: str | None = None) -> Argument:
    return Argument(Parameter(name, _U8, text, enumeration=enumeration, default=default))


def _function(
    function: Function,
    effect: str,
    verification: str,
    *arguments: Argument,
    failures: tuple[FailureCode, ...] = (),
    hazardous: bool = False,
    in_safe_mode: bool = True,
) -> Telecommand:
    return Telecommand(
        function.name,
        8,
        1,
        effect,
        verification,
        failures if in_safe_mode else (*failures, FailureCode.NOT_IN_SAFE_MODE),
        arguments,
        int(function),
        hazardous=hazardous,
        in_safe_mode=in_safe_mode,
    )


_CAMERA_FAILURES = (
    FailureCode.WIFI_OFF,
    FailureCode.NO_LINK,
    FailureCode.NO_ANSWER,
    FailureCode.REFUSED_BY_CAMERA,
)

TELECOMMANDS = (
    _function(
        Function.RELEASE_ARM,
        "Arms the release mechanism for ARMED_FOR_S (ST[20], 60 s at first), or makes it safe.",
        "Event RELEASE_ARMED or RELEASE_DISARMED; `release` in HOUSEKEEPING_RELEASE.",
        _choice("state", "ON arms, OFF makes safe", Switch, "ON"),
        failures=(FailureCode.ALREADY_RELEASED,),
        hazardous=True,
        in_safe_mode=False,
    ),
    _function(
        Function.RELEASE_FIRE,
        "Fires the release mechanism: the camera leaves at 0.2 m/s. Only when armed. Cannot be undone.",
        "Events RELEASE_FIRED and SEPARATION_SEEN; later CAMERA_AWAKE.",
        Argument(
            Parameter(
                "key",
                _U16,
                f"Must be 0x{RELEASE_KEY:04X}: guards against a corrupted telecommand",
                default=RELEASE_KEY,
            ),
            RELEASE_KEY,
            RELEASE_KEY,
        ),
        failures=(FailureCode.NOT_ARMED, FailureCode.ALREADY_RELEASED, FailureCode.NO_SEPARATION),
        hazardous=True,
        in_safe_mode=False,
    ),
    _function(
        Function.WIFI,
        "Switches the Wi-Fi access point.",
        "Event WIFI_SWITCHED; `wifi` in HOUSEKEEPING_RELAY.",
        _choice("state", "ON or OFF", Switch),
    ),
    _function(
        Function.CAMERA_START,
        "Starts both lenses, one picture a second each.",
        "`camera` in HOUSEKEEPING_CAMERA is TAKING; `frames_taken` grows.",
        failures=_CAMERA_FAILURES,
        in_safe_mode=False,
    ),
    _function(
        Function.CAMERA_STOP,
        "Stops both lenses; frames already in the camera are still sent.",
        "`camera` in HOUSEKEEPING_CAMERA is STOPPED.",
        failures=_CAMERA_FAILURES,
    ),
    _function(
        Function.CAMERA_MODE,
        "Sets size and coding of the pictures of a lens from the next exposure on.",
        "`picture_size` and `picture_coding` in HOUSEKEEPING_CAMERA.",
        _choice("size", "Size in pixels", PictureSize),
        _choice("coding", "JPEG, or what the sensor puts out", PictureCoding, "JPEG"),
        _choice("lens", "Which lens", LensSelection, "BOTH"),
        failures=_CAMERA_FAILURES,
    ),
    _function(
        Function.CAMERA_EXPOSURE,
        "Sets exposure time and gain of a lens, or leaves the time to the camera (0).",
        "`exposure_us` in HOUSEKEEPING_CAMERA.",
        Argument(Parameter("exposure_us", _U32, "Exposure time; 0 is automatic", "us"), 0, 1_000_000),
        _choice("lens", "Which lens", LensSelection, "BOTH"),
        Argument(
            Parameter("gain", _U16, "Analogue gain", calibration=Linear(1 / 256), default=1.0), 1.0, 16.0
        ),
        failures=_CAMERA_FAILURES,
    ),
    _function(
        Function.CAMERA_SETTINGS,
        "Sets all of a lens at once, from the next exposure on, by a file that the camera takes whole or not "
        "at all; the period is of both lenses. Where the Wi-Fi carries files (`--wifi-class` 1 or 2).",
        "`picture_size`, `picture_coding` and `exposure_us` in HOUSEKEEPING_CAMERA.",
        _choice("size", "Size in pixels", PictureSize),
        Argument(Parameter("exposure_us", _U32, "Exposure time; 0 is automatic", "us"), 0, 4_000_000),
        Argument(
            Parameter("gain", _U16, "Analogue gain", calibration=Linear(1 / 256), default=1.0), 1.0, 16.0
        ),
        Argument(Parameter("period_ms", _U16, "From exposure to exposure", "ms", default=1000), 100, 4000),
        _choice("coding", "JPEG, or what the sensor puts out", PictureCoding, "JPEG"),
        _choice("lens", "Which lens", LensSelection, "BOTH"),
        failures=(*_CAMERA_FAILURES, FailureCode.NO_FILE_LINK),
    ),
    _function(
        Function.SELECT_PICTURES,
        "Chooses the stored pictures with the largest lit subject for full downlink.",
        "Event SELECTION_DONE; `pictures_selected` in HOUSEKEEPING_MASS_MEMORY.",
        Argument(Parameter("count", _U16, "How many"), 0, 1000),
        failures=(FailureCode.NOTHING_STORED,),
    ),
    _function(
        Function.DOWNLINK_RATE,
        "Switches the downlink: LOW, 256-octet CADUs, 4 a second; HIGH, 1024-octet CADUs.",
        "Event DOWNLINK_RATE_CHANGED, in the new mode; the ground loses lock for a moment.",
        _choice("rate", "LOW or HIGH", DownlinkRate),
        failures=(FailureCode.BUSY,),
    ),
    _function(
        Function.DUMP_START,
        "Sends stored pictures down as files.",
        "Event DUMP_STARTED, then files on the picture channel, then DUMP_DONE.",
        _choice("pictures", "Which", PictureSet, "THUMBNAILS_THEN_SELECTED"),
        failures=(FailureCode.NOTHING_STORED, FailureCode.BUSY),
        in_safe_mode=False,
    ),
    _function(
        Function.DUMP_STOP,
        "Stops the dump after the file being sent.",
        "Event DUMP_STOPPED; `dump` in HOUSEKEEPING_MASS_MEMORY is OFF.",
        failures=(FailureCode.NOT_RUNNING,),
    ),
    _function(
        Function.SAFE_MODE,
        "Takes the orbiter into safe mode, or back: the release mechanism is made safe, dumps stop, the low"
        " rate is set, and telecommands that safe mode forbids are refused.",
        "Event SAFE_MODE_ENTERED or SAFE_MODE_LEFT; `mode` in HOUSEKEEPING_FDIR.",
        _choice("state", "ON enters, OFF leaves", Switch),
        failures=(FailureCode.ALREADY_SO,),
    ),
    _function(
        Function.COMPUTER_RESET,
        "Starts the orbiter's computer anew. Warm: what tasks retain is found again. Cold: only what is"
        " safeguarded. Requests that are under way fail with LOST_IN_RESET.",
        "Events COMPUTER_RESET and, after the boot, COMPUTER_STARTED.",
        _choice("kind", "WARM or COLD", BootKind, "WARM"),
        failures=(FailureCode.BUSY,),
        hazardous=True,
    ),
    _function(
        Function.MISSION_PHASE,
        "Begins a phase of the mission: what follows in telemetry belongs to it.",
        "Event MISSION_PHASE_BEGUN; `mission_phase` in HOUSEKEEPING_MISSION, where the mission has phases.",
        _choice("mission_phase", "Which", MissionPhase),
        failures=(FailureCode.ALREADY_SO,),
    ),
)
