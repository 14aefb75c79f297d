"""What pictures are made from is asked by several threads at once: caches must not trip over each other."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from fsw import missions
from fsw.core.rigid_body import Tumble
from fsw.kernel.time import SECOND
from fsw.world.heavens import Heavens

INERTIA = (6.6e-4, 7.2e-4, 7.9e-4)


@pytest.fixture
def eager_switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_tumble_asked_by_many_threads_gives_what_it_gives_one(eager_switching):
    def tumble() -> Tumble:
        return Tumble(INERTIA, (1.0, 0.0, 0.0, 0.0), (0.1, 0.3, -0.1))

    times = [(k * 7919) % 2000 * SECOND for k in range(400)]
    alone = tumble()
    expected = [alone.state(t) for t in times]
    shared = tumble()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(shared.state, times)) == expected


def test_the_heavens_asked_by_many_threads_give_what_they_give_one(eager_switching):
    mission = missions.load("tianwen1-cruise")
    times = [(k * 7919) % 9 * 20_000 * SECOND for k in range(60)]
    alone = Heavens.of(mission)
    expected = [(alone.direction("earth", t), alone.attitude.attitude(t)) for t in times]
    shared = Heavens.of(mission)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda t: (shared.direction("earth", t), shared.attitude.attitude(t)), times)
        assert list(found) == expected
