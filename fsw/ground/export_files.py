"""`fsw export`: received pictures as files for other programs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fsw.core.errors import FswError
from fsw.ground import received_picture
from fsw.ground.received_picture import ReceivedPicture
from fsw.ground.whole_file import save


def export_files(
    pictures: Sequence[Path], form: str, out: Path, mission: str | None, with_truth: bool
) -> Iterator[tuple[Path, int]]:
    """Each picture into `out` as 'png' or 'fits'; where it was written, and its size in octets.

    mission, with_truth: see `received_picture.read`. Raises FswError: two would be written to one place, a
    picture or what belongs to it cannot be read, a file cannot be written.
    """
    targets = [out / f"{path.stem}.{form}" for path in pictures]
    for target in targets:
        if targets.count(target) > 1:
            raise FswError(f"{target}: two of the pictures would be written there")
    make = _maker(form)
    for path, target in zip(pictures, targets, strict=True):
        found = received_picture.read(path, mission, with_truth)
        try:
            octets = make(found)
        except FswError as error:
            raise FswError(f"{path}: {error}") from error
        _save(target, octets)
        yield target, len(octets)


def _maker(form: str) -> Callable[[ReceivedPicture], bytes]:
    if form == "png":
        from fsw.ground.png_export import as_png

        return as_png
    from fsw.ground.fits_export import as_fits

    return as_fits


def _save(target: Path, octets: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FswError(f"{target}: {error.strerror or error}") from error
    save(target, octets)
