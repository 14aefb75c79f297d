"""Files that are never seen half written."""

from pathlib import Path

from fsw.core.errors import FswError


def write_whole(path: Path, contents: bytes | str) -> None:
    """Whole or not at all; text as UTF-8. Raises OSError."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    part.replace(path)


def save(path: Path, contents: bytes | str) -> None:
    """As `write_whole`, but raises FswError, which names the file."""
    try:
        write_whole(path, contents)
    except OSError as error:
        raise FswError(f"{path}: {error.strerror or error}") from error
