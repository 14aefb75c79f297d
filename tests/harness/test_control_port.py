"""The control port's protocol, octets in and octets out, with the console's session behind it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import missions
from fsw.console.session import ControlRoom
from fsw.harness.control import LONGEST_LINE_OCTETS, ControlClient
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")


@pytest.fixture(scope="module")
def room():
    with Simulation(MISSION, Settings(pictures="test-card", link="frames", workers=0)) as simulation:
        yield ControlRoom(simulation, Pace())


@pytest.fixture
def client(room):
    return ControlClient(room.open_session(), "1.2.3", "tianwen1-cruise")


def lines(octets):
    return [json.loads(line) for line in octets.splitlines()]


def test_it_greets_with_version_and_mission(client):
    assert lines(client.greeting) == [{"fsw": "1.2.3", "mission": "tianwen1-cruise"}]


def test_commands_are_answered_under_their_id_however_they_are_cut(client):
    octets = b'{"id": 7, "line": "status"}\n{"id": "b", "line": "bogus"}\n'
    answers = lines(b"".join(client.receive(octets[at : at + 1]) for at in range(len(octets))))
    assert [(answer["id"], answer["ok"]) for answer in answers] == [(7, True), ("b", False)]
    assert ["", "tianwen1-cruise: Tianwen-1: the selfie on the way to Mars"] in answers[0]["lines"][0]


def test_a_question_belongs_to_the_client_that_was_asked(room):
    one, other = (ControlClient(room.open_session(), "1", "m") for _ in range(2))
    (asked,) = lines(one.receive(b'{"id": 1, "line": "release"}\n'))
    assert asked["asks"]
    (answer,) = lines(other.receive(b'{"id": 1, "line": "yes"}\n'))
    assert not answer["ok"]
    assert room.simulation.control.telecommands() == []
    (answer,) = lines(one.receive(b'{"id": 2, "line": "no"}\n'))
    assert not answer["ok"]


def test_status_and_news_are_told_to_every_client(room):
    clients = [ControlClient(room.open_session(), "1", "m") for _ in range(2)]
    clients[0].receive(b'{"id": 1, "line": "tc PING"}\n{"id": 2, "line": "step 200s"}\n')
    (told,) = lines(clients[0].poll(with_status=True))
    assert told["status"]["busy"]
    room.settle()
    for one in clients:
        news, status = lines(one.poll(with_status=True))
        assert any("PING (count 0) completed" in fragment[1] for line in news["news"] for fragment in line)
        assert status["status"]["utc"] == MISSION.epoch.utc(200 * SECOND, 1)
        assert not status["status"]["busy"]
        assert one.poll(with_status=False) == b""


@pytest.mark.parametrize(
    "octets",
    [
        b"GET /snapshot HTTP/1.1\r\n",
        b"[1]\n",
        b'{"id": 1}\n',
        b'{"line": 5}\n',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
        b"x" * (LONGEST_LINE_OCTETS + 1),
    ],
)
def test_whatever_is_no_operator_is_shown_out(client, octets):
    (answer,) = lines(client.receive(octets + b'{"id": 1, "line": "status"}\n'))
    assert "error" in answer
    assert client.refused
    assert not client.open


def test_quit_ends_the_connection_and_not_the_spacecraft(client):
    (answer,) = lines(client.receive(b'{"id": 1, "line": "quit"}\n{"id": 2, "line": "status"}\n'))
    assert answer["leaves"]
    assert not client.open
    assert not client.refused


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_octets_raise(room, blocks):
    client = ControlClient(room.open_session(), "1", "m")
    for block in blocks:
        client.receive(block)
