"""Whatever a task is told, in whatever order: it never raises, and a snapshot changes no answer."""

import binascii
import struct

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from telecommand_strategies import arguments_of

from fsw import dictionary
from fsw.core.telecommand import encode_cltu, encode_frame
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import BootKind, BootReason, FailureCode, Task
from fsw.dictionary.pool import PARAMETERS
from fsw.dictionary.services.st21_sequencing import encode_entries
from fsw.dictionary.settings import SETTINGS, word
from fsw.kernel.scheduler import Trouble
from fsw.kernel.time import SECOND
from fsw.protocols import cfdp_directives, cfdp_pdu, obcp, pus
from fsw.protocols import cfdp_messages as messages
from fsw.tasks import messages as m
from fsw.tasks import names, procedures, sequences
from fsw.tasks.file_messages import (
    FilePackets,
    FileRead,
    FilesGone,
    FilesWanted,
    FileUnit,
    ReadFile,
    SendFile,
    SendFiles,
    StopFiles,
)

REQUESTS = st.sampled_from([bytes([0x1F, 0x80, 0xC0, n]) for n in range(4)])
NUMBERS = st.integers(1, 6)
OCTETS = st.binary(max_size=300)
DEFAULT_WORDS = [word(setting.default) for setting in SETTINGS.values()]


def executes(*telecommands):
    """Accepted telecommands with any allowed arguments."""

    @st.composite
    def draw_one(draw):
        command = dictionary.telecommand(draw(st.sampled_from(telecommands)))
        octets = command.encode(draw(arguments_of(command)))
        found = dictionary.recognise_telecommand(command.service, command.subtype, octets)
        return m.Execute(draw(REQUESTS), draw(st.integers(0, 15)), command.name, found[1])

    return draw_one()


def service(number, arguments_of, only=()):
    """Accepted requests of a service with any allowed arguments; requests inside them are real ones."""

    def inside(values, draw):
        if isinstance(values, dict):
            return {key: draw(PACKETS) if key == "packet" else inside(v, draw) for key, v in values.items()}
        return [inside(value, draw) for value in values] if isinstance(values, list) else values

    @st.composite
    def draw_one(draw):
        declared = [command for command in dictionary.telecommands() if command.service == number]
        command = draw(st.sampled_from([c for c in declared if c.name in only or not only]))
        arguments = inside(draw(arguments_of(command)), draw)
        for key in NAMED:
            if key in arguments:
                arguments[key] = draw(st.sampled_from(["ONE", "TWO"]))
        if "code" in arguments:
            arguments["code"] = draw(st.sampled_from(PROGRAMS))
        return m.Execute(draw(REQUESTS), draw(st.integers(0, 15)), command.name, arguments)

    return draw_one()


NAMED = ("sequence", "procedure")
PACKETS = st.one_of(
    st.builds(
        pus.Telecommand, st.just(1920), st.integers(0, 3), st.just(17), st.integers(1, 2), st.just(1),
        st.sampled_from(pus.Acknowledge), st.just(b""),
    ).map(pus.encode_telecommand),
    st.just(b"\x18\x80\xc0\x00\x00\x00\x00"),
)  # fmt: skip
OUTCOMES = st.builds(
    m.Outcome,
    st.sampled_from([bytes([0x1F, 0x80, 0xC0 | n >> 8, n & 255]) for n in (0, 1, 2, 3, 12288, 12289)]),
    st.none() | st.sampled_from(FailureCode),
)
PROGRAMS = [
    obcp.Program(name, 1, 600, 1000, (), 2, (obcp.Packaged(17, 1, b""),), bytes.fromhex(code)).encode()
    for name in ("ONE", "TWO")
    for code in (
        "01",
        "4000000000",  # for ever
        "0300011500000003110000000000000005500502",  # unsound
        "030001150601140013000402000503000210050507051005050901",  # unsound too
        "0300011005040200071506011400130004010009110000000ba43b74000713000402000803000240000c",
        "110000000ba43b7400050013000401000302000140000a",
    )
] + [b"octets"]


SEQUENCE_FILES = st.lists(st.tuples(PACKETS, st.integers(0, 2000)), max_size=3).map(encode_entries)
READ = {
    names.PROCEDURES: (procedures.BY_REFERENCE, st.sampled_from(PROGRAMS)),
    names.SEQUENCES: (sequences.BY_REFERENCE, SEQUENCE_FILES | OCTETS),
}


def of_service(service):
    return [command.name for command in dictionary.telecommands() if command.service == service]


@st.composite
def measured(draw):
    """What an owner may tell: some values of the pool."""
    chosen = draw(st.lists(st.sampled_from(list(PARAMETERS.values())), max_size=8))
    values = {}
    for found in chosen:
        enumeration = found.parameter.enumeration
        of = st.floats(-1e6, 1e6) if found.parameter.calibration else st.integers(0, 2**32 - 1)
        if enumeration is not None:
            of = st.sampled_from(sorted(enumeration.__members__))
        values[found.name] = draw(of)
    return m.Values(values)


def ticks(*timers):
    return st.builds(m.Tick, st.sampled_from(timers))


def packet(data, apid):
    head = struct.pack(">HHH", apid, 0xC000, len(data) + 1) + data
    return head + struct.pack(">H", binascii.crc_hqx(head, 0xFFFF))


@st.composite
def from_camera(draw):
    """Packets with a right CRC and anything in them, and some that are only octets."""
    sized = st.builds(bytes, st.lists(st.integers(0, 255), min_size=95, max_size=115))
    data = st.one_of(OCTETS, sized, st.binary(min_size=13, max_size=15), parts())
    sound = st.builds(packet, data, st.sampled_from([0x310, 0x311, 0x312, 0x313]))
    packets = [p for p in draw(st.lists(st.one_of(sound, OCTETS), max_size=6)) if p]
    return m.FromCamera(b"".join(packets), b"".join(len(p).to_bytes(4, "little") for p in packets))


@st.composite
def parts(draw):
    """A part that is the whole of a picture, or claims more."""
    octets = draw(st.binary(min_size=1, max_size=40))
    total = len(octets) + draw(st.sampled_from([0, 0, 7]))
    head = struct.pack(
        ">IIIHBB",
        draw(NUMBERS),
        0,
        total,
        len(octets),
        draw(st.integers(0, 1)),
        draw(st.sampled_from([0, 1, 16, 17])),
    )
    width, height = (1600, 1200) if head[-1] >> 4 else (800, 600)
    crc = binascii.crc_hqx(octets, 0xFFFF)
    return head + struct.pack(">I3sBIHHHH", 9, b"\x80\0\0", 0, 1000, 256, width, height, crc) + octets


@st.composite
def cltus(draw):
    """PUS telecommands with random contents, whole or damaged, or octets."""
    if draw(st.booleans()):
        return m.Uplinked(draw(OCTETS))
    command = draw(st.sampled_from(dictionary.telecommands()))
    data = draw(st.binary(max_size=12))
    if command.function is not None:
        data = command.function.to_bytes(2, "big") + data
    telecommand = pus.Telecommand(
        draw(st.sampled_from([1920, 5])),
        draw(st.integers(0, 3)),
        command.service,
        draw(st.sampled_from([command.subtype, 99])),
        1,
        pus.Acknowledge(draw(st.integers(0, 15))),
        data,
    )
    frame = encode_frame(245, 0, pus.encode_telecommand(telecommand), segment=(3, 0))
    cltu = bytearray(encode_cltu(frame, randomize=True))
    for at in draw(st.lists(st.integers(0, len(cltu) * 8 - 1), max_size=3)):
        cltu[at // 8] ^= 1 << at % 8
    return m.Uplinked(bytes(cltu))


FILE_ARGUMENTS = {
    "path": ["", "d", "d/e", "none", "ground:d"], "file": ["a", "b", "d", "..", "x" * 90],
    "pattern": ["*", "a?"],
    "directory": ["d", "e", "a"], "new_name": ["f", "d", "/"], "source_path": ["", "d", "ground:"],
    "source_file": ["a", "b"],
    "target_path": ["", "d", "ground:", "ground:logs"], "target_file": ["a", "c"], "operation": ["1", "2"],
    "operations": ["1", "1,2"], "interval_s": ["1", "60"],
}  # fmt: skip


@st.composite
def file_requests(draw):
    command = draw(st.sampled_from([c for c in dictionary.telecommands() if c.service == 23]))
    texts = {a.name: draw(st.sampled_from(FILE_ARGUMENTS[a.name])) for a in command.arguments}
    request = dictionary.parse_telecommand(command.name, texts)
    found = dictionary.recognise_telecommand(command.service, command.subtype, request.encode())
    return m.Execute(draw(REQUESTS), draw(st.integers(0, 15)), command.name, found[1])


@st.composite
def file_units(draw):
    """Data units of the ground's entity for few transactions, in any order, and garbage."""
    outgoing = draw(st.booleans())
    transaction = cfdp_pdu.Transaction(
        245 if outgoing else 1, draw(st.integers(0, 2)), 1 if outgoing else 245, draw(st.booleans())
    )
    if outgoing:
        content = draw(
            st.builds(cfdp_directives.Finished, st.sampled_from([0, 15]), st.booleans(), st.integers(0, 3))
            | st.builds(cfdp_directives.Ack, st.just(cfdp_pdu.Directive.EOF), st.just(0), st.just(1))
            | st.builds(cfdp_directives.Nak, st.just(0), st.just(9), st.just(((0, 0), (3, 9))))
        )
        return FileUnit(cfdp_directives.encode(transaction, content))
    said = draw(
        st.sampled_from(
            [
                (),
                messages.encode(messages.ProxyPut(1, "a", "b")),
                messages.encode(messages.DirectoryListingRequest("", "list")),
                (messages.originating(1, 0), *messages.encode(messages.ProxyPutCancel())),
                messages.encode(messages.RemoteSuspend(245, 0)),
                messages.encode(messages.RemoteResume(245, 0)),
                *(
                    (messages.originating(245, number), *messages.encode(answer))
                    for number in (0, 1)
                    for answer in (
                        messages.ProxyPutResponse(0, True, 2),
                        messages.ProxyPutResponse(4, False, 3),
                        messages.DirectoryListingResponse(True, "\udcff" * 90, "listing"),
                        messages.DirectoryListingResponse(False, "d", "listing"),
                        messages.RemoteStanding(False, True, 1, 1, 0),
                    )
                ),
            ]
        )
    )
    name = draw(st.sampled_from(["", "a", "d/b", "..", "\udcff"]))
    pdu = draw(
        st.sampled_from(
            [
                cfdp_pdu.Metadata(transaction, 0, 4, name, name, said, draw(st.booleans())),
                cfdp_pdu.FileData(transaction, 0, b"\0\0\0\7"),
                cfdp_pdu.EndOfFile(transaction, 0, 7, 4),
                cfdp_pdu.EndOfFile(transaction, 15, 7, 4, 1),
            ]
        )
    )
    return FileUnit(draw(st.binary(max_size=30)) if draw(st.integers(0, 9)) == 0 else cfdp_pdu.encode(pdu))


send_file = st.builds(
    SendFile, st.sampled_from(["thumb/1", "full/2", "x" * 300]), OCTETS, st.just((b"fsw1",))
)
file_keys = st.sampled_from(["file/a", "file/d/e/b", "file/.."])
pictures = st.builds(
    m.Picture,
    NUMBERS,
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1e6),
    st.binary(min_size=1, max_size=200),
)
MADE = (1920, 5, 1, 33, bytes(7), bytes.fromhex("0f80 c000 0013") + bytes(20))
keys = st.builds("picture/{}/{}".format, st.sampled_from(["full", "thumbnail"]), NUMBERS)
TASKS = [member.name.lower() for member in Task if member is not Task.NONE]
MESSAGES = {
    names.COMMANDING: st.one_of(
        cltus(),
        st.builds(m.SafeMode, st.booleans()),
        st.builds(m.Submit, OCTETS, st.sampled_from(["", names.RELEASE])),
        st.builds(m.Executed, REQUESTS, st.integers(0, 15), st.none() | st.sampled_from(FailureCode)),
        ticks("overdue"),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.RELEASE: st.one_of(
        executes("RELEASE_ARM", "RELEASE_FIRE"),
        st.just(m.BreakWire()),
        ticks("armed", "missing"),
        st.builds(m.SafeMode, st.booleans()),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.DOWNLINK: st.one_of(
        st.builds(m.TimeReportRate, st.integers(0, 8)),
        st.builds(
            m.PusReport,
            st.sampled_from([1920, 1936]),
            st.just(5),
            st.integers(1, 4),
            st.binary(max_size=2000),
        ),
        st.builds(m.PlainPacket, st.sampled_from([1281, 1287]), st.binary(min_size=1, max_size=200)),
        st.builds(FilePackets, st.integers(1, 900).map(lambda n: packet(bytes(n), 1921) * 3), st.booleans()),
        ticks("beat"),
        executes("DOWNLINK_RATE", "FORWARDING_ADD", "FORWARDING_DELETE", "FORWARDING_REPORT"),
        st.builds(m.ReplayWanted, st.booleans()),
        st.builds(m.ReplayPackets, st.just(MADE[4]), st.sampled_from([1, 4])),
        st.builds(m.SafeMode, st.booleans()),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.EVENTS: st.one_of(
        st.just(m.Occurred(Event.RELEASE_ARMED, {})),
        st.builds(lambda r: m.Occurred(Event.LINK_LOST, {"range_m": r}), st.floats(0, 1e9)),
        st.builds(
            Trouble,
            st.sampled_from(["overflow", "overrun", "exception", "budget", "watchdog"]),
            st.sampled_from(TASKS),
            st.text(max_size=5),
            st.integers(0, 2**40),
            st.integers(0, 2**60),
            st.integers(0, 2**60),
        ),
        executes("EVENTS_ENABLE", "EVENTS_DISABLE", "EVENTS_DISABLED_REPORT"),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.FDIR: st.one_of(
        st.builds(m.Fault, st.sampled_from([Event.TASK_RESTARTED, Event.LINK_LOST])),
        st.just(m.Commanded()),
        st.builds(
            m.Booted,
            st.sampled_from(BootKind),
            st.sampled_from(BootReason),
            NUMBERS,
            NUMBERS,
            NUMBERS,
        ),
        ticks("command loss", "reset"),
        executes("SAFE_MODE", "COMPUTER_RESET"),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.NAVIGATION: st.one_of(
        ticks("sample"),
        st.builds(
            m.Measured,
            st.integers(0, 10**13),
            st.tuples(*[st.floats(-1, 1)] * 4),
            *[st.tuples(*[st.floats(-1e9, 1e9)] * 3)] * 2,
        ),
    ),
    names.LANDER: st.one_of(ticks("sample", "asked"), executes("CONNECTION_TEST")),
    names.TIMEKEEPING: executes("TIME_REPORT_RATE", "CLOCK_SET", "CLOCK_SHIFT", "CLOCK_TRIM"),
    names.RELAY: st.one_of(
        from_camera(),
        from_camera(),
        executes("WIFI", "CAMERA_START", "CAMERA_STOP", "CAMERA_MODE", "CAMERA_EXPOSURE"),
        executes("CAMERA_SETTINGS", "CONNECTION_TEST"),
        st.builds(m.WifiStatus, st.booleans(), st.integers(0, 60000), st.floats(-200, 50), st.floats(0, 1e5)),
        ticks("unanswered"),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.MASS_MEMORY: st.one_of(
        pictures,
        st.builds(m.Thumbnail, NUMBERS, st.integers(0, 10**6), OCTETS),
        st.builds(m.Stored, keys, st.booleans(), st.integers(0, 10**9)),
        st.builds(m.Chosen, st.lists(NUMBERS, max_size=5).map(tuple)),
        st.builds(FilesWanted, st.sampled_from([1, 1000, 1 << 20]), st.integers(1, 64)),
        st.builds(FilesGone, *[st.lists(st.sampled_from(["thumb/1", "full/2"]), max_size=2).map(tuple)] * 2),
        st.builds(m.Fetched, st.dictionaries(keys, st.none() | OCTETS, max_size=4)),
        st.builds(m.Listed, st.just("picture/"), st.dictionaries(keys, st.integers(26, 10**6), max_size=4)),
        st.builds(m.MemoryDamaged, NUMBERS, NUMBERS, st.booleans(), NUMBERS),
        executes("DUMP_START", "DUMP_STOP"),
        st.builds(m.SafeMode, st.booleans()),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.LARGE_PACKETS: executes("LARGE_FIRST", "LARGE_NEXT", "LARGE_LAST")
    | st.builds(m.Tick, st.just("part"), NUMBERS),
    names.PACKET_STORES: st.one_of(
        st.builds(m.PacketsMade, st.lists(st.just(MADE), max_size=30).map(tuple)),
        st.builds(m.DownlinkRoom, st.sampled_from([0, 50, 1000, 1 << 20])),
        st.builds(m.Listed, st.just("packets/"), st.just({})),
        executes(*(c.name for c in dictionary.telecommands() if c.service == 15)),
        st.builds(m.Gather, st.sampled_from(Structure)),
        ticks("copy"),
    ),
    names.FILES: st.one_of(
        file_units(),
        file_units(),
        file_requests(),
        file_requests(),
        st.builds(SendFiles, st.lists(send_file, max_size=3).map(tuple)),
        st.just(StopFiles()),
        st.builds(ReadFile, st.sampled_from(["a", "d/b"]), st.just(names.SEQUENCES), executes("PING")),
        st.builds(m.DownlinkRoom, st.sampled_from([0, 50, 1000, 1 << 20])),
        ticks("transfers", "status"),
        st.builds(m.Listed, st.just("file/"), st.dictionaries(file_keys, st.integers(1, 99), max_size=3)),
        st.builds(m.Fetched, st.dictionaries(file_keys, st.none() | OCTETS, max_size=3)),
        st.builds(m.Stored, file_keys, st.booleans(), st.integers(0, 10**9)),
        st.builds(m.Gather, st.sampled_from(Structure)),
    ),
    names.SELECTION: st.one_of(
        pictures, executes("SELECT_PICTURES"), st.builds(m.Gather, st.sampled_from(Structure))
    ),
    names.MONITORING: st.one_of(
        executes(*of_service(12)),
        ticks("report"),
        st.builds(m.Tick, st.just("beat"), st.sampled_from([1, 16, 32, 64])),
        measured(),
    ),
    names.MEMORY: st.one_of(
        executes(*(name for name in of_service(6) if "SCRUBBING" not in name)),
        ticks("program"),
        st.builds(m.MemoryTold, NUMBERS, st.lists(OCTETS, max_size=4).map(tuple)),
    ),
    names.DEVICE_ACCESS: st.one_of(
        executes(*of_service(2)),
        st.builds(m.RegistersTold, NUMBERS, st.lists(st.binary(max_size=4), max_size=4).map(tuple)),
    ),
    names.STATISTICS: st.one_of(
        executes(*of_service(4)),
        ticks("report"),
        st.builds(m.Tick, st.just("sample"), NUMBERS),
        measured(),
    ),
    names.PARAMETERS: st.one_of(
        executes(*of_service(20), "MEMORY_SCRUBBING_ENABLE", "MEMORY_SCRUBBING_DISABLE"),
        ticks("scrub"),
        st.builds(m.Tick, st.just("compose"), NUMBERS),
        st.builds(m.AskParameters, st.sampled_from([names.RELAY, names.COMMANDING])),
        st.builds(
            m.AreaTold,
            NUMBERS,
            st.lists(
                st.none() | st.binary(min_size=8, max_size=8) | st.sampled_from(DEFAULT_WORDS), max_size=7
            ).map(tuple),
            st.integers(0, 3),
        ),
        measured(),
    ),
    names.HOUSEKEEPING: st.one_of(
        executes(*of_service(3)),
        measured(),
        st.builds(m.Tick, st.sampled_from(["due", "compose"]), st.integers(1, 6) | st.just(256)),
    ),
    names.SCHEDULE: ticks("due") | st.builds(m.SafeMode, st.booleans()) | st.just(m.ClockSteered()),
    names.SEQUENCES: ticks("due") | OUTCOMES | st.builds(m.SafeMode, st.booleans()),
    names.PROCEDURES: st.one_of(
        st.builds(m.SafeMode, st.booleans()),
        ticks("run ONE", "run TWO"),
        OUTCOMES,
        st.just(m.Values({"firings": 1})),
        st.builds(m.Occurred, st.sampled_from(Event), st.just({})),
    ),
    names.EVENT_ACTIONS: st.builds(m.Occurred, st.sampled_from(Event), st.just({})),
}


SERVICES = {names.SCHEDULE: 11, names.PROCEDURES: 18, names.EVENT_ACTIONS: 19, names.SEQUENCES: 21}


@pytest.mark.parametrize("name", MESSAGES)
@settings(max_examples=40)
@given(data=st.data())
def test_no_sequence_of_messages_raises_or_depends_on_a_snapshot(bench, arguments_of, name, data):
    task = bench.of(name)
    now_ns = 0
    messages = MESSAGES[name]
    if name in SERVICES:
        messages = st.one_of(service(SERVICES[name], arguments_of), messages)
    if name in READ:
        by_reference, contents = READ[name]
        asked = service(SERVICES[name], arguments_of, by_reference)
        messages = st.one_of(messages, st.builds(FileRead, st.none() | contents, asked))
    for message in data.draw(st.lists(messages, max_size=10)):
        now_ns += data.draw(st.sampled_from([0, 1, SECOND // 10, SECOND, 61 * SECOND]))
        task.tell(message, now_ns)


def test_every_task_on_board_is_tried(bench):
    assert set(MESSAGES) == set(bench.makers)
