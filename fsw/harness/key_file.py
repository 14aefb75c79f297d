"""The file that holds the keys of a protected telecommand link: made once, read at the start of a flight.

Text (JSON), readable by its owner alone. It also counts the flights begun with these keys, since numbers that
were used must never come again; so it is written to at the start of each, in place.
"""

import contextlib
import hashlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols.sdls_keys import FIRST_SESSION_KEY, MASTER_KEY, MOST_FLIGHTS, LinkKeys

FORMAT = 1
LEAST_SESSION_KEYS = 3
MOST_SESSION_KEYS = 200
_MODE = 0o600
_MOST_OCTETS = 1 << 16


def make_key_file(path: Path, session_keys: int = 8) -> None:
    """A new file with a master key and so many session keys, from the system's own random source.

    Raises FswError: there is such a file already, it cannot be written, a number that is not allowed.
    """
    if not LEAST_SESSION_KEYS <= session_keys <= MOST_SESSION_KEYS:
        raise FswError(
            f"{session_keys} session keys: allowed are {LEAST_SESSION_KEYS} to {MOST_SESSION_KEYS}"
        )
    numbers = (MASTER_KEY, *range(FIRST_SESSION_KEY, FIRST_SESSION_KEY + session_keys))
    text = _text({number: secrets.token_bytes(32) for number in numbers}, flights=0)
    try:
        # Never group or world readable, not even for an instant; never over another file.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError:
        raise FswError(f"{path}: exists already; keys are never overwritten, name another file") from None
    except OSError as error:
        raise FswError(f"{path}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def begin_flight(path: Path) -> LinkKeys:
    """The keys for one flight, after the file has been told that it began.

    Raises FswError: no such file, others can read it, it is damaged, it cannot be written, or it has served
    all the flights it can.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError as error:
        hint = f"; `fsw keys {path}` makes it" if isinstance(error, FileNotFoundError) else ""
        raise FswError(f"key file {path}: {error.strerror}{hint}") from error
    with os.fdopen(handle, "r+b") as file, _locked(file.fileno()):
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & 0o077:
            raise FswError(f"key file {path}: others may read it (mode {mode:o}); `chmod 600 {path}` first")
        keys, flights = _read(path, file.read(_MOST_OCTETS))
        if flights >= MOST_FLIGHTS:
            raise FswError(
                f"key file {path}: {flights} flights have used it, the most that can; make another"
            )
        # Written before anything is sent: a flight that ends here has used up nothing but its number.
        file.seek(0)
        file.write(_text(keys, flights + 1))
        file.flush()
        os.fsync(file.fileno())
    return LinkKeys(keys, flights + 1)


def _text(keys: dict[int, bytes], flights: int) -> bytes:
    """Always of the same length for the same keys, so that writing it again cannot leave half a file."""
    document = {
        "fsw_keys": FORMAT,
        "note": "Secret: whoever has this file commands the spacecraft.",
        "flights": f"{flights:04x}",
        "check": _check(keys),
        "keys": {str(number): octets.hex() for number, octets in sorted(keys.items())},
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def _check(keys: dict[int, bytes]) -> str:
    """Sixteen digits that tell a damaged file; they tell nothing of the keys."""
    text = "".join(f"{number}:{octets.hex()};" for number, octets in sorted(keys.items()))
    return hashlib.sha256(b"fsw key file" + text.encode()).hexdigest()[:16]


def _read(path: Path, octets: bytes) -> tuple[dict[int, bytes], int]:
    try:
        document: Any = json.loads(octets)
        version, check, flights = document["fsw_keys"], document["check"], int(document["flights"], 16)
        keys = {int(number): bytes.fromhex(text) for number, text in document["keys"].items()}
        LinkKeys(keys, min(max(flights, 0), MOST_FLIGHTS))
    except FswError as error:
        raise FswError(f"key file {path}: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FswError(f"key file {path}: is none; `fsw keys FILE` makes one") from None
    if version != FORMAT:
        raise FswError(f"key file {path}: is of format {version}; allowed is {FORMAT}")
    if check != _check(keys) or octets != _text(keys, flights):
        raise FswError(f"key file {path}: was changed or damaged since it was made")
    return keys, flights


@contextlib.contextmanager
def _locked(handle: int) -> Any:
    """Two flights that begin together must not get one number. Without such locks (Windows): nothing."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)
