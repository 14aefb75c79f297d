"""The terminal round a session: prompt, completion, status bar; or plain lines where there is no terminal."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from fsw.console.completion import choices
from fsw.console.connection import Connection
from fsw.console.text import Line, plain
from fsw.core.errors import FswError

_STYLE = Style.from_dict(
    {
        "title": "bold",
        "good": "ansigreen",
        "dim": "ansibrightblack",
        "warning": "ansiyellow",
        "alarm": "ansired bold",
        "prompt": "bold",
        "bottom-toolbar": "noreverse bg:ansiblack fg:ansiwhite",
        "bottom-toolbar.dim": "fg:ansibrightblack",
    }
)
_NEWS_S = 0.1


def toolbar(status: dict[str, Any]) -> Line:
    """The status bar's text."""
    if not status:
        return [("dim", " waiting for the spacecraft ")]
    utc = str(status["utc"])
    paused = status["pace"] == "paused"
    range_m = status["range_m"]
    lost = status["frames_failed"] + status["frames_lost"]
    parts: list[tuple[str, str]] = [
        ("title", f" {utc[:10]} {utc[11:]}"),
        ("warning" if paused else "good", str(status["pace"])),
        ("good", f"lock {status['lock']}") if status["lock"] else ("warning", "no lock"),
        ("warning" if lost else "", f"frames {status['frames']}" + (f" ({lost} bad)" if lost else "")),
        ("", "camera aboard" if range_m is None else f"range {range_m:.1f} m"),
        ("", f"pictures {status['pictures']}"),
        # The rest is cut off where the terminal is narrow.
        ("", f"light {status['light_time_s']:.1f} s"),
        ("", f"hears {status['left_utc'][11:19]}Z"),
    ]
    line: Line = [parts[0]]
    for part in parts[1:]:
        line += [("dim", " | "), part]
    return line


class _FromDictionary(Completer):
    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        for choice in choices(document.text_before_cursor):
            yield Completion(choice.text, -choice.replaces, display_meta=choice.note)


def _styled(line: Line) -> FormattedText:
    return FormattedText([(f"class:{style}" if style else "", text) for style, text in line])


def _show(lines: Iterable[Line]) -> None:
    for line in lines:
        print_formatted_text(_styled(line), style=_STYLE)


async def converse(connection: Connection, greeting: list[Line]) -> int:
    """An operator at a terminal, until `quit` or Ctrl-D; the exit code. Ctrl-C pauses."""

    def bar() -> FormattedText:
        return FormattedText([(f"class:bottom-toolbar.{s}", t) for s, t in toolbar(connection.status())])

    prompt: PromptSession[str] = PromptSession(
        completer=_FromDictionary(),
        complete_while_typing=True,
        bottom_toolbar=bar,
        refresh_interval=0.25,
        style=_bar_style(),
    )
    running = asyncio.create_task(connection.run())
    with patch_stdout(raw=True):
        _show(greeting)
        telling = asyncio.create_task(_tell(connection))
        try:
            return await _answer(connection, prompt, running)
        finally:
            for task in (telling, running):
                task.cancel()
            await asyncio.gather(telling, running, return_exceptions=True)
            _show(connection.news())


async def _answer(connection: Connection, prompt: PromptSession[str], running: asyncio.Task[None]) -> int:
    asks = False
    while True:
        asking = asyncio.create_task(_ask(prompt, asks))
        await asyncio.wait({asking, running}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            running.result()
            _show([[("alarm", "the live spacecraft is gone")]])
            return 1
        line = asking.result()
        if line is None:
            return 0
        reply = await connection.execute(line)
        _show(reply.lines)
        if reply.opens is not None:
            _open(reply.opens)
        asks = reply.asks
        if reply.leaves:
            return 0


async def _ask(prompt: PromptSession[str], asks: bool) -> str | None:
    """A line; None at the end (Ctrl-D). Ctrl-C is 'no' to a question, else 'pause'."""
    text = FormattedText([("class:warning", "yes? ")] if asks else [("class:prompt", "fsw> ")])
    try:
        return await prompt.prompt_async(text)
    except KeyboardInterrupt:  # caught here: out of a task it would end the event loop
        return "no" if asks else "pause"
    except EOFError:
        return None


async def _tell(connection: Connection) -> None:
    while True:
        _show(connection.news())
        await asyncio.sleep(_NEWS_S)


def _bar_style() -> Style:
    rules = [(f"bottom-toolbar.{name}", rule) for name, rule in _STYLE.style_rules if "toolbar" not in name]
    return Style([*_STYLE.style_rules, *rules])


def _open(path: str) -> None:
    """With the desktop's viewer, where there is one."""
    viewer = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if viewer is None:
        _show([[("dim", "no viewer on this machine (xdg-open)")]])
        return
    quiet = subprocess.DEVNULL
    subprocess.Popen([viewer, path], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


async def follow(connection: Connection, commands: TextIO, out: TextIO) -> int:
    """Commands from a file or pipe, one a line, each run to its end; 1 if one of them failed."""
    failed = False
    asks = False
    running = asyncio.create_task(connection.run())
    try:
        while line := await asyncio.to_thread(commands.readline):
            print(("yes? " if asks else "fsw> ") + line.rstrip("\n"), file=out)
            reply = await connection.execute(line.rstrip("\n"))
            for shown in reply.lines:
                print(plain(shown), file=out)
            await connection.settle()
            for shown in connection.news():
                print(plain(shown), file=out, flush=True)
            failed = failed or not reply.ok
            asks = reply.asks
            if reply.leaves:
                break
    except FswError as error:
        print(error, file=out)
        failed = True
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return int(failed)
