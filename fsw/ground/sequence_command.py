"""`fsw sequence`: a text of telecommands into the file that ST[21] loads by reference.

A line for each request, `NAME ARGUMENTS @COUNT`; `wait 2 s` (ms, s, min) between two is the least time from
the release of the one to that of the other. `#` begins a comment.
"""

import re
from binascii import crc_hqx
from pathlib import Path

from fsw.core.errors import FswError
from fsw.dictionary.services.st21_sequencing import MOST_REQUESTS, encode_entries
from fsw.dictionary.telecommand import written_packet

SUFFIX = ".sequence"
_WAIT = re.compile(r"wait (\d+)\s*(ms|s|min)", re.ASCII)
_UNITS_MS = {"ms": 1, "s": 1000, "min": 60_000}
_MOST_MS = (1 << 32) - 1


def compiled(file: Path) -> bytes:
    """What goes on board. Raises FswError, with the line, on what is no request and no wait."""
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FswError(f"{file}: not a text in UTF-8") from error
    entries: list[tuple[bytes, int]] = []
    for number, line in enumerate(source.splitlines(), start=1):
        text = line.partition("#")[0].strip()
        try:
            _take(text, entries)
        except FswError as error:
            raise FswError(f"{file}:{number}: {error}") from error
    if not 0 < len(entries) <= MOST_REQUESTS:
        raise FswError(f"{file}: {len(entries)} requests; allowed are 1 to {MOST_REQUESTS}")
    return encode_entries(entries)


def _take(text: str, entries: list[tuple[bytes, int]]) -> None:
    wait = _WAIT.fullmatch(text)
    if wait is not None:
        if not entries:
            raise FswError("a wait before the first request; allowed are waits behind one")
        packet, delay_ms = entries[-1]
        delay_ms += int(wait.group(1)) * _UNITS_MS[wait.group(2)]
        if delay_ms > _MOST_MS:
            raise FswError(f"a wait of {delay_ms} ms; allowed are up to {_MOST_MS}")
        entries[-1] = packet, delay_ms
    elif text.startswith("wait "):
        raise FswError(f"{text!r}: allowed are such as 'wait 500 ms', 'wait 2 s', 'wait 1 min'")
    elif text:
        entries.append((written_packet(text), 0))


def told(octets: bytes) -> str:
    """What it is, in one line; its checksum is the one that SEQUENCE_CHECKSUM reports."""
    return f"{len(octets)} octets, CRC {crc_hqx(octets, 0xFFFF)}"
