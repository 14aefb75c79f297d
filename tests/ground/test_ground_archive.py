"""The archive keeps what it was given, batched, and can be saved whole."""

import json
import sqlite3
from pathlib import Path

import pytest

from fsw.core.errors import FswError
from fsw.ground.archive import Archive
from fsw.kernel.time import SECOND, Epoch

EPOCH = Epoch.from_utc("2020-09-30T16:00:00Z")


def _fill(archive: Archive) -> None:
    for second in range(3):
        archive.add_packet(second * SECOND, None, 245, 1, 1287, second, None, None, bytes([second]) * 10)
        archive.add_frames(second * SECOND, 245, 1, received=1, corrected_symbols=2)
        archive.add_frames(second * SECOND + 5, 245, 1, received=1, gaps=1, lost_frames=4)
    archive.add_parameters([(SECOND, 0, "RADIO", "frames_sent", 7, 7, "")])
    archive.add_event(SECOND, None, "low", "X", "text", {"b": 1, "a": "y"})


def test_rows_come_back_as_given_and_frames_are_summed_by_second(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    with Archive(path, EPOCH) as archive:
        archive.note("seed", 7)
        _fill(archive)
    database = sqlite3.connect(path)
    assert database.execute("SELECT apid, octets FROM packets WHERE received_ns = 2000000000").fetchall() == [
        (1287, b"\x02" * 10)
    ]
    assert database.execute("SELECT * FROM frames WHERE second = 1").fetchall() == [
        (1, 245, 1, 2, 2, 0, 1, 4)
    ]
    assert database.execute("SELECT name, value FROM parameters").fetchall() == [("frames_sent", 7)]
    ((details,),) = database.execute("SELECT details FROM events").fetchall()
    assert json.loads(details) == {"a": "y", "b": 1}
    assert dict(database.execute("SELECT * FROM facts"))["seed"] == 7
    database.close()


def test_views_show_utc() -> None:
    with Archive(":memory:", EPOCH) as archive:
        _fill(archive)
        assert archive.query("SELECT utc FROM packets_utc ORDER BY id")[1] == ("2020-09-30T16:00:01.000Z",)
        assert archive.query("SELECT utc FROM frames_utc WHERE second = 2") == [("2020-09-30T16:00:02.000Z",)]


def test_an_archive_is_saved_and_loaded_whole(tmp_path: Path) -> None:
    with Archive(":memory:", EPOCH) as archive, Archive(tmp_path / "other.sqlite", EPOCH) as other:
        _fill(archive)
        _fill(other)
        _fill(other)
        other.load(archive.save())
        for table in ("frames", "packets", "parameters", "events", "facts"):
            assert other.query(f"SELECT * FROM {table}") == archive.query(f"SELECT * FROM {table}")
        other.add_packet(0, None, 1, 1, 1, 1, None, None, b"more")
        assert len(other.query("SELECT id FROM packets")) == 4


def test_many_rows_go_in_by_batches() -> None:
    with Archive(":memory:", EPOCH) as archive:
        for number in range(20_000):
            archive.add_packet(number, number, 245, 1, 8, number & 0x3FFF, 3, 25, b"octets")
        assert archive.query("SELECT count(*), max(received_ns) FROM packets") == [(20_000, 19_999)]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FswError, match="absent"):
        Archive(tmp_path / "absent" / "x.sqlite", EPOCH)
    with Archive(":memory:", EPOCH) as archive, pytest.raises(FswError, match="no such table"):
        archive.query("SELECT * FROM nobody")
