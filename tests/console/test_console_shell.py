"""The shell: commands from a pipe, and a terminal that prompt_toolkit pretends."""

import asyncio
import io

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from fsw import missions
from fsw.console.command import run_console
from fsw.console.connection import HereConnection
from fsw.console.session import ControlRoom
from fsw.console.shell import converse, follow, toolbar
from fsw.core.errors import FswError
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
QUICK = Settings(pictures="test-card", link="frames", workers=0)


@pytest.fixture
def connection():
    with Simulation(MISSION, QUICK) as simulation:
        yield HereConnection(ControlRoom(simulation, Pace()), lambda: 0)


def script(connection, *lines):
    out = io.StringIO()
    code = asyncio.run(follow(connection, io.StringIO("\n".join(lines)), out))
    return code, out.getvalue()


def test_a_script_runs_each_step_to_its_end(connection):
    code, said = script(connection, "# a comment", "tc PING", "step 3m", "verify", "quit", "bogus")
    assert code == 0
    assert "fsw> step 3m" in said
    assert "telecommand PING (count 0) completed" in said
    assert connection.status()["utc"] == MISSION.epoch.utc(180 * SECOND, 1)
    assert "bogus" not in said


def test_a_script_with_a_failed_command_goes_on_and_says_so_in_the_end(connection):
    code, said = script(connection, "bogus", "release", "yes", "verify")
    assert code == 1
    assert "yes? yes" in said
    assert "RELEASE_FIRE" in said


def test_a_terminal_takes_the_same_commands(connection):
    async def session():
        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            keys.send_text("tc PING\rstep 3m\r\x04")
            code = await asyncio.wait_for(converse(connection, []), 30)
        await connection.settle()
        return code

    assert asyncio.run(session()) == 0
    assert connection.status()["utc"] == MISSION.epoch.utc(180 * SECOND, 1)


def test_control_c_pauses_and_answers_no():
    with Simulation(MISSION, QUICK) as simulation:
        room = ControlRoom(simulation, Pace(0.01))
        connection = HereConnection(room, lambda: 0)

        async def session():
            with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
                keys.send_text("release\r\x03\x03quit\r")
                return await asyncio.wait_for(converse(connection, []), 30)

        assert asyncio.run(session()) == 0
        assert room.pace.text == "paused"
        assert simulation.control.telecommands() == []


def test_the_status_bar_shows_the_clock_the_rate_and_the_links(connection):
    def bar():
        return "".join(text for _, text in toolbar(connection.status()))

    assert "2020-09-30 15:59:50.0Z" in bar()
    assert "15:59:50.0Z | paused | no lock | frames 0 | camera aboard | pictures 0 | light 80.4 s" in bar()
    assert "hears 15:58:29Z" in bar()
    script(connection, "step 100s")
    assert "lock low | frames 7" in bar()
    assert "waiting" in toolbar({})[0][1]


def test_no_mission_and_no_address_are_refused_with_what_is_allowed():
    with pytest.raises(FswError, match=r"allowed are .*tianwen1-cruise"):
        run_console("nowhere")
    with pytest.raises(FswError, match="allowed is HOST:PORT"):
        run_console(connect="localhost")
