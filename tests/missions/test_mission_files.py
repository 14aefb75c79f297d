"""Mission files: what comes with fsw, and what the loader says of a file that is wrong."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions import load, loader, names, text_of
from fsw.missions.mission_file import LEAST_PERIAPSIS_KM
from fsw.missions.units import units_of
from fsw.world.planets import PLANETS

TEXT = (loader.__file__ or "").replace("loader.py", "tianwen1-cruise.toml")
with open(TEXT, encoding="utf-8") as file:
    TEXT = file.read()


@pytest.mark.parametrize("name", names())
def test_every_mission_loads_under_its_own_name(name):
    mission = load(name)
    assert mission.name == name
    assert all(figure.source and figure.label for figure in mission.figures.values())


def test_cruise_bears_the_figures_of_the_flight():
    mission = load("tianwen1-cruise")
    assert mission.epoch.utc(0, 0) == "2020-09-30T15:59:50Z"
    assert mission.release_ns == 10 * SECOND
    assert (mission.camera.mass_kg, mission.figures["camera.mass_kg"].label) == (0.68, "stated")
    assert (mission.camera.field_of_view_deg, mission.figures["camera.field_of_view_deg"].label) == (
        120.0, "assumed")  # fmt: skip
    assert [mode.name for mode in mission.camera.mode] == ["800x600", "1600x1200"]
    assert mission.station[0].name == "Jiamusi"


def test_downlink_rates_are_tianwen1s():
    downlink = load("tianwen1-cruise").downlink
    assert downlink.low.frames_per_s == 4.0
    assert downlink.low.frame_period_ns == SECOND // 4
    assert downlink.low.frame_octets * 8 * 4 == 7040
    assert downlink.transition.frames_per_s == 4.0
    assert downlink.high.frames_per_s == 250.0
    assert downlink.high.frame_octets * 8 * 250 == 1_784_000
    assert downlink.low.frame_format.data_octets == 220 - 6 - 8 - 2
    assert [(c.scid, c.vcid, c.share) for c in downlink.low.channel] == [
        (245, 1, 0.5), (245, 3, 0.1875), (245, 2, 0.0625), (82, 1, 0.25)]  # fmt: skip


def line_of(text, fragment):
    return next(number for number, line in enumerate(text.splitlines(), 1) if fragment in line)


@pytest.mark.parametrize(("old", "new", "key", "message"), [
    ("mass_kg = { value = 0.68", "mass_kg = { value = -0.68", "camera.mass_kg", "-0.68; allowed are"),
    ("mass_kg = { value = 0.68", "mass_kg = { value = nan", "camera.mass_kg", "nan; allowed are numbers"),
    ("mass_kg = { value = 0.68", 'mass_kg = { value = "0.68"', "camera.mass_kg", "allowed are numbers"),
    ("lenses = { value = 2,", "lenses = { value = 2.5,", "camera.lenses", "whole numbers from 1 to 2"),
    ("lenses = { value = 2,", "lens_count = { value = 2,", "camera.lens_count", "unknown key; allowed are"),
    ("gain = { value = 1.0, label = \"assumed\"", 'gain = { value = 1.0, label = "guessed"', "camera.gain",
     "label 'guessed'; allowed are stated, derived, assumed"),
    ("gain = { value = 1.0, label = \"assumed\"", 'gain = { value = 1.0, remark = "x"', "camera.gain",
     "unknown key 'remark'"),
    ('source = "sunlight is plenty"', 'source = ""', "camera.gain", "source is missing"),
    ("exposure_automatic = { value = false", "exposure_automatic = { value = 1", "camera.exposure_automatic",
     "allowed are true and false"),
    ("2020-09-30T16:00:00Z", "2020-09-31T16:00:00Z", "mission.release_utc", "UTC time '2020-09-31T"),
    ('basis = { value = "conventional"', 'basis = { value = "Berlekamp"', "downlink.low.basis",
     "allowed are conventional, dual"),
    ("limit_cycle_s = { value = [420.0, 610.0, 530.0]", "limit_cycle_s = { value = [420.0]",
     "attitude.limit_cycle_s", "allowed are lists of 3 numbers"),
    ("scid = { value = 82,", "scid = { value = 820,", "downlink.low.channel.3.scid", "820; allowed"),
])  # fmt: skip
def test_errors_name_the_file_the_line_the_key_and_what_is_allowed(old, new, key, message):
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    with pytest.raises(FswError) as caught:
        loader.parse(text, "mine.toml")
    said = str(caught.value)
    assert said.startswith(f"mine.toml:{line_of(text, new)}: {key}: ")
    assert message in said


@pytest.mark.parametrize(("old", "new", "message"), [
    ("frame_octets = { value = 892", "frame_octets = { value = 890", "high: frame_octets 890; allowed"),
    ("cadu_octets = { value = 256", "cadu_octets = { value = 255", "downlink.low: cadu_octets 255; allowed"),
    ("share = { value = 0.5", "share = { value = 0.6", "downlink.low: the channels' shares add up to 1.1"),
    ('default_mode = { value = "800x600"', 'default_mode = { value = "640x480"',
     "camera: default_mode '640x480'; allowed are 800x600, 1600x1200"),
    ("[6.6e-4, 7.2e-4, 7.9e-4]", "[1e-4, 2e-4, 7.9e-4]", "camera: inertia_kg_m2: no body"),
    ("[0.0, 0.0, 1.0]", "[0.0, 0.0, 0.0]", "camera: lens_axis: allowed is any direction"),
    ("battery_wh = { value = 6.0", "battery_wh = { value = 4.0", "battery_wh 4; allowed is what lasts"),
    ("\nperiod_s = {", "\n# period_s = {", "camera.period_s: missing"),
    ("2020-09-30T15:59:50Z", "2020-09-30T16:59:50Z", "mission.release_utc: allowed are times from"),
    ('to_utc = { value = "2020-10-09T15:00:00Z"', 'to_utc = { value = "2020-10-10T15:00:00Z"',
     "trajectory: start: each from_utc must be"),
])  # fmt: skip
def test_figures_are_checked_against_each_other(old, new, message):
    assert old in TEXT
    with pytest.raises(FswError, match=r"^mine\.toml(:\d+)?: ") as caught:
        loader.parse(TEXT.replace(old, new, 1), "mine.toml")
    assert message in str(caught.value)


MARS = text_of("tianwen1-mars")
ONE = '{ value = 1.0, label = "assumed", source = "x" }'


def test_the_orbit_at_mars_bears_its_figures():
    mission = load("tianwen1-mars")
    orbit = mission.trajectory.orbit
    assert (orbit.planet, orbit.semi_major_axis_km, orbit.inclination_deg) == ("mars", 8898.0, 86.32)
    assert mission.figures["trajectory.orbit.eccentricity"].label == "derived"
    assert not mission.trajectory.start
    assert not mission.orbiter.entry_capsule
    assert mission.station[0].name == "Wuqing"
    assert all(channel.scid == 245 for channel in mission.downlink.low.channel)


@pytest.mark.parametrize(("old", "new", "line_with", "message"), [
    ("eccentricity = { value = 0.5888", "eccentricity = { value = 0.7", "[trajectory.orbit]",
     "trajectory.orbit: periapsis 2669 km from the centre; allowed is above"),
    ("eccentricity = { value = 0.5888", "eccentricity = { value = 1.2", "eccentricity = ",
     "trajectory.orbit.eccentricity: 1.2; allowed are numbers from 0 to 0.99"),
    ('planet = { value = "mars"', 'planet = { value = "vulcan"', "planet = ",
     "trajectory.orbit.planet: 'vulcan'; allowed are mars"),
    ("[trajectory.orbit]", f"[trajectory]\npath_flown_km = {ONE}\n[trajectory.orbit]", "[trajectory]",
     "trajectory: path_reference_utc and path_flown_km: allowed are both"),
    ("held_utc =", f"earth_from_minus_z_deg = {ONE}\nheld_utc =", "[attitude]",
     "attitude: allowed is one of earth_from_minus_z_deg and held_utc"),
    ('rank_by = { value = "detail"', 'rank_by = { value = "beauty"', "rank_by",
     "selection.rank_by: 'beauty'; allowed are lit-area, detail"),
])  # fmt: skip
def test_an_orbit_that_cannot_be_flown_is_refused_with_its_line(old, new, line_with, message):
    assert old in MARS
    text = MARS.replace(old, new, 1)
    with pytest.raises(FswError) as caught:
        loader.parse(text, "mine.toml")
    assert str(caught.value).startswith(f"mine.toml:{line_of(text, line_with)}: {message}")


def test_a_trajectory_is_about_the_sun_or_about_a_planet():
    start = TEXT[TEXT.index("[[trajectory.start]]") : TEXT.index("[attitude]")]
    for text in (
        MARS.replace("[attitude]", start + "[attitude]"),
        MARS.replace("[trajectory.orbit]", "[wifi2]"),
    ):
        with pytest.raises(FswError, match=r"allowed is one of \[\[trajectory.start|unknown key|missing"):
            loader.parse(text, "mine.toml")
    planetless = TEXT.replace(
        'earth_from_minus_z_deg = { value = 63.6, unit = "deg"', 'held_utc = { value = "2020-09-30T16:00:00Z"'
    )
    with pytest.raises(FswError, match="held_utc: allowed is an attitude by the planet with"):
        loader.parse(planetless, "mine.toml")


def test_the_least_periapsis_is_above_the_planet():
    assert set(LEAST_PERIAPSIS_KM) == set(PLANETS)
    assert all(LEAST_PERIAPSIS_KM[name] > planet.equatorial_km + 90 for name, planet in PLANETS.items())


def test_a_missions_text_is_at_hand():
    assert text_of("tianwen1-cruise") == TEXT
    with pytest.raises(FswError, match=r"allowed are .*tianwen1-cruise, tianwen1-mars"):
        text_of("apollo")


def test_other_missions_are_refused_and_the_known_ones_named(tmp_path):
    with pytest.raises(FswError, match=r"allowed are .*tianwen1-cruise"):
        load("tianwen9")
    with pytest.raises(FswError, match=r"absent\.toml"):
        load(tmp_path / "absent.toml")
    path = tmp_path / "mine.toml"
    path.write_text("[mission", encoding="utf-8")
    with pytest.raises(FswError, match="not TOML"):
        load(path)
    path.write_text(TEXT, encoding="utf-8")
    assert load(path) == load("tianwen1-cruise")
    assert load(str(path)).figures == load("tianwen1-cruise").figures


@pytest.mark.parametrize(("text", "said"), [
    ('[mission]\nname = "x" y', "mine.toml:2: not TOML: Expected newline or end of document"),
    ('[mission]\nname = "x', "mine.toml:2: not TOML: Unterminated string at the end of the file"),
    ("[mission]\n[mission]\n", "mine.toml:2: not TOML: Cannot declare ('mission',) twice, column"),
    ("a = " + "[" * 20_000, "mine.toml: not TOML that can be read: nested too deep"),
    ("a = " + "9" * 5_000, "mine.toml: not TOML: "),
    ("", "mine.toml: mission: missing; a table is needed, with the keys name, title"),
    (TEXT.replace("period_s = { value = 1.0, ", "period_s = { value = 5.0, ", 1),
     "camera.period_s: 5.0; allowed are numbers from 0.1 to 4"),
    (TEXT.replace("exposure_us = { value = 600", "exposure_us = { value = 1000600", 1),
     "camera: exposure_us 1000600; allowed is at most period_s"),
    (TEXT.replace("width = { value = 1600", "width = { value = 1601", 1),
     "camera.mode.1: width and height 1601x1200; allowed are 800x600, 1600x1200, 2048x2048"),
    (TEXT.replace("[camera]", "[[camera]]", 1), ": camera: a table is needed, with the keys"),
    (TEXT.replace("period_s = { value = 1.0, ", "period_s = { value = " + "9" * 400 + ", "),
     f"camera.period_s: {'9' * 60}... (400 characters); allowed are numbers from"),
    (TEXT.replace("period_s = { value = 1.0, ", "period_s = { value = 0x" + "9" * 5000 + ", "),
     "camera.period_s: a number of thousands of digits; allowed are numbers from"),
])  # fmt: skip
def test_what_is_not_toml_or_of_no_measure_is_told_with_its_line(text, said):
    with pytest.raises(FswError) as caught:
        loader.parse(text, "mine.toml")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000
    if said.startswith(":"):
        assert str(caught.value).startswith(f"mine.toml:{line_of(text, '[[camera]]')}: ")


@pytest.mark.parametrize(("mission", "old", "new", "line_with", "message"), [
    ("tianwen1-cruise", "frame_octets = { value = 892", "frame_octets = { value = 890", "value = 890",
     "downlink.high: frame_octets 890; allowed"),
    ("tianwen1-relay", 'to_utc = { value = "2021-05-14', 'to_utc = { value = "2021-01-14', "2021-01-14",
     "source.0.to_utc: allowed are times after"),
    ("tianwen1-relay", "2021-05-17T00:49:30Z", "2021-01-17T00:49:30Z", "[[phase]]",
     "phase: allowed are from_utc"),
    ("mgs-odyssey-express", 'target = "Mars Express"', 'target = "Beagle"', 'target = "Beagle"',
     "strip.0.target 'Beagle'; allowed are"),
])  # fmt: skip
def test_what_a_table_finds_wrong_is_told_at_the_line_of_its_key(mission, old, new, line_with, message):
    text = text_of(mission).replace(old, new, 1)
    with pytest.raises(FswError) as caught:
        loader.parse(text, "mine.toml")
    assert str(caught.value).startswith(f"mine.toml:{line_of(text, line_with)}: {message}")


@pytest.mark.parametrize("name", names())
def test_a_unit_beside_a_figure_is_the_one_that_its_key_tells(name):
    told = {path: (figure.unit, units_of(path)) for path, figure in load(name).figures.items() if figure.unit}
    assert not [path for path, (unit, allowed) in told.items() if allowed and unit not in allowed]
    assert sum(bool(allowed) for _, allowed in told.values()) > 0.9 * len(told)


@pytest.mark.parametrize(("old", "new", "message"), [
    ('value = 0.68, unit = "kg"', 'value = 680, unit = "g"', "camera.mass_kg: unit 'g'; allowed is kg"),
    ('limits = { value = [-10.0, 10.0], unit = "deg"', 'limits = { value = [-1.0, 1.0], unit = "rad"',
     "dispersions.sun_off_deg.limits: unit 'rad'; allowed is deg"),
])  # fmt: skip
def test_another_unit_than_the_keys_is_refused(old, new, message):
    assert old in TEXT
    with pytest.raises(FswError, match=r"^mine\.toml:\d+: ") as caught:
        loader.parse(TEXT.replace(old, new, 1), "mine.toml")
    assert message in str(caught.value)


def test_files_of_windows_editors_are_read_or_refused_by_their_line(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(path) == load("tianwen1-cruise")
    path.write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(FswError, match=r"mine\.toml:1: octet 0xff; allowed is text in UTF-8"):
        load(path)
    path.write_bytes(TEXT.replace("made_by = ", "made_by = Ã ", 1).encode("latin-1"))
    with pytest.raises(FswError, match=rf"mine\.toml:{line_of(TEXT, 'made_by = ')}: octet 0xc3"):
        load(path)


@given(st.data())
def test_damaged_files_are_read_or_refused(data):
    lines = TEXT.splitlines()
    line = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[line])))
    lines[line] = lines[line][:cut] + data.draw(st.text('{}[]="0x, \n', max_size=3)) + lines[line][cut + 1 :]
    # Anything but an FswError fails the test.
    with contextlib.suppress(FswError):
        loader.parse("\n".join(lines), "mine.toml")
