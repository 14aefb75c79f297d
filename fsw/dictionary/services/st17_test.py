"""ST[17] test: are you alive, and who answers you?"""

from enum import IntEnum

import construct

from fsw.dictionary.identifiers import LANDER_APID, ORBITER_APID, FailureCode, Origin
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, Telecommand


class Application(IntEnum):
    """Application processes that the orbiter's computer can ask for an answer."""

    LANDER = LANDER_APID


_APPLICATION = Parameter("application", construct.Int16ub, "Which", enumeration=Application)

TELECOMMANDS = (
    Telecommand(
        "PING",
        17,
        1,
        "Tests the connection to the orbiter's computer.",
        "ALIVE [17,2] and TC_COMPLETED [1,7].",
    ),
    Telecommand(
        "CONNECTION_TEST",
        17,
        3,
        "Tests the connection of the orbiter's computer to another application process on board.",
        "CONNECTED [17,4] and TC_COMPLETED [1,7].",
        (FailureCode.BUSY, FailureCode.NO_ANSWER),
        (Argument(_APPLICATION),),
    ),
)
REPORTS = (
    Report("ALIVE", ORBITER_APID, (), "Answer to the connection test", Origin.OURS, 17, 2),
    Report(
        "CONNECTED",
        ORBITER_APID,
        (_APPLICATION,),
        "Answer to the test of a connection on board",
        Origin.OURS,
        17,
        4,
    ),
)
