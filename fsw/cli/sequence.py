"""`fsw sequence`: request sequences, made on the ground."""

from pathlib import Path

import click

from fsw.cli.exit_codes import EXIT_CODES


@click.command(
    epilog="""\b
a line for each request, and waits between them:
  WIFI ON @100
  wait 2 s
  CAMERA_START @101

\b
examples:
  fsw sequence check open.txt
  fsw sequence compile open.txt                   writes open.sequence
  fsw console, then: file send open.sequence; tc SEQUENCE_LOAD_AND_ACTIVATE OPEN '' open.sequence

"""
    + EXIT_CODES
)
@click.argument("action", type=click.Choice(["check", "compile"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where compile writes; FILE.sequence if not given.",
)
def sequence(action: str, file: Path, out: Path | None) -> None:
    """Compiles request sequences into files that the spacecraft loads by reference.

    check tells what is wrong with one, or its checksum, as SEQUENCE_CHECKSUM reports it; compile writes the
    octets that go on board as a file.
    """
    from fsw.ground import sequence_command as command

    octets = command.compiled(file)
    click.echo(command.told(octets))
    if action == "compile":
        (out or file.with_suffix(command.SUFFIX)).write_bytes(octets)
