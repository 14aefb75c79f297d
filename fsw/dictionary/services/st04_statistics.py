"""ST[4] parameter statistics (ECSS-E-ST-70-41C 6.4, 8.4): requests and reports. Ours in widths.

Values are engineering values as binary64; the standard deviation is that of the samples themselves (N in
the denominator).
"""

import construct

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.pool import OnBoardParameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import AnyArgument, Argument, ArgumentGroup, Telecommand

_U16, _U32, _F64, _TIME = construct.Int16ub, construct.Int32ub, construct.Float64b, construct.Bytes(7)
MOST_STATISTICS = 32
_INTERVAL = Parameter("interval_s", _U16, "From sample to sample", "s")
_PERIOD = Parameter("period_s", _U16, "From report to report", "s")
_WHICH = Argument(Parameter("parameter", _U16, "Which parameter"), names=OnBoardParameter)
_REPORTED = Parameter("parameter", _U16, "Which parameter", enumeration=OnBoardParameter)


def _request(
    name: str,
    subtype: int,
    effect: str,
    verification: str,
    *arguments: AnyArgument,
    failures: tuple[FailureCode, ...] = (),
) -> Telecommand:
    return Telecommand(f"STATISTICS_{name}", 4, subtype, effect, verification, failures, arguments)


_VALUES, _DEFINITIONS = "STATISTICS_VALUES [4,2].", "STATISTICS_DEFINITIONS [4,9]."
TELECOMMANDS = (
    _request("REPORT", 1, "Reports the statistics and goes on with them.", _VALUES),
    _request("RESET", 3, "Begins all statistics anew.", "The start time in " + _VALUES),
    _request(
        "ENABLE",
        4,
        "Reports the statistics periodically, and begins them anew with each report.",
        _VALUES,
        Argument(_PERIOD, 10, 65535),
    ),
    _request("DISABLE", 5, "No longer reports them periodically.", _DEFINITIONS),
    _request(
        "ADD",
        6,
        "Adds parameters, or changes their interval; their statistics begin anew.",
        _DEFINITIONS,
        ArgumentGroup("parameters", (_WHICH, Argument(_INTERVAL, 1, 3600)), "Parameters and intervals"),
        failures=(FailureCode.UNKNOWN_PARAMETER, FailureCode.CHECK_SENSELESS, FailureCode.NO_ROOM),
    ),
    _request(
        "DELETE",
        7,
        "Forgets parameters and their statistics.",
        _DEFINITIONS,
        ArgumentGroup("parameters", (_WHICH,), "Parameters; none given: all", least=0),
        failures=(FailureCode.NO_SUCH_ITEM,),
    ),
    _request("DEFINITIONS_REPORT", 8, "Reports which parameters have statistics.", _DEFINITIONS),
)


def _report(name: str, subtype: int, text: str, parameters: tuple[Parameter, ...], group: Group) -> Report:
    return Report(name, ORBITER_APID, parameters, text, Origin.OURS, 4, subtype, groups=(group,))


_ON_BOARD = "on-board time as in the packet's header"
REPORTS = (
    _report(
        "STATISTICS_VALUES",
        2,
        "Statistics of parameters",
        (
            Parameter("start", _TIME, f"When they began: {_ON_BOARD}"),
            Parameter("end", _TIME, f"When this was: {_ON_BOARD}"),
        ),
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
        (
            Parameter(
                "periodic", construct.Int8ub, "Whether they are reported periodically", enumeration=Switch
            ),
            _PERIOD,
        ),
        Group("parameters", (_REPORTED, _INTERVAL), "Parameters"),
    ),
)
