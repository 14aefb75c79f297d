"""Every telecommand and telemetry report of the flight, declared once.

On board and ground encode and decode through this; the printed dictionary comes from it. Each
declaration says whether its layout is Tianwen-1's own or ours (`origin`).
"""

import difflib
import shlex
from collections.abc import Mapping
from typing import Any

from fsw.core.errors import FswError
from fsw.dictionary import commands, events, housekeeping, security, services, tianwen1, verification
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Value, Violation
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import (
    FUNCTION_SERVICE,
    FUNCTION_SUBTYPE,
    Argument,
    ArgumentGroup,
    ArgumentValue,
    Request,
    Telecommand,
)

__all__ = [
    "Argument",
    "ArgumentGroup",
    "ArgumentValue",
    "Group",
    "Report",
    "Request",
    "Telecommand",
    "Value",
    "Violation",
    "known_services",
    "parse_telecommand",
    "recognise_report",
    "recognise_telecommand",
    "report",
    "report_for",
    "reports",
    "telecommand",
    "telecommands",
]

_DECLARED = (*commands.TELECOMMANDS, *services.TELECOMMANDS, *security.TELECOMMANDS)
_TELECOMMANDS = {command.name: command for command in _DECLARED}
_REPORTS = {
    report.name: report
    for report in (
        *tianwen1.REPORTS,
        *verification.REPORTS,
        *housekeeping.REPORTS,
        *events.REPORTS,
        *services.REPORTS,
        *security.REPORTS,
    )
}
_REPORT_BY_KEY = {(r.apid, r.service, r.subtype, r.identifier): r for r in _REPORTS.values()}
_IDENTIFIED = frozenset((r.apid, r.service, r.subtype) for r in _REPORTS.values() if r.identifier is not None)
_COMMAND_BY_KEY = {(c.service, c.subtype, c.function): c for c in _TELECOMMANDS.values()}
assert len(_TELECOMMANDS) == len(_COMMAND_BY_KEY) == len(_DECLARED)
assert len(_REPORTS) == len(_REPORT_BY_KEY)


def telecommands() -> tuple[Telecommand, ...]:
    """All telecommands, in the order declared."""
    return tuple(_TELECOMMANDS.values())


def reports() -> tuple[Report, ...]:
    """All reports, in the order declared."""
    return tuple(_REPORTS.values())


def telecommand(name: str) -> Telecommand:
    """The telecommand of that name (any case). Raises FswError with the names nearest to it."""
    found = _TELECOMMANDS.get(name.upper())
    if found is None:
        raise _unknown("telecommand", name, _TELECOMMANDS)
    return found


def report(name: str) -> Report:
    """The report of that name (any case). Raises FswError with the names nearest to it."""
    found = _REPORTS.get(name.upper())
    if found is None:
        raise _unknown("report", name, _REPORTS)
    return found


def _unknown(kind: str, name: str, names: Mapping[str, Any]) -> FswError:
    sought = name.upper()
    near = [known for known in names if sought and (sought in known or known in sought)]
    near += [known for known in difflib.get_close_matches(sought, names, 5) if known not in near]
    hint = f"near it are {', '.join(near[:8])}; " if near else ""
    return FswError(f"{kind} {name!r}: there is none; {hint}`fsw dictionary` lists all {len(names)}")


def report_for(
    apid: int, service: int | None = None, subtype: int | None = None, identifier: int | None = None
) -> Report:
    """The report with that APID, type and structure or event identifier. Raises FswError if none."""
    found = _REPORT_BY_KEY.get((apid, service, subtype, identifier))
    if found is None:
        kind = "" if service is None else f" [{service},{subtype}]"
        which = "" if identifier is None else f" identifier {identifier}"
        raise FswError(f"APID {apid}{kind}{which}: the dictionary declares no such report")
    return found


def recognise_report(
    apid: int, service: int | None, subtype: int | None, source_data: bytes
) -> Report | None:
    """The report that received source data belong to, or None when it is not declared."""
    identifier = None
    if (apid, service, subtype) in _IDENTIFIED:
        identifier = int.from_bytes(source_data[:2], "big")
    return _REPORT_BY_KEY.get((apid, service, subtype, identifier))


def parse_telecommand(name: str, arguments: str | Mapping[str, Any] = "") -> Request:
    """A telecommand as an operator writes it: `parse_telecommand("CAMERA_MODE", "size=1 lens=A")`.

    arguments: `name=value` separated by spaces; without names, values in the order declared; lists with
    commas; groups as a JSON list of objects, in quotation marks. Or a mapping of such texts, or of values.
    Raises FswError that says what is allowed.
    """
    command = telecommand(name)
    by_name = {argument.name: argument for argument in command.arguments}
    if isinstance(arguments, str):
        try:
            words = shlex.split(arguments)
        except ValueError as error:
            raise FswError(f"{command.name}: {arguments!r} has an open quotation mark") from error
        given: dict[str, Any] = {}
        for position, word in enumerate(words):
            key, equals, text = word.partition("=")
            if not equals:
                if position >= len(command.arguments):
                    allowed = " ".join(by_name) or "no arguments"
                    raise FswError(f"{command.name}: {word!r} is one too many; allowed are {allowed}")
                key, text = command.arguments[position].name, word
            if key in given:
                raise FswError(f"{command.name}: {key} is given twice")
            given[key] = text
    else:
        given = dict(arguments)
    values: dict[str, ArgumentValue] = {}
    for key, value in given.items():
        if key not in by_name:
            raise FswError(f"{command.name}: no argument {key!r}; allowed are {', '.join(by_name) or 'none'}")
        values[key] = by_name[key].parse(value) if isinstance(value, str) else value
    request = Request(command, values)
    request.encode()  # so that a missing or forbidden value is refused here, not when radiated
    return request


def known_services() -> dict[int, frozenset[int]]:
    """Subtypes of telecommands by service, for acceptance on board."""
    found: dict[int, set[int]] = {}
    for command in _DECLARED:
        found.setdefault(command.service, set()).add(command.subtype)
    return {service: frozenset(subtypes) for service, subtypes in sorted(found.items())}


def recognise_telecommand(
    service: int, subtype: int, application_data: bytes
) -> tuple[Telecommand, dict[str, Any]] | FailureCode:
    """On board: the telecommand and its arguments, or the failure code to report with [1,2]."""
    function = None
    if (service, subtype) == (FUNCTION_SERVICE, FUNCTION_SUBTYPE):
        if len(application_data) < 2:
            return FailureCode.ILLEGAL_ARGUMENT
        function = int.from_bytes(application_data[:2], "big")
    command = _COMMAND_BY_KEY.get((service, subtype, function))
    if command is None:
        if function is not None:
            return FailureCode.UNKNOWN_FUNCTION
        known = any(key[0] == service for key in _COMMAND_BY_KEY)
        return FailureCode.UNKNOWN_SUBTYPE if known else FailureCode.UNKNOWN_SERVICE
    try:
        return command, command.decode(application_data)
    except FswError:
        return FailureCode.ILLEGAL_ARGUMENT
