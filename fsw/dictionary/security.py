"""Service 140, ours and not ECSS's: SDLS extended procedures (CCSDS 355.1-B-1) in requests and reports.

The standard leaves the carrier to the mission. A request holds one protocol data unit as it is; so does the
reply. `fsw.protocols.sdls_pdu` builds and reads them.
"""

import construct

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, Telecommand

SERVICE = 140

TELECOMMANDS = (
    Telecommand(
        "SECURITY_PROCEDURE",
        SERVICE,
        1,
        "Manages keys and security associations of the telecommand link: an SDLS extended procedure.",
        "TC_COMPLETED; of procedures that answer, SECURITY_REPLY.",
        tuple(code for code in FailureCode if code.name.startswith("SECURITY_")),
        (
            Argument(
                Parameter(
                    "pdu",
                    construct.Prefixed(construct.Int16ub, construct.GreedyBytes),
                    "Protocol data unit: tag, length in bits, data",
                ),
                minimum=3,
                maximum=8194,
            ),
        ),
        hazardous=True,
    ),
)
REPORTS = (
    Report(
        "SECURITY_REPLY",
        ORBITER_APID,
        (Parameter("pdu", construct.GreedyBytes, "Protocol data unit: tag, length in bits, data"),),
        "Answer to an SDLS extended procedure",
        Origin.OURS,
        SERVICE,
        2,
    ),
)
