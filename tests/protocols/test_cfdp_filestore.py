"""The virtual filestore against a plain model, and its requests and responses on the wire."""

import string

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols import cfdp_filestore as filestore
from fsw.protocols.cfdp_filestore import (
    NOT_PERFORMED,
    FileAction,
    FileStore,
    FilestoreRequest,
    FilestoreResponse,
    FileStoreSettings,
)

SMALL = FileStoreSettings(most_octets=40, most_file_octets=30, most_files=3, most_directories=2)
TWO_NAMES = (FileAction.RENAME_FILE, FileAction.APPEND_FILE, FileAction.REPLACE_FILE)
names = st.text(string.printable + "\u00e9", max_size=30)
requests = st.builds(FilestoreRequest, st.sampled_from(FileAction), names, names).map(
    lambda r: r if r.action in TWO_NAMES else FilestoreRequest(r.action, r.first)
)


@given(requests, st.integers(0, 15), st.binary(max_size=40))
def test_requests_and_responses_survive(request: FilestoreRequest, status: int, message: bytes) -> None:
    assert filestore.read_request(request.encode()) == request
    response = FilestoreResponse(request.action, status, request.first, request.second, message)
    octets = response.encode()
    assert filestore.read_response(octets) == response
    for cut in range(len(octets)):
        assert isinstance(filestore.read_response(octets[:cut]), str)


@given(st.binary(max_size=60))
def test_no_octets_stop_a_reader(octets: bytes) -> None:
    for found in (filestore.read_request(octets), filestore.read_response(octets)):
        assert isinstance(found, str | FilestoreRequest | FilestoreResponse)


few = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d", "e", "d/e", "../a", "", "a/", "x/y"])


@given(
    st.lists(
        st.tuples(st.sampled_from(FileAction), few, few)
        | st.tuples(st.just("write"), few, st.binary(max_size=35))
        | st.tuples(st.just("lock"), few, st.booleans()),
        max_size=40,
    )
)
def test_whatever_is_asked_the_store_is_what_its_answers_say(steps: list[tuple[object, str, object]]) -> None:
    store = FileStore(SMALL)
    files: dict[str, bytes] = {}
    locked: set[str] = set()
    directories: set[str] = set()
    for what, first, second in steps:
        if what == "write":
            assert isinstance(second, bytes)
            if store.write(first, second):
                assert first not in locked
                files[first] = second
        elif what == "lock":
            if store.lock(first, bool(second)):
                assert first in files
                (locked.add if second else locked.discard)(first)
        else:
            assert isinstance(what, FileAction)
            response = store.execute(FilestoreRequest(what, first, str(second)))
            if response.status == 0:
                _apply(what, first, str(second), files, directories)
                assert first not in locked or what == FileAction.DENY_DIRECTORY
        assert {name: store.read(name) for name in store.files} == files
        assert set(store.directories) == directories
        assert store.used_octets == sum(map(len, files.values())) <= SMALL.most_octets
        assert len(files) <= SMALL.most_files
        for name in files:
            assert name.rpartition("/")[0] in directories | {""}
    again = FileStore(SMALL)
    again.load(msgpack.unpackb(msgpack.packb(store.save())))
    assert again.save() == store.save()
    assert again.listing("") == store.listing("")


def _apply(
    action: FileAction, first: str, second: str, files: dict[str, bytes], directories: set[str]
) -> None:
    match action:
        case FileAction.CREATE_FILE:
            assert first not in files
            files[first] = b""
        case FileAction.DELETE_FILE:
            del files[first]
        case FileAction.DENY_FILE:
            files.pop(first, None)
        case FileAction.RENAME_FILE:
            assert second not in files
            files[second] = files.pop(first)
        case FileAction.APPEND_FILE:
            files[first] += files[second]
        case FileAction.REPLACE_FILE:
            files[first] = files[second]
        case FileAction.CREATE_DIRECTORY:
            assert first not in directories
            directories.add(first)
        case FileAction.REMOVE_DIRECTORY:
            directories.remove(first)
        case FileAction.DENY_DIRECTORY:
            directories.discard(first)


@pytest.mark.parametrize(
    ("action", "first", "second", "status"),
    [
        (FileAction.CREATE_FILE, "kept", "", 1),
        (FileAction.DELETE_FILE, "none", "", 1),
        (FileAction.DELETE_FILE, "locked", "", 2),
        (FileAction.RENAME_FILE, "none", "x", 1),
        (FileAction.RENAME_FILE, "kept", "locked", 2),
        (FileAction.RENAME_FILE, "locked", "x", 3),
        (FileAction.APPEND_FILE, "none", "kept", 1),
        (FileAction.APPEND_FILE, "kept", "none", 2),
        (FileAction.APPEND_FILE, "locked", "kept", 3),
        (FileAction.REPLACE_FILE, "kept", "none", 2),
        (FileAction.CREATE_DIRECTORY, "kept", "", 1),
        (FileAction.REMOVE_DIRECTORY, "none", "", 1),
        (FileAction.REMOVE_DIRECTORY, "full", "", 2),
        (FileAction.DENY_FILE, "none", "", 0),
        (FileAction.DENY_FILE, "locked", "", 2),
        (FileAction.DENY_DIRECTORY, "full", "", 2),
        (FileAction.DENY_DIRECTORY, "none", "", 0),
    ],
)
def test_each_refusal_has_its_status(action: FileAction, first: str, second: str, status: int) -> None:
    store = FileStore()
    assert store.create_directory("full")
    for name in ("kept", "locked", "full/x"):
        assert store.write(name, b"octets")
    assert store.lock("locked", True)
    before = store.save()
    assert store.execute(FilestoreRequest(action, first, second)).status == status
    assert store.save() == before


def test_after_a_failure_nothing_is_performed() -> None:
    store = FileStore()
    wanted = [
        FilestoreRequest(FileAction.CREATE_FILE, "a"),
        FilestoreRequest(FileAction.DELETE_FILE, "none"),
        FilestoreRequest(FileAction.CREATE_FILE, "b"),
    ]
    coded = tuple(request.encode() for request in wanted)
    answers = [filestore.read_response(octets) for octets in filestore.execute_all(store, coded)]
    assert [a.status for a in answers if isinstance(a, FilestoreResponse)] == [0, 1, NOT_PERFORMED]
    assert store.files == ["a"]
    assert len(filestore.execute_all(None, coded)) == 3


def test_a_listing_names_files_with_sizes_and_directories() -> None:
    store = FileStore()
    store.create_directory("d")
    store.write("d/inner", b"x")
    store.write("b.txt", b"12345")
    store.lock("b.txt", True)
    assert store.listing("") == b"b.txt\t5\tlocked\nd/\n"
    assert store.listing("d/") == b"d/inner\t1\n"
    assert store.listing("none") is None


def test_more_than_the_store_holds_is_not_loaded() -> None:
    store = FileStore()
    store.write("a", bytes(50))
    with pytest.raises(FswError, match="allowed are 40"):
        FileStore(SMALL).load(store.save())
