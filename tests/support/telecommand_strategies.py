"""Hypothesis strategies of telecommand arguments, for tests in all rooms."""

import hypothesis.strategies as st

from fsw.dictionary.telecommand import ArgumentGroup


def arguments_of(command):
    """Allowed arguments, as `Telecommand.encode` takes and `decode` gives them."""
    return st.fixed_dictionaries({argument.name: _values(argument) for argument in command.arguments})


def _values(argument):
    return st.lists(_one(argument), min_size=1, max_size=32) if argument.listed else _one(argument)


def _one(argument):
    if isinstance(argument, ArgumentGroup):
        entry = st.fixed_dictionaries({field.name: _values(field) for field in argument.fields})
        return st.lists(entry, min_size=argument.least, max_size=min(argument.most, argument.least + 3))
    parameter, least, most = argument.parameter, argument.minimum, argument.maximum
    if parameter.enumeration is not None:
        return st.sampled_from(sorted(parameter.enumeration.__members__))
    if parameter.is_packet:
        head, rest = st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=20)
        return st.builds(lambda h, r: h + (len(r) - 1).to_bytes(2, "big") + r, head, rest)
    if parameter.is_octets:
        return _octets(argument)
    if parameter.raw_range is None:
        low, high = -1e9 if least is None else least, 1e9 if most is None else most
        return st.floats(low, high, width=32 if parameter.octets == 4 else 64, allow_nan=False)
    low, high = parameter.raw_range
    if parameter.calibration is not None:
        low = low if least is None else parameter.encode(least)
        high = high if most is None else parameter.encode(most)
        return st.integers(low, high).map(lambda raw: parameter.decode(raw).value)
    anything = st.integers(low if least is None else int(least), high if most is None else int(most))
    if argument.names is not None:
        return st.sampled_from([int(member) for member in argument.names]) | anything
    return anything


def _octets(argument):
    parameter, most = argument.parameter, argument.maximum
    low = int(argument.minimum or 0) if parameter.octets is None else parameter.octets
    high = min(low + 20, int(low + 20 if most is None else most))
    if parameter.is_text:
        return st.text("AZaz09_/.-", min_size=low, max_size=high)
    return st.binary(min_size=low, max_size=high if parameter.octets is None else low)
