"""What one computer understands and tells: its telecommands and reports, found by name and by number."""

import difflib
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from fsw.core.errors import FswError
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import (
    FUNCTION_SERVICE,
    FUNCTION_SUBTYPE,
    ArgumentValue,
    Request,
    Telecommand,
)


class Book:
    """apid: of the telecommands. Names and numbers must each occur once."""

    def __init__(self, apid: int, telecommands: Sequence[Telecommand], reports: Sequence[Report]) -> None:
        self.apid = apid
        self._telecommands = {command.name: command for command in telecommands}
        self._reports = {report.name: report for report in reports}
        self._report_by_key = {(r.apid, r.service, r.subtype, r.identifier): r for r in reports}
        self._identified = frozenset(
            (r.apid, r.service, r.subtype) for r in reports if r.identifier is not None
        )
        self._command_by_key = {(c.service, c.subtype, c.function): c for c in telecommands}
        assert len(self._telecommands) == len(self._command_by_key) == len(telecommands)
        assert all(command.apid == apid for command in telecommands)
        assert len(self._reports) == len(self._report_by_key) == len(reports)

    def telecommands(self) -> tuple[Telecommand, ...]:
        """All telecommands, in the order declared."""
        return tuple(self._telecommands.values())

    def reports(self) -> tuple[Report, ...]:
        """All reports, in the order declared."""
        return tuple(self._reports.values())

    def telecommand(self, name: str) -> Telecommand:
        """The telecommand of that name (any case). Raises FswError with the names nearest to it."""
        found = self._telecommands.get(name.upper())
        if found is None:
            raise _unknown("telecommand", name, self._telecommands)
        return found

    def report(self, name: str) -> Report:
        """The report of that name (any case). Raises FswError with the names nearest to it."""
        found = self._reports.get(name.upper())
        if found is None:
            raise _unknown("report", name, self._reports)
        return found

    def report_for(
        self, apid: int, service: int | None = None, subtype: int | None = None, identifier: int | None = None
    ) -> Report:
        """The report with that APID, type and structure or event identifier. Raises FswError if none."""
        found = self._report_by_key.get((apid, service, subtype, identifier))
        if found is None:
            kind = "" if service is None else f" [{service},{subtype}]"
            which = "" if identifier is None else f" identifier {identifier}"
            raise FswError(f"APID {apid}{kind}{which}: the dictionary declares no such report")
        return found

    def recognise_report(
        self, apid: int, service: int | None, subtype: int | None, source_data: bytes
    ) -> Report | None:
        """The report that received source data belong to, or None when it is not declared."""
        identifier = None
        if (apid, service, subtype) in self._identified:
            identifier = int.from_bytes(source_data[:2], "big")
        return self._report_by_key.get((apid, service, subtype, identifier))

    def parse_telecommand(self, name: str, arguments: str | Mapping[str, Any] = "") -> Request:
        """A telecommand as an operator writes it: `parse_telecommand("CAMERA_MODE", "size=1 lens=A")`.

        arguments: `name=value` separated by spaces; without names, values in the order declared; lists with
        commas; groups as a JSON list of objects, in quotation marks. Or a mapping of such texts, or of
        values. Raises FswError that says what is allowed.
        """
        command = self.telecommand(name)
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
                raise FswError(
                    f"{command.name}: no argument {key!r}; allowed are {', '.join(by_name) or 'none'}"
                )
            values[key] = by_name[key].parse(value) if isinstance(value, str) else value
        request = Request(command, values)
        request.encode()  # so that a missing or forbidden value is refused here, not when radiated
        return request

    def known_services(self) -> dict[int, frozenset[int]]:
        """Subtypes of telecommands by service, for acceptance on board."""
        found: dict[int, set[int]] = {}
        for command in self._telecommands.values():
            found.setdefault(command.service, set()).add(command.subtype)
        return {service: frozenset(subtypes) for service, subtypes in sorted(found.items())}

    def recognise_telecommand(
        self, service: int, subtype: int, application_data: bytes
    ) -> tuple[Telecommand, dict[str, Any]] | FailureCode:
        """On board: the telecommand and its arguments, or the failure code to report with [1,2]."""
        function = None
        if (service, subtype) == (FUNCTION_SERVICE, FUNCTION_SUBTYPE):
            if len(application_data) < 2:
                return FailureCode.ILLEGAL_ARGUMENT
            function = int.from_bytes(application_data[:2], "big")
        command = self._command_by_key.get((service, subtype, function))
        if command is None:
            if function is not None:
                return FailureCode.UNKNOWN_FUNCTION
            known = any(key[0] == service for key in self._command_by_key)
            return FailureCode.UNKNOWN_SUBTYPE if known else FailureCode.UNKNOWN_SERVICE
        try:
            return command, command.decode(application_data)
        except FswError:
            return FailureCode.ILLEGAL_ARGUMENT


def _unknown(kind: str, name: str, names: Mapping[str, Any]) -> FswError:
    sought = name.upper()
    near = [known for known in names if sought and (sought in known or known in sought)]
    near += [known for known in difflib.get_close_matches(sought, names, 5) if known not in near]
    hint = f"near it are {', '.join(near[:8])}; " if near else ""
    return FswError(f"{kind} {name!r}: there is none; {hint}`fsw dictionary` lists all {len(names)}")
