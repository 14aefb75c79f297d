"""What may be typed next, from the dictionary and the commands."""

from dataclasses import dataclass

from fsw import dictionary
from fsw.console import files, telecommand_link, views
from fsw.console.session import COMMANDS
from fsw.core.errors import FswError
from fsw.dictionary.telecommand import AnyArgument, ArgumentGroup, Telecommand


@dataclass(frozen=True, slots=True)
class Choice:
    """text replaces the last `replaces` characters; note: what it is."""

    text: str
    replaces: int
    note: str = ""


def choices(line: str) -> list[Choice]:
    """For the text before the cursor."""
    words = line.split(" ")
    word = words[-1]
    done = [w for w in words[:-1] if w]
    if not done:
        return _matching(word, [(name, text) for name, (_, text) in COMMANDS.items()])
    match done[0].lower(), done[1:]:
        case "tc", []:
            return _matching(word, [(c.name, c.effect) for c in dictionary.telecommands()])
        case "tc", [name, *given]:
            return _arguments(name, given, word)
        case (("telemetry" | "tm"), _):
            return _matching(word, [(r.name, r.text) for r in views.reports_shown()])
        case "help", []:
            named = [(c.name, c.effect) for c in dictionary.telecommands()]
            return _matching(word, [*[(name, text) for name, (_, text) in COMMANDS.items()], *named])
        case "step", []:
            return _matching(word, [("until", "a time of day, UTC"), ("30s", ""), ("5m", "")])
        case "uplink", []:
            return _matching(word, [("open", "the AD service"), ("close", ""), ("resume", ""), ("set", "")])
        case "uplink", ["open"]:
            return _matching(word, list(telecommand_link.HOWS.items()))
        case "uplink", ["set"]:
            return _matching(word, [(name, text) for name, (_, text) in telecommand_link.SETTINGS.items()])
        case "run", []:
            return _matching(word, [("1", "real time"), ("10", "ten times"), ("max", "as fast as possible")])
        case "pictures", []:
            return _matching(word, [("open", "show it"), ("save", "copy it to a file"), ("all", "list all")])
        case "file", []:
            return _matching(word, [(name, text) for name, (_, text) in files.WISHES.items()])
    return []


def _matching(word: str, named: list[tuple[str, str]]) -> list[Choice]:
    """Those that begin so, then those that hold it, any case."""
    low = word.lower()
    begin = [pair for pair in named if pair[0].lower().startswith(low)]
    hold = [pair for pair in named if low in pair[0].lower() and pair not in begin]
    return [Choice(name, len(word), note) for name, note in begin + hold]


def _arguments(name: str, given: list[str], word: str) -> list[Choice]:
    try:
        command = dictionary.telecommand(name)
    except FswError:
        return []
    key, equals, text = word.partition("=")
    if equals:
        return _values(command, key, text)
    used = {argument.partition("=")[0] for argument in given}
    left = [a for a in command.arguments if a.name not in used]
    found = _matching(word, [(f"{a.name}=", f"{a.text}: {a.allowed}") for a in left])
    services = [
        ("at", "to arrive at a time, UTC"),
        ("ad", "in order, by the AD service"),
        ("bd", "expedited, past the AD service"),
    ]
    return found + _matching(word, [] if {"at", "ad", "bd"} & used else services)


def _values(command: Telecommand, key: str, text: str) -> list[Choice]:
    argument = next((a for a in command.arguments if a.name == key), None)
    if argument is None:
        return []
    named = None if isinstance(argument, ArgumentGroup) else argument.parameter.enumeration or argument.names
    if named is None:
        return [] if text else _default(argument)
    part = text.rpartition(",")[2] if argument.listed else text
    return _matching(part, [(member, "") for member in named.__members__])


def _default(argument: AnyArgument) -> list[Choice]:
    default = argument.default_text
    return [Choice(default, 0, f"default; {argument.allowed}")] if default else []
