"""[dispersions] of a mission file: what is allowed, and what is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import missions
from fsw.core.errors import FswError
from fsw.kernel.seeds import Stream
from fsw.missions.dispersions import Dispersion, Dispersions
from fsw.missions.loader import parse

NAME = "tianwen1-cruise"
TEXT = missions.text_of(NAME)


def with_line(before: str, after: str) -> str:
    assert before in TEXT
    return TEXT.replace(before, after, 1)


@given(st.integers(0, 2**32), st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_uniform_stays_within_its_limits(seed: int, low: float, width: float) -> None:
    dispersion = Dispersion("uniform", (low, low + width))
    stream = Stream(seed, "test")
    assert all(low <= dispersion.draw(stream) <= low + width for _ in range(20))


@given(st.integers(0, 2**32), st.floats(0.0, 1.0))
def test_normal_stays_within_its_limits(seed: int, mean: float) -> None:
    dispersion = Dispersion("normal", (0.0, 1.0), mean, 0.5)
    stream = Stream(seed, "test")
    assert all(0.0 <= dispersion.draw(stream) <= 1.0 for _ in range(20))


def test_normal_has_the_mean_and_deviation_that_it_says() -> None:
    dispersion = Dispersion("normal", (-1e6, 1e6), 7.0, 3.0)
    stream = Stream(5, "test")
    drawn = np.array([dispersion.draw(stream) for _ in range(4000)])
    assert abs(drawn.mean() - 7.0) < 4 * 3.0 / 4000**0.5
    assert abs(drawn.std() - 3.0) < 4 * 3.0 / 8000**0.5


def test_missions_that_come_with_fsw_vary_all_quantities_and_label_each_figure() -> None:
    for name in (NAME, "tianwen1-mars"):
        mission = missions.load(name, missions.MissionFile)
        assert mission.dispersions is not None
        varied = mission.dispersions.varied()
        assert set(varied) == set(Dispersions.__dataclass_fields__)
        for quantity, dispersion in varied.items():
            assert mission.figures[f"dispersions.{quantity}.limits"].value == dispersion.limits


def test_a_mission_without_the_table_varies_nothing() -> None:
    mission = parse(TEXT[: TEXT.index("[dispersions.")], NAME)
    assert isinstance(mission, missions.MissionFile)
    assert mission.dispersions is None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[dispersions.battery_wh]", "[dispersions.battery]", "unknown key"),
        ("value = [5.0, 6.6]", "value = [6.6, 5.0]", "the lower one first"),
        ('distribution = "normal"', 'distribution = "gaussian"', "allowed are uniform, normal"),
        ('distribution = "normal"', 'distribution = "uniform"', "both with 'normal', and neither"),
        ("value = [0.16, 0.24]", "value = [0.21, 0.24]", "a value between the limits"),
        ("value = [0.0, 3.0]", "value = [-1.0, 3.0]", "angles from 0 to 180"),
    ],
)
def test_errors_name_the_table_and_what_is_allowed(before: str, after: str, told: str) -> None:
    with pytest.raises(FswError, match=rf"mine.toml(:\d+)?: dispersions.*{told}"):
        parse(with_line(before, after), "mine.toml")
