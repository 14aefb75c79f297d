"""The ledger: whatever a kill or a disk does to it, what is in it is whole, and each run once."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsw.campaign.ledger import Ledger, entry_of, line_of
from fsw.core.errors import FswError

WHO = {"mission": "m", "seed": 3}
ROWS: list[dict[str, Any]] = [{"run": run, "value": run / 3, "why": "ö\n"} for run in range(3)]


def written(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    path = folder / "runs.log"
    path.unlink(missing_ok=True)
    with Ledger(path, WHO) as ledger:
        for row in rows:
            assert ledger.add(row)
    return path


def rows_of(path: Path) -> dict[int, dict[str, Any]]:
    with Ledger(path, WHO) as ledger:
        return ledger.rows


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.text(), st.none() | st.text() | NUMBERS))
def test_a_line_gives_back_what_it_was_made_of(entry: dict[str, Any]) -> None:
    line = line_of(entry)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert entry_of(line[:-1]) == entry


@given(st.binary(max_size=60))
def test_strange_octets_are_no_entry(octets: bytes) -> None:
    assert entry_of(octets) is None


def test_cut_anywhere_it_holds_the_rows_that_were_whole_and_goes_on(tmp_path: Path) -> None:
    octets = written(tmp_path).read_bytes()
    ends = [k + 1 for k, octet in enumerate(octets) if octet == 10]
    for cut in range(len(octets) + 1):
        path = tmp_path / "runs.log"
        path.write_bytes(octets[:cut])
        with Ledger(path, WHO) as ledger:
            whole = max(0, sum(end <= cut for end in ends) - 1)
            assert sorted(ledger.rows) == list(range(whole)), cut
            for row in ROWS[whole:]:
                assert ledger.add(row)
        assert path.read_bytes() == octets, cut


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_run_of_a_damaged_line_can_be_flown_again(tmp_path: Path, data: st.DataObject) -> None:
    path = written(tmp_path)
    octets = bytearray(path.read_bytes())
    first = octets.index(b"\n") + 1
    at = data.draw(st.integers(first, len(octets) - 2))
    octets[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(octets)
    with Ledger(path, WHO) as ledger:
        missing = [row for row in ROWS if row["run"] not in ledger.rows]
        assert 1 <= len(missing) <= 2  # two, where a line feed went
        assert all(ledger.rows[run] == ROWS[run] for run in ledger.rows)
        for row in missing:
            assert ledger.add(row)
    assert rows_of(path) == {row["run"]: row for row in ROWS}


def test_a_run_counts_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    with Ledger(path, WHO) as ledger:
        assert not ledger.add({**ROWS[2], "value": -1.0})
    with path.open("ab") as file:  # even if the file has it twice
        file.write(line_of({**ROWS[2], "value": -1.0}))
    assert rows_of(path) == {row["run"]: row for row in ROWS}


def test_another_campaign_is_refused_by_name(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(FswError, match=r"a campaign with seed 3, and this is one with 4; allowed are"):
        Ledger(path, {**WHO, "seed": 4})
    assert rows_of(path) == {row["run"]: row for row in ROWS}


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.log"
    with Ledger(path, WHO), pytest.raises(FswError, match="another campaign is writing"):
        Ledger(path, WHO)
    Ledger(path, WHO).__exit__(None, None, None)


def test_a_damaged_first_line_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(FswError, match="first line is damaged"):
        Ledger(path, WHO)
