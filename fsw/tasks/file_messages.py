"""What tasks say to each other of files and of CFDP. Plain data, as `fsw.tasks.messages`."""

from dataclasses import dataclass

from fsw.kernel.snapshot import plain


@plain
@dataclass(frozen=True, slots=True)
class FileUnit:
    """From commanding: a data unit of CFDP from the ground."""

    octets: bytes


@plain
@dataclass(frozen=True, slots=True)
class SendFile:
    """A file for the ground: name there, octets, messages to its user."""

    name: str
    octets: bytes
    messages: tuple[bytes, ...]


@plain
@dataclass(frozen=True, slots=True)
class SendFiles:
    """To files: send these by CFDP, in order; told by `FilesGone`."""

    files: tuple[SendFile, ...]


@plain
@dataclass(frozen=True, slots=True)
class StopFiles:
    """To files: of those of `SendFiles`, send only what has begun."""


@plain
@dataclass(frozen=True, slots=True)
class FilesGone:
    """From files: names of what was sent (class 1) or has arrived (class 2), and of what was not."""

    sent: tuple[str, ...]
    failed: tuple[str, ...]


@plain
@dataclass(frozen=True, slots=True)
class FilesWanted:
    """From files: there is room for so many octets in so many files more."""

    octets: int
    files: int


@plain
@dataclass(frozen=True, slots=True)
class FilePackets:
    """Whole, numbered Space Packets: files for the channel of files, answers for the real-time one."""

    octets: bytes
    answers: bool = False
