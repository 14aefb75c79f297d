"""The dictionary as one Markdown page to browse: index by service, every layout, every enumeration.

Links lead to anchors of HTML, which GitHub, GitLab and most renderers keep.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from fsw import dictionary
from fsw.dictionary import pool
from fsw.dictionary.identifiers import TIME_APID, FailureCode, Origin
from fsw.dictionary.layout import Field, Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.printed import Row, meaning, type_of
from fsw.dictionary.report import IDENTIFIER, Report
from fsw.dictionary.telecommand import AnyArgument, ArgumentGroup, Telecommand

SERVICES = {
    1: "Request verification", 2: "Device access", 3: "Housekeeping", 4: "Parameter statistics reporting",
    5: "Event reporting", 6: "Memory management", 8: "Function management", 9: "Time management",
    11: "Time-based scheduling", 12: "On-board monitoring", 13: "Large packet transfer",
    14: "Real-time forwarding control", 15: "On-board storage and retrieval", 17: "Test",
    18: "On-board control procedures", 19: "Event-action", 20: "Parameter management",
    21: "Request sequencing", 23: "File management",
}  # fmt: skip
FEW = 6  # members of an enumeration that a table shows itself

_INTRODUCTION = """\
Every telecommand and every telemetry report, from the declarations that both ends encode and decode by.
A layout is **ours** unless it says Tianwen-1: of the real spacecraft's packets only two are known.

Numbers are big-endian. Octets are counted from 0 in the application data of a telecommand, which begin at
octet 11 of the packet, and in the source data of a report, which begin at octet 20; where there is no
secondary header, at octet 6. Two octets of packet error control (CRC-16/CCITT-FALSE over all before) close
every packet but Tianwen-1's own. Where a field has no fixed place, its octets are not given.
"""
# Octet, telecommand, report (ECSS-E-ST-70-41C 7.4).
_HEADERS: tuple[Row, ...] = (
    ("0-5", "version 0, type 1, APID; count; length", "version 0, type 0, APID; count; length"),
    ("6", "version 2, acknowledgement flags", "version 2, time reference status"),
    ("7", "service", "service"),
    ("8", "subtype", "subtype"),
    ("9-10", "source", "count of reports of this type"),
    ("11-12", "application data, from octet 11 on", "destination"),
    ("13-19", "", "time: CUC 4+3, agency-defined epoch, P-field implicit"),
    ("20-", "", "source data"),
)


def as_markdown() -> str:
    """The page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    groups = _by_service()
    yield "# Telecommands and reports"
    yield ""
    yield _INTRODUCTION
    yield from table(("octets of the packet", "telecommand", "report"), _HEADERS)
    yield ""
    yield "## Index"
    yield ""
    rows = []
    for service, (commands, reports) in groups.items():
        links = (_link(_command_anchor(one), one.name) for one in commands)
        more = (_link(_report_anchor(one), one.name) for one in reports)
        rows.append((_link(_service_anchor(service), _service_title(service)), _listed(links), _listed(more)))
    yield from table(("service", "telecommands", "reports"), rows)
    yield ""
    shared = {"enumerations": "enumerations", "failure-codes": "failure codes", "parameters": "parameters"}
    yield f"Also: {_listed(_link(anchor, text) for anchor, text in shared.items())}."
    for service, (commands, reports) in groups.items():
        yield from _heading(2, _service_anchor(service), _service_title(service))
        for command in commands:
            yield from _command(command)
        for report in reports:
            yield from _report(report)
    yield from _enumerations()
    yield from _failure_codes()
    yield from _parameters()


def _by_service() -> dict[int | None, tuple[list[Telecommand], list[Report]]]:
    """In numerical order, the packets without service last."""
    found: dict[int | None, tuple[list[Telecommand], list[Report]]] = {}
    for command in dictionary.telecommands():
        found.setdefault(command.service, ([], []))[0].append(command)
    for report in dictionary.reports():
        found.setdefault(report.service, ([], []))[1].append(report)
    return dict(sorted(found.items(), key=lambda item: 256 if item[0] is None else item[0]))


# ---- telecommands ---------------------------------------------------------------------------------


def _command(command: Telecommand) -> Iterator[str]:
    yield from _heading(3, _command_anchor(command), f"{command.name} [{command.service},{command.subtype}]")
    labels = ["telecommand", f"APID {command.apid}", f"layout {_origin(command.origin)}"]
    if command.function is not None:
        labels.insert(1, f"function {command.function}")
    if command.hazardous:
        labels.append("**hazardous**: the console asks before it is sent")
    yield ", ".join(labels)
    yield ""
    yield f"- Effect: {command.effect}"
    yield f"- To see that it worked: {command.verification}"
    if command.failures:
        codes = ", ".join(_link("failure-codes", f"{code.name} ({int(code)})") for code in command.failures)
        yield f"- Failures of its own: {codes}"
    else:
        yield "- Failures of its own: none"
    if command.arguments:
        yield ""
        head = ("octets", "argument", "type", "allowed", "default", "what it is")
        yield from table(head, list(_arguments(command)))


def _arguments(command: Telecommand) -> Iterator[Row]:
    at: int | None = 0
    if command.function is not None:
        yield ("0-1", "", "uint16", str(command.function), "", "Function identifier")
        yield ("2", "", "uint8", str(len(command.arguments)), "", "N, the number of arguments")
        at = 3
    for number, argument in enumerate(command.arguments, start=1):
        if command.function is not None:
            yield (_octets(at, 1), "", "uint8", str(number), "", "Number of the argument")
            at = None if at is None else at + 1
        yield from _argument(argument, at, "")
        size = None
        if not isinstance(argument, ArgumentGroup) and not argument.listed:
            size = argument.parameter.octets
        at = None if at is None or size is None else at + size


def _argument(argument: AnyArgument, at: int | None, within: str) -> Iterator[Row]:
    name = within + argument.name
    if isinstance(argument, ArgumentGroup):
        allowed = f"{argument.least} to {argument.most}"
        yield (_octets(at, None), f"`{name}`", "uint8", allowed, "", f"N of: {argument.text}")
        for field in argument.fields:
            yield from _argument(field, None, f"{name}[i].")
        return
    parameter = argument.parameter
    default = "" if argument.default is None else str(argument.default)
    allowed = argument.allowed
    if parameter.enumeration is not None and len(parameter.enumeration) > FEW:
        allowed = f"{'1 to 32 of ' if argument.listed else ''}{_enumeration_link(parameter.enumeration)}"
    kind = type_of(parameter)
    if argument.listed:
        kind = f"uint8 N, N x {kind}"
    yield (
        _octets(at, None if argument.listed else parameter.octets),
        f"`{name}`",
        kind,
        allowed,
        default,
        parameter.text,
    )


# ---- reports --------------------------------------------------------------------------------------


def _report(report: Report) -> Iterator[str]:
    kind = "" if report.service is None else f" [{report.service},{report.subtype}]"
    yield from _heading(3, _report_anchor(report), f"{report.name} APID {report.apid}{kind}")
    labels = [f"report, layout {_origin(report.origin)}"]
    if report.identifier is not None:
        labels.append(f"identifier {report.identifier}")
    if report.severity is not None:
        labels.append(f"severity {report.severity}")
    if report.period_s is not None:
        labels.append(f"every {report.period_s:g} s unless told otherwise")
    if report.service is None or report.apid == TIME_APID:
        labels.append("no secondary header")
    yield ", ".join(labels)
    yield ""
    yield f"{report.text}."
    if report.layout.fields:
        yield ""
        head = ("octets", "name", "type", "unit", "scale, values, limits", "what it is")
        yield from table(head, list(_fields(report)))


def _fields(report: Report) -> Iterator[Row]:
    at: int | None = 0
    for field in report.layout.fields:
        if report.identifier is not None and field.name == IDENTIFIER:
            yield ("0-1", "", "uint16", "", str(report.identifier), "Structure or event identifier")
        else:
            yield from _field(field, at, "")
        size = None if isinstance(field, Group) else field.octets
        at = None if at is None or size is None else at + size


def _field(field: Field, at: int | None, within: str) -> Iterator[Row]:
    name = f"`{within}{field.name}`"
    if isinstance(field, Group):
        yield (_octets(at, None), name, f"uint{8 * field.count_octets}", "", "N", field.text)
        for one in field.fields:
            yield from _field(one, None, f"{within}{field.name}[i].")
        return
    said = meaning(field)
    if field.enumeration is not None and len(field.enumeration) > FEW:
        said = _enumeration_link(field.enumeration)
    yield (_octets(at, field.octets), name, type_of(field), field.unit, said, field.text)


# ---- what many share ------------------------------------------------------------------------------


def _enumerations() -> Iterator[str]:
    yield from _heading(2, "enumerations", "Enumerations")
    yield "Those with too many members for a table above."
    for enumeration in sorted(_large_enumerations() - {FailureCode}, key=lambda one: one.__name__):
        yield from _heading(3, _enumeration_anchor(enumeration), enumeration.__name__)
        yield from table(("value", "text"), [(str(int(member)), member.name) for member in enumeration])


def _large_enumerations() -> set[type[IntEnum]]:
    found: set[type[IntEnum]] = set()

    def note(parameter: Parameter) -> None:
        if parameter.enumeration is not None and len(parameter.enumeration) > FEW:
            found.add(parameter.enumeration)

    def look(fields: Iterable[Field]) -> None:
        for field in fields:
            if isinstance(field, Group):
                look(field.fields)
            else:
                note(field)

    def ask(arguments: Iterable[AnyArgument]) -> None:
        for argument in arguments:
            if isinstance(argument, ArgumentGroup):
                ask(argument.fields)
            else:
                note(argument.parameter)

    for report in dictionary.reports():
        look(report.layout.fields)
    for command in dictionary.telecommands():
        ask(command.arguments)
    return found


def _failure_codes() -> Iterator[str]:
    yield from _heading(2, "failure-codes", "Failure codes")
    yield "Any telecommand can fail acceptance; what else can become of one stands with it."
    yield ""
    rows = [(str(int(code)), code.name, _stage(code)) for code in FailureCode]
    yield from table(("code", "name", "reported by"), rows)


def _stage(code: FailureCode) -> str:
    if code < 16:
        return "acceptance: [1,2], unknown APID [1,10]"
    return "start: [1,4]" if code < 64 else "completion: [1,8]"


def _parameters() -> Iterator[str]:
    yield from _heading(2, "parameters", "On-board parameters")
    yield "Identifiers of 16 bits, by which services 3, 4, 12, 18 and 20 name a parameter."
    yield ""
    rows = [
        (
            f"0x{identifier:04X}",
            f"`{one.name}`",
            type_of(one.parameter),
            one.parameter.unit,
            _link(f"report-housekeeping_{one.structure.name.lower()}", one.structure.name),
            one.parameter.text,
        )
        for identifier, one in pool.PARAMETERS.items()
    ]
    yield from table(("identifier", "name", "type", "unit", "structure", "what it is"), rows)


# ---- Markdown -------------------------------------------------------------------------------------


def table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Columns in which no row has anything are left out."""
    kept = [index for index in range(len(head)) if any(row[index] for row in rows)]
    yield "| " + " | ".join(head[index] for index in kept) + " |"
    yield "|" + "---|" * len(kept)
    for row in rows:
        yield "| " + " | ".join(row[index].replace("|", "\\|") for index in kept) + " |"


def _heading(level: int, anchor: str, text: str) -> Iterator[str]:
    yield ""
    yield f'<a id="{anchor}"></a>'
    yield ""
    yield f"{'#' * level} {text}"
    yield ""


def _link(anchor: str, text: str) -> str:
    return f"[{text}](#{anchor})"


def _listed(links: Iterable[str]) -> str:
    return ", ".join(links)


def _service_title(service: int | None) -> str:
    if service is None:
        return "Packets without PUS header"
    return f"ST[{service}] {SERVICES.get(service, 'of our own')}"


def _service_anchor(service: int | None) -> str:
    return "service-none" if service is None else f"service-{service}"


def _command_anchor(command: Telecommand) -> str:
    return f"telecommand-{command.name.lower()}"


def _report_anchor(report: Report) -> str:
    return f"report-{report.name.lower()}"


def _enumeration_anchor(enumeration: type[IntEnum]) -> str:
    # Failure codes have a table of their own.
    return "failure-codes" if enumeration is FailureCode else f"enumeration-{enumeration.__name__.lower()}"


def _enumeration_link(enumeration: type[IntEnum]) -> str:
    return _link(_enumeration_anchor(enumeration), enumeration.__name__)


def _octets(at: int | None, size: int | None) -> str:
    if at is None:
        return ""
    return f"{at}-" if size is None else str(at) if size == 1 else f"{at}-{at + size - 1}"


def _origin(origin: Origin) -> str:
    return "ours" if origin is Origin.OURS else f"**{origin.value}'s own**"
