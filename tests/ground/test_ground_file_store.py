"""The ground's file stores, in a folder and in memory: the same answers, and no way out of the folder."""

import os
import string
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.ground.file_store import FolderStore, GroundStore, MemoryStore
from fsw.protocols.cfdp_filestore import FileAction, FilestoreRequest, FileStoreSettings

SMALL = FileStoreSettings(most_octets=40, most_file_octets=30, most_files=3, most_directories=2)
MAKERS: list[Callable[[Path], GroundStore]] = [
    lambda folder: FolderStore(folder / "store"),
    lambda folder: MemoryStore(),
]
both = pytest.mark.parametrize("make", MAKERS, ids=["folder", "memory"])
few = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d", "e", "d/e", "../a", "", "a/", "x/y", "/a", "d/./a"])
steps = st.tuples(st.sampled_from(FileAction), few, few) | st.tuples(
    st.just("write"), few, st.binary(max_size=35)
)


@settings(max_examples=60)
@given(st.lists(steps, max_size=25))
def test_a_folder_answers_as_memory_does(wanted: list[tuple[object, str, object]]) -> None:
    with TemporaryDirectory() as folder:
        disk, memory = FolderStore(Path(folder) / "store", SMALL), MemoryStore(SMALL)
        for what, first, second in wanted:
            if isinstance(second, bytes):
                assert disk.write(first, second) == memory.write(first, second)
            else:
                assert isinstance(what, FileAction)
                request = FilestoreRequest(what, first, str(second))
                assert disk.execute(request) == memory.execute(request)
            for name in ("a", "b", "c", "d/a", "d/b", "d/e", "e", "x/y"):
                assert disk.read(name) == memory.read(name)
            for directory in ("", "d", "x", "none", "../"):
                assert disk.listing(directory) == memory.listing(directory)
        assert os.listdir(folder) == ["store"]
        assert memory.take_changed() == []


hostile = st.text(string.printable + "\0\u00e9\u202e\udc80\ud800", max_size=40) | st.lists(
    st.sampled_from(["..", ".", "", "etc", "link", "a", "~", "C:", "\\", ".fsw-part", "x" * 200]), max_size=6
).map("/".join)


@settings(max_examples=150)
@given(hostile, hostile, st.sampled_from(FileAction))
def test_no_name_leads_out_of_the_folder(first: str, second: str, action: FileAction) -> None:
    with TemporaryDirectory() as folder:
        outside, top = Path(folder), Path(folder) / "store"
        (outside / "etc").mkdir()
        (outside / "etc" / "a").write_bytes(b"secret")
        store = FolderStore(top)
        (top / "link").symlink_to(outside / "etc")
        (top / "a").symlink_to(outside / "etc" / "a")
        before = sorted(outside.rglob("*"))
        assert store.read(first) is None
        assert not store.rename(first, second)
        store.write("plain", b"mine")
        store.execute(FilestoreRequest(action, first, second))
        store.execute(FilestoreRequest(action, "plain", second))
        for name in (first, f"link/{second}", f"{first}/{second}"):
            store.write(name, b"mine")
            store.listing(name)
            store.create_directory(name)
            store.delete(name)
            store.remove_directory(name)
        assert (outside / "etc" / "a").read_bytes() == b"secret"
        for path in sorted(outside.rglob("*")):
            assert path in before or top in path.parents
        assert (top / "link").is_symlink()
        assert (top / "a").is_symlink()


@both
def test_a_file_comes_with_the_directories_that_it_needs_or_not_at_all(
    make: Callable[[Path], GroundStore], tmp_path: Path
) -> None:
    store = make(tmp_path)
    assert store.write("logs/deep/one", b"octets")
    assert store.listing("") == b"logs/\n"
    assert store.listing("logs/deep") == b"logs/deep/one\t6\n"
    assert not store.write("logs/deep/one/two", b"octets")
    assert not store.write("new/../one", b"octets")
    assert not store.write("new/one", bytes(store.settings.most_file_octets + 1))
    assert store.listing("") == b"logs/\n"
    assert store.write("logs/deep/one", b"again")
    assert store.read("logs/deep/one") == b"again"


def test_a_store_is_bounded_by_what_lies_in_the_folder_already(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(bytes(15))
    store = FolderStore(tmp_path, SMALL)
    assert not store.write("c", bytes(11))
    assert store.write("c", bytes(10))
    assert not store.write("d", b"")
    assert not store.write("a", bytes(16))
    assert store.write("a", bytes(14))
    (tmp_path / "large").write_bytes(bytes(31))
    assert store.read("large") is None
    assert store.is_file("large")


def test_pipes_devices_and_links_are_not_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "loop").symlink_to(tmp_path)
    store = FolderStore(tmp_path)
    for name in ("pipe", "null", "loop/pipe"):
        assert store.read(name) is None
        assert not store.is_file(name)
        assert not store.write(name, b"x")
        assert not store.delete(name)
        assert not store.rename(name, "new")
    assert store.listing("") == b""
    assert store.listing("loop") is None


def test_what_a_killed_program_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".fsw-part").write_bytes(b"half")
    store = FolderStore(tmp_path)
    assert store.listing("") == b""
    assert store.write("a", b"whole")
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FswError, match="folder of files"):
        FolderStore(tmp_path / "file")


def test_only_memory_is_in_snapshots(tmp_path: Path) -> None:
    memory, disk = MemoryStore(), FolderStore(tmp_path)
    for store in (memory, disk):
        store.write("d/a", b"octets")
    saved = msgpack.unpackb(msgpack.packb([memory.save(), disk.save()]))
    again = MemoryStore()
    again.load(saved[0])
    assert again.read("d/a") == b"octets"
    disk.load(saved[0])
    assert disk.read("d/a") == b"octets"
    again.load(saved[1])
    assert again.files == []
