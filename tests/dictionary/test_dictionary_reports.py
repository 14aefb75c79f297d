"""Reports encode and decode as declared, whichever of the two ways the layout is run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary.events import SUBTYPE_OF, Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode, Task
from fsw.protocols.pus import AcceptanceFailure

REPORTS = dictionary.reports()
by_name = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
of_fixed_fields = pytest.mark.parametrize(
    "report", [r for r in REPORTS if not r.layout.tail], ids=lambda report: report.name
)


def _octets(report: dictionary.Report, data: st.DataObject) -> bytes:
    size = report.layout.octets
    tail = data.draw(st.integers(0, 20)) if report.layout.open_ended else 0
    octets = data.draw(st.binary(min_size=size + tail, max_size=size + tail))
    return octets if report.identifier is None else report.identifier.to_bytes(2, "big") + octets[2:]


@of_fixed_fields
@settings(max_examples=25)
@given(data=st.data())
def test_precompiled_layout_agrees_with_construct(report: dictionary.Report, data: st.DataObject) -> None:
    octets = _octets(report, data)
    parsed = report.layout.construct.parse(octets)
    for parameter, raw in zip(report.layout.parameters, report.layout.unpack(octets), strict=True):
        other = parsed[parameter.name]
        assert raw == other or (raw != raw and other != other), parameter.name


@of_fixed_fields
@settings(max_examples=25)
@given(data=st.data())
def test_raw_values_survive_packing(report: dictionary.Report, data: st.DataObject) -> None:
    octets = _octets(report, data)
    raws = report.layout.unpack(octets)
    if all(raw == raw for raw in raws):  # a NaN's octets may change
        assert report.layout.pack(raws) == octets


@of_fixed_fields
@settings(max_examples=25)
@given(data=st.data())
def test_engineering_values_survive_encoding(report: dictionary.Report, data: st.DataObject) -> None:
    """Decoded values, where the enumeration knows them, encode to the same octets."""
    octets = _octets(report, data)
    decoded = report.decode(octets, hidden=True)
    values = {name: value.value for name, value in decoded.items()}
    for parameter in report.layout.parameters:
        value = decoded[parameter.name]
        if value.raw != value.raw or (parameter.texts is not None and value.raw not in parameter.texts):
            return
    assert report.encode(values) == octets


@of_fixed_fields
@settings(max_examples=25)
@given(octets=st.binary(max_size=200))
def test_octets_of_a_wrong_length_are_refused_with_words(report: dictionary.Report, octets: bytes) -> None:
    if len(octets) < report.layout.octets or not report.layout.open_ended:
        octets += bytes(len(octets) == report.layout.octets)
        with pytest.raises(FswError, match=report.name):
            report.decode(octets)


@by_name
def test_report_is_found_by_its_key(report: dictionary.Report) -> None:
    found = dictionary.report_for(report.apid, report.service, report.subtype, report.identifier)
    assert found is report
    data = bytes(report.layout.octets)
    if report.identifier is not None:
        data = report.identifier.to_bytes(2, "big") + data[2:]
    assert dictionary.recognise_report(report.apid, report.service, report.subtype, data) is report
    assert report.text
    assert report.period_s != 0


def test_every_event_and_structure_is_declared_once() -> None:
    assert {r.identifier for r in REPORTS if r.service == 5 and r.severity is not None} == {
        int(event) for event in Event
    }
    assert {r.identifier for r in REPORTS if (r.service, r.subtype) == (3, 25)} == {
        int(sid) for sid in Structure
    }
    for report in REPORTS:
        if report.severity is not None:
            assert report.subtype == SUBTYPE_OF[report.severity]


def test_acceptance_codes_are_those_of_the_protocol() -> None:
    for failure in AcceptanceFailure:
        assert FailureCode[failure.name] == failure


def test_undeclared_reports_are_named() -> None:
    with pytest.raises(FswError, match=r"APID 1920 \[3,25\] identifier 999"):
        dictionary.report_for(1920, 3, 25, 999)
    assert dictionary.recognise_report(1920, 3, 25, b"\x03\xe7") is None
    assert dictionary.recognise_report(8, None, None, b"") is None


def test_analogue_values_saturate_counters_wrap_and_others_refuse() -> None:
    report = dictionary.report("HOUSEKEEPING_COMPUTER")
    values: dict = {p.name: Task.RELAY if p.enumeration is Task else 0 for p in report.parameters}
    assert report.decode(report.encode(values | {"cpu_load": 1e6}))["cpu_load"] == (65535, 655.35, "%")
    assert report.decode(report.encode(values | {"cpu_load": -5}))["cpu_load"].raw == 0
    assert report.decode(report.encode(values | {"uptime_s": 2**32 + 5}))["uptime_s"].value == 5
    assert report.decode(report.encode(values))["fullest_mailbox_of"] == (5, "RELAY", "")
    with pytest.raises(FswError, match="allowed are NONE"):
        report.encode(values | {"fullest_mailbox_of": "NOBODY"})
    with pytest.raises(FswError, match="uptime_s is missing"):
        report.encode({})
    with pytest.raises(FswError, match="unknown colour"):
        report.encode(values | {"colour": 1})
    with pytest.raises(FswError, match="finite"):
        report.encode(values | {"cpu_load": float("nan")})
    with pytest.raises(FswError, match="allowed are 0 to 4294967295"):
        dictionary.report("EVENT_MASS_MEMORY_FULL").encode({"picture": -1})


def test_limits_tell_the_worst_that_is_passed() -> None:
    report = dictionary.report("HOUSEKEEPING_CAMERA")
    values: dict = {p.name: 0 for p in report.parameters}
    found = report.check(report.decode(report.encode(values | {"battery_voltage_v": 2.7})))
    assert [(v.parameter, v.level, v.bound) for v in found] == [("battery_voltage_v", "warning", 2.9)]
    found = report.check(report.decode(report.encode(values | {"battery_voltage_v": 2.4})))
    assert [(v.parameter, v.level, v.bound) for v in found] == [("battery_voltage_v", "alarm", 2.5)]
    assert not report.check(report.decode(report.encode(values | {"battery_voltage_v": 3.0})))
