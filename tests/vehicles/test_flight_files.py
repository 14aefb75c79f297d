"""Files between orbiter and ground, flown: over the real light time, through loss, snapshots and resets."""

import random
from binascii import crc_hqx
from dataclasses import replace

import pytest

from fsw import missions
from fsw.dictionary.identifiers import GROUND_ENTITY, BootKind, BootReason
from fsw.dictionary.services.st21_sequencing import encode_entries
from fsw.dictionary.telecommand import written_packet
from fsw.ground.files import ground_entity
from fsw.ground.procedure_words import DictionaryWords
from fsw.kernel.time import SECOND
from fsw.protocols.cfdp_filestore import FileAction, FilestoreRequest
from fsw.protocols.cfdp_messages import DirectoryListingRequest, ProxyPut
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.obcp import compile_procedure
from fsw.simulation import Settings, Simulation
from fsw.tasks.file_messages import FileUnit
from fsw.world.test_card import test_card as card

FOUND = missions.load("tianwen1-cruise")
# A tenth of the symbol rate: the same light time and files in a tenth of the frames.
_HIGH = replace(FOUND.downlink.high, symbol_rate_baud=FOUND.downlink.high.symbol_rate_baud / 10)
MISSION = replace(FOUND, downlink=replace(FOUND.downlink, high=_HIGH))
TABLE = random.Random(3).randbytes(3000)
PICTURES = ((1, "WIFI", "ON"), (2, "RELEASE_ARM", ""), (3, "RELEASE_FIRE", ""), (9, "CAMERA_STOP", ""),
            (12, "SELECT_PICTURES", "4"), (13, "DOWNLINK_RATE", "HIGH"), (14, "DUMP_START", ""))  # fmt: skip


def simulation(*commands, on_news=None, files=None, **settings):
    """With a test card and without noise, so that what is lost is what the test loses."""
    made = Simulation(
        MISSION, Settings(**{"seed": 5, "pictures": "test-card", "link": "frames", "workers": 0} | settings),
        on_news=on_news, files=files,
    )  # fmt: skip
    for at_s, name, arguments in commands:
        made.command(name, arguments, arrive_ns=at_s * SECOND)
    return made


def lose_frames(made, seed, share):
    """Of what comes down, whole frames; told is how many were lost."""
    chance, lost, receive = random.Random(seed), [0], made.x_band.receive

    def receive_some(transmission, arrival_ns):
        size = getattr(MISSION.downlink, transmission.mode).cadu_octets
        cadus = [transmission.symbols[at : at + size] for at in range(0, len(transmission.symbols), size)]
        kept = [cadu for cadu in cadus if chance.random() >= share]
        lost[0] += len(cadus) - len(kept)
        receive(replace(transmission, symbols=b"".join(kept)), arrival_ns)

    made.x_band.receive = receive_some
    return lost


def lose_uplink(made, seed, share):
    """Of what goes up, pieces of 64 octets."""
    chance, send = random.Random(seed), made._up.send
    made._up.send = lambda at_ns, piece: send(at_ns, bytes(len(piece)) if chance.random() < share else piece)


def store(made):
    return made.orbiter.scheduler.task("files")._store


def board(made):
    return made.orbiter.scheduler.task("files")._entity


def reports(told, name):
    found = [t for t in told if getattr(t, "report", None) and t.report.name == name]
    return [{key: value.value for key, value in t.values.items()} for t in found]


def run_until(made, done, most_s, step_s=20):
    while not done():
        assert made.now_ns < most_s * SECOND, "it never ends"
        made.run_until(made.now_ns + step_s * SECOND)


def flown_pictures(**settings):
    told = []
    made = simulation(*PICTURES, on_news=told.append, **settings)
    lost = lose_frames(made, 11, 0.08)
    # The last acknowledgement too: it may be lost, and the Finished is said again.
    run_until(made, lambda: reports(told, "EVENT_DUMP_DONE") and not made.control.files.open_incoming, 3000)
    made.finish()
    made.close()
    return made, told, lost[0]


@pytest.fixture(scope="module")
def acknowledged():
    return flown_pictures(picture_class=2)


def test_acknowledged_pictures_all_come_whole_though_frames_are_lost(acknowledged):
    made, told, lost = acknowledged
    entries = made.control.pictures.entries
    assert lost > 5
    assert [entry["file"] for entry in entries if not entry["complete"]] == []
    full = [entry for entry in entries if entry["kind"] == "full"]
    assert len(full) == 4
    assert {made.control.pictures.contents(entry["file"]) for entry in full} == {card(800, 600)}
    (done,) = reports(told, "EVENT_DUMP_DONE")
    assert done["files"] == len(entries)
    assert (board(made).open_outgoing, made.control.files.open_incoming) == (0, 0)
    assert reports(told, "EVENT_FILE_NOT_SENT") == []


def test_the_same_loss_without_acknowledgement_costs_files():
    told = []
    made = simulation(*PICTURES, on_news=told.append)
    assert lose_frames(made, 11, 0.08)
    made.run_until(150 * SECOND)
    made.finish()
    made.close()
    assert reports(told, "EVENT_DUMP_DONE")
    assert any(not entry["complete"] for entry in made.control.pictures.entries)
    assert made.control.files.open_incoming == 0


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_file_goes_up(acknowledged):
    told = []
    with simulation(on_news=told.append) as made:
        if acknowledged:
            lose_uplink(made, 4, 0.05)
            lose_frames(made, 5, 0.05)
        number = made.send_file(PutRequest("table", TABLE, acknowledged=acknowledged))
        ping_ns = made.command("PING")  # not behind the whole file
        assert ping_ns < 90 * SECOND
        run_until(made, lambda: not made.control.files.open_outgoing and store(made).files, 3000)
        made.run_until(made.now_ns + 100 * SECOND)
        assert store(made).read("table") == TABLE
        assert made.orbiter.memory.fetch("file/table") == b"\0" + TABLE
        notices = [t for t in told if getattr(t, "name", "") == "GROUND_FILE_SENT"]
        assert [t.values["delivered"] for t in notices] == [True if acknowledged else None]
        (received,) = reports(told, "EVENT_FILE_RECEIVED")
        assert (received["transaction"], received["file"], received["file_octets"]) == (number, "table", 3000)
        counters = made.orbiter.scheduler.counters()
        assert {(c.dropped, c.restarts) for c in counters.values()} == {(0, 0)}


def test_a_file_of_the_store_comes_down_by_telecommand(tmp_path):
    told = []
    with simulation(on_news=told.append) as made:
        store(made).create_directory("logs")
        store(made).write("logs/one", TABLE)
        made.command("DOWNLINK_RATE", "HIGH")
        copy = "operation=7 source_path=logs source_file=one target_path=ground: target_file=one.log"
        made.command("FILE_MOVE", copy)
        made.command("DIRECTORY_SUMMARY", "path=logs")
        run_until(made, lambda: reports(told, "EVENT_FILE_SENT"), 1000)
        assert made.control.pictures.entries == []
        assert made.control.store.read("one.log") == TABLE
        (content,) = reports(told, "DIRECTORY_CONTENT")
        assert (content["objects"], content["objects[0].name"]) == (1, "one")
        assert store(made).files == []  # moved
        made.run_until(made.now_ns + SECOND)
        assert made.orbiter.memory.fetch("file/logs/one") is None


def ask_each_other(made):
    """Both sides have a file and want the other's, a listing, and changes in its store."""
    store(made).write("log", TABLE)
    made.control.store.write("plan", TABLE[::-1])
    made.control.store.write("spare", b"only once")
    made.command("DOWNLINK_RATE", "HIGH")
    made.command("FILE_COPY", "1 ground: plan '' 'plan copy'")
    made.command("FILE_MOVE", "2 ground: spare '' spare")
    made.command("FILE_COPY", "3 ground: none '' nowhere")
    made.command("DIRECTORY_SUMMARY", "ground:")
    wanted = tuple(
        FilestoreRequest(*request).encode()
        for request in (
            (FileAction.CREATE_DIRECTORY, "d"),
            (FileAction.RENAME_FILE, "new", "d/renamed"),
            (FileAction.DELETE_FILE, "nothing"),
        )
    )
    made.send_file(PutRequest("new", b"octets", filestore_requests=wanted, acknowledged=True))
    board(made).put(PutRequest("new", b"octets", filestore_requests=wanted, acknowledged=True))
    made.ask_for_file(ProxyPut(GROUND_ENTITY, "log", "copies/log", acknowledged=True))
    made.ask_for_file(DirectoryListingRequest("", "listings/all"))


def quiet(made):
    return not any(e.open_outgoing or e.open_incoming for e in (board(made), made.control.files))


@pytest.mark.parametrize("in_folder", [False, True], ids=["memory", "folder"])
def test_each_side_fetches_lists_and_changes_what_the_other_has_through_loss(in_folder, tmp_path):
    told = []
    with simulation(on_news=told.append, files=tmp_path / "files" if in_folder else None) as made:
        lose_frames(made, 15, 0.05)
        ask_each_other(made)
        lose_uplink(made, 14, 0.05)  # but no telecommand
        made.run_until(200 * SECOND)
        run_until(made, lambda: quiet(made), 6000, step_s=100)
        ground, onboard = made.control.store, store(made)
        assert ground.read("copies/log") == onboard.read("log") == TABLE
        assert onboard.read("plan copy") == ground.read("plan") == TABLE[::-1]
        assert ground.read("d/renamed") == onboard.read("d/renamed") == b"octets"
        assert b"log\t3000\n" in ground.read("listings/all")
        assert onboard.read("spare") == b"only once"
        assert ground.read("spare") is None
        assert (onboard.read("nowhere"), onboard.read("listing")) == (None, None)
        (content,) = reports(told, "DIRECTORY_CONTENT")
        entries = [content[f"objects[{n}].name"] for n in range(content["objects"])]
        assert (content["path"], entries[-2:]) == ("ground:", ["plan", "spare"])
        assert [event["file"] for event in reports(told, "EVENT_FILE_NOT_RECEIVED")] == ["nowhere"]
        said = [t.text for t in told if getattr(t, "name", "").startswith("GROUND_FILE")]
        for expected in (
            "rename file new d/renamed on board: done",
            "delete file nothing on board: refused, status 1",
            "the spacecraft asked for file plan: granted",
            "the spacecraft asked for file none: refused",
            "the spacecraft asked for a listing of '': granted",
            "file copies/log has come, 3000 octets",
        ):
            assert expected in said
        if in_folder:
            assert (tmp_path / "files" / "copies" / "log").read_bytes() == TABLE
            assert sorted(path.name for path in tmp_path.iterdir()) == ["files"]


def test_a_snapshot_holds_the_grounds_files_and_what_it_has_asked_for():
    with simulation() as made:
        ask_each_other(made)
        made.run_until(100 * SECOND)
        assert not quiet(made)
        snapshot = made.snapshot()
        made.run_until(400 * SECOND)
        assert made.control.store.read("copies/log") == TABLE
        last = made.snapshot()
    with simulation() as restored:
        restored.restore(snapshot)
        assert restored.control.store.read("plan") == TABLE[::-1]
        assert restored.snapshot() == snapshot
        restored.run_until(400 * SECOND)
        assert restored.snapshot() == last


def test_a_procedure_and_a_sequence_that_went_up_as_files_are_loaded_from_there_and_run():
    told = []
    text = "procedure COUNT (x: real)\nstep 1\nraise info 3 (x * 2)\nstep 2\nraise info 4 x"
    plan = encode_entries([(written_packet("PING @100"), 1000), (written_packet("WIFI ON @101"), 0)])
    with simulation(on_news=told.append) as made:
        lose_uplink(made, 24, 0.03)
        made.send_file(PutRequest("count.obcp", compile_procedure(text, DictionaryWords()).octets))
        made.send_file(PutRequest("open.sequence", plan))
        run_until(made, lambda: len(store(made).files) == 2, 3000)
        del made._up.send  # no more loss: commands are not sent again
        made.command("PROCEDURE_LOAD_AND_ACTIVATE", """COUNT '' count.obcp arguments='[{"value": 21}]'""")
        made.command("SEQUENCE_LOAD_BY_REFERENCE", "OPEN '' open.sequence")
        made.command("SEQUENCE_LOAD_BY_REFERENCE", "MORE '' none")
        made.command("SEQUENCE_CHECKSUM", "OPEN")
        made.command("SEQUENCE_ACTIVATE", "OPEN")
        run_until(made, lambda: reports(told, "EVENT_SEQUENCE_COMPLETED"), 3000)
        assert [(r["number"], r["value"]) for r in reports(told, "EVENT_PROCEDURE_INFO")] == [
            (3, 42),
            (4, 21),
        ]
        assert [r["procedure"] for r in reports(told, "EVENT_PROCEDURE_COMPLETED")] == ["COUNT"]
        assert [r["crc"] for r in reports(told, "SEQUENCE_CRC")] == [crc_hqx(plan, 0xFFFF)]
        stages = [sent.stage for sent in made.control.telecommands()]
        assert stages == ["completed", "completed", "failed", "completed", "completed"]
        assert made.control.telecommands()[2].failure == "NO_SUCH_FILE"


CUTS_S = (20, 95, 175)


def test_snapshots_in_mid_transfer_restore_to_the_same_flight():
    settings = {"picture_class": 2}
    made = simulation(*PICTURES, **settings)
    made.send_file(PutRequest("table", TABLE))
    snapshots = []
    for cut_s in CUTS_S:
        made.run_until(cut_s * SECOND)
        assert board(made).open_outgoing or board(made).open_incoming or made.control.files.open_outgoing
        snapshots.append(made.snapshot())
    made.run_until(210 * SECOND)
    last = made.snapshot()
    made.close()
    for snapshot in snapshots:
        with simulation(**settings) as restored:
            restored.restore(snapshot)
            assert restored.snapshot() == snapshot
            restored.run_until(210 * SECOND)
            assert restored.snapshot() == last


def reset_ground(made):
    """The control centre's file link starts anew with what it has saved."""
    saved = made.control.files.save()
    (link,) = made.control.files.peers
    made.control.files = ground_entity(link, made.control.store)
    made.control.files.load(saved)


@pytest.mark.parametrize("side", ["ground", "task", "computer"])
def test_transfers_both_ways_survive_a_reset_of_either_side(side):
    told = []
    made = simulation(*PICTURES, picture_class=2, on_news=told.append)
    lose_frames(made, 12, 0.08)
    lose_uplink(made, 6, 0.03)
    made.send_file(PutRequest("table", TABLE))
    made.run_until(17 * SECOND)
    under_way = [standing.name for standing in board(made).standings()]
    assert under_way
    for at_s in (17, 90, 185):
        made.run_until(at_s * SECOND)
        if side == "ground":
            reset_ground(made)
        elif side == "task":
            made.orbiter.scheduler.post("files", FileUnit(None))  # a fault: the task is restarted
        else:
            made.orbiter.reset(BootKind.WARM, BootReason.WATCHDOG, made.now_ns)
            made.command("DOWNLINK_RATE", "HIGH", arrive_ns=made.now_ns + 200 * SECOND)
    run_until(
        made, lambda: not (board(made).open_outgoing or made.control.files.open_outgoing), 3000, step_s=50
    )
    made.run_until(made.now_ns + 100 * SECOND)
    made.finish()
    made.close()
    assert store(made).read("table") == TABLE
    entries = {entry["file"]: entry["complete"] for entry in made.control.pictures.entries}
    assert set(under_way) <= set(entries)
    assert all(entries.values())
