"""The files task: every request of ST[23] does what it says or says why not; nothing is lost in a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_directives import Ack, Finished
from fsw.protocols.cfdp_entity import Entity, Peer
from fsw.protocols.cfdp_filestore import FileStore
from fsw.protocols.cfdp_packets import data_units
from fsw.protocols.cfdp_receiver import ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.tasks import names
from fsw.tasks.file_copies import told
from fsw.tasks.file_messages import (
    FilePackets,
    FileRead,
    FilesGone,
    FilesWanted,
    FileUnit,
    ReadFile,
    SendFile,
    SendFiles,
)
from fsw.tasks.messages import (
    Delete,
    DownlinkRoom,
    Fetch,
    Fetched,
    Gather,
    List,
    Listed,
    PusReport,
    Store,
    Stored,
)

GROUND = SenderSettings(1, 245, 5, acknowledged=False)


class Files:
    """The task, the mass memory that it keeps its files in, and reports as the ground reads them."""

    def __init__(self, bench):
        self.bench, self.task = bench, bench.of(names.FILES)
        self.memory, self.full = {}, False
        self.packets, self.answers, self.events, self.reports = [], [], [], []
        self.listing = self.task.emitted(names.MEMORY_PORT)

    def tell(self, message, now_ns=0):
        waiting, failures = [message], []
        while waiting:
            self.task.tell(waiting.pop(0), now_ns)
            for packets in self.task.sent(names.DOWNLINK, FilePackets):
                (self.answers if packets.answers else self.packets).append(packets.octets)
            self.reports += map(self.bench.decoded, self.task.sent(names.DOWNLINK, PusReport))
            self.events += self.task.events()
            failures += self.task.executed()
            for value in self.task.emitted(names.MEMORY_PORT):
                match value:
                    case Store(key, octets, names.FILES):
                        if not self.full:
                            self.memory[key] = octets
                        waiting.append(Stored(key, not self.full, 0))
                    case Delete(keys):
                        for key in keys:
                            self.memory.pop(key, None)
                    case Fetch(keys, names.FILES):
                        waiting.append(Fetched({key: self.memory[key] for key in keys}))
        return failures

    def do(self, name, arguments="", now_ns=0):
        """The failure, or None."""
        (failure,) = self.tell(self.bench.execute(name, arguments), now_ns)
        return None if failure is None else failure.name

    def up(self, name, octets):
        sender = Sender(GROUND)
        sender.put(PutRequest(name, octets))
        for unit in data_units(sender.produce(1 << 20, 0)):
            self.tell(FileUnit(unit))

    def contents(self):
        self.reports.clear()
        assert self.do("FILE_FIND", "path='' pattern=*") is None
        ((_, values),) = self.reports
        return [values[f"found[{n}].name"] for n in range(values["found"])]


@pytest.fixture
def files(bench):
    return Files(bench)


def test_files_are_made_looked_at_locked_and_deleted(files):
    assert files.do("DIRECTORY_CREATE", "path='' directory=d") is None
    assert files.do("FILE_CREATE", "path=d file=a") is None
    assert files.do("FILE_REPORT", "path=d file=a") is None
    assert files.reports == [
        ("FILE_ATTRIBUTES", {"path": "d", "file": "a", "file_octets": 0, "locked": "OFF"})
    ]
    assert files.do("FILE_LOCK", "path=d file=a") is None
    assert files.do("FILE_DELETE", "path=d file=a") == "FILE_LOCKED"
    assert files.do("FILE_MOVE", "1 d a '' b") == "FILE_LOCKED"
    assert files.memory == {"file/d/a": b"\1"}
    assert files.do("FILE_UNLOCK", "path=d file=a") is None
    assert files.do("FILE_DELETE", "path=d file=a") is None
    assert files.do("DIRECTORY_DELETE", "path='' directory=d") is None
    assert files.memory == {}
    assert files.contents() == []


@pytest.mark.parametrize(
    ("name", "arguments", "failure"),
    [
        ("FILE_CREATE", "path='' file=a", FailureCode.FILE_EXISTS),
        ("FILE_CREATE", "path=none file=a", FailureCode.NO_SUCH_DIRECTORY),
        ("FILE_CREATE", "path='' file=..", FailureCode.FILE_STORE_REFUSES),
        ("FILE_DELETE", "path='' file=none", FailureCode.NO_SUCH_FILE),
        ("FILE_REPORT", "path='' file=none", FailureCode.NO_SUCH_FILE),
        ("FILE_LOCK", "path='' file=none", FailureCode.NO_SUCH_FILE),
        ("FILE_UNLOCK", "path='' file=none", FailureCode.NO_SUCH_FILE),
        ("FILE_FIND", "path=none pattern=*", FailureCode.NO_SUCH_DIRECTORY),
        ("DIRECTORY_CREATE", "path='' directory=a", FailureCode.FILE_EXISTS),
        ("DIRECTORY_CREATE", "path=none directory=x", FailureCode.NO_SUCH_DIRECTORY),
        ("DIRECTORY_CREATE", "path='' directory=.", FailureCode.FILE_STORE_REFUSES),
        ("DIRECTORY_DELETE", "path='' directory=none", FailureCode.NO_SUCH_DIRECTORY),
        ("DIRECTORY_DELETE", "path='' directory=d", FailureCode.DIRECTORY_NOT_EMPTY),
        ("DIRECTORY_RENAME", "path='' directory=none new_name=e", FailureCode.NO_SUCH_DIRECTORY),
        ("DIRECTORY_RENAME", "path='' directory=d new_name=a", FailureCode.FILE_EXISTS),
        ("DIRECTORY_RENAME", "path='' directory=d new_name=..", FailureCode.FILE_STORE_REFUSES),
        ("DIRECTORY_SUMMARY", "path=none", FailureCode.NO_SUCH_DIRECTORY),
        ("FILE_COPY", "1 '' none '' b", FailureCode.NO_SUCH_FILE),
        ("FILE_COPY", "1 '' a d b", FailureCode.FILE_EXISTS),
        ("FILE_COPY", "1 '' a none b", FailureCode.FILE_STORE_REFUSES),
        ("FILE_COPY_ABORT", "operations=3", FailureCode.NO_SUCH_ITEM),
        ("FILE_COPY_SUSPEND", "operations=3", FailureCode.NO_SUCH_ITEM),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(files, name, arguments, failure):
    files.do("DIRECTORY_CREATE", "path='' directory=d")
    files.do("FILE_CREATE", "path='' file=a")
    files.do("FILE_CREATE", "path=d file=b")
    before = files.task.task.save()
    assert files.do(name, arguments) == failure.name
    assert files.task.task.save() == before


def test_copies_on_board_moves_and_directories_with_all_in_them(files):
    files.up("a", b"octets")
    assert files.do("DIRECTORY_CREATE", "path='' directory=d") is None
    assert files.do("FILE_COPY", "1 '' a d copy") is None
    assert files.do("FILE_MOVE", "1 '' a d moved") is None
    assert files.do("DIRECTORY_RENAME", "path='' directory=d new_name=e") is None
    assert files.contents() == ["e/copy", "e/moved"]
    assert files.memory == {"file/e/copy": b"\0octets", "file/e/moved": b"\0octets"}
    assert files.do("FILE_FIND", "path=e pattern=m*") is None
    files.reports.clear()
    assert files.do("DIRECTORY_SUMMARY", "path=''") is None
    assert files.reports == [
        (
            "DIRECTORY_CONTENT",
            {"path": "", "objects": 1, "objects[0].kind": "DIRECTORY", "objects[0].name": "e"},
        )
    ]


def content(unit):
    pdu = pdus.decode(unit)
    return directives.read(pdu) if isinstance(pdu, pdus.OtherDirective) else pdu


def units(blocks):
    found = []
    for block in blocks:
        while block:
            end = 7 + int.from_bytes(block[4:6], "big")
            found.append(block[6:end])
            block = block[end:]
    return found


def test_a_copy_to_the_ground_is_an_operation_until_the_ground_has_it(files):
    files.up("a", b"octets")
    target = "operation=4 source_path='' source_file=a target_path=ground:logs target_file=b"
    assert files.do("FILE_MOVE", target) is None
    assert files.do("FILE_MOVE", target) == "OPERATION_EXISTS"
    assert files.do("FILE_COPY_SUSPEND", "operations=4") is None
    files.tell(DownlinkRoom(1 << 16))
    assert files.packets == []
    assert files.do("FILE_COPY_STATUS_ENABLE", "interval_s=10") is None
    files.reports.clear()
    files.tell(files.task.timers.pop("status").message, 10 * SECOND)
    ((name, status),) = files.reports
    assert (name, status["copies[0].operation"], status["copies[0].suspended"]) == (
        "FILE_COPY_STATUS",
        4,
        "ON",
    )
    assert files.do("FILE_COPY_STATUS_DISABLE") is None
    assert "status" not in files.task.timers
    assert files.do("FILE_COPY_RESUME", "operations=4") is None
    metadata, data, end = map(content, units(files.packets))
    assert (metadata.source_name, metadata.destination_name, data.octets) == ("a", "logs/b", b"octets")
    assert files.memory == {"file/a": b"\0octets"}
    for answer in (Ack(pdus.Directive.EOF, 0, 1), Finished(0, True, 2)):
        files.tell(FileUnit(directives.encode(end.transaction, answer)))
    assert files.memory == {}
    assert files.events[-1] == ("FILE_SENT", {"entity": 245, "transaction": 0, "file": "logs/b"})
    assert [content(unit) for unit in units(files.answers)] == [Ack(pdus.Directive.FINISHED, 0, 2)]


def test_all_copies_that_involve_a_path_are_steered_together(files):
    files.do("DIRECTORY_CREATE", "path='' directory=d")
    files.do("DIRECTORY_CREATE", "path=d directory=e")
    for name in ("a", "d/b", "d/e/c"):
        files.up(name, b"octets")
    copies = ((1, "''", "a", "logs"), (2, "d", "b", ""), (3, "d/e", "c", "logs/x"))
    for operation, path, file, target in copies:
        arguments = f"{operation} {path} {file} ground:{target} {file}"
        assert files.do("FILE_COPY", arguments) is None

    def suspended():
        files.reports.clear()
        files.tell(files.task.timers.pop("status").message, 10 * SECOND)
        ((_, values),) = files.reports
        rows = range(values["copies"])
        on = {values[f"copies[{n}].operation"]: values[f"copies[{n}].suspended"] == "ON" for n in rows}
        return [operation for operation, is_on in on.items() if is_on], len(on)

    assert files.do("FILE_COPY_STATUS_ENABLE", "interval_s=10") is None
    involving = {
        "''": [1, 2, 3],
        "d": [2, 3],
        "d/e": [3],
        "ground:": [1, 2, 3],
        "ground:logs": [1, 3],
        "ground:/logs/x/": [3],
        "ground:log": [],
    }
    for path, involved in involving.items():
        assert files.do("FILE_COPIES_SUSPEND", f"path={path}") is None
        assert suspended() == (involved, 3)
        assert files.do("FILE_COPIES_RESUME", f"path={path}") is None
        assert suspended() == ([], 3)
    for request in ("SUSPEND", "RESUME", "ABORT"):
        assert files.do(f"FILE_COPIES_{request}", "path=none") == "NO_SUCH_DIRECTORY"
    assert files.do("FILE_COPIES_ABORT", "path=d") is None
    assert suspended() == ([], 1)
    assert [name for name, _ in files.events].count("FILE_NOT_SENT") == 2


class Ground:
    """The ground's entity and its store at the other end of the task's link."""

    def __init__(self, files):
        self.files, self.store = files, FileStore()
        link = Peer(SenderSettings(1, 245, 5, 100, acknowledged=True), ReceiverSettings(1, 5))
        self.entity = Entity((link,), self.store)

    def turn(self, room=1 << 20):
        """What the task has to say goes to the ground, and so much of what the ground has goes back."""
        self.files.tell(DownlinkRoom(1 << 20))
        said = [*self.files.packets, *self.files.answers]
        self.files.packets.clear()
        self.files.answers.clear()
        for unit in units(said):
            self.entity.receive(unit, 0)
        for unit in data_units(self.entity.produce(room, 0)):
            self.files.tell(FileUnit(unit))

    def turns(self, number=6):
        for _ in range(number):
            self.turn()


@pytest.fixture
def ground(files):
    return Ground(files)


def test_files_are_copied_and_moved_from_the_ground(files, ground):
    ground.store.write("plan", b"octets")
    ground.store.create_directory("d")
    ground.store.write("d/spare", b"once")
    files.do("DIRECTORY_CREATE", "path='' directory=e")
    assert files.do("FILE_COPY", "1 ground: plan e copy") is None
    assert files.do("FILE_MOVE", "2 ground:/d/ spare '' moved") is None
    ground.turns()
    assert files.memory == {"file/e/copy": b"\0octets", "file/moved": b"\0once"}
    assert ground.store.files == ["plan"]
    assert [name for name, _ in files.events] == ["FILE_RECEIVED", "FILE_RECEIVED"]
    assert files.task.task.save()["copies"] == []
    assert files.do("FILE_COPY", "1 ground: plan e copy") == "FILE_EXISTS"
    assert files.do("FILE_COPY", "1 ground: plan none copy") == "FILE_STORE_REFUSES"
    assert files.do("FILE_COPY", "1 ground: plan '' ..") == "FILE_STORE_REFUSES"
    assert files.do("FILE_COPY", "1 ground: plan ground: copy") == "FILE_STORE_REFUSES"
    assert files.do("FILE_COPY", "1 ground: plan '' one") is None
    assert files.do("FILE_COPY", "2 ground: other '' one") == "FILE_EXISTS"
    assert files.do("FILE_COPY", "1 ground: other '' two") == "OPERATION_EXISTS"


def test_what_the_ground_refuses_is_told(files, ground):
    assert files.do("FILE_MOVE", "1 ground: none '' copy") is None
    ground.turns()
    (event,) = files.events
    assert (event[0], event[1]["file"], event[1]["octets_received"]) == ("FILE_NOT_RECEIVED", "copy", 0)
    assert files.do("FILE_COPY_ABORT", "operations=1") == "NO_SUCH_ITEM"
    assert files.memory == {}


def test_a_copy_from_the_ground_is_held_at_both_ends_once_it_comes(files, ground):
    ground.store.write("long", bytes(2000))
    assert files.do("FILE_COPY", "7 ground: long '' copy") is None
    assert files.do("FILE_COPY_SUSPEND", "operations=7") == "NO_SUCH_ITEM"
    assert files.do("FILE_COPIES_SUSPEND", "ground:") is None
    ground.turn(0)
    ground.turn(700)
    assert files.do("FILE_COPY_SUSPEND", "operations=7") is None
    ground.turn(0)
    assert [standing.suspended for standing in ground.entity.standings() if standing.name] == [True]
    files.reports.clear()
    assert files.do("FILE_COPY_STATUS_ENABLE", "interval_s=10") is None
    files.tell(files.task.timers.pop("status").message, 10 * SECOND)
    ((_, status),) = files.reports
    assert 0 < status["copies[0].octets_copied"] < 2000
    assert (status["copies[0].operation"], status["copies[0].suspended"]) == (7, "ON")
    ground.turns()
    assert files.memory == {}
    assert files.do("FILE_COPIES_RESUME", "path=''") is None
    ground.turns()
    assert files.memory == {"file/copy": b"\0" + bytes(2000)}


@pytest.mark.parametrize("begun", [False, True])
def test_a_copy_from_the_ground_is_aborted(files, ground, begun):
    ground.store.write("long", bytes(2000))
    assert files.do("FILE_COPY", "7 ground: long '' copy") is None
    ground.turn(0)
    if begun:
        ground.turn(700)
    assert files.do("FILE_COPY_ABORT", "operations=7") is None
    ground.turns()
    assert [name for name, _ in files.events] == ["FILE_NOT_RECEIVED"]
    assert (files.memory, files.task.task.save()["copies"]) == ({}, [])
    assert ground.entity.open_outgoing == 0


def test_a_directory_of_the_ground_is_reported_when_its_listing_has_come(files, ground):
    ground.store.create_directory("d")
    ground.store.write("d/\u00e9" + "x" * 100, b"octets")
    ground.store.create_directory("d/e")
    assert files.do("DIRECTORY_SUMMARY", "ground:/d/") is None
    assert files.reports == []
    ground.turns()
    ((name, content),) = files.reports
    assert (name, content["path"], content["objects"]) == ("DIRECTORY_CONTENT", "ground:d", 2)
    assert (content["objects[0].name"], content["objects[0].kind"]) == ("e", "DIRECTORY")
    assert (content["objects[1].name"], content["objects[1].kind"]) == ("\u00e9" + "x" * 100, "FILE")
    assert files.memory == {}
    assert files.do("DIRECTORY_SUMMARY", "ground:none") is None
    ground.turns()
    assert [(name, values["file"]) for name, values in files.events] == [("FILE_NOT_RECEIVED", "ground:none")]


@given(st.text("a\u00e9\U0001f600\udcff\n", max_size=255))
def test_whatever_a_peer_calls_a_file_fits_into_an_event(name):
    assert len(told(name).encode()) <= 120


def test_another_task_is_given_a_file_that_a_request_names(files, bench):
    files.up("a", b"octets")
    request = bench.execute("SEQUENCE_LOAD_BY_REFERENCE", "S '' a")
    for name, octets in (("a", b"octets"), ("none", None), ("..", None)):
        files.tell(ReadFile(name, names.SEQUENCES, request))
        assert files.task.sent(names.SEQUENCES) == [FileRead(octets, request)]


def test_an_aborted_copy_leaves_the_file(files):
    files.up("a", b"octets")
    files.do("FILE_MOVE", "operation=4 source_path='' source_file=a target_path=ground: target_file=b")
    assert files.do("FILE_COPY_ABORT", "operations=4") is None
    assert files.events[-1][0] == "FILE_NOT_SENT"
    assert files.contents() == ["a"]


def test_a_file_that_the_memory_refuses_is_not_kept_in_secret(files):
    files.full = True
    files.up("a", b"octets")
    assert files.contents() == []
    assert [name for name, _ in files.events] == ["FILE_RECEIVED", "FILE_NOT_RECEIVED"]


def test_after_a_cold_boot_the_files_are_found_in_the_memory(files, bench):
    files.do("DIRECTORY_CREATE", "path='' directory=d")
    files.up("d/a", b"octets")
    files.do("FILE_LOCK", "path=d file=a")
    again = Files(bench)
    assert again.listing == [List("file/", names.FILES)]
    again.memory = files.memory
    again.tell(Listed("file/", {key: len(octets) for key, octets in files.memory.items()}))
    assert again.contents() == ["d/a"]
    assert again.do("FILE_DELETE", "path=d file=a") == "FILE_LOCKED"


def test_what_is_under_way_is_retained(files, bench):
    files.tell(SendFiles((SendFile("thumb/1", bytes(3000), ()),)))
    files.tell(DownlinkRoom(1000))
    retained = files.task.task.retained()
    successor = files.task.make()
    successor.recall(retained)
    list(successor.start(0))
    files.task.task = successor
    files.tell(DownlinkRoom(1 << 16))
    sent = [pdu.octets for pdu in map(content, units(files.packets)) if isinstance(pdu, pdus.FileData)]
    assert b"".join(sent) == bytes(3000)
    assert files.task.sent(names.MASS_MEMORY, FilesGone) == [FilesGone(("thumb/1",), ())]
    assert files.task.sent(names.MASS_MEMORY, FilesWanted)


def test_garbage_is_counted(files):
    for octets in (b"", b"garbage", bytes(40)):
        files.tell(FileUnit(octets))
    files.tell(Gather(Structure.MASS_MEMORY))
    assert files.task.values()["file_units_dropped"] == 3


def test_while_there_is_room_it_asks_for_more_in_the_same_beat_and_ends(files):
    files.tell(DownlinkRoom(20_000))
    asked = 0
    while files.task.sent(names.MASS_MEMORY, FilesWanted):
        asked += 1
        assert asked < 20
        files.tell(SendFiles(tuple(SendFile(f"thumb/{asked}-{n}", bytes(50), ()) for n in range(64))))
    assert asked > 2  # a helping is some 10 kB
