"""`fsw keys`: keys for a protected telecommand link."""

from pathlib import Path

import click


@click.command(
    epilog="""\b
examples:
  fsw keys mine.keys
  fsw fly tianwen1-cruise --keys mine.keys

\b
exit codes:
  0    the file is made
  2    usage, or there is such a file already"""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--session",
    "session_keys",
    type=int,
    default=8,
    show_default=True,
    metavar="N",
    help="Session keys; three are in use at launch, the others can be uploaded.",
)
def keys(file: Path, session_keys: int) -> None:
    """Makes FILE with new keys for a protected telecommand link.

    A master key and N session keys, from this system's random source, readable by you alone. Whoever has the
    file commands the spacecraft. It also counts the flights begun with it, so that no number is ever used
    twice: give every flight the file itself, not a copy. An existing file is never overwritten.
    """
    from fsw.harness.key_file import make_key_file

    make_key_file(file, session_keys)
    click.echo(f"{file}: a master key and {session_keys} session keys")
