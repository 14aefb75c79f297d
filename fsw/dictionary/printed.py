"""The dictionary to read at a terminal; `fsw.dictionary.page` is the one to browse."""

from collections.abc import Iterator, Sequence

from fsw import dictionary
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Telecommand

Row = Sequence[str]

_FIELD_HEAD = ("octets", "name", "type", "unit", "scale, values, limits", "what it is")
_ARGUMENT_HEAD = ("argument", "allowed", "default", "what it is")


def as_text(book: dictionary.Book = dictionary.ORBITER) -> str:
    """For a terminal."""
    return "\n".join(_lines(book)) + "\n"


def _lines(book: dictionary.Book) -> Iterator[str]:
    yield "Telecommands"
    yield ""
    yield "Failures are those of a telecommand's own; every one can also fail acceptance (codes 1 to 15)."
    for command in book.telecommands():
        yield ""
        yield f"{command.name} {_type(command)}"
        yield ""
        yield from (f"  {line}" for line in _told(command))
        if command.arguments:
            yield ""
            rows: list[Row] = [
                (
                    argument.name,
                    argument.allowed,
                    argument.default_text,
                    argument.text,
                )
                for argument in command.arguments
            ]
            yield from _table(_ARGUMENT_HEAD, rows)
    yield ""
    yield "Reports"
    for report in book.reports():
        yield ""
        yield f"{report.name} {_where(report)}"
        yield ""
        yield f"  {report.text}. {_layout_of(report)}"
        fields = list(_fields(report))
        if fields:
            yield ""
            yield from _table(_FIELD_HEAD, fields)


def _type(command: Telecommand) -> str:
    function = "" if command.function is None else f" function {command.function}"
    return f"[{command.service},{command.subtype}]{function}, APID {command.apid}"


def _told(command: Telecommand) -> Iterator[str]:
    yield f"effect: {command.effect}"
    yield f"verification: {command.verification}"
    if command.failures:
        yield "failures: " + ", ".join(f"{code.name} ({int(code)})" for code in command.failures)
    notes = [f"layout: {command.origin.value}"] + ["hazardous"] * command.hazardous
    yield "; ".join(notes)


def _where(report: Report) -> str:
    parts = [f"APID {report.apid}"]
    if report.service is not None:
        parts.append(f"[{report.service},{report.subtype}]")
    if report.identifier is not None:
        parts.append(f"identifier {report.identifier}")
    return ", ".join(parts)


def _layout_of(report: Report) -> str:
    said = [f"Layout: {report.origin.value}."]
    if report.severity is not None:
        said.append(f"Severity: {report.severity}.")
    if report.period_s is not None:
        said.append(f"Every {report.period_s:g} s.")
    return " ".join(said)


def _fields(report: Report) -> Iterator[Row]:
    """Octets are counted in the source data: after the secondary header where there is one."""
    at: int | None = 0
    for field in report.layout.fields:
        if isinstance(field, Group):
            yield from _group(field, "" if at is None else f"{at}-", "")
            at = None
            continue
        size = field.octets
        if at is None:
            where = ""
        else:
            where = f"{at}-" if size is None else str(at) if size == 1 else f"{at}-{at + size - 1}"
        yield _row(field, where, field.name)
        at = None if at is None or size is None else at + size


def _group(group: Group, where: str, within: str) -> Iterator[Row]:
    name = within + group.name
    yield (where, name, f"uint{8 * group.count_octets}", "", "N", group.text)
    for field in group.fields:
        if isinstance(field, Group):
            yield from _group(field, "", f"{name}[i].")
        else:
            yield _row(field, "", f"{name}[i].{field.name}")


def _row(parameter: Parameter, where: str, name: str) -> Row:
    return (
        where,
        name,
        type_of(parameter),
        parameter.unit,
        meaning(parameter),
        parameter.text,
    )


def type_of(parameter: Parameter) -> str:
    """uint16, float64, octets and so on."""
    if parameter.is_octets:
        held = "text" if parameter.is_text else "Space Packet" if parameter.is_packet else "octets"
        return f"{held} behind uint{8 * parameter.prefix_octets}" if parameter.prefix_octets else held
    assert parameter.octets is not None
    if parameter.raw_range is None:
        return f"float{8 * parameter.octets}"
    return f"{'int' if parameter.raw_range[0] < 0 else 'uint'}{8 * parameter.octets}"


def meaning(parameter: Parameter) -> str:
    """Enumeration, scale and limits, in words."""
    said = []
    if parameter.texts is not None:
        said.append(", ".join(f"{raw} {text}" for raw, text in parameter.texts.items()))
    if parameter.calibration is not None:
        scale, offset = parameter.calibration.scale, parameter.calibration.offset
        said.append(f"x {scale:g}" + (f" {offset:+g}" if offset else ""))
    limits = parameter.limits
    if limits is not None:
        for name, low, high in (
            ("warning", limits.warning_low, limits.warning_high),
            ("alarm", limits.alarm_low, limits.alarm_high),
        ):
            sides = (("below", low), ("above", high))
            bounds = [f"{side} {bound:g}" for side, bound in sides if bound is not None]
            if bounds:
                said.append(f"{name} {' or '.join(bounds)}")
    return "; ".join(said)


def _table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    kept = [index for index in range(len(head)) if any(row[index] for row in rows)]
    widths = [max(len(head[index]), *(len(row[index]) for row in rows)) for index in kept]
    for row in (head, *rows):
        yield "    " + "  ".join(row[i].ljust(width) for i, width in zip(kept, widths, strict=True)).rstrip()
