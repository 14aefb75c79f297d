"""`fsw export`: received pictures for other programs."""

from pathlib import Path

import click


@click.command(
    epilog="""\b
what goes into the files:
  png     8 bits a colour, or a raw picture's 16; text, the camera's EXIF, XMP
  fits    DATE-OBS, EXPTIME, TELESCOP, INSTRUME, optics; world coordinates of the lens, exact (ZPN), of a line
          camera's strip the angle along the line and the time; needs astropy: pip install 'fsw[astronomy]'

\b
How a camera stood does not come down. Where the flight's truth.jsonl is there, sky coordinates and the
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
    from fsw.ground.export_files import export_files

    for target, size in export_files(pictures, form, out, mission, attitude == "truth"):
        click.echo(f"{target}  {size} octets")
