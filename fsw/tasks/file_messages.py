"""What tasks say to each other of files and of CFDP. Plain data, as `fsw.tasks.messages`."""

from fsw.kernel.record import record
from fsw.kernel.snapshot import plain
from fsw.tasks.messages import Execute


@plain
@record
class FileUnit:
    """From commanding: a data unit of CFDP from the ground."""

    octets: bytes


@plain
@record
class SendFile:
    """A file for the ground: name there, octets, messages to its user."""

    name: str
    octets: bytes
    messages: tuple[bytes, ...]


@plain
@record
class SendFiles:
    """To files: send these by CFDP, in order; told by `FilesGone`."""

    files: tuple[SendFile, ...]


@plain
@record
class StopFiles:
    """To files: of those of `SendFiles`, send only what has begun."""


@plain
@record
class FilesGone:
    """From files: names of what was sent (class 1) or has arrived (class 2), and of what was not."""

    sent: tuple[str, ...]
    failed: tuple[str, ...]


@plain
@record
class FilesWanted:
    """From files: there is room for so many octets in so many files more."""

    octets: int
    files: int


@plain
@record
class FilePackets:
    """Whole, numbered Space Packets: files for the channel of files, answers for the real-time one."""

    octets: bytes
    answers: bool = False


def of_store(path: str, file: str) -> str:
    """The name in the store of a file in a directory."""
    return f"{path}/{file}" if path else file


@plain
@record
class ReadFile:
    """To files: a request names a file of the store that the asking task needs for it."""

    file: str
    asker: str
    request: Execute


@plain
@record
class FileRead:
    """From files: its octets, or None if there is no such file; and the request that needs it."""

    octets: bytes | None
    request: Execute
