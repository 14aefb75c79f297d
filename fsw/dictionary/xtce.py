"""The dictionary as an XTCE 1.2 document, for ground systems: every report, every telecommand.

Telemetry: the root container CCSDSPacket holds the seven fields of the primary header; containers
inherit from it by comparison of APID, service and subtype, then of structure or event identifier.
Telecommands: an abstract MetaCommand holds the headers; each telecommand assigns APID, service and
subtype and adds its arguments.

What XTCE (or PyPI space_packet_parser, which reads no arrays) cannot say of a report is one octet string
to the end of the packet, with the layout in words: counted groups, behind their count, and what follows
them. A telecommand whose groups hold fields of open size takes its application data as octets.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from fsw import dictionary
from fsw.dictionary.identifiers import GROUND_SOURCE, PICTURE_FILES_APID, TIME_APID
from fsw.dictionary.layout import Field, Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import IDENTIFIER, Report
from fsw.dictionary.telecommand import MOST_IN_A_LIST, AnyArgument, Argument, ArgumentGroup, Telecommand
from fsw.dictionary.xtce_types import OCTET, Element, comment, element, fixed, sized_by, unsigned

NAMESPACE = "http://www.omg.org/spec/XTCE/20180204"
_SCHEMA = "https://www.omg.org/spec/XTCE/20180204/SpaceSystem.xsd"
ROOT = "CCSDSPacket"

_PRIMARY = (
    ("VERSION", 3), ("TYPE", 1), ("SEC_HDR_FLG", 1), ("PKT_APID", 11), ("SEQ_FLGS", 2), ("SRC_SEQ_CTR", 14),
    ("PKT_LEN", 16),
)  # fmt: skip
_SECONDARY = (
    ("PUS_VERSION", 4), ("TIME_REF_STATUS", 4), ("SVC_TYPE", 8), ("MSG_SUBTYPE", 8), ("MSG_COUNTER", 16),
    ("DEST_ID", 16), ("OBT_COARSE", 32), ("OBT_FINE", 24),
)  # fmt: skip
_SECONDARY_OCTETS = sum(bits for _, bits in _SECONDARY) // OCTET
_PEC_OCTETS = 2
# The request identifier of ST[1], field by field, so that a ground system can compare APID and count.
_SPLIT = {
    "request_packet_id": (
        ("request_version", 3), ("request_type", 1), ("request_secondary_header", 1), ("request_apid", 11),
    ),
    "request_sequence": (("request_flags", 2), ("request_count", 14)),
}  # fmt: skip
_VERIFIED_WITHIN = "PT2H"  # light takes its time


def document() -> str:
    """The whole, indented, the same each time."""
    telemetry = _Telemetry()
    root = element(
        "SpaceSystem",
        element("Header", version="1.0", validationStatus="Working"),
        telemetry.metadata(),
        _Telecommands(telemetry).metadata(),
        name="fsw",
        shortDescription="Telecommands and reports of fsw; layouts are ours unless origin says otherwise",
    )
    root.set("xmlns", NAMESPACE)
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:schemaLocation", f"{NAMESPACE} {_SCHEMA}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _compared(*pairs: tuple[str, int | None]) -> Element:
    comparisons = (element("Comparison", parameterRef=name, value=value) for name, value in pairs)
    return element("RestrictionCriteria", element("ComparisonList", *comparisons))


def _origin(value: str) -> Element:
    return element("AncillaryDataSet", element("AncillaryData", value, name="origin"))


def _signature(parameter: Parameter) -> tuple[object, ...]:
    """What makes two declarations of one name the same parameter."""
    return (
        str(parameter.layout), parameter.octets, parameter.prefix_octets, parameter.raw_range, parameter.unit,
        parameter.calibration, parameter.enumeration, parameter.limits, parameter.text,
    )  # fmt: skip


class _Telemetry:
    """Collects types, parameters and containers, each once."""

    def __init__(self) -> None:
        self._types: dict[str, Element] = {}
        self._parameters: dict[str, Element] = {}
        self._containers: list[Element] = []
        self._signatures: dict[str, set[tuple[object, ...]]] = {}
        for report in dictionary.reports():
            for field in report.layout.fields:
                if isinstance(field, Parameter):
                    self._signatures.setdefault(field.name, set()).add(_signature(field))

    def metadata(self) -> Element:
        self._headers()
        for report in dictionary.reports():
            self._report(report)
        return element(
            "TelemetryMetaData",
            element("ParameterTypeSet", *self._types.values()),
            element("ParameterSet", *self._parameters.values()),
            element("ContainerSet", *self._containers),
        )

    def _headers(self) -> None:
        entries = [self._code(name, bits) for name, bits in _PRIMARY]
        self._container(ROOT, entries, text="Space Packet (CCSDS 133.0-B)", abstract=True)
        entries = [self._code(name, bits) for name, bits in _SECONDARY]
        only = _compared(("TYPE", 0), ("SEC_HDR_FLG", 1))
        self._container("PUS_TM", entries, ROOT, only, "PUS report (ECSS-E-ST-70-41C 7.4.3)", abstract=True)
        # Identifiers that open the source data choose among containers, so they stand in one above them.
        opened: dict[tuple[int, int | None, int | None], str] = {}
        for report in dictionary.reports():
            if report.identifier is not None:
                name = "SID" if report.service == 3 else "EVENT_ID"
                opened.setdefault((report.apid, report.service, report.subtype), name)
        for (apid, service, subtype), name in opened.items():
            only = _compared(("PKT_APID", apid), ("SVC_TYPE", service), ("MSG_SUBTYPE", subtype))
            container = f"PUS_{apid}_{service}_{subtype}"
            self._container(container, [self._code(name, 16)], "PUS_TM", only, abstract=True)
        data = self._octets_by("CFDP_PDU", "PKT_LEN", 1, "CFDP protocol data unit (727.0-B)")
        only = _compared(("TYPE", 0), ("SEC_HDR_FLG", 0), ("PKT_APID", PICTURE_FILES_APID))
        self._container("FILE_DATA", [data], ROOT, only, "Files on their way down, by CFDP")

    # ---- parameters -----------------------------------------------------------------------------

    def _add(self, name: str, made: Element, text: str = "", origin: str | None = None) -> Element:
        """Declare it unless it is; its entry in a container."""
        if name not in self._parameters:
            self._types[name] = made
            about = None if origin is None else _origin(origin)
            self._parameters[name] = element(
                "Parameter",
                about,
                name=name,
                parameterTypeRef=made.get("name"),
                shortDescription=text or None,
            )
        return element("ParameterRefEntry", parameterRef=name)

    def _code(self, name: str, bits: int, text: str = "") -> Element:
        return self._add(name, unsigned("Parameter", f"{name}_type", bits), text)

    def _octets_by(
        self, name: str, reference: str, octets_more: int, words: str, is_text: bool = False
    ) -> Element:
        made = sized_by("Parameter", f"{name}_type", reference, octets_more, is_text)
        return self._add(name, made, words)

    def name_of(self, report: Report, name: str) -> str:
        """The parameter's own, unless another report means something else by it."""
        shared = len(self._signatures.get(name, ())) <= 1
        return name if shared else f"{report.name}_{name}"

    # ---- containers -----------------------------------------------------------------------------

    def _container(
        self,
        name: str,
        entries: list[Element],
        base: str | None = None,
        only: Element | None = None,
        text: str = "",
        origin: str | None = None,
        abstract: bool = False,
    ) -> None:
        inherits = None if base is None else element("BaseContainer", only, containerRef=base)
        self._containers.append(
            element(
                "SequenceContainer",
                None if origin is None else _origin(origin),
                element("EntryList", *entries),
                inherits,
                name=name,
                shortDescription=text or None,
                abstract="true" if abstract else None,
            )
        )

    def _report(self, report: Report) -> None:
        has_secondary = report.service is not None and report.apid != TIME_APID
        has_pec = report.service is not None
        ahead = _SECONDARY_OCTETS if has_secondary else 0
        entries = list(self._entries(report, ahead, _PEC_OCTETS if has_pec else 0))
        if has_pec:
            entries.append(self._code("PEC", 16, "Packet error control, CRC-16"))
        if report.identifier is not None:
            base = f"PUS_{report.apid}_{report.service}_{report.subtype}"
            only = _compared(("SID" if report.service == 3 else "EVENT_ID", report.identifier))
        elif has_secondary:
            base = "PUS_TM"
            only = _compared(
                ("PKT_APID", report.apid), ("SVC_TYPE", report.service), ("MSG_SUBTYPE", report.subtype)
            )
        else:
            base, only = ROOT, _compared(("TYPE", 0), ("SEC_HDR_FLG", 0), ("PKT_APID", report.apid))
        self._container(report.name, entries, base, only, report.text, report.origin.value)

    def _entries(self, report: Report, ahead: int, behind: int) -> Iterator[Element]:
        """ahead, behind: octets of the packet data field before and after the source data."""
        fields = report.layout.fields
        for index, field in enumerate(fields):
            if isinstance(field, Parameter) and field.octets is not None:
                ahead += field.octets
                if field.name == IDENTIFIER and report.identifier is not None:
                    continue  # read by the container above
                if report.service == 1 and field.name in _SPLIT:
                    yield from (self._code(name, bits, field.text) for name, bits in _SPLIT[field.name])
                    continue
                name = self.name_of(report, field.name)
                made = fixed("Parameter", f"{name}_type", field)
                yield self._add(name, made, field.text, report.origin.value)
                continue
            if isinstance(field, Parameter) and field.prefix_octets and _all_sized(fields[index:]):
                name = self.name_of(report, field.name)
                yield self._code(f"{name}_length", field.prefix_octets * OCTET, f"Octets of {name}")
                yield self._octets_by(name, f"{name}_length", 0, field.text, field.is_text)
                continue
            # From here to the end, since no size can be computed from more than one other value.
            name = f"{report.name}_{field.name}"
            if isinstance(field, Group):
                ahead += field.count_octets
                yield self._code(f"{name}_count", field.count_octets * OCTET, f"Entries of {field.name}")
                name = f"{name}_entries"
            yield comment(f"{name}: {'; '.join(_in_words(one) for one in fields[index:])}")
            # PKT_LEN is one less than the octets of the packet data field.
            yield self._octets_by(name, "PKT_LEN", 1 - ahead - behind, f"{field.text}, to the end")
            return


def _all_sized(fields: tuple[Field, ...]) -> bool:
    return all(isinstance(field, Parameter) and (field.octets or field.prefix_octets) for field in fields)


def _in_words(field: Field) -> str:
    if isinstance(field, Group):
        return f"{field.name}, N times ({', '.join(_in_words(one) for one in field.fields)})"
    if field.octets is not None:
        return f"{field.name} {field.octets} octets"
    if field.is_packet:
        return f"{field.name} a Space Packet"
    return f"{field.name} octets" + (
        f" behind their number in {field.prefix_octets}" if field.prefix_octets else ""
    )


# ---- telecommands ---------------------------------------------------------------------------------


class _Telecommands:
    """telemetry: whose names the verifiers look at."""

    def __init__(self, telemetry: _Telemetry) -> None:
        self._telemetry = telemetry
        self._types: dict[str, Element] = {}

    def metadata(self) -> Element:
        commands = [self._base(), *(self._command(command) for command in dictionary.telecommands())]
        return element(
            "CommandMetaData",
            element("ArgumentTypeSet", *self._types.values()),
            element("MetaCommandSet", *commands),
        )

    def _code(self, name: str, bits: int) -> str:
        """The name of a type of so many bits."""
        self._types.setdefault(name, unsigned("Argument", name, bits))
        return name

    def _base(self) -> Element:
        heads: tuple[tuple[str, int, int | None], ...] = (
            ("apid", 11, None), ("ack", 4, 15), ("service", 8, None), ("subtype", 8, None),
            ("source_id", 16, GROUND_SOURCE),
        )  # fmt: skip
        arguments = [
            element(
                "Argument", name=name, argumentTypeRef=self._code(f"uint{bits}", bits), initialValue=initial
            )
            for name, bits, initial in heads
        ]
        entries = [
            _constant("version_type_secondary_header", "03", 5),
            _reference("apid"),
            # Count, length and packet error control are for whoever radiates it.
            _constant("sequence", "C000", 16),
            _constant("length", "0000", 16),
            _constant("pus_version", "02", 4),
            *(_reference(name) for name, _, _ in heads[1:]),
        ]
        container = element("CommandContainer", element("EntryList", *entries), name="PUS_TC")
        return element(
            "MetaCommand",
            element("ArgumentList", *arguments),
            container,
            self._verifiers(),
            name="PUS_TC",
            abstract="true",
            shortDescription="PUS request (ECSS-E-ST-70-41C 7.4.4); packet error control is appended",
        )

    def _verifiers(self) -> Element:
        """ST[1] reports, as Yamcs compares them: by APID and count of the request."""

        def verifier(tag: str, name: str, stage: int, failed: str) -> Element:
            failure_code = self._telemetry.name_of(dictionary.report(failed), "failure_code")
            inputs = (
                ("/yamcs/cmd/arg/apid", "sentApid"),
                ("/yamcs/cmdHist/ccsds-seqcount", "sentSeq"),
                ("request_apid", "rcvdApid"),
                ("request_count", "rcvdSeq"),
                ("MSG_SUBTYPE", "subtype"),
                (failure_code, "errorCode"),
            )
            text = f'org.yamcs.pus.Pus1Verifier({{stage: {stage}, template: "{{errorCode}}"}})'
            references = (
                element("InputParameterInstanceRef", parameterRef=r, inputName=n) for r, n in inputs
            )
            algorithm = element(
                "CustomAlgorithm",
                element("AlgorithmText", text, language="Java"),
                element("InputSet", *references),
                name=f"verify_{name.lower()}",
            )
            window = element(
                "CheckWindow", timeToStopChecking=_VERIFIED_WITHIN, timeWindowIsRelativeTo="commandRelease"
            )
            return element(tag, algorithm, window, name=name)

        return element(
            "VerifierSet",
            verifier("AcceptedVerifier", "Accepted", 1, "TC_NOT_ACCEPTED"),
            verifier("ExecutionVerifier", "Started", 3, "TC_NOT_STARTED"),
            verifier("CompleteVerifier", "Completed", 7, "TC_NOT_COMPLETED"),
        )

    def _command(self, command: Telecommand) -> Element:
        arguments: list[Element] = []
        entries: list[Element] = []
        if command.function is not None:
            entries.append(_constant("function", f"{command.function:04X}", 16))
            entries.append(_constant("arguments", f"{len(command.arguments):02X}", 8))
        if all(_expressible(argument) for argument in command.arguments):
            for number, argument in enumerate(command.arguments, start=1):
                if command.function is not None:
                    entries.append(_constant(f"argument_{number}", f"{number:02X}", 8))
                self._argument(command, argument, arguments, entries)
        else:
            words = "; ".join(f"{argument.name}: {argument.allowed}" for argument in command.arguments)
            entries.append(comment(f"application_data: {words}"))
            self._open(command, "application_data", 0, False, arguments, entries)
        assigned = (("apid", command.apid), ("service", command.service), ("subtype", command.subtype))
        constants = (element("ArgumentAssignment", argumentName=k, argumentValue=v) for k, v in assigned)
        return element(
            "MetaCommand",
            element("LongDescription", _told(command)),
            _origin(command.origin.value),
            element(
                "BaseMetaCommand", element("ArgumentAssignmentList", *constants), metaCommandRef="PUS_TC"
            ),
            element("ArgumentList", *arguments) if arguments else None,
            element(
                "CommandContainer",
                element("EntryList", *entries),
                element("BaseContainer", containerRef="PUS_TC"),
                name=command.name,
            ),
            element("DefaultSignificance", reasonForWarning=command.effect, consequenceLevel="critical")
            if command.hazardous
            else None,
            name=command.name,
            shortDescription=command.effect,
        )

    def _argument(
        self, command: Telecommand, argument: AnyArgument, arguments: list[Element], entries: list[Element]
    ) -> None:
        name = argument.name
        type_name = f"{command.name}_{name}"
        if isinstance(argument, ArgumentGroup):
            members = []
            for field in argument.fields:
                assert isinstance(field, Argument)
                member = f"{type_name}_{field.name}"
                self._types[member] = fixed("Argument", member, field.parameter, field)
                initial = _initial(field)
                members.append(element("Member", name=field.name, typeRef=member, initialValue=initial))
            self._types[f"{type_name}_entry"] = element(
                "AggregateArgumentType", element("MemberList", *members), name=f"{type_name}_entry"
            )
            self._array(name, type_name, argument.least, argument.most, argument.text, arguments, entries)
        elif argument.listed:
            entry = f"{type_name}_entry"
            self._types[entry] = fixed("Argument", entry, argument.parameter, argument)
            self._array(name, type_name, 1, MOST_IN_A_LIST, argument.text, arguments, entries)
        elif argument.parameter.octets is None:
            prefix, is_text = argument.parameter.prefix_octets, argument.parameter.is_text
            self._open(command, name, prefix, is_text, arguments, entries)
        else:
            self._types[type_name] = fixed("Argument", type_name, argument.parameter, argument)
            arguments.append(
                element(
                    "Argument",
                    name=name,
                    argumentTypeRef=type_name,
                    initialValue=_initial(argument),
                    shortDescription=argument.text,
                )
            )
            entries.append(_reference(name))

    def _array(
        self, name: str, type_name: str, least: int, most: int, text: str,
        arguments: list[Element], entries: list[Element],
    ) -> None:  # fmt: skip
        """N and N entries of the type made for them."""
        count, count_type = f"{name}_count", f"{type_name}_count"
        bounds = element("ValidRangeSet", element("ValidRange", minInclusive=least, maxInclusive=most))
        self._types[count_type] = unsigned("Argument", count_type, 8, bounds)
        last = element(
            "DynamicValue",
            element("ArgumentInstanceRef", argumentRef=count),
            element("LinearAdjustment", slope=1, intercept=-1),
        )
        dimension = element(
            "Dimension",
            element("StartingIndex", element("FixedValue", "0")),
            element("EndingIndex", last),
        )
        self._types[type_name] = element(
            "ArrayArgumentType",
            element("DimensionList", dimension),
            name=type_name,
            arrayTypeRef=f"{type_name}_entry",
        )
        arguments.append(
            element("Argument", name=count, argumentTypeRef=count_type, shortDescription=f"Entries of {name}")
        )
        arguments.append(element("Argument", name=name, argumentTypeRef=type_name, shortDescription=text))
        entries += [_reference(count), _reference(name)]

    def _open(
        self, command: Telecommand, name: str, prefix_octets: int, is_text: bool,
        arguments: list[Element], entries: list[Element],
    ) -> None:  # fmt: skip
        """Octets or text, whose number is an argument before them; not sent where there is no prefix."""
        type_name, length = f"{command.name}_{name}", f"{name}_length"
        length_type = self._code("uint8" if prefix_octets == 1 else "uint16", 8 if prefix_octets == 1 else 16)
        self._types[type_name] = sized_by("Argument", type_name, length, 0, is_text)
        arguments.append(
            element(
                "Argument", name=length, argumentTypeRef=length_type, shortDescription=f"Octets of {name}"
            )
        )
        arguments.append(element("Argument", name=name, argumentTypeRef=type_name))
        entries += [_reference(length)] * bool(prefix_octets) + [_reference(name)]


def _expressible(argument: AnyArgument) -> bool:
    """Entries of a group must be of one size."""
    if not isinstance(argument, ArgumentGroup):
        return not argument.listed or argument.parameter.octets is not None
    return all(
        isinstance(field, Argument) and not field.listed and field.parameter.octets is not None
        for field in argument.fields
    )


def _initial(argument: Argument) -> str | None:
    default = argument.parameter.default
    if default is None:
        return None
    return default.hex() if isinstance(default, bytes) else str(default)


def _told(command: Telecommand) -> str:
    failures = ", ".join(code.name for code in command.failures)
    return f"Verification: {command.verification}" + (f" Failures: {failures}." if failures else "")


def _constant(name: str, octets: str, bits: int) -> Element:
    return element("FixedValueEntry", name=name, binaryValue=octets, sizeInBits=bits)


def _reference(name: str) -> Element:
    return element("ArgumentRefEntry", argumentRef=name)
