"""ST[3,25] housekeeping structures. All ours: what the real orbiter's other 50 packets hold is not known.

A structure opens with its identifier (16 bits). Analogue values are scaled integers that saturate at
the ends of their scale; counters wrap.
"""

from enum import IntEnum
from typing import Any

import construct

from fsw.dictionary.identifiers import (
    LANDER_APID,
    ORBITER_APID,
    BootKind,
    BootReason,
    CameraState,
    DownlinkRate,
    FarmState,
    MissionPhase,
    Mode,
    Origin,
    PictureCoding,
    PictureSize,
    ReleaseState,
    SafeModeReason,
    SecurityKeys,
    SecurityService,
    Switch,
    Task,
    WifiState,
)
from fsw.dictionary.parameter import Limits, Linear, Parameter
from fsw.dictionary.report import Report


class Structure(IntEnum):
    """Structure identifiers (SID)."""

    COMPUTER = 1
    MASS_MEMORY = 2
    RADIO = 3
    RELAY = 4
    CAMERA = 5
    RELEASE = 6
    FDIR = 7
    SECURITY = 12
    UPLINK = 13
    MISSION = 14
    LANDER = 16


_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub
_S16 = construct.Int16sb


def _analogue(
    name: str, text: str, unit: str, scale: float, limits: Limits | None = None, layout: Any = _U16
) -> Parameter:
    return Parameter(name, layout, text, unit, Linear(scale), limits=limits, overflow="saturate")


def _counter(name: str, text: str, layout: Any = _U32, limits: Limits | None = None) -> Parameter:
    return Parameter(name, layout, text, limits=limits, overflow="wrap")


def _state(name: str, text: str, enumeration: type[IntEnum]) -> Parameter:
    return Parameter(name, _U8, text, enumeration=enumeration)


def _structure(
    sid: Structure, period_s: float, text: str, *parameters: Parameter, apid: int = ORBITER_APID
) -> Report:
    return Report(
        f"HOUSEKEEPING_{sid.name}",
        apid,
        parameters,
        text,
        Origin.OURS,
        service=3,
        subtype=25,
        identifier=int(sid),
        period_s=period_s,
    )


COMPUTER = _structure(
    Structure.COMPUTER,
    4.0,
    "The orbiter's computer",
    _counter("uptime_s", "Time since the computer started", _U32),
    _analogue("cpu_load", "Share of the time that tasks ran", "%", 0.01, Limits(None, 80, None, 95)),
    Parameter("tasks", _U8, "Tasks that the scheduler runs", overflow="saturate"),
    _counter("task_restarts", "Tasks restarted by the watchdog", _U16, Limits(None, 0)),
    _counter("budget_overruns", "Activations that ran over their time budget", _U16),
    Parameter("messages_waiting", _U16, "Messages in all mailboxes", overflow="saturate"),
    _analogue("fullest_mailbox", "Greatest fill since the last report", "%", 1.0, Limits(None, 80), _U8),
    _state("fullest_mailbox_of", "Whose mailbox that is", Task),
    _counter("mailbox_overflows", "Messages lost to full mailboxes", _U32, Limits(None, 0)),
    _counter("tc_accepted", "Telecommands accepted", _U16),
    _counter("tc_rejected", "Telecommands refused", _U16),
    _counter("tc_frames_rejected", "Telecommand frames and codeblocks dropped", _U16),
    _counter("events_reported", "Event reports sent", _U32),
)

MASS_MEMORY = _structure(
    Structure.MASS_MEMORY,
    8.0,
    "Mass memory, the choice of pictures, and what waits for the downlink",
    _analogue("memory_used_kib", "Octets used", "KiB", 1.0, layout=_U32),
    _analogue("memory_fill", "Share of the memory used", "%", 0.01, Limits(None, 80, None, 95)),
    _counter("memory_damaged", "Places where no whole record was found", _U16, Limits(None, 0)),
    _counter("packets_stored", "Packets stored in packet stores"),
    _counter(
        "packets_not_stored", "Packets for which a store or the memory had no room", _U32, Limits(None, 0)
    ),
    _counter("pictures_stored", "Whole pictures stored"),
    _counter("pictures_lit", "Stored pictures with a lit subject"),
    Parameter("pictures_selected", _U16, "Pictures chosen for full downlink", overflow="saturate"),
    _counter("thumbnails_sent", "Thumbnails given to the downlink"),
    _counter("full_frames_sent", "Full frames given to the downlink"),
    Parameter("files_waiting", _U16, "Files that wait for the downlink", overflow="saturate"),
    _analogue("octets_waiting_kib", "Octets that wait for the downlink", "KiB", 1.0, layout=_U32),
    _state("dump", "Picture dump", Switch),
    Parameter("files_stored", _U16, "Files in the file store", overflow="saturate"),
    _analogue("file_store_kib", "Octets in the file store", "KiB", 1.0, layout=_U32),
    Parameter("file_transfers", _U16, "Files under way by CFDP, both ways", overflow="saturate"),
    _counter("file_units_dropped", "Data units of CFDP dropped: broken, late, or of no use"),
)

RADIO = _structure(
    Structure.RADIO,
    8.0,
    "X-band transponder",
    _state("downlink_rate", "Mode of the downlink", DownlinkRate),
    _counter("frames_sent", "Transfer frames sent"),
    _counter("idle_frames_sent", "Of these, idle"),
    Parameter("octets_waiting", _U32, "Octets in the downlink queues", overflow="saturate"),
    _counter("packets_dropped", "Packets dropped because the queue was full", _U16, Limits(None, 0)),
    _analogue("transmit_power_w", "Power of the travelling-wave tube", "W", 0.1, Limits(80, 120, 50, 130)),
    _analogue(
        "amplifier_temperature_c", "Amplifier", "degC", 0.01, Limits(-20, 60, -30, 75), construct.Int16sb
    ),
    _counter("uplink_cltus", "CLTUs received", _U16),
    _state("uplink_lock", "Receiver in lock", Switch),
)

SECURITY = _structure(
    Structure.SECURITY,
    16.0,
    "Security of the telecommand link (SDLS)",
    _state("security", "What protects telecommand frames", SecurityService),
    _state("security_keys", "Whose keys they are", SecurityKeys),
    _counter("frames_authentic", "Frames that were genuine and fresh"),
    _counter("frames_refused", "Frames refused", limits=Limits(None, 0)),
    _counter("frames_forged", "Of these, forged or damaged"),
    _counter("frames_replayed", "Of these, replayed or stale"),
    _counter("frames_outside_window", "Of these, numbered beyond the window"),
    _state("security_alarm", "Something was refused since the alarm was reset", Switch),
)

RELAY = _structure(
    Structure.RELAY,
    4.0,
    "Wi-Fi link to the deployable camera",
    _state("wifi", "State of the link", WifiState),
    _analogue("wifi_rate_kbps", "Net rate, which falls with range", "kbit/s", 1.0, layout=_U16),
    _analogue("wifi_signal_dbm", "Received power", "dBm", 0.01, Limits(-90, None), _S16),
    _analogue("camera_range_m", "Range, from the round trip", "m", 0.1, Limits(None, 380), _U16),
    _counter("wifi_packets_received", "Packets received from the camera"),
    _counter("wifi_packets_lost", "Packets missing in the camera's counts"),
    _counter("pictures_complete", "Pictures received whole"),
    _counter("pictures_incomplete", "Pictures cut short by loss"),
    _counter("camera_commands_sent", "Commands sent to the camera", _U16),
)

CAMERA = _structure(
    Structure.CAMERA,
    8.0,
    "Health of the deployable camera, as it told by Wi-Fi",
    _state("camera", "What the camera does", CameraState),
    _state("picture_size", "Size of the pictures, lens A", PictureSize),
    _state("picture_coding", "Coding of the pictures, lens A", PictureCoding),
    Parameter("exposure_us", _U32, "Exposure time, lens A; 0 is automatic", "us", overflow="saturate"),
    _analogue("battery_voltage_v", "Primary battery", "V", 0.001, Limits(2.9, None, 2.5, None)),
    _analogue("battery_used_wh", "Energy drawn", "Wh", 0.001, Limits(None, 5.0, None, 5.8)),
    _analogue("camera_temperature_c", "Electronics", "degC", 0.01, Limits(-30, 50, -40, 60), _S16),
    _counter("frames_taken", "Exposures made"),
    _counter("frames_missed", "Exposures missed because no slot was free"),
    _counter("frames_sent_by_camera", "Frames sent whole"),
    _analogue("health_age_s", "Age of what the camera told", "s", 0.1, Limits(None, 30)),
)

RELEASE = _structure(
    Structure.RELEASE,
    16.0,
    "Release mechanism of the camera",
    _state("release", "State of the mechanism", ReleaseState),
    _state("break_wire", "Break-wire open", Switch),
    _analogue("release_temperature_c", "Mechanism", "degC", 0.01, Limits(-40, 60), _S16),
    _counter("firings", "Firing pulses given", _U8),
)

FDIR = _structure(
    Structure.FDIR,
    16.0,
    "Fault detection, isolation and recovery",
    _state("mode", "Mode of the spacecraft", Mode),
    _state("safe_mode_reason", "Why it went into safe mode last", SafeModeReason),
    _counter("safe_modes", "Times that it went into safe mode", _U16),
    _counter("boots", "Boots of the computer", _U16),
    _state("boot_kind", "What the last boot remembered", BootKind),
    _state("boot_reason", "Why the computer booted last", BootReason),
    _counter(
        "command_loss_s",
        "Time since a telecommand was accepted",
        _U32,
        Limits(None, 5 * 86400, None, 7 * 86400),
    ),
    _counter("faults_seen", "Events that recovery looked at", _U32),
)

UPLINK = _structure(
    Structure.UPLINK,
    16.0,
    "Telecommand link: COP-1 of a virtual channel, each in its turn, and what was dropped on all",
    Parameter("farm_channel", _U8, "Virtual channel of the FARM-1 told of here", overflow="saturate"),
    _state("farm_state", "State of FARM-1", FarmState),
    _counter("farm_expected", "V(R): number of the type-AD frame that must come next", _U8),
    _counter("farm_expedited", "FARM-B: type-BD and BC frames taken", _U8),
    _state("farm_retransmit", "A type-AD frame is missing", Switch),
    _counter("ad_accepted", "Type-AD frames taken"),
    _counter("ad_discarded", "Type-AD frames not taken: early, repeated, no room, locked out"),
    _counter("bd_accepted", "Type-BD frames taken"),
    _counter("bc_executed", "Unlock and Set V(R) obeyed", _U16),
    _counter("farm_lockouts", "Times that a type-AD frame outside the window locked it", _U16),
    _counter("bits_corrected", "Bits corrected by the BCH code"),
    _counter("frames_invalid", "Frames with wrong error control, length or address", _U16),
    _counter("segments_dropped", "Segments without a beginning, an end or room", _U16),
)

LANDER = _structure(
    Structure.LANDER,
    16.0,
    "Lander stack, asleep in cruise, on the orbiter's power",
    _analogue("bus_voltage_v", "Bus from the orbiter", "V", 0.001, Limits(27, 31, 25, 33)),
    _analogue("bus_current_a", "Current from the orbiter", "A", 0.001, Limits(None, 4)),
    _analogue("heatshield_temperature_c", "Heat shield", "degC", 0.01, Limits(-110, 60), _S16),
    _analogue("backshell_temperature_c", "Backshell", "degC", 0.01, Limits(-110, 60), _S16),
    _analogue("rover_battery_temperature_c", "Rover's battery", "degC", 0.01, Limits(-15, 35), _S16),
    _analogue("propellant_pressure_mpa", "Lander's tanks", "MPa", 0.001, Limits(1.0, 2.5)),
    _counter("lander_heater_cycles", "Heater switchings", _U16),
    apid=LANDER_APID,
)

MISSION = _structure(
    Structure.MISSION,
    16.0,
    "Where the mission stands; sent where it has phases",
    _state("mission_phase", "Phase that the ground has begun last", MissionPhase),
    _counter("phase_s", "Time since it began"),
    _counter("phases_begun", "Phases begun since the computer started cold", _U16),
)

REPORTS = (COMPUTER, MASS_MEMORY, RADIO, SECURITY, RELAY, CAMERA, RELEASE, FDIR, UPLINK, MISSION, LANDER)
