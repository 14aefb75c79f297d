"""Numbers both ends agree on: spacecraft, applications, units on board, and their enumerations.

Real: spacecraft identifiers and APIDs 1281, 1287. Everything else is ours, on APIDs that none of
the 52 real ones of Tianwen-1's orbiter uses.
"""

from enum import IntEnum, StrEnum, unique

from fsw.protocols.sdls_codes import Service


class Origin(StrEnum):
    """Where a layout comes from. Ours is never shown as the real spacecraft's."""

    TIANWEN_1 = "Tianwen-1"
    OURS = "ours"


ORBITER_SCID = 245
LANDER_SCID = 82
TIANWEN2_SCID = 237

TIME_APID = 0  # the spacecraft time packet's, by the standard (ECSS-E-ST-70-41C 6.9.4)
ATTITUDE_APID = 1281  # real
STATE_VECTOR_APID = 1287  # real
ORBITER_APID = 1920  # ours: PUS services of the orbiter, both directions
PICTURE_FILES_APID = 1921  # ours: CFDP protocol data units of files to the ground, pictures first of all
FILE_UNITS_APID = 1922  # ours: the others of CFDP: all to the orbiter, and its answers to the ground
LANDER_APID = 1936  # ours: PUS services of the lander stack, downlink
ROVER_APID = 1952  # ours: PUS services of the rover, both directions
INSPECTOR_APID = 1968  # ours: events of the inspector; the next one its pictures

REAL_ORBITER_APIDS = frozenset(
    {2, 3, 8, 14, 192, 194, 196, 198, 200, 202, 204, 206, 208, 210, 212, 214}
    | {*range(448, 453), *range(454, 459), 460, 461, 462, 672, 704, 736, 768, 832}
    | {*range(1024, 1029), *range(1280, 1289), 1344, 1360, 1536, 1537}
)

ORBITER_ENTITY, GROUND_ENTITY, CAMERA_ENTITY = 245, 1, 246  # of CFDP; ours

GROUND_SOURCE = 1  # PUS source identifier of the control centre, and destination of its reports
ON_BOARD_SOURCE = 2  # of requests that procedures make on board


@unique
class Task(IntEnum):
    """A task on board, as events and housekeeping name it."""

    NONE = 0
    COMMANDING = 1
    HOUSEKEEPING = 2
    EVENTS = 3
    RELEASE = 4
    RELAY = 5
    MASS_MEMORY = 6
    SELECTION = 7
    DOWNLINK = 8
    NAVIGATION = 9
    LANDER = 10
    TIMEKEEPING = 11
    FDIR = 31
    FILES = 40
    SCHEDULE = 21
    SEQUENCES = 22
    PROCEDURES = 23
    EVENT_ACTIONS = 24
    MONITORING = 41
    PARAMETERS = 42
    PACKET_STORES = 51
    LARGE_PACKETS = 52
    MEMORY = 44
    STATISTICS = 45
    DEVICE_ACCESS = 46
    DRIVING = 60  # of the rover, as the next
    KEEPER = 61
    IMAGING = 62


class FileObject(IntEnum):
    """What a directory holds."""

    FILE = 0
    DIRECTORY = 1


class RestartReason(IntEnum):
    WATCHDOG = 1
    EXCEPTION = 2
    BUDGET = 3


class MissionPhase(IntEnum):
    """Of a mission to a small body and back. All ours."""

    NONE = 0
    APPROACH = 1
    HOVER = 2
    TOUCH = 3
    SAMPLE_STOWED = 4
    DEPARTURE = 5
    CAPSULE_RELEASED = 6
    COMET_APPROACH = 7


class Mode(IntEnum):
    """Of the spacecraft."""

    NOMINAL = 0
    SAFE = 1


class BootKind(IntEnum):
    """Warm: tasks find what they retained in memory. Cold: memory is lost, but for what is safeguarded."""

    COLD = 0
    WARM = 1


class BootReason(IntEnum):
    POWER_ON = 0
    TELECOMMAND = 1
    RECOVERY = 2
    WATCHDOG = 3


class SafeModeReason(IntEnum):
    """Why safe mode was entered."""

    NONE = 0
    TELECOMMAND = 1
    COMMAND_LOSS = 2
    RESETS = 3
    EVENT = 4


class Lens(IntEnum):
    """Lenses of the camera, on opposite sides."""

    A = 0
    B = 1


class LensSelection(IntEnum):
    A = 0
    B = 1
    BOTH = 2


class PictureSize(IntEnum):
    SVGA_800X600 = 0
    UXGA_1600X1200 = 1
    SQUARE_2048X2048 = 2

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height."""
        return ((800, 600), (1600, 1200), (2048, 2048))[self]


class PictureCoding(IntEnum):
    JPEG = 0
    RAW_BAYER = 1


class PictureKind(IntEnum):
    THUMBNAIL = 0
    FULL = 1


class PictureSet(IntEnum):
    """Which pictures a dump sends."""

    THUMBNAILS = 0
    SELECTED = 1
    THUMBNAILS_THEN_SELECTED = 2


class Switch(IntEnum):
    OFF = 0
    ON = 1


class FarmState(IntEnum):
    """States of FARM-1 (232.1-B-2 6.1.2): S1, S2, S3."""

    OPEN = 0
    WAIT = 1
    LOCKOUT = 2


class SecurityService(IntEnum):
    """What protects the telecommand frames, by the two bits of 355.1-B-1's service type."""

    OFF = 0
    AUTHENTICATION = Service.AUTHENTICATION
    AUTHENTICATED_ENCRYPTION = Service.AUTHENTICATED_ENCRYPTION


class SecurityKeys(IntEnum):
    """Whose keys they are."""

    NONE = 0
    OWN = 1
    PUBLISHED = 2


class DownlinkRate(IntEnum):
    LOW = 0
    HIGH = 1


class TimeStatus(IntEnum):
    """How far on-board time is to be trusted: the time reference status of PUS headers (meaning ours)."""

    FREE_RUNNING = 0
    SET = 1
    SHIFTING = 2


class Steering(IntEnum):
    """What a telecommand did to the clock."""

    SET = 1
    SHIFT = 2
    TRIM = 3


class ReleaseState(IntEnum):
    SAFE = 0
    ARMED = 1
    FIRED = 2
    SEPARATED = 3


class WifiState(IntEnum):
    OFF = 0
    SEARCHING = 1
    LINKED = 2
    LOST = 3


class CameraState(IntEnum):
    ASLEEP = 0
    AWAKE = 1
    TAKING = 2
    STOPPED = 3


class WhyDropped(IntEnum):
    """Why a scheduled request was not released."""

    SCHEDULE_DISABLED = 1
    SUB_SCHEDULE_DISABLED = 2
    GROUP_DISABLED = 3
    TOO_LATE = 4


class SequenceState(IntEnum):
    """Of a request sequence (ECSS-E-ST-70-41C 8.21.3)."""

    INACTIVE = 0
    UNDER_EXECUTION = 1


class ProcedureState(IntEnum):
    """Of an on-board control procedure."""

    INACTIVE = 0
    RUNNING = 1
    HELD = 2


class Observability(IntEnum):
    """What a procedure tells of its steps."""

    NOTHING = 0
    STEPS = 1


class CheckType(IntEnum):
    """What a monitor does with its parameter (ECSS-E-ST-70-41C 6.12.3)."""

    EXPECTED = 0
    LIMIT = 1
    DELTA = 2


class CheckStatus(IntEnum):
    """What a monitor has found. A value that is not the expected one counts as LOW.

    UNCHECKED: off, or not enough values yet. INVALID: its condition does not hold, or nobody told a value.
    """

    GOOD = 0
    UNCHECKED = 1
    INVALID = 2
    LOW = 3
    HIGH = 4


class FunctionalStatus(IntEnum):
    """What a functional monitor has found (ECSS-E-ST-70-41C 6.12.4).

    UNCHECKED: off, or not checked since something about it was changed. INVALID: its condition does not
    hold. FAILED: as many of its parameter monitors as it asks for are LOW or HIGH.
    """

    UNCHECKED = 0
    RUNNING = 1
    INVALID = 2
    FAILED = 3


class Protection(IntEnum):
    """Of a functional monitor, and of the parameter monitors that it goes by."""

    UNPROTECTED = 0
    PROTECTED = 1


@unique
class FailureCode(IntEnum):
    """Why a telecommand failed: ST[1] reports 2, 4, 8 and 10 carry one.

    1 to 15 fail acceptance (and equal `fsw.protocols.pus.AcceptanceFailure`), 16 to 63 the start,
    64 to 255 the completion, 256 and above the start again.
    """

    UNKNOWN_APID = 1
    LENGTH_WRONG = 2
    CHECKSUM_WRONG = 3
    VERSION_WRONG = 4
    UNKNOWN_SERVICE = 5
    UNKNOWN_SUBTYPE = 6
    ILLEGAL_ARGUMENT = 7
    UNKNOWN_FUNCTION = 8
    NO_SECONDARY_HEADER = 9
    NOT_ARMED = 16
    ALREADY_RELEASED = 17
    WIFI_OFF = 18
    NO_LINK = 19
    BUSY = 20
    NOTHING_STORED = 21
    NOT_RUNNING = 22
    QUEUE_FULL = 23
    UNKNOWN_MONITOR = 24
    MONITOR_EXISTS = 25
    MONITOR_ENABLED = 26
    MONITORING_ENABLED = 27
    MONITORS_FULL = 28
    UNKNOWN_PARAMETER = 29
    UNKNOWN_EVENT = 30
    CHECK_SENSELESS = 31
    PARAMETER_NOT_SETTABLE = 32
    VALUE_NOT_ALLOWED = 33
    UNKNOWN_STORE = 34
    STORE_EXISTS = 35
    STORE_BUSY = 36
    STORE_NO_ROOM = 37
    TIMES_WRONG = 38
    UNKNOWN_REPORT_TYPE = 39
    TIME_GOES_BACK = 40
    NO_SUCH_ITEM = 48
    ALREADY_THERE = 49
    IN_USE = 50
    NO_ROOM = 51
    RELEASE_TIME_PAST = 52
    BAD_REQUEST_INSIDE = 53
    PROGRAM_UNSOUND = 54
    ARGUMENTS_WRONG = 55
    ENGINE_STOPPED = 56
    UNKNOWN_MEMORY = 57
    ADDRESS_OUT_OF_RANGE = 58
    MEMORY_READ_ONLY = 59
    NOT_IN_SAFE_MODE = 60
    ALREADY_SO = 61
    FILE_EXISTS = 41
    FILE_LOCKED = 42
    FILE_STORE_REFUSES = 43  # full, or a name that is not allowed
    NO_SUCH_DIRECTORY = 44
    DIRECTORY_NOT_EMPTY = 45
    NO_SUCH_FILE = 46
    OPERATION_EXISTS = 47
    STORE_NOT_EMPTY = 62
    DATA_CHECKSUM_WRONG = 63
    NO_SEPARATION = 64
    NO_ANSWER = 65
    LINK_LOST = 66
    REFUSED_BY_CAMERA = 67
    NOT_MEASURED = 68
    NOT_KEPT = 69
    HAZARD_AHEAD = 70
    PARTLY_DONE = 80
    ABORTED = 81
    SECURITY_OFF = 128
    SECURITY_MALFORMED = 129
    SECURITY_UNKNOWN_PROCEDURE = 130
    SECURITY_NO_SUCH_KEY = 131
    SECURITY_KEY_STATE = 132
    SECURITY_KEY_IN_USE = 133
    SECURITY_MASTER_KEY = 134
    SECURITY_NOT_AUTHENTIC = 135
    SECURITY_NO_SUCH_ASSOCIATION = 136
    SECURITY_ASSOCIATION_STATE = 137
    SECURITY_ASSOCIATION_IN_USE = 138
    SECURITY_NUMBER_BEHIND = 139
    SECURITY_FULL = 140
    LOST_IN_RESET = 90
    STORE_FULL = 112
    MEMORY_REFUSED = 113
    UNKNOWN_TRANSFER = 256
    PART_OUT_OF_ORDER = 257
    REQUEST_TOO_LONG = 258
    STRUCTURE_FIXED = 260
    REGISTER_LENGTH_WRONG = 270
    NO_SUCH_DEVICE = 271
    NO_SUCH_DEVICE_COMMAND = 272
    DEVICE_ARGUMENTS_WRONG = 273
    NO_SUCH_DEVICE_PARAMETER = 274
    UNKNOWN_FUNCTIONAL_MONITOR = 280
    FUNCTIONAL_MONITOR_EXISTS = 281
    FUNCTIONAL_MONITOR_ENABLED = 282
    FUNCTIONAL_MONITOR_PROTECTED = 283
    FUNCTIONAL_MONITORS_FULL = 284
    MONITOR_PROTECTED = 285  # by a functional one that goes by it
    MONITOR_IN_USE = 286
    UNKNOWN_APPLICATION = 290
    UNKNOWN_STRUCTURE = 291
    ALL_SELECTED = 292
    NOT_SELECTED = 293
    SELECTION_FULL = 294
    NOT_BLOCKED = 295
    NOT_SCRUBBED = 300
    NOT_PROTECTABLE = 301
    MEMORY_PROTECTED = 302
    UNKNOWN_REPORTING_DEFINITION = 305
    REPORTING_DEFINITION_EXISTS = 306
    REPORTING_DEFINITIONS_FULL = 307
    STRUCTURE_NAMED_TWICE = 308
    STRUCTURE_NOT_NAMED = 309
    STRUCTURE_NAMED = 310  # by a functional reporting definition
    LOW_POWER = 320
    NO_FILE_LINK = 330  # the Wi-Fi carries pictures in parts, and no files

    @property
    def at_start(self) -> bool:
        """Execution did not begin: reported by [1,4], not [1,8]."""
        return self < 64 or self >= 256
