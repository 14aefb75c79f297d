"""Recordings of real spacecraft decode to what independent readings found; damage costs what it touched.

Recordings: Daniel Estevez et al., github.com/daniestevez/jupyter_notebooks, CC BY 4.0.
"""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from fsw.ground.decode_report import ALL_GOOD, LOSSES, NOTHING, DecodeReport, render_report
from fsw.ground.decoding import decode_file, export_packets

RECORDINGS = Path(__file__).resolve().parents[3] / "shared/recordings"
pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="recordings of real spacecraft are absent: ../shared/recordings"
)
FILES = {
    "tianwen2": "tianwen-2/2026-05-25T155215_frames_892.u8",
    "tianwen2-lowrate": "tianwen-2/2026-06-08T132135_lowrate_frames_220.u8",
    "change5": "change-5/2021-09-18_frames_220.u8",
    "hera": "hera/2024-10-07T162420_lowrate_frames.u8",
}
GENERIC = {
    "tianwen2": "aos:892:insert-zone=8",
    "tianwen2-lowrate": "aos:220:insert-zone=8",
    "change5": "aos:220:insert-zone=8",
    "hera": "tm:1113:ocf",
}
TIMES = {
    "tianwen2": ("2026-05-25T15:50:10.004867Z", "2026-05-25T16:00:08.004867Z"),
    "tianwen2-lowrate": ("2026-06-08T13:19:24.009429Z", "2026-06-08T13:24:22.009414Z"),
    "change5": ("2021-09-18T07:59:43.000000Z", "2021-09-18T08:53:11.000000Z"),
    "hera": ("33515.439824 s", "33551.002747 s"),
}
by_name = pytest.mark.parametrize("name", FILES)


def _packets(path: Path, name: str, folder: Path) -> Counter[bytes]:
    """The packets of a recording, as exported."""
    export_packets(DecodeReport(path, name), folder / "packets.bin")
    octets, at, found = (folder / "packets.bin").read_bytes(), 0, Counter[bytes]()
    while at < len(octets):
        length = int.from_bytes(octets[at + 4 : at + 6], "big") + 7
        found[octets[at : at + length]] += 1
        at += length
    assert at == len(octets)
    return found


def test_one_name_reads_both_of_tianwen_2s_frame_lengths() -> None:
    for name in ("tianwen2", "tianwen2-lowrate"):
        expected = json.loads((RECORDINGS / "expected.json").read_text())[FILES[name]]
        report = decode_file(RECORDINGS / FILES[name], "tianwen2")
        assert report.virtual_channels["237/1"]["frames"] == expected["virtual_channels"]["237/1"]["frames"]
        assert (report.first_time, report.last_time) == TIMES[name]


@by_name
@pytest.mark.parametrize("generic", [False, True], ids=["named", "generic"])
def test_counts_are_those_of_an_independent_reading(name: str, generic: bool) -> None:
    expected = json.loads((RECORDINGS / "expected.json").read_text())[FILES[name]]
    report = decode_file(RECORDINGS / FILES[name], GENERIC[name] if generic else name)
    found = report.as_json()
    assert found["octets"] == expected["octets"]
    assert found["frames"] == expected["frames"]
    assert found["packets"] == expected["packets"]
    assert found["idle"] == expected["idle"]
    assert found["apids"] == expected["apids"]
    assert found["discarded"].get("bad_version", 0) == expected["bad_version"]
    channels = {
        key: {"frames": row["frames"], "gaps": row["gaps"]} for key, row in found["virtual_channels"].items()
    }
    assert channels == expected["virtual_channels"]
    if not generic:
        assert (report.first_time, report.last_time) == TIMES[name]
    assert report.exit_code == (LOSSES if name == "change5" else ALL_GOOD)
    assert json.loads(json.dumps(found)) == found
    text = render_report(report)
    assert all(key in text for key in found["virtual_channels"])


@by_name
@pytest.mark.parametrize("kind", ["wrong", "lost", "added"])
def test_damage_costs_only_what_it_touched(name: str, kind: str, tmp_path: Path) -> None:
    whole = (RECORDINGS / FILES[name]).read_bytes()
    before = _packets(RECORDINGS / FILES[name], name, tmp_path)
    source = random.Random(f"{name} {kind}")
    for _ in range(8):
        at = source.randrange(len(whole) - 100)
        if kind == "wrong":
            five = bytes(octet ^ source.randrange(1, 256) for octet in whole[at : at + 5])
            damaged = whole[:at] + five + whole[at + 5 :]
        elif kind == "lost":
            damaged = whole[:at] + whole[at + source.randrange(1, 40) :]
        else:
            damaged = whole[:at] + source.randbytes(source.randrange(1, 40)) + whole[at:]
        path = tmp_path / "damaged.u8"
        path.write_bytes(damaged)
        after = _packets(path, name, tmp_path)
        # A packet with wrong octets where nothing protects it is not lost, but is another: hence both ways.
        assert (before - after).total() <= 8, at
        assert (after - before).total() <= 4, at
        report = decode_file(path, name)
        if kind != "wrong":
            assert report.exit_code == LOSSES
            assert report.damages


@by_name
@pytest.mark.parametrize("frame", [0, 10, 40])
def test_a_wrong_header_is_put_right_from_its_neighbours(name: str, frame: int, tmp_path: Path) -> None:
    whole = bytearray((RECORDINGS / FILES[name]).read_bytes())
    before = _packets(RECORDINGS / FILES[name], name, tmp_path)
    length = int(GENERIC[name].split(":")[1])
    for at in range(length * frame, length * frame + 4):
        whole[at] ^= 0xFF
    path = tmp_path / "damaged.u8"
    path.write_bytes(whole)
    report = decode_file(path, name)
    assert report.exit_code == LOSSES
    lost = (before - _packets(path, name, tmp_path)).total()
    assert lost <= (20 if frame == 0 else 1)  # of the first frame no neighbour tells
    assert report.repaired_frames == (frame != 0)


@by_name
def test_a_file_may_begin_and_end_anywhere(name: str, tmp_path: Path) -> None:
    whole = (RECORDINGS / FILES[name]).read_bytes()
    expected = decode_file(RECORDINGS / FILES[name], name)
    path = tmp_path / "cut.u8"
    path.write_bytes(whole[3:-5])
    report = decode_file(path, name)
    assert report.frames == expected.frames - 2
    assert report.packets >= expected.packets - 45
    assert {damage.what for damage in report.damages} >= {"no frame", "cut frame at the end of the file"}


@by_name
def test_pieces_of_any_size_make_no_difference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = decode_file(RECORDINGS / FILES[name], name).as_json()
    monkeypatch.setattr("fsw.ground.decoding._PIECE_OCTETS", 12_345)
    assert decode_file(RECORDINGS / FILES[name], name).as_json() == expected


def test_another_spacecrafts_file_decodes_to_nothing() -> None:
    report = decode_file(RECORDINGS / FILES["change5"], "tianwen2-lowrate")
    assert (report.exit_code, report.packets) == (NOTHING, 0)
