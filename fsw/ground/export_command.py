"""`fsw export`: arguments only. What it needs is imported when it runs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fsw.core.errors import FswError

if TYPE_CHECKING:
    from fsw.ground.received_picture import ReceivedPicture


@click.command(
    epilog="""\b
what goes into the files:
  png     8 bits a colour, or a raw picture's 16; text, the camera's EXIF, XMP
  fits    DATE-OBS, EXPTIME, TELESCOP, INSTRUME, optics; world coordinates of the lens, exact (ZPN); needs
          astropy: pip install 'fsw[astronomy]'

\b
A tumbling camera sends no attitude home. Where the flight's truth.jsonl is there, sky coordinates and the
attitude quaternion are taken from it, and ATTSRC says EMULATOR TRUTH; --attitude none leaves them out.

\b
examples:
  fsw export selfie/pictures/full/0000064.jpg
  fsw export selfie/pictures/full/*.jpg --format fits --out fits

\b
exit codes:
  0    done
  2    usage, or something that is not allowed: one line says what is"""
)
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PICTURE...")
@click.option(
    "--format", "form", type=click.Choice(["png", "fits"]), default="png", show_default=True, help="Of files."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where they go; here if not given.",
)
@click.option(
    "--attitude",
    type=click.Choice(["truth", "none"]),
    default="truth",
    show_default=True,
    help="What the emulator knows, or what the ground knows.",
)
@click.option("--mission", metavar="MISSION", help="Name or file, where the flight's summary does not tell.")
def export(pictures: tuple[Path, ...], form: str, out: Path, attitude: str, mission: str | None) -> None:
    """Writes received pictures as PNG or FITS with all that is known of them.

    PICTURE is a file as `fsw fly` left it, below a folder with index.json.
    """
    from fsw.ground import received_picture

    targets = [out / f"{path.stem}.{form}" for path in pictures]
    for target in targets:
        if targets.count(target) > 1:
            raise FswError(f"{target}: two of the pictures would be written there")
    make = _maker(form)
    for path, target in zip(pictures, targets, strict=True):
        found = received_picture.read(path, mission, attitude == "truth")
        try:
            octets = make(found)
        except FswError as error:
            raise FswError(f"{path}: {error}") from error
        _write(target, octets)
        click.echo(f"{target}  {len(octets)} octets")


def _maker(form: str) -> "Callable[[ReceivedPicture], bytes]":
    if form == "png":
        from fsw.ground.png_export import as_png

        return as_png
    from fsw.ground.fits_export import as_fits

    return as_fits


def _write(target: Path, octets: bytes) -> None:
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(octets)
        os.replace(part, target)
    except OSError as error:
        raise FswError(f"{target}: {error.strerror or error}") from error
