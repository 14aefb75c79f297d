"""`fsw procedure`: what the command line needs, without the command line."""

from pathlib import Path

from fsw.core.errors import FswError
from fsw.ground.procedure_words import DictionaryWords
from fsw.protocols.obcp import MAX_PROGRAM_OCTETS, Compiled, ProcedureError, compile_procedure

SUFFIX = ".obcp"

__all__ = ["SUFFIX", "ProcedureError", "as_telecommand", "compiled", "told"]


def compiled(file: Path) -> Compiled:
    """The procedure in a text file. Raises ProcedureError with what is wrong, FswError if it is no text."""
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FswError(f"{file}: not a text in UTF-8") from error
    return compile_procedure(source, DictionaryWords())


def told(procedure: Compiled) -> str:
    """What it is, in one line."""
    program = procedure.program
    arguments = len(program.arguments)
    return (
        f"{program.name} version {program.version}: {len(procedure.octets)} of {MAX_PROGRAM_OCTETS} octets, "
        f"{arguments} argument{'' if arguments == 1 else 's'}, {len(program.telecommands)} telecommands, "
        f"at most {program.run_time_s} s and {program.instructions} instructions"
    )


def as_telecommand(procedure: Compiled) -> str:
    """The line that loads it, as the console takes it."""
    return f"tc PROCEDURE_LOAD procedure={procedure.program.name} code={procedure.octets.hex()}"
