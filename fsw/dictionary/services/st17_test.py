"""ST[17] test: are you alive?"""

from fsw.dictionary.identifiers import LANDER_APID, ORBITER_APID, Origin
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Telecommand

TELECOMMANDS = (
    Telecommand(
        "PING",
        17,
        1,
        "Tests the connection to the orbiter's computer.",
        "ALIVE [17,2] and TC_COMPLETED [1,7].",
    ),
)
REPORTS = (
    Report("ALIVE", ORBITER_APID, (), "Answer to the connection test", Origin.OURS, 17, 2),
    Report("LANDER_ALIVE", LANDER_APID, (), "Answer of the lander stack", Origin.OURS, 17, 2),
)
