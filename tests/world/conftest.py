"""The cruise of Tianwen-1, as its mission file has it."""

import pytest

from fsw.missions import load
from fsw.world.heavens import Heavens


@pytest.fixture(scope="session")
def mission():
    return load("tianwen1-cruise")


@pytest.fixture(scope="session")
def heavens(mission):
    return Heavens.of(mission)


@pytest.fixture(scope="session")
def epoch(heavens):
    return heavens.epoch


@pytest.fixture(scope="session")
def ephemeris(heavens):
    return heavens.ephemeris


@pytest.fixture(scope="session")
def trajectory(heavens):
    return heavens.trajectory
