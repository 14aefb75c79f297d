"""ST[9] time management: reports of the on-board clock, and (subtypes from 128, ours) its steering.

The time report is the standard's spacecraft time packet (6.9.4): APID 0, no secondary header; rate, P-field
and time laid out as in Hera's (recorded by Daniel Estevez et al., CC BY 4.0); packet error control is ours.
Its code is CUC, [9,2]; a spacecraft has one of the standard's two, so [9,3], CDS, is left out.
"""

from functools import partial

import construct

from fsw.dictionary.identifiers import TIME_APID, FailureCode, Origin
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.declare import request
from fsw.dictionary.telecommand import Argument

SERVICE = 9
TIME_CODE = 0x2F
FASTEST, SLOWEST = 0, 8
DEFAULT_RATE = 5  # 16 s in the low rate
LATEST_S = 4_000_000_000  # in 2142: years before the code overflows
MOST_SHIFT_US = 10_000_000
MOST_TRIM = 10_000_000  # 1e-12

_U8, _U32, _U24 = construct.Int8ub, construct.Int32ub, construct.BytesInteger(3)
_SEEN = "Event CLOCK_STEERED; the time reference status of later reports."

_request = partial(request, SERVICE)
TELECOMMANDS = (
    _request(
        "TIME_REPORT_RATE",
        1,
        "Sends a time report for every 2**rate_exponent frames of virtual channel 245/1.",
        "`rate_exponent` in TIME_REPORT.",
        Argument(
            Parameter("rate_exponent", _U8, "Frames from report to report, as a power of two"),
            FASTEST,
            SLOWEST,
        ),
    ),
    _request(
        "CLOCK_SET",
        128,
        "Sets the clock forward: it shows this time when the telecommand is executed. It never goes back.",
        _SEEN,
        Argument(Parameter("seconds", _U32, "Seconds since 2015-12-31T16:00:00Z", "s"), 0, LATEST_S),
        Argument(Parameter("fraction", _U24, "Fraction of a second", "2^-24 s", default=0)),
        failures=(FailureCode.TIME_GOES_BACK,),
    ),
    _request(
        "CLOCK_SHIFT",
        129,
        "Shifts the clock little by little, a 1024th faster or slower until it is done.",
        _SEEN,
        Argument(
            Parameter("shift_us", construct.Int32sb, "Gained, or lost if negative", "us"),
            -MOST_SHIFT_US,
            MOST_SHIFT_US,
        ),
    ),
    _request(
        "CLOCK_TRIM",
        130,
        "Makes the clock run faster than its oscillator, or slower, from now on.",
        _SEEN,
        Argument(Parameter("trim", construct.Int32sb, "Faster by so much", "1e-12"), -MOST_TRIM, MOST_TRIM),
    ),
)

TIME_REPORT = Report(
    "TIME_REPORT",
    TIME_APID,
    (
        Parameter("rate_exponent", _U8, "A report for every 2**rate_exponent frames of 245/1"),
        Parameter("time_code", _U8, "P-field: CUC 4+3, agency-defined epoch", default=TIME_CODE),
        Parameter("time_s", _U32, "The clock at the first bit of that frame: whole seconds", "s"),
        Parameter("time_fraction", _U24, "and the fraction", "2^-24 s"),
    ),
    "What the clock showed at a frame's first bit; without secondary header",
    Origin.OURS,
    SERVICE,
    2,
)
REPORTS = (TIME_REPORT,)
