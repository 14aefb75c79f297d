"""The command line: arguments only. What a command needs is imported when it runs, so help is quick."""

import errno
import gc
import os
import sys

import click

from fsw.cli import (
    bench,
    campaign,
    console,
    decode,
    dictionary,
    export,
    fly,
    gallery,
    keys,
    missions,
    procedure,
    recontact,
    sequence,
    serve,
)
from fsw.cli.exit_codes import BUG, ERROR, INTERRUPTED
from fsw.core.errors import FswError

COMMANDS: tuple[click.Command, ...] = (
    bench.bench,
    campaign.campaign,
    console.console,
    decode.decode,
    dictionary.dictionary,
    export.export,
    fly.fly,
    gallery.gallery,
    keys.keys,
    missions.missions,
    procedure.procedure,
    recontact.recontact,
    sequence.sequence,
    serve.serve,
)
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=SETTINGS)
@click.version_option(package_name="fsw", prog_name="fsw")
def cli() -> None:
    """A spacecraft in a Python package: flight software, its hardware, its world and its ground.

    \b
    fsw fly tianwen1-cruise                 release the camera, bring the pictures home
    fsw decode flight/downlink.cadu --format tianwen1
    fsw COMMAND --help                      what each command does, writes and returns
    """


for command in COMMANDS:
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: every end of a command is an exit code, and at most one line of error."""
    # A flight keeps much and leaves few cycles: the collector would look through all of it for nothing.
    gc.set_threshold(50_000, 20, 100)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """As `main`, but returns the exit code."""
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        # Not click's own main: it decides itself what a closed pipe and Ctrl-C exit with.
        with cli.make_context("fsw", given) as context:
            cli.invoke(context)
        return _flushed(0)
    except SystemExit as end:
        return _flushed(end.code if isinstance(end.code, int) else 0)
    except click.exceptions.Exit as end:
        return _flushed(end.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _failed("interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except FswError as error:
        return _failed(str(error), ERROR)
    except BrokenPipeError:
        return _quiet()
    except OSError as error:
        if error.errno == errno.EPIPE:
            return _quiet()
        return _failed(f"{error.filename or 'output'}: {error.strerror or error}", ERROR)
    except Exception as error:
        if os.environ.get("FSW_DEBUG"):
            raise
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        return _failed(f"a fault in fsw itself: {told} (FSW_DEBUG=1 shows where)", BUG)


def _failed(text: str, code: int) -> int:
    click.echo(f"fsw: {' '.join(text.split())}", err=True)
    return code


def _flushed(code: int) -> int:
    """What is still in the buffer may be what nobody reads."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet()
    return code


def _quiet() -> int:
    """The reader of our output has gone, as `| head` does: nothing to say, and nothing at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
