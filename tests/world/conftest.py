"""The cruise of Tianwen-1, as the tests of the world fly it."""

import pytest

from fsw.kernel.time import Epoch
from fsw.world.ephemeris import Ephemeris
from fsw.world.trajectory import StartState, Trajectory


@pytest.fixture(scope="session")
def epoch():
    return Epoch.from_utc("2020-09-30T15:59:50Z")


@pytest.fixture(scope="session")
def ephemeris(epoch):
    return Ephemeris(epoch)


@pytest.fixture(scope="session")
def trajectory(epoch, ephemeris):
    # Telemetered states, each flown between the manoeuvres around it: 20 September, 9 October.
    first = StartState(
        epoch.parse("2020-08-02T09:02:35.341Z"),
        (101034906.95698446, -105567961.80234644, -45170071.0706149),
        (25.462876888294772, 18.364263399335336, 8.620510161264988),
        to_ns=epoch.parse("2020-09-20T15:00:00Z"),
    )
    second = StartState(
        epoch.parse("2020-09-20T21:24:11.336Z"),
        (169000645.712, -3041127.404, 1627310.228),
        (5.727235944, 26.763156192, 12.006614892),
        from_ns=epoch.parse("2020-09-20T15:00:00Z"),
        to_ns=epoch.parse("2020-10-09T15:00:00Z"),
    )
    third = StartState(
        epoch.parse("2021-02-07T20:49:27.6031Z"),
        (18986173.81596067, 210985136.46868938, 96475630.6522223),
        (-21.107550546176096, 4.788215075401304, 1.8540593670726169),
        from_ns=epoch.parse("2020-10-09T15:00:00Z"),
    )
    return Trajectory(ephemeris, (first, second, third), (epoch.parse("2020-09-30T16:00:00Z"), 188.28e6))
