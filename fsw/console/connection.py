"""An operator's place at a flight: here, or behind the control port of a live spacecraft."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol

from fsw.console.session import ControlRoom, Session
from fsw.console.text import Line, Reply
from fsw.core.errors import FswError

LONGEST_LINE_OCTETS = 16 << 20  # of a server's answer
ANSWER_WITHIN_S = 120.0  # a snapshot of a long flight takes a while


class Connection(Protocol):
    """What the shell needs. `run` keeps it going until cancelled, or until the flight is gone."""

    async def execute(self, line: str) -> Reply: ...
    async def settle(self) -> None: ...
    async def run(self) -> None: ...
    def news(self) -> list[Line]: ...
    def status(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


class HereConnection:
    """A simulation in this process, paced by `clock_ns`."""

    NAP_S = 0.02

    def __init__(self, room: ControlRoom, clock_ns: Callable[[], int]) -> None:
        self._room = room
        self._clock_ns = clock_ns
        self._session: Session = room.open_session()

    async def execute(self, line: str) -> Reply:
        return self._session.execute(line)

    async def settle(self) -> None:
        """Run a step to its end."""
        while self._session.busy:
            self._room.advance(self._clock_ns())
            await asyncio.sleep(0)

    async def run(self) -> None:
        while True:
            self._room.advance(self._clock_ns())
            # Not a wait for the flight: a moment for the keyboard.
            await asyncio.sleep(0 if self._session.busy else self.NAP_S)

    def news(self) -> list[Line]:
        return self._session.news()

    def status(self) -> dict[str, Any]:
        return self._session.status()

    def close(self) -> None:
        pass


class RemoteConnection:
    """A live spacecraft's control port; see `fsw.harness.control` for the protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mission: str) -> None:
        self._reader = reader
        self._writer = writer
        self.mission = mission
        self._news: list[Line] = []
        self._status: dict[str, Any] = {}
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()
        self._status_came = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._sent = 0

    @classmethod
    async def open(cls, host: str, port: int) -> "RemoteConnection":
        """Raises FswError when nobody is there, or somebody else."""
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(host, port, limit=LONGEST_LINE_OCTETS)
                greeting = json.loads(await reader.readline())
        except (OSError, TimeoutError) as error:
            reason = getattr(error, "strerror", None) or "no answer"
            raise FswError(f"control port {host}:{port}: {reason}; is `fsw serve` running there?") from error
        except ValueError as error:
            raise FswError(f"{host}:{port} is not the control port of a live spacecraft") from error
        if not isinstance(greeting, dict) or "fsw" not in greeting:
            raise FswError(f"{host}:{port} is not the control port of a live spacecraft")
        connection = cls(reader, writer, str(greeting.get("mission")))
        connection._reading = asyncio.create_task(connection._read())
        return connection

    async def execute(self, line: str) -> Reply:
        """FswError when the spacecraft is gone."""
        assert self._reading is not None
        self._sent += 1
        self._writer.write(json.dumps({"id": self._sent, "line": line}).encode() + b"\n")
        waiting = asyncio.create_task(self._replies.get())
        await asyncio.wait(
            {waiting, self._reading}, timeout=ANSWER_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not waiting.done():
            waiting.cancel()
            raise FswError("the live spacecraft is gone" if self._reading.done() else "no answer in time")
        return waiting.result()

    async def settle(self) -> None:
        """Until the status says that no step runs."""
        assert self._reading is not None
        self._status_came.clear()  # one that was sent before the step began does not count
        while not self._reading.done():
            came = asyncio.create_task(self._status_came.wait())
            await asyncio.wait({came, self._reading}, return_when=asyncio.FIRST_COMPLETED)
            came.cancel()
            self._status_came.clear()
            if not self._status.get("busy"):
                return

    async def run(self) -> None:
        assert self._reading is not None
        await asyncio.wait({self._reading})

    async def _read(self) -> None:
        while True:
            try:
                line = await self._reader.readline()
                message = json.loads(line) if line else None
            except (OSError, ValueError):
                return
            if not isinstance(message, dict) or "error" in message:
                return
            if "news" in message:
                self._news += [[(s, t) for s, t in fragments] for fragments in message["news"]]
            elif "status" in message:
                self._status = message["status"]
                self._status_came.set()
            elif message.get("id") == self._sent:
                lines: list[Line] = [[(s, t) for s, t in fragments] for fragments in message["lines"]]
                reply = Reply(lines, message["ok"], message["asks"], message["leaves"], message.get("opens"))
                self._replies.put_nowait(reply)

    def news(self) -> list[Line]:
        lines, self._news = self._news, []
        return lines

    def status(self) -> dict[str, Any]:
        return self._status

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._writer.close()
