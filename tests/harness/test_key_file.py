"""The key file: for its owner alone, never damaged unnoticed, each flight with its own numbers."""

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from fsw import cli
from fsw.core.errors import FswError
from fsw.harness.key_file import begin_flight, make_key_file
from fsw.protocols.sdls_keys import FOR_AD, FOR_BD, FOR_RECOVERY, MASTER_KEY, LinkKeys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.keys"
    make_key_file(path)
    return path


def test_a_new_file_is_for_its_owner_alone_and_every_key_its_own(file: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = begin_flight(file)
    assert sorted(keys.keys) == [MASTER_KEY, *range(128, 136)]
    assert {FOR_AD, FOR_BD, FOR_RECOVERY} < set(keys.keys)
    assert not keys.published
    make_key_file(tmp_path / "others.keys")
    assert set(begin_flight(tmp_path / "others.keys").keys.values()).isdisjoint(keys.keys.values())
    assert not any(octets.hex() in repr(keys) for octets in keys.keys.values())


def test_a_file_is_never_overwritten(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(FswError, match="exists already; keys are never overwritten"):
        make_key_file(file)
    assert file.read_bytes() == before


def test_each_flight_has_numbers_of_its_own(file: Path) -> None:
    octets = len(file.read_bytes())
    flights = [begin_flight(file) for _ in range(3)]
    assert [keys.flight for keys in flights] == [1, 2, 3]
    assert [keys.first_number(12) for keys in flights] == [1 << 48, 2 << 48, 3 << 48]
    assert [keys.first_number(4) for keys in flights] == [1 << 16, 2 << 16, 3 << 16]
    assert len(file.read_bytes()) == octets, "it is written in place"


def _begin(path: Path, flights: "multiprocessing.Queue[int]") -> None:
    for _ in range(10):
        flights.put(begin_flight(path).flight)


def test_flights_that_begin_together_never_share_a_number(file: Path) -> None:
    context = multiprocessing.get_context("fork")
    flights: multiprocessing.Queue[int] = context.Queue()
    both = [context.Process(target=_begin, args=(file, flights)) for _ in range(2)]
    for one in both:
        one.start()
    numbers = [flights.get(timeout=60) for _ in range(20)]
    for one in both:
        one.join()
    assert sorted(numbers) == list(range(1, 21))


def test_a_file_that_others_may_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(FswError, match=r"others may read it \(mode 640\); `chmod 600 "):
        begin_flight(file)


def test_every_changed_octet_is_noticed(file: Path) -> None:
    good = file.read_bytes()
    document = json.loads(good)
    for at in range(0, len(good), 3):
        changed = bytearray(good)
        changed[at] ^= 1
        file.write_bytes(changed)
        if json_flights(bytes(changed)) == document["flights"]:
            with pytest.raises(FswError, match="key file"):
                begin_flight(file)
            assert file.read_bytes() == changed, "and nothing is written over it"


def json_flights(octets: bytes) -> str | None:
    """The count of flights is meant to change; it is the one field whose damage may read as another count."""
    at = octets.index(b'"flights": "') if b'"flights": "' in octets else -1
    return None if at < 0 else octets[at + 12 : at + 16].decode("latin-1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is none; `fsw keys FILE` makes one"),
        ("[]", "is none"),
        ('{"fsw_keys": 1}', "is none"),
        ('{"fsw_keys": 1, "check": "", "flights": "0", "keys": {"1": "00"}}', "key 1, 1 octets"),
        ('{"fsw_keys": 1, "check": "", "flights": "0", "keys": {}}', "keys 1, 128, 129, 130 are missing"),
    ],
)
def test_what_is_no_key_file_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "odd"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(FswError, match=words):
        begin_flight(path)


def test_a_missing_file_is_said_and_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FswError, match="No such file or directory; `fsw keys "):
        begin_flight(tmp_path / "none")


def test_a_file_serves_so_many_flights_and_no_more(file: Path) -> None:
    text = file.read_text().replace('"flights": "0000"', '"flights": "fffe"')
    file.write_text(text)
    assert begin_flight(file).flight == 65535
    with pytest.raises(FswError, match="65535 flights have used it"):
        begin_flight(file)


def test_the_command_makes_a_file_and_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.keys"
    assert cli.run(["keys", str(path), "--session", "3"]) == 0
    assert capfd.readouterr().out == f"{path}: a master key and 3 session keys\n"
    assert cli.run(["keys", str(path)]) == 2
    assert "exists already" in capfd.readouterr().err
    assert cli.run(["keys", str(tmp_path / "more"), "--session", "201"]) == 2
    assert "allowed are 3 to 200" in capfd.readouterr().err
    if os.geteuid():
        assert cli.run(["keys", "/nobody.keys"]) == 2


def test_published_keys_say_so_and_are_the_same_for_all() -> None:
    assert LinkKeys.test().published
    assert LinkKeys.test() == LinkKeys.test()
    assert LinkKeys.test().flight == 0
