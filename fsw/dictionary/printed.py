"""The dictionary to read: as plain text or as Markdown, from the same rows."""

from collections.abc import Callable, Iterator, Sequence

from fsw import dictionary
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Telecommand

Row = Sequence[str]
Table = Callable[[Row, Sequence[Row]], Iterator[str]]

_FIELD_HEAD = ("octets", "name", "type", "unit", "scale, values, limits", "what it is")
_ARGUMENT_HEAD = ("argument", "allowed", "default", "what it is")


def as_text() -> str:
    """For a terminal."""
    return "\n".join(_lines(_text_table, "{}", "  ")) + "\n"


def as_markdown() -> str:
    """For a document."""
    return "\n".join(_lines(_markdown_table, "`{}`", "")) + "\n"


def _lines(table: Table, code: str, indent: str) -> Iterator[str]:
    heading = "## {}" if code != "{}" else "{}"
    below = "### {}" if code != "{}" else "{}"
    yield heading.format("Telecommands")
    yield ""
    yield "Failures are those of a telecommand's own; every one can also fail acceptance (codes 1 to 15)."
    for command in dictionary.telecommands():
        yield ""
        yield below.format(f"{command.name} {_type(command)}")
        yield ""
        for line in _told(command):
            yield f"{indent}{line}" + ("" if indent else "  ")
        if command.arguments:
            yield ""
            rows: list[Row] = [
                (
                    code.format(argument.name),
                    argument.allowed,
                    argument.default_text,
                    argument.text,
                )
                for argument in command.arguments
            ]
            yield from table(_ARGUMENT_HEAD, rows)
    yield ""
    yield heading.format("Reports")
    for report in dictionary.reports():
        yield ""
        yield below.format(f"{report.name} {_where(report)}")
        yield ""
        yield f"{indent}{report.text}. {_layout_of(report)}"
        fields = list(_fields(report, code))
        if fields:
            yield ""
            yield from table(_FIELD_HEAD, fields)


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


def _fields(report: Report, code: str) -> Iterator[Row]:
    """Octets are counted in the source data: after the secondary header where there is one."""
    at: int | None = 0
    for field in report.layout.fields:
        if isinstance(field, Group):
            yield from _group(field, code, "" if at is None else f"{at}-", "")
            at = None
            continue
        size = field.octets
        if at is None:
            where = ""
        else:
            where = f"{at}-" if size is None else str(at) if size == 1 else f"{at}-{at + size - 1}"
        yield _row(field, code, where, field.name)
        at = None if at is None or size is None else at + size


def _group(group: Group, code: str, where: str, within: str) -> Iterator[Row]:
    name = within + group.name
    yield (where, code.format(name), f"uint{8 * group.count_octets}", "", "N", group.text)
    for field in group.fields:
        if isinstance(field, Group):
            yield from _group(field, code, "", f"{name}[i].")
        else:
            yield _row(field, code, "", f"{name}[i].{field.name}")


def _row(parameter: Parameter, code: str, where: str, name: str) -> Row:
    return (
        where,
        code.format(name),
        _type_of(parameter),
        parameter.unit,
        _meaning(parameter),
        parameter.text,
    )


def _type_of(parameter: Parameter) -> str:
    if parameter.is_octets:
        held = "text" if parameter.is_text else "Space Packet" if parameter.is_packet else "octets"
        return f"{held} behind uint{8 * parameter.prefix_octets}" if parameter.prefix_octets else held
    assert parameter.octets is not None
    if parameter.raw_range is None:
        return f"float{8 * parameter.octets}"
    return f"{'int' if parameter.raw_range[0] < 0 else 'uint'}{8 * parameter.octets}"


def _meaning(parameter: Parameter) -> str:
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


def _text_table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    kept = [index for index in range(len(head)) if any(row[index] for row in rows)]
    widths = [max(len(head[index]), *(len(row[index]) for row in rows)) for index in kept]
    for row in (head, *rows):
        yield "    " + "  ".join(row[i].ljust(width) for i, width in zip(kept, widths, strict=True)).rstrip()


def _markdown_table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
