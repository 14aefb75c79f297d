"""ST[17] test: are you alive, and who answers you?"""

from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary import camera
from fsw.dictionary.identifiers import LANDER_APID, FailureCode
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument


class Application(IntEnum):
    """Application processes that the orbiter's computer can ask for an answer."""

    LANDER = LANDER_APID
    CAMERA = camera.TELECOMMAND_APID  # over the Wi-Fi; its health comes with the answer


_APPLICATION = Parameter("application", construct.Int16ub, "Which", enumeration=Application)

_request, _report = partial(request, 17), partial(report, 17)
TELECOMMANDS = (
    _request(
        "PING", 1, "Tests the connection to the orbiter's computer.", "ALIVE [17,2] and TC_COMPLETED [1,7]."
    ),
    _request(
        "CONNECTION_TEST",
        3,
        "Tests the connection of the orbiter's computer to another application process on board.",
        "CONNECTED [17,4] and TC_COMPLETED [1,7].",
        Argument(_APPLICATION),
        failures=(
            FailureCode.BUSY,
            FailureCode.WIFI_OFF,
            FailureCode.NO_LINK,
            FailureCode.NO_ANSWER,
            FailureCode.REFUSED_BY_CAMERA,
        ),
    ),
)
REPORTS = (
    _report("ALIVE", 2, "Answer to the connection test"),
    _report("CONNECTED", 4, "Answer to the test of a connection on board", _APPLICATION),
)
