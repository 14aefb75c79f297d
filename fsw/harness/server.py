"""The sockets round a live spacecraft: one thread, one loop; nothing that a client does can stop it."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

from fsw.core.errors import FswError
from fsw.harness.control import ControlClient
from fsw.harness.live import FrameStream, LiveSpacecraft
from fsw.harness.operator import Operations
from fsw.kernel.time import MILLISECOND, SECOND

MOST_WAITING_OCTETS = 4 << 20  # to a client; beyond, it is too slow and is dropped
SEND_BUFFER_OCTETS = 1 << 20  # of the system's own, before anything waits
MOST_CLIENTS = 64
LONGEST_NAP_NS = 50 * MILLISECOND
STATUS_NS = SECOND // 2
READ_OCTETS = 16_384

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the spacecraft is reached. A port of None is not opened; 0 takes any free one.

    telemetry_to: destination of one UDP datagram a unit. The others are ports at `bind`: telemetry (TCP,
    any number of listeners), telecommand (TCP, and UDP on the same number), control (TCP).
    """

    bind: str = "127.0.0.1"
    telemetry_to: Address | None = ("127.0.0.1", 10015)
    telemetry: int | None = 10015
    telecommand: int | None = 10025
    control: int | None = 10030


@dataclass(slots=True)
class LinkCounts:
    """Of the sockets."""

    clients: int = 0
    clients_too_slow: int = 0
    clients_too_many: int = 0
    clients_refused: int = 0
    octets_ignored: int = 0
    datagrams_failed: int = 0


@dataclass(slots=True)
class _Listeners:
    telemetry: set[asyncio.StreamWriter] = field(default_factory=set)
    control: dict[asyncio.StreamWriter, ControlClient] = field(default_factory=dict)
    all: set[asyncio.StreamWriter] = field(default_factory=set)


class Server:
    """Opens the ports, paces the spacecraft by `clock_ns`, and passes octets on.

    operations: behind the control port; without it that port stays closed. log: told of what happens, in
    lines. clock_ns: any that never goes back.
    """

    def __init__(
        self,
        live: LiveSpacecraft,
        ports: Ports,
        operations: Operations | None = None,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        log: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._live = live
        self._ports = ports
        self._operations = operations
        self._clock_ns = clock_ns
        self._log = log
        self._news = operations.open_session() if operations is not None else None
        self._servers: list[asyncio.Server] = []
        self._listeners = _Listeners()
        self._udp_in: asyncio.DatagramTransport | None = None
        self._udp_out: asyncio.DatagramTransport | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._status_ns = 0
        self.counts = LinkCounts()
        self.opened: dict[str, Address] = {}  # where each port is, once open

    async def run(self) -> None:
        """Until `stop`; then all sockets are closed. `open` it first."""
        try:
            while not self._stopping:
                await self.turn()
        finally:
            await self.close()

    def stop(self) -> None:
        """Ends `run` after the present turn."""
        self._stopping = True
        self._wake.set()

    async def open(self) -> None:
        """All ports. Raises FswError naming the one that is taken."""
        ports, loop = self._ports, asyncio.get_running_loop()
        await self._serve("telemetry", ports.telemetry, self._serve_telemetry)
        await self._serve("telecommand", ports.telecommand, self._serve_telecommand)
        if self._operations is not None:
            await self._serve("control", ports.control, self._serve_control)
        if ports.telecommand is not None:
            # The same number as its TCP port, which is known by now.
            address = self.opened["telecommand"]
            with _naming("telecommand (UDP)", address):
                self._udp_in, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self._datagram), local_addr=address
                )
        if ports.telemetry_to is not None:
            with _naming("telemetry (UDP)", ports.telemetry_to):
                self._udp_out, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self._ignore, self._datagram_failed), remote_addr=ports.telemetry_to
                )

    async def turn(self) -> None:
        """Advance, pass on, and wait until there is more to do."""
        wall_ns = self._clock_ns()
        self._send(self._live.advance(wall_ns))
        self._tell(wall_ns)
        waiting_ns = self._live.waiting_ns(self._clock_ns())
        nap_ns = LONGEST_NAP_NS if waiting_ns is None else min(waiting_ns, LONGEST_NAP_NS)
        self._wake.clear()
        if nap_ns == 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), nap_ns / SECOND)

    async def close(self) -> None:
        """All sockets; what is still waiting for clients is given a moment."""
        for server in self._servers:
            server.close()
        writers = list(self._listeners.all)
        for writer in writers:
            writer.close()
        for writer in writers:
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 0.5)
        for transport in (self._udp_in, self._udp_out):
            if transport is not None:
                transport.close()

    # ---- down -----------------------------------------------------------------------------------

    def _send(self, units: list[bytes]) -> None:
        if not units:
            return
        if self._udp_out is not None:
            for unit in units:
                self._udp_out.sendto(unit)
        if self._listeners.telemetry:
            octets = b"".join(units)
            for writer in list(self._listeners.telemetry):
                self._write(writer, octets)

    def _write(self, writer: asyncio.StreamWriter, octets: bytes) -> None:
        """To a client, unless it is gone or does not take what it gets."""
        transport = writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() + len(octets) > MOST_WAITING_OCTETS:
            self.counts.clients_too_slow += 1
            self._log(f"{_peer(writer)} is too slow: dropped")
            self._forget(writer)
            transport.abort()
            return
        writer.write(octets)

    def _tell(self, wall_ns: int) -> None:
        with_status = wall_ns - self._status_ns >= STATUS_NS
        if with_status:
            self._status_ns = wall_ns
        for writer, client in list(self._listeners.control.items()):
            octets = client.poll(with_status)
            if octets:
                self._write(writer, octets)
        if self._news is not None:
            for line in self._news.news():
                self._log("".join(text for _, text in line))

    # ---- clients --------------------------------------------------------------------------------

    async def _serve(
        self,
        name: str,
        port: int | None,
        serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> None:
        if port is None:
            return

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._listeners.all) >= MOST_CLIENTS:
                self.counts.clients_too_many += 1
                writer.transport.abort()
                return
            self.counts.clients += 1
            self._listeners.all.add(writer)
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_OCTETS)
            self._log(f"{_peer(writer)} connected to {name}")
            try:
                await serve(reader, writer)
            except OSError:
                pass  # the connection is lost; that is the client's affair
            finally:
                self._forget(writer)
                writer.close()
                self._log(f"{_peer(writer)} left {name}")

        with _naming(name, (self._ports.bind, port)):
            server = await asyncio.start_server(client, self._ports.bind, port, limit=READ_OCTETS)
        self._servers.append(server)
        host, number = server.sockets[0].getsockname()[:2]
        self.opened[name] = (host, number)

    def _forget(self, writer: asyncio.StreamWriter) -> None:
        self._listeners.telemetry.discard(writer)
        self._listeners.control.pop(writer, None)
        self._listeners.all.discard(writer)

    async def _serve_telemetry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listeners.telemetry.add(writer)
        while octets := await reader.read(READ_OCTETS):
            self.counts.octets_ignored += len(octets)

    async def _serve_telecommand(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = FrameStream(self._live.simulation.mission.uplink.scid)
        while octets := await reader.read(READ_OCTETS):
            if self._live.input == "frame":
                before = stream.dropped_octets
                for frame in stream.feed(octets):
                    self._uplink(frame)
                self.counts.octets_ignored += stream.dropped_octets - before
            else:
                self._uplink(octets)
            await asyncio.sleep(0)  # a client that never stops sending must not keep the others waiting

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._operations is not None
        mission = self._live.simulation.mission.name
        client = ControlClient(self._operations.open_session(), version("fsw"), mission)
        self._listeners.control[writer] = client
        self._write(writer, client.greeting + client.poll(with_status=True))
        while client.open and (octets := await reader.read(READ_OCTETS)):
            self._advance()
            self._write(writer, client.receive(octets))
            self._wake.set()
            await writer.drain()
        self.counts.clients_refused += client.refused

    # ---- up -------------------------------------------------------------------------------------

    def _uplink(self, octets: bytes) -> None:
        self._advance()
        self._live.receive(octets)
        self._wake.set()

    def _advance(self) -> None:
        """To this instant, so that what has come meets the spacecraft as it is now."""
        self._send(self._live.advance(self._clock_ns()))

    def _datagram(self, octets: bytes) -> None:
        self._uplink(octets)

    def _ignore(self, octets: bytes) -> None:
        self.counts.octets_ignored += len(octets)

    def _datagram_failed(self) -> None:
        self.counts.datagrams_failed += 1  # nobody listens there, most often


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(
        self, received: Callable[[bytes], object], failed: Callable[[], object] = lambda: None
    ) -> None:
        self._received = received
        self._failed = failed

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._received(data)

    def error_received(self, exc: Exception) -> None:
        self._failed()


@contextlib.contextmanager
def _naming(name: str, address: Address) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FswError(f"{name} port {address[0]}:{address[1]}: {error.strerror or error}") from error


def _peer(writer: asyncio.StreamWriter) -> str:
    address = writer.get_extra_info("peername")
    return f"{address[0]}:{address[1]}" if address else "client"
