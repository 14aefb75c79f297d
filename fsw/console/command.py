"""`fsw console`: an operator's session, on a flight of its own or on a live spacecraft."""

import asyncio
import sys
import time
from pathlib import Path

from fsw import missions
from fsw.console.connection import HereConnection, RemoteConnection
from fsw.console.session import ControlRoom
from fsw.console.shell import converse, follow
from fsw.console.text import Line, say
from fsw.core.errors import FswError
from fsw.kernel.pace import Pace
from fsw.simulation import Settings, Simulation


def run_console(
    mission: str | None = None,
    settings: Settings | None = None,
    *,
    connect: str | None = None,
    rate: float = 0.0,
    folder: Path | None = None,
    memory: Path | None = None,
    files: Path | None = None,
) -> int:
    """An operator's session: telecommands, telemetry, events, pictures, time.

    \b
    step 5m             run five minutes; `step until 16:05:00`, `run 10`, `run max`, `pause`
    release             arm and fire the camera's release mechanism, after a confirmation
    tc WIFI state=ON    any telecommand, completed from the dictionary with Tab
    telemetry RADIO     the latest values; `events`, `verify`, `pictures`, `status`
    file send FILE      a file goes up; `file list`, `file fetch NAME`, `help file`
    snapshot FILE       keep the whole flight; `restore FILE` goes back
    help                all of them; `help CAMERA_MODE` explains a telecommand

    Time stands still until you say `step` or `run` (or give a rate). The clock is simulated UTC; what is
    received left the spacecraft one light time earlier, and telecommands take as long to get there.

    connect: 'HOST:PORT' of the control port of a running `fsw serve`, instead of a flight here; file
    names in commands are then the server's. rate: at which time runs at first, 0 for not at all.
    folder: also write pictures, downlink.cadu and telemetry.sqlite there. memory: folder of the orbiter's
    mass memory, which then outlives this program. files: folder of the ground's file store.

    Without a terminal, commands are read from standard input, one a line, each step run to its end; the
    exit code is then 1 if one of them failed. Raises FswError: unknown mission, nobody at the port.
    """
    if connect is not None:
        return asyncio.run(_remote(*_address(connect)))
    if mission is None:
        mission = missions.DEFAULT
    found = missions.load(mission, missions.MissionFile)
    with Simulation(found, settings or Settings(), folder, memory=memory, files=files) as simulation:
        room = ControlRoom(simulation, Pace(rate))
        connection = HereConnection(room, time.monotonic_ns)
        try:
            return asyncio.run(_session(connection, _greeting(simulation)))
        except KeyboardInterrupt:
            return 130
        finally:
            simulation.finish()


async def _session(connection: HereConnection | RemoteConnection, greeting: list[Line]) -> int:
    if sys.stdin.isatty() and sys.stdout.isatty():
        return await converse(connection, greeting)
    return await follow(connection, sys.stdin, sys.stdout)


async def _remote(host: str, port: int) -> int:
    connection = await RemoteConnection.open(host, port)
    try:
        greeting = say(
            f"{connection.mission}, live at {host}:{port}. `help` lists the commands.", style="title"
        )
        return await _session(connection, greeting)
    finally:
        connection.close()


def _greeting(simulation: Simulation) -> list[Line]:
    identity = simulation.mission.mission
    return [
        [("title", identity.title)],
        *say(
            f"It is {simulation.epoch.utc(simulation.now_ns)}. `help` lists the commands; Tab completes them."
        ),
    ]


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise FswError(f"address {text!r}: allowed is HOST:PORT, such as 127.0.0.1:10030")
    return host.strip("[]") or "127.0.0.1", int(port)
