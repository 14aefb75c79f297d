"""ST[1] request verification reports (ECSS-E-ST-70-41C 6.1). Ours in widths.

The request identifier is the first four octets of the telecommand's packet (clause 8.1.2.1). Failure
codes have 16 bits; failure data are octets whose meaning depends on the code, often none.
"""

import construct

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report

_REQUEST = (
    Parameter("request_packet_id", construct.Int16ub, "Version, type and APID of the telecommand"),
    Parameter("request_sequence", construct.Int16ub, "Sequence flags and count of the telecommand"),
)
_STEP = Parameter("step", construct.Int8ub, "Step of the execution")
_CODE = Parameter("failure_code", construct.Int16ub, "Why it failed", enumeration=FailureCode)
_DATA = Parameter("failure_data", construct.GreedyBytes, "Octets that belong to the code", default=b"")


def _verification(apid: int, subtype: int, name: str, text: str) -> Report:
    fields = _REQUEST + (_STEP,) * (subtype in (5, 6)) + (_CODE, _DATA) * (subtype in (2, 4, 6, 8, 10))
    return Report(name, apid, fields, text, Origin.OURS, 1, subtype)


_TEXTS = (
    (1, "TC_ACCEPTED", "The telecommand is well formed and known"),
    (2, "TC_NOT_ACCEPTED", "The telecommand is refused before it is looked at further"),
    (3, "TC_STARTED", "Execution has begun"),
    (4, "TC_NOT_STARTED", "Execution cannot begin"),
    (5, "TC_PROGRESS", "A step of the execution is done"),
    (6, "TC_STEP_FAILED", "A step of the execution failed"),
    (7, "TC_COMPLETED", "Execution is complete"),
    (8, "TC_NOT_COMPLETED", "Execution began and failed"),
    (10, "TC_NOT_ROUTED", "No application on board has this APID"),
)


def reports(apid: int) -> tuple[Report, ...]:
    """Those of a computer."""
    return tuple(_verification(apid, *declared) for declared in _TEXTS)


REPORTS = reports(ORBITER_APID)
