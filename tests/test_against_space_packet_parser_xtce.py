"""PyPI `space-packet-parser` reads our downlink by the XTCE that we export, and finds what our ground finds.

Its wheel brings the schema of XTCE 1.2, so that the document is judged too, without a network.
"""

import io
import random
import xml.etree.ElementTree as ET

import construct
import pytest

from fsw import dictionary, missions
from fsw.core.crc import crc16
from fsw.dictionary import xtce
from fsw.dictionary.identifiers import ORBITER_APID, TIME_APID, Origin
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.st09_time import TIME_CODE
from fsw.dictionary.telecommand import Argument, ArgumentGroup, Telecommand
from fsw.ground.telemetry import Telemetry, decode_packet
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.simulation import Settings, Simulation

judge = pytest.importorskip("space_packet_parser", reason="the judge is not installed")
validation = pytest.importorskip("space_packet_parser.xtce.validation", reason="the judge has no schema")

NS = {"": xtce.NAMESPACE}
MISSION = missions.load("tianwen1-cruise")
RANDOM = random.Random(20180204)


@pytest.fixture(scope="module")
def document():
    return xtce.document()


@pytest.fixture(scope="module")
def definition(document):
    return judge.load_xtce(io.BytesIO(document.encode()))


@pytest.fixture(scope="module")
def flown():
    """Telemetry of a flight in which much happens."""
    received = []
    settings = Settings(link="frames", pictures="test-card", workers=0)
    with Simulation(MISSION, settings, on_news=received.append) as simulation:
        for second, name, arguments in (
            (11, "WIFI", "ON"), (12, "RELEASE_ARM", ""), (13, "CAMERA_STOP", ""), (14, "RELEASE_FIRE", ""),
            (40, "CAMERA_STOP", ""), (45, "SELECT_PICTURES", "3"), (50, "HOUSEKEEPING_ONCE", "CAMERA,RELAY"),
            (52, "PING", ""),
            (55, "TIME_REPORT_RATE", "1"), (60, "CLOCK_SHIFT", "1500"), (62, "CLOCK_SET", "5"),
        ):  # fmt: skip
            simulation.command(name, arguments, arrive_ns=second * SECOND)
        simulation.run_until(200 * SECOND)
    return [news for news in received if isinstance(news, Telemetry) and news.report is not None]


def octets_to_end(fields):
    """What XTCE cannot take apart: everything from the first of these on is octets."""

    def no_size(field):
        return isinstance(field, Group) or (field.octets is None and not field.prefix_octets)

    return no_size(fields[0]) or (fields[0].octets is None and any(map(no_size, fields)))


def same(told, ours, parameter):
    if parameter.texts is not None:
        assert told == ours.value
        assert told.raw_value == ours.raw
    elif parameter.calibration is not None:
        assert told == pytest.approx(ours.value, rel=1e-12, abs=1e-12)
        assert told.raw_value == ours.raw
    else:
        raw = ours.value if parameter.is_text else ours.raw
        assert told == raw or (told != told and ours.raw != ours.raw)  # not a number is never equal


def compare(definition, octets, report, values, source_data):
    told = definition.parse_bytes(octets)
    assert told["PKT_APID"] == report.apid
    assert told["SRC_SEQ_CTR"] == int.from_bytes(octets[2:4], "big") & 0x3FFF
    if report.service is not None:
        assert told["PEC"] == int.from_bytes(octets[-2:], "big")
    at, compared = 0, 0
    for index, field in enumerate(report.layout.fields):
        if field.name == "identifier" and report.identifier is not None:
            assert report.identifier in (told.get("SID"), told.get("EVENT_ID"))
        elif report.service == 1 and field.name.startswith("request_"):
            if field.name == "request_sequence":
                assert values[field.name].raw == told["request_flags"] << 14 | told["request_count"]
                assert values["request_packet_id"].raw & 0x7FF == told["request_apid"]
        elif octets_to_end(report.layout.fields[index:]):
            name = f"{report.name}_{field.name}"
            if name not in told and f"{name}_count" not in told:
                name = field.name
            if isinstance(field, Group):
                assert told[f"{name}_count"] == values[field.name].raw
                name, at = f"{name}_entries", at + field.count_octets
            assert told[name] == source_data[at:]
            return compared + 1
        else:
            name = field.name if field.name in told else f"{report.name}_{field.name}"
            same(told[name], values[field.name], field)
        compared += 1
        size = values[field.name].raw if field.octets is None else b""
        at += len(size) + field.prefix_octets if field.octets is None else field.octets
    return compared


def test_the_schema_of_xtce_accepts_the_document(document):
    result = validation.validate_xtce(
        io.BytesIO(document.encode()), level="schema", print_results=False, raise_on_error=False,
        allow_schema_download=False,
    )  # fmt: skip
    assert [str(error) for error in result.errors] == []
    assert result.valid


def test_the_judge_finds_no_fault_in_the_telemetry(document):
    root = ET.fromstring(document)
    # It looks for the containers of telecommands among those of telemetry, where they are not.
    root.remove(root.find("CommandMetaData", NS))
    ET.register_namespace("", xtce.NAMESPACE)
    octets = io.BytesIO(ET.tostring(root))
    result = validation.validate_xtce(octets, level="structure", print_results=False, raise_on_error=False)
    assert [str(error) for error in result.errors] == []


def test_names_are_unique_and_references_lead_somewhere(document):
    root = ET.fromstring(document)
    for path in (
        "*/ParameterTypeSet",
        "*/ParameterSet",
        "*/ContainerSet",
        "*/ArgumentTypeSet",
        "*/MetaCommandSet",
    ):
        names = [one.get("name") for one in root.find(path, NS)]
        assert len(set(names)) == len(names) > 10, path
    named = {one.get("name") for one in root.find("*/ParameterSet", NS)}
    types = {one.get("name") for one in root.find("*/ParameterTypeSet", NS)}
    referred = {one.get("parameterRef") for one in root.iter() if one.get("parameterRef")}
    assert {name for name in referred if not name.startswith("/yamcs/")} <= named
    assert {one.get("parameterTypeRef") for one in root.iter() if one.get("parameterTypeRef")} == types
    argument_types = {one.get("name") for one in root.find("*/ArgumentTypeSet", NS)}
    used = {one.get(key) for one in root.iter() for key in ("argumentTypeRef", "arrayTypeRef", "typeRef")}
    assert used - {None} == argument_types
    for command in root.find("*/MetaCommandSet", NS):
        arguments = [one.get("name") for one in command.iterfind("ArgumentList/Argument", NS)]
        assert len(set(arguments)) == len(arguments)
        entries = command.iterfind("CommandContainer/EntryList/ArgumentRefEntry", NS)
        assert {entry.get("argumentRef") for entry in entries} <= set(arguments)


def test_every_declaration_is_in_the_document(document):
    root = ET.fromstring(document)
    containers = {one.get("name") for one in root.find("*/ContainerSet", NS)}
    assert {report.name for report in dictionary.reports()} <= containers
    commands = {one.get("name") for one in root.find("*/MetaCommandSet", NS)}
    assert commands == {command.name for command in dictionary.telecommands()} | {"PUS_TC"}


def test_it_finds_in_every_report_of_a_flight_what_our_ground_finds(definition, flown):
    compared, kinds = 0, set()
    for telemetry in flown:
        report = telemetry.report
        source_data = source_of(report, telemetry.octets)
        values = report.decode(source_data, hidden=True)
        compared += compare(definition, telemetry.octets, report, values, source_data)
        kinds.add(report.name)
    assert compared > 1500
    structures = ("COMPUTER", "MASS_MEMORY", "RADIO", "RELAY", "CAMERA", "RELEASE", "LANDER")
    others = {"STATE_VECTOR", "ATTITUDE", "TIME_REPORT", "TC_COMPLETED", "TC_NOT_STARTED", "ALIVE"}
    assert kinds >= others | {f"HOUSEKEEPING_{name}" for name in structures}


def source_of(report, octets):
    if report.service is None:
        return octets[6:]
    return octets[6:-2] if report.apid == TIME_APID else octets[20:-2]


def octets_of(parameter):
    """Octets of a field with any value that it can have."""
    if parameter.name == "time_code":
        return bytes([TIME_CODE])  # another would be refused
    if parameter.texts is not None:
        return parameter.write(RANDOM.choice(list(parameter.texts)))
    if parameter.octets is not None:
        return RANDOM.randbytes(parameter.octets)
    if parameter.is_packet:
        data = RANDOM.randbytes(RANDOM.randrange(1, 20))
        return RANDOM.randbytes(4) + (len(data) - 1).to_bytes(2, "big") + data
    some = b"any" * RANDOM.randrange(4)
    return len(some).to_bytes(parameter.prefix_octets, "big") + some if parameter.prefix_octets else some


def group_octets(group):
    count = max(group.least, min(group.most, RANDOM.randrange(4)))
    entries = (
        octets_of(f) if isinstance(f, Parameter) else group_octets(f)
        for _ in range(count)
        for f in group.fields
    )
    return count.to_bytes(group.count_octets, "big") + b"".join(entries)


@pytest.mark.parametrize("report", dictionary.reports(), ids=lambda report: report.name)
def test_it_reads_every_report_declared_with_any_values(definition, report):
    for count in range(5):
        fields = report.layout.fields
        parts = [octets_of(f) if isinstance(f, Parameter) else group_octets(f) for f in fields]
        source_data = b"".join(parts)
        if report.identifier is not None:
            source_data = report.identifier.to_bytes(2, "big") + source_data[2:]
        if report.service is None or report.apid == TIME_APID:
            tail = b"" if report.service is None else b"\0\0"
            head = (report.apid << 32 | (0xC000 | count) << 16 | len(source_data + tail) - 1).to_bytes(
                6, "big"
            )
            octets = head + source_data
            octets += crc16(octets).to_bytes(2, "big") if tail else b""
        else:
            made = pus.Report(
                report.apid, count, report.service, report.subtype, 7, 1, RANDOM.randbytes(7), source_data
            )
            octets = pus.encode_report(made)
        telemetry = decode_packet(octets, 0, 245, 1, MISSION.epoch)
        assert telemetry.report is report
        values = report.decode(source_data, hidden=True)
        compare(definition, octets, report, values, source_data)


U8, U16 = construct.Int8ub, construct.Int16ub
NAME = construct.PascalString(U8, "utf8")
ENTRIES = (Parameter("which", U16, "Which"), Parameter("much", construct.Int32sb, "How much", "m"))


def odd(name, subtype, parameters, groups=()):
    return Report(name, ORBITER_APID, parameters, "Odd", Origin.OURS, 200, subtype, groups=groups)


ODD_REPORTS = (
    odd("ODD_TEXTS", 1, (Parameter("called", NAME, "Name"), Parameter("also", U8, "One more"))),
    odd("ODD_GROUP", 2, (Parameter("first", U8, "First"),), (Group("odds", ENTRIES, "Odd ones", 2),)),
    odd("ODD_REST", 3, (Parameter("first", U8, "First"), Parameter("rest", construct.GreedyBytes, "Rest"))),
)
ODD_TELECOMMANDS = (
    Telecommand("ODD_PLAIN", 200, 1, "Odd.", "None.", arguments=(
        Argument(Parameter("called", NAME, "Name")),
        Argument(Parameter("held", construct.Prefixed(U16, construct.GreedyBytes), "Octets")),
        ArgumentGroup("odds", tuple(Argument(entry) for entry in ENTRIES), "Odd ones"),
    )),
    Telecommand("ODD_NESTED", 200, 2, "Odd.", "None.", arguments=(
        ArgumentGroup("outer", (ArgumentGroup("inner", (Argument(ENTRIES[0]),), "Inner"),), "Outer -- twice"),
    )),
)  # fmt: skip


def test_fields_of_open_size_are_said_as_far_as_xtce_can(monkeypatch):
    reports, telecommands = dictionary.reports(), dictionary.telecommands()
    monkeypatch.setattr(dictionary, "reports", lambda: (*reports, *ODD_REPORTS))
    monkeypatch.setattr(dictionary, "telecommands", lambda: (*telecommands, *ODD_TELECOMMANDS))
    document = xtce.document()
    test_the_schema_of_xtce_accepts_the_document(document)
    test_names_are_unique_and_references_lead_somewhere(document)
    definition = judge.load_xtce(io.BytesIO(document.encode()))

    def told(subtype, source_data):
        return definition.parse_bytes(
            pus.encode_report(pus.Report(ORBITER_APID, 0, 200, subtype, 0, 1, bytes(7), source_data))
        )

    texts = told(1, ODD_REPORTS[0].encode({"called": "Zhurong", "also": 7}))
    assert (texts["called"], texts["also"]) == ("Zhurong", 7)
    source_data = ODD_REPORTS[1].encode(
        {"first": 5, "odds": [{"which": 1, "much": -1}, {"which": 2, "much": 2}]}
    )
    group = told(2, source_data)
    assert (group["first"], group["ODD_GROUP_odds_count"]) == (5, 2)
    assert group["ODD_GROUP_odds_entries"] == source_data[3:]
    assert told(3, b"\5all the rest")["ODD_REST_rest"] == b"all the rest"
    assert told(3, b"\5")["ODD_REST_rest"] == b""
    open_sized = ["called_length", "called", "held_length", "held"]
    assert sent_by(document, "ODD_PLAIN") == [*open_sized, "odds_count", "odds"]
    assert sent_by(document, "ODD_NESTED") == ["application_data"]


def sent_by(document, name):
    """Arguments in a telecommand's container, in order."""
    for command in ET.fromstring(document).find("*/MetaCommandSet", NS):
        if command.get("name") == name:
            entries = command.iterfind("CommandContainer/EntryList/ArgumentRefEntry", NS)
            return [entry.get("argumentRef") for entry in entries]
    raise AssertionError(f"no {name}")
