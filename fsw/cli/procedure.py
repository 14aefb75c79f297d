"""`fsw procedure`: on-board control procedures, made on the ground."""

import sys
from pathlib import Path

import click

from fsw.cli.exit_codes import ERROR, EXIT_CODES


@click.command(
    epilog="""\b
examples:
  fsw procedure check release.txt
  fsw procedure compile release.txt               writes release.obcp
  fsw procedure load release.txt | fsw console    loads it aboard

"""
    + EXIT_CODES
)
@click.argument("action", type=click.Choice(["check", "compile", "load"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where compile writes; FILE.obcp if not given.",
)
def procedure(action: str, file: Path, out: Path | None) -> None:
    """Compiles on-board control procedures.

    check tells what is wrong with one, line by line, or how large it is; compile writes the octets that go
    on board; load prints the telecommand that takes them there, for the console.
    """
    from fsw.ground import procedure_command as command

    try:
        compiled = command.compiled(file)
    except command.ProcedureError as error:
        for line, text in error.messages:
            click.echo(f"{file}:{line}: {text}", err=True)
        sys.exit(ERROR)
    if action == "load":
        click.echo(command.as_telecommand(compiled))
        return
    click.echo(command.told(compiled))
    if action == "compile":
        (out or file.with_suffix(command.SUFFIX)).write_bytes(compiled.octets)
