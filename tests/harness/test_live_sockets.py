"""The whole server on loopback in one process: UDP and TCP, telecommands, operators, and bad company."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from fsw import missions
from fsw.console.connection import RemoteConnection
from fsw.console.session import ControlRoom
from fsw.core.channel_coding import ASM
from fsw.core.errors import FswError
from fsw.dictionary import parse_telecommand
from fsw.ground.command_link import UplinkSettings
from fsw.ground.commanding import Commander
from fsw.harness import server as server_module
from fsw.harness.live import LiveSpacecraft
from fsw.harness.server import Ports, Server
from fsw.kernel.pace import Pace
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
PATIENCE_S = 120  # for a machine that is busy with other things; what fails, fails at once
QUICK = Settings(pictures="test-card", link="frames", workers=0)


@contextlib.asynccontextmanager
async def serving(rate=20.0, **options):
    """A server on free ports, and the UDP socket that it sends to."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    with Simulation(MISSION, QUICK) as simulation:
        pace = Pace(rate)
        ports = Ports("127.0.0.1", udp.getsockname(), 0, 0, 0)
        live = LiveSpacecraft(simulation, pace, **options)
        server = Server(live, ports, ControlRoom(simulation, pace))
        await server.open()
        running = asyncio.create_task(server.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield server, live, udp
        finally:
            server.stop()
            await asyncio.wait_for(running, PATIENCE_S)
            udp.close()


def ping():
    return Commander(UplinkSettings.of(MISSION.uplink)).radiate(parse_telecommand("PING"), 0)


async def until(condition, reader):
    """Lets the server turn, as told by its frames, until something holds."""
    while not condition():
        await reader.readexactly(256)


def test_the_same_cadus_come_by_udp_and_by_tcp_and_a_telecommand_goes_up():
    async def scenario():
        async with serving() as (server, live, udp):
            reader, writer = await asyncio.open_connection(*server.opened["telemetry"])
            first = await reader.readexactly(256)
            loop = asyncio.get_running_loop()
            datagrams = []
            while first not in datagrams:
                datagrams.append(await loop.sock_recv(udp, 2048))
            assert {len(d) for d in datagrams} == {256}
            assert first.startswith(ASM)
            assert await loop.sock_recv(udp, 2048) == await reader.readexactly(256)

            _, commands = await asyncio.open_connection(*server.opened["telecommand"])
            commands.write(ping().cltu)
            await until(lambda: live.counts.blocks_in >= 1, reader)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(ping().cltu, server.opened["telecommand"])
            await until(lambda: live.counts.blocks_in >= 2, reader)
            tasks = live.simulation.orbiter.scheduler
            assert tasks.task("commanding")._accepted == 2
            commands.close()
            writer.close()

    asyncio.run(scenario())


def test_frames_in_a_stream_with_garbage_between_them():
    async def scenario():
        async with serving(input="frame") as (server, live, _):
            reader, _writer = await asyncio.open_connection(*server.opened["telemetry"])
            _, commands = await asyncio.open_connection(*server.opened["telecommand"])
            frame = ping().frames[0]
            commands.write(frame[:5])
            await commands.drain()
            commands.write(frame[5:])
            await until(lambda: live.counts.blocks_in == 1, reader)
            commands.write(b"\xff" * 100)
            await until(lambda: server.counts.octets_ignored == 100, reader)
            commands.write(frame)
            await until(lambda: live.counts.blocks_in == 2, reader)

    asyncio.run(scenario())


def test_an_operator_on_the_control_port_commands_and_is_told():
    async def scenario():
        async with serving(rate=1.0) as (server, live, _):
            connection = await RemoteConnection.open(*server.opened["control"])
            assert connection.mission == "tianwen1-cruise"
            reply = await connection.execute("tc PING")
            assert reply.ok
            assert "PING radiated" in reply.text
            assert (await connection.execute("step 200s")).ok
            await connection.settle()
            assert live.simulation.now_ns >= 200 * 10**9
            told = [text for line in connection.news() for _, text in line]
            assert any("PING (count 0) completed" in text for text in told)
            reply = await connection.execute("release")
            assert reply.asks
            assert (await connection.execute("no")).text == "not sent"
            assert (await connection.execute("quit")).leaves
            connection.close()

    asyncio.run(scenario())


def test_bad_company_stops_nothing(monkeypatch):
    async def scenario():
        monkeypatch.setattr(server_module, "MOST_CLIENTS", 4)
        async with serving() as (server, live, _):
            reader, _writer = await asyncio.open_connection(*server.opened["telemetry"])
            _, lazy = await asyncio.open_connection(*server.opened["control"])
            lazy.write(b"POST / HTTP/1.1\r\n\r\n")
            _, noisy = await asyncio.open_connection(*server.opened["telecommand"])
            noisy.write(os.urandom(1 << 18))
            _, chatty = await asyncio.open_connection(*server.opened["telemetry"])
            chatty.write(b"hello")
            await until(lambda: live.counts.octets_in == 1 << 18, reader)
            await until(lambda: server.counts.octets_ignored == 5, reader)
            await until(lambda: server.counts.clients_refused == 1, reader)
            noisy.transport.abort()
            guests = [await asyncio.open_connection(*server.opened["telemetry"]) for _ in range(6)]
            await until(lambda: server.counts.clients_too_many >= 2, reader)
            assert len(guests) == 6

    asyncio.run(scenario())


def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(server_module, "MOST_WAITING_OCTETS", 4096)
    monkeypatch.setattr(server_module, "SEND_BUFFER_OCTETS", 4096)

    async def scenario():
        async with serving(rate=300.0) as (server, _, udp):
            slow = socket.socket()
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # before it connects, or it is in vain
            slow.connect(server.opened["telemetry"])
            loop = asyncio.get_running_loop()
            while not server.counts.clients_too_slow:
                await loop.sock_recv(udp, 2048)
            for _ in range(8):
                await loop.sock_recv(udp, 2048)
            slow.close()

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_named():
    async def scenario():
        with socket.socket() as taken, Simulation(MISSION, QUICK) as simulation:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            live = LiveSpacecraft(simulation, Pace(1.0))
            server = Server(live, Ports(telemetry=port, telecommand=None, telemetry_to=None))
            with pytest.raises(FswError, match=f"telemetry port 127.0.0.1:{port}: .*in use"):
                await server.open()
            await server.close()

    asyncio.run(scenario())


def test_a_port_with_nobody_or_somebody_else_is_told_from_a_spacecraft():
    async def scenario():
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            with pytest.raises(FswError, match="is `fsw serve` running there"):
                await RemoteConnection.open(*nobody.getsockname())

        async def talk(reader, writer):
            writer.write(json.dumps(["hello"]).encode() + b"\n")
            writer.close()

        somebody = await asyncio.start_server(talk, "127.0.0.1", 0)
        with pytest.raises(FswError, match="not the control port"):
            await RemoteConnection.open(*somebody.sockets[0].getsockname())
        somebody.close()

    asyncio.run(scenario())


SERVE = """
import sys
from pathlib import Path
from fsw.console.session import ControlRoom
from fsw.harness.command import run_server
from fsw.harness.server import Ports
from fsw.simulation import Settings
settings = Settings(pictures="test-card", workers=0)
ports = Ports(telemetry_to=None, telemetry=0, telecommand=0, control=0)
sys.exit(run_server("tianwen1-cruise", settings, operations=ControlRoom, ports=ports, rate=1000.0,
                    folder=Path(sys.argv[1]), log=lambda line: print(line, flush=True)))
"""


def test_interrupted_it_leaves_whole_files(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-P", "-c", SERVE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        said = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line
            said.append(line)
        port = int(said[1].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
            heard = 0
            while heard < 256 * 4 * 200:  # past one light time, so that the built-in ground has frames too
                heard += len(client.recv(1 << 16))
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "ended at 2020-09-30T16:" in rest
    octets = (tmp_path / "downlink.cadu").read_bytes()
    assert octets[:4] == ASM
    assert len(octets) % 256 == 0
    assert (tmp_path / "pictures" / "index.json").read_text() == "[]\n"
