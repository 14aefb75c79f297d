"""The gallery: a sheet for each mission, from what came down alone."""

import contextlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fsw import cli
from fsw.core.errors import FswError
from fsw.ground import gallery_sheet
from fsw.ground.plan import portrait_ns, selfie
from fsw.harness.gallery import FLIGHTS, PAGE, Gallery
from fsw.harness.kinds import RUNNERS, Runner
from fsw.harness.progress import watcher
from fsw.kernel.time import SECOND
from fsw.missions import load
from fsw.missions.kinds import KINDS
from fsw.missions.mission_file import COMPUTED, Figure, Identity
from fsw.simulation import Settings

QUICK = Settings(seed=3, pictures="test-card", link="frames", workers=0)
CRUISE = "tianwen1-cruise"


@contextlib.contextmanager
def undisturbed(stop):
    yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    pages = list(Gallery([CRUISE], QUICK, folder, False, watcher).fly(undisturbed))
    assert [page.name for page in pages] == [CRUISE]
    assert len(pages[0].shown) == gallery_sheet.MOST
    return folder


def test_the_sheet_shows_as_many_pictures_as_fit(folder):
    sheet = Image.open(folder / f"{CRUISE}.jpg")
    assert sheet.width == 3 * (gallery_sheet.WIDTH + gallery_sheet.MARGIN) + gallery_sheet.MARGIN
    for row in range(4):
        for column in range(3):
            x = gallery_sheet.MARGIN + column * (gallery_sheet.WIDTH + gallery_sheet.MARGIN)
            y = gallery_sheet.HEAD + row * (gallery_sheet.HEIGHT + gallery_sheet.CAPTION)
            part = sheet.crop((x, y, x + gallery_sheet.WIDTH, y + gallery_sheet.HEIGHT))
            assert min(low for low, _ in part.getextrema()) < 64 < max(high for _, high in part.getextrema())


def test_the_page_names_every_figure_with_its_label_and_links_to_what_is_there(folder):
    page = (folder / PAGE).read_text(encoding="utf-8")
    figures = load(CRUISE).figures
    assert page.count("<tr class=") == len(figures)
    for path, figure in figures.items():
        assert f"<tr class={figure.label}><td>{path}<td>" in page
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 1 + gallery_sheet.MOST
    for link in links:
        assert (folder / link).is_file()


def test_a_portrait_ends_when_its_pictures_are_down_and_its_camera_stands_still(folder):
    mission = load(CRUISE)
    summary = json.loads((folder / FLIGHTS / CRUISE / "summary.json").read_text(encoding="utf-8"))
    assert summary["simulated_s"] < 400
    # Three spans at 0.2 m/s, two lenses, a picture a second each.
    assert summary["pictures_taken"] == pytest.approx(2 * 3 * 16 / 0.2, abs=8)
    assert summary["full_frames_received"] == 40
    assert summary["files_incomplete"] == 0
    for light_time_ns in (0, 80 * SECOND, 1169 * SECOND):
        duration_ns = portrait_ns(mission, light_time_ns)
        plan = selfie(mission, duration_ns, light_time_ns, stop_camera=True)
        times = {step.telecommand: step.arrive_ns for step in plan.steps}
        assert times["CAMERA_STOP"] == times["SELECT_PICTURES"] == mission.release_ns + 240 * SECOND


def test_ctrl_c_ends_it_with_whole_files(tmp_path):
    @contextlib.contextmanager
    def at_once(stop):
        stop()
        yield

    gallery = Gallery([CRUISE], QUICK, tmp_path, False, watcher)
    assert list(gallery.fly(at_once)) == []
    assert gallery.stopped
    flown = json.loads((tmp_path / FLIGHTS / CRUISE / "summary.json").read_text(encoding="utf-8"))
    assert flown["interrupted"]
    assert not (tmp_path / PAGE).exists()


def test_two_missions_of_one_name_are_refused(tmp_path):
    with pytest.raises(FswError, match=r"mission tianwen1-cruise: given twice"):
        Gallery([CRUISE, CRUISE], QUICK, tmp_path, False, watcher)
    assert not list(tmp_path.iterdir())


@dataclass(frozen=True, slots=True)
class Graph:
    """A mission of a kind that only this test has."""

    mission: Identity
    figures: Annotated[Mapping[str, Figure], COMPUTED]

    @property
    def name(self):
        return self.mission.name


@pytest.fixture(params=[True, False])
def plotted(request, tmp_path, monkeypatch):
    """Whether a mission of that kind, in graph.toml, draws a plot."""

    def draw(mission, settings, folder):
        (folder / "rows.csv").write_text("1\n")
        if request.param:
            Image.new("RGB", (800, 400), (250, 240, 10)).save(folder / "passes_a_day.png")
        return SimpleNamespace(text=lambda: f"{mission.name}: {settings['seed']} rows\nand more", summary={})

    monkeypatch.setitem(KINDS, "graph", Graph)
    runner = Runner("graphs:draw", ("rows.csv", "passes_a_day.png"), frozenset({"duration"}))
    monkeypatch.setitem(RUNNERS, "graph", runner)
    monkeypatch.setitem(sys.modules, "graphs", SimpleNamespace(draw=draw))
    assumed = 'label = "assumed", source = "<none>" }'
    (tmp_path / "graph.toml").write_text(
        '[mission]\nname = "graph"\ntitle = "a & b"\nshows = "s"\nkind = "graph"\n'
        + f'start_utc = {{ value = "2021-02-10T00:00:00Z", {assumed}\n'
        + f"default_duration_s = {{ value = 1.0, {assumed}\n"
    )
    return request.param


def test_a_mission_of_another_kind_shows_its_plots(plotted, tmp_path, capsys):
    out = tmp_path / "out"
    for _ in range(2):  # its own folders are flown into again
        assert cli.run(["gallery", str(tmp_path / "graph.toml"), "--out", str(out), "--seed", "4"]) == 0
    told = capsys.readouterr().out.splitlines()[-2:]
    assert told == [
        f"graph                {plotted:d} shown on {out}/graph.jpg",
        f"all                  {out}/index.html",
    ]
    page = (out / PAGE).read_text(encoding="utf-8")
    for text in ("a &amp; b", "graph: 4 rows<", "&lt;none&gt;", "and more"):
        assert text in page
    assert ("flights/graph/passes_a_day.png" in page) == plotted
    assert ("No pictures: graph takes none" in page) != plotted
    middle = Image.open(out / "graph.jpg").getpixel((16 + 320, gallery_sheet.HEAD + 50))
    assert (middle == pytest.approx((250, 240, 10), abs=3)) == plotted


entries = st.lists(
    st.fixed_dictionaries(
        {
            "complete": st.booleans(),
            "kind": st.sampled_from(["full", "thumbnail"]),
            "coding": st.sampled_from(["jpeg", "raw_bayer"]),
            "range_m": st.one_of(st.none(), st.floats(0, 6553.5)),
            "exposed_at_utc": st.integers(1000, 9999).map(str),
            "lens": st.sampled_from("AB"),
            "file": st.uuids().map(str),
        }
    ),
    max_size=40,
)


@given(entries)
def test_what_is_chosen_is_whole_in_order_and_as_much_as_fits(given_entries):
    allowed = [e for e in given_entries if e["complete"] and e["kind"] == "full" and e["coding"] == "jpeg"]
    chosen = gallery_sheet.chosen(given_entries)
    assert len(chosen) == min(len(allowed), gallery_sheet.MOST)
    assert all(entry in allowed for entry in chosen)
    assert len({entry["file"] for entry in chosen}) == len(chosen)
    times = [(entry["exposed_at_utc"], entry["lens"]) for entry in chosen]
    assert times == sorted(times)


def test_far_pictures_have_their_share_among_many_near_ones():
    near = [0.3 + 0.1 * k for k in range(30)]
    index = [
        {"complete": True, "kind": "full", "coding": "jpeg", "lens": "A", "file": str(k)}
        | {"range_m": range_m, "exposed_at_utc": f"{k:04d}"}
        for k, range_m in enumerate([*near, 10.0, 20.0, 40.0])
    ]
    shown = [entry["range_m"] for entry in gallery_sheet.chosen(index)]
    assert sum(1 for range_m in shown if range_m < 0.6) == 2
    assert shown[-3:] == [10.0, 20.0, 40.0]


def test_captions_say_time_distance_lens_and_exposure():
    entry = {
        "picture": 7,
        "exposed_at_utc": "2021-12-31T20:20:12.403Z",
        "lens": "B",
        "exposure_us": 1800,
        "range_m": 0.3,
    }
    first, second = gallery_sheet.picture_caption(entry)
    assert first == "#7   2021-12-31 20:20:12.403 UTC"
    assert second == "distance 0.3 m,  lens B,  exposed 1.8 ms"
    far = gallery_sheet.picture_caption(entry | {"range_m": 590_000_000.0, "exposure_us": 2_000_000})
    assert far[1] == "distance 590,000 km,  lens B,  exposed 2 s"
    known = {"target": "moon", "target_km": 590_034.4}
    mounted = gallery_sheet.picture_caption(entry | {"range_m": 0.0}, "lens 3 deg f/4.5", known)
    assert mounted[0] == "#7   Moon   2021-12-31 20:20:12.403 UTC"
    assert mounted[1] == "distance 590,034 km,  lens 3 deg f/4.5,  exposed 1.8 ms"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.68, "kg", "0.68 kg"),
        (True, "", "yes"),
        ((1.21, -0.7, 1.2), "m", "(1.21, -0.7, 1.2) m"),
        (5, "", "5"),
    ],
)
def test_values_are_told_with_their_units(value, unit, text):
    assert gallery_sheet.value_text(Figure(value, unit, "assumed", "ours")) == text
