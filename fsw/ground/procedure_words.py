"""The dictionary as procedures name it: telecommands, housekeeping parameters and events."""

from collections.abc import Collection, Mapping
from typing import Any

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary import pool
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import ORBITER_APID
from fsw.dictionary.telecommand import Argument
from fsw.protocols.obcp import Hole, ParameterWord, TelecommandWord


class DictionaryWords:
    """See `fsw.protocols.obcp.Vocabulary`."""

    def telecommand(
        self, name: str, arguments: Mapping[str, str], computed: Collection[str]
    ) -> TelecommandWord:
        """Raises FswError, saying what is allowed."""
        command = dictionary.telecommand(name)
        if command.apid != ORBITER_APID:
            raise FswError(f"{command.name} is not the orbiter's")
        known = {argument.name for argument in command.arguments}
        unknown = [argument for argument in (*arguments, *computed) if argument not in known]
        if unknown:
            allowed = ", ".join(sorted(known)) or "none"
            raise FswError(f"{command.name}: no argument {unknown[0]!r}; allowed are {allowed}")
        # Any value that is allowed stands for a computed one: its octets are written over on board.
        values: dict[str, Any] = {}
        at = 0 if command.function is None else 3
        holes: dict[str, Hole] = {}
        for argument in command.arguments:
            at += command.function is not None
            if argument.name in computed:
                holes[argument.name] = _hole(command.name, argument, at)
                values[argument.name] = _stand_in(argument)
            elif argument.name in arguments:
                values[argument.name] = argument.parse(arguments[argument.name])
            elif argument.default is not None:
                values[argument.name] = argument.default
            else:
                continue  # missing: encoding says so
            at += len(argument.write(values[argument.name]))
        return TelecommandWord(command.service, command.subtype, command.encode(values), holes)

    def parameter(self, name: str) -> ParameterWord:
        """Raises FswError, naming like ones."""
        found = pool.BY_NAME.get(name)
        if found is None:
            near = [known for known in pool.BY_NAME if name.partition("_")[0] in known]
            hint = f"; near it are {', '.join(near[:8])}" if near else ""
            raise FswError(f"housekeeping parameter {name!r}: there is none{hint}")
        parameter = found.parameter
        texts = {} if parameter.texts is None else {text: raw for raw, text in parameter.texts.items()}
        real = parameter.calibration is not None or parameter.raw_range is None
        return ParameterWord(found.identifier, real, texts)

    def event(self, name: str) -> int:
        """Raises FswError listing the events."""
        if name not in Event.__members__:
            raise FswError(f"event {name!r}: allowed are {', '.join(Event.__members__)}")
        return int(Event[name])


def _hole(owner: str, argument: Any, at: int) -> Hole:
    parameter = argument.parameter if isinstance(argument, Argument) else None
    if parameter is None or argument.listed or parameter.raw_range is None or parameter.octets is None:
        raise FswError(f"{owner}: {argument.name} cannot be computed on board: it is not one whole number")
    scale, shift = 1.0, 0.0
    if parameter.calibration is not None:
        scale, shift = parameter.calibration.scale, parameter.calibration.offset
    return Hole(at, parameter.octets, parameter.raw_range[0] < 0, scale, shift)


def _stand_in(argument: Any) -> Any:
    if argument.parameter.enumeration is not None:
        return next(iter(argument.parameter.enumeration.__members__))
    if argument.minimum is not None:
        return argument.minimum
    low, high = argument.parameter.raw_range
    return argument.parameter.decode(max(low, min(0, high))).value
