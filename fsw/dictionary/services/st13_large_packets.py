"""ST[13] large packet transfer (ECSS-E-ST-70-41C 6.13): what is too long for one packet goes in parts.

Down: a report whose packet is longer than the mission allows goes in parts of it. Up: a telecommand packet in
parts is put together again and carried out as if it had come whole; its own verification reports tell what
became of it. Parts are numbered from 1; the widths are ours.
"""

from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument
from fsw.protocols.large_packets import AbortReason

_TRANSACTION = Parameter("transaction", construct.Int16ub, "Number of the transfer")
_NUMBER = Parameter("part_number", construct.Int16ub, "Place of the part, from 1")
_PART = Parameter("part", construct.GreedyBytes, "Octets of the packet")
_ARGUMENTS = (Argument(_TRANSACTION), Argument(_NUMBER, 1, 65535), Argument(_PART, 1))
_ABORTED = "LARGE_UPLINK_ABORTED [13,16] with the reason, when the transfer ends here."
_FAILURES = (FailureCode.PART_OUT_OF_ORDER, FailureCode.REQUEST_TOO_LONG)

_request, _report = partial(request, 13), partial(report, 13)
TELECOMMANDS = (
    _request(
        "LARGE_FIRST",
        9,
        "Begins the uplink of a large request; one of the same number that is under way is dropped.",
        f"TC_COMPLETED. {_ABORTED}",
        *_ARGUMENTS,
        failures=(*_FAILURES, FailureCode.QUEUE_FULL),
    ),
    _request(
        "LARGE_NEXT",
        10,
        "Brings the next part of a large request.",
        f"TC_COMPLETED. {_ABORTED}",
        *_ARGUMENTS,
        failures=(FailureCode.UNKNOWN_TRANSFER, *_FAILURES),
    ),
    _request(
        "LARGE_LAST",
        11,
        "Brings the last part of a large request, which is then carried out.",
        f"TC_COMPLETED when it was put together; then the reports that the request asks for. {_ABORTED}",
        *_ARGUMENTS,
        failures=(FailureCode.UNKNOWN_TRANSFER, *_FAILURES),
    ),
)


def _part(name: str, subtype: int, text: str) -> Report:
    return _report(name, subtype, text, _TRANSACTION, _NUMBER, _PART)


REPORTS = (
    _part("LARGE_REPORT_FIRST", 1, "First part of a large report"),
    _part("LARGE_REPORT_NEXT", 2, "A part of a large report"),
    _part("LARGE_REPORT_LAST", 3, "Last part of a large report"),
    _report(
        "LARGE_UPLINK_ABORTED",
        16,
        "The parts of a large request were dropped",
        _TRANSACTION,
        Parameter("reason", construct.Int8ub, "Why", enumeration=AbortReason),
    ),
)
