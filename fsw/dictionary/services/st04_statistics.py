"""ST[4] parameter statistics (ECSS-E-ST-70-41C 6.4, 8.4): requests and reports. Ours in widths.

Values are engineering values as binary64; the standard deviation is that of the samples themselves (N in
the denominator).
"""

from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.pool import OnBoardParameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument, ArgumentGroup

_U16, _U32, _F64, _TIME = construct.Int16ub, construct.Int32ub, construct.Float64b, construct.Bytes(7)
MOST_STATISTICS = 32
_INTERVAL = Parameter("interval_s", _U16, "From sample to sample", "s")
_PERIOD = Parameter("period_s", _U16, "From report to report", "s")
_WHICH = Argument(Parameter("parameter", _U16, "Which parameter"), names=OnBoardParameter)
_REPORTED = Parameter("parameter", _U16, "Which parameter", enumeration=OnBoardParameter)

_VALUES, _DEFINITIONS = "STATISTICS_VALUES [4,2].", "STATISTICS_DEFINITIONS [4,9]."
_request, _report = partial(request, 4), partial(report, 4)
TELECOMMANDS = (
    _request("STATISTICS_REPORT", 1, "Reports the statistics and goes on with them.", _VALUES),
    _request("STATISTICS_RESET", 3, "Begins all statistics anew.", "The start time in " + _VALUES),
    _request(
        "STATISTICS_ENABLE",
        4,
        "Reports the statistics periodically, and begins them anew with each report.",
        _VALUES,
        Argument(_PERIOD, 10, 65535),
    ),
    _request("STATISTICS_DISABLE", 5, "No longer reports them periodically.", _DEFINITIONS),
    _request(
        "STATISTICS_ADD",
        6,
        "Adds parameters, or changes their interval; their statistics begin anew.",
        _DEFINITIONS,
        ArgumentGroup("parameters", (_WHICH, Argument(_INTERVAL, 1, 3600)), "Parameters and intervals"),
        failures=(FailureCode.UNKNOWN_PARAMETER, FailureCode.CHECK_SENSELESS, FailureCode.NO_ROOM),
    ),
    _request(
        "STATISTICS_DELETE",
        7,
        "Forgets parameters and their statistics.",
        _DEFINITIONS,
        ArgumentGroup("parameters", (_WHICH,), "Parameters; none given: all", least=0),
        failures=(FailureCode.NO_SUCH_ITEM,),
    ),
    _request("STATISTICS_DEFINITIONS_REPORT", 8, "Reports which parameters have statistics.", _DEFINITIONS),
)

_ON_BOARD = "on-board time as in the packet's header"
REPORTS = (
    _report(
        "STATISTICS_VALUES",
        2,
        "Statistics of parameters",
        Parameter("start", _TIME, f"When they began: {_ON_BOARD}"),
        Parameter("end", _TIME, f"When this was: {_ON_BOARD}"),
        Group(
            "parameters",
            (
                _REPORTED,
                Parameter("samples", _U32, "How many; without any, the rest is 0"),
                Parameter("maximum", _F64, "Greatest"),
                Parameter("maximum_at", _TIME, f"When first: {_ON_BOARD}"),
                Parameter("minimum", _F64, "Least"),
                Parameter("minimum_at", _TIME, f"When first: {_ON_BOARD}"),
                Parameter("mean", _F64, "Mean"),
                Parameter("deviation", _F64, "Standard deviation"),
            ),
            "Parameters",
        ),
    ),
    _report(
        "STATISTICS_DEFINITIONS",
        9,
        "Which parameters have statistics",
        Parameter("periodic", construct.Int8ub, "Whether they are reported periodically", enumeration=Switch),
        _PERIOD,
        Group("parameters", (_REPORTED, _INTERVAL), "Parameters"),
    ),
)
