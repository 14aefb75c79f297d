"""ST[18] on-board control procedures (6.18 and 8.18). Their language is told in `fsw.protocols.obcp`.

Ours: names of variable length, the procedure's own; code as `fsw procedure compile` makes it; arguments
as reals of 64 bits, N 8 bits. A procedure may run once at a time. What comes before its first step belongs
to that step.
"""

from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, Observability, ProcedureState
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.services.st23_files import FILE, PATH
from fsw.dictionary.telecommand import Argument, ArgumentGroup
from fsw.protocols.obcp import MAX_PROGRAM_OCTETS

LONGEST_NAME = 32
_U8, _U16 = construct.Int8ub, construct.Int16ub
_NAME = Parameter("procedure", construct.PascalString(_U8, "utf8"), "Name of the procedure")
_STATE = Parameter("state", _U8, "What it does", enumeration=ProcedureState)
_STEP = Parameter("step", _U16, "Step begun last; 0 before the first")
_ONE = Argument(_NAME, 1, LONGEST_NAME)
_AT_STEP = Argument(Parameter("step", _U16, "Where: as it begins this step; 0: the next", default=0))
_OBSERVABILITY = Argument(
    Parameter(
        "observability", _U8, "Whether its steps are events", enumeration=Observability, default="NOTHING"
    )
)
_ARGUMENTS = ArgumentGroup(
    "arguments",
    (Argument(Parameter("value", construct.Float64b, "An argument, in order"), -1e300, 1e300),),
    "Its arguments",
    least=0,
    most=16,
)
_NO_SUCH = FailureCode.NO_SUCH_ITEM
_LOAD = (FailureCode.ALREADY_THERE, FailureCode.NO_ROOM, FailureCode.PROGRAM_UNSOUND)
_START = (FailureCode.NO_ROOM, FailureCode.ARGUMENTS_WRONG, FailureCode.ENGINE_STOPPED)
_ACTIVATE = (_NO_SUCH, FailureCode.IN_USE, *_START)
_RUNS_OR_ENDS = "PROCEDURES_STATUS [18,9]; event PROCEDURE_COMPLETED or PROCEDURE_FAILED."
_STATUS_TOLD = "PROCEDURES_STATUS [18,9]."

_request, _report = partial(request, 18), partial(report, 18)
TELECOMMANDS = (
    _request(
        "PROCEDURE_LOAD",
        1,
        "Loads a procedure.",
        _STATUS_TOLD,
        _ONE,
        Argument(
            Parameter("code", construct.Prefixed(_U16, construct.GreedyBytes), "The compiled procedure"),
            1,
            MAX_PROGRAM_OCTETS,
        ),
        failures=_LOAD,
    ),
    _request(
        "PROCEDURE_UNLOAD",
        2,
        "Forgets a procedure that is not active.",
        _STATUS_TOLD,
        _ONE,
        failures=(_NO_SUCH, FailureCode.IN_USE),
    ),
    _request(
        "PROCEDURE_ACTIVATE",
        3,
        "Starts a procedure.",
        _RUNS_OR_ENDS,
        _ONE,
        _OBSERVABILITY,
        _ARGUMENTS,
        failures=_ACTIVATE,
    ),
    _request(
        "PROCEDURE_STOP",
        4,
        "Ends a procedure as it begins a step.",
        "Event PROCEDURE_FAILED with ABORTED.",
        _ONE,
        _AT_STEP,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request(
        "PROCEDURE_SUSPEND",
        5,
        "Holds a procedure as it begins a step.",
        _STATUS_TOLD,
        _ONE,
        _AT_STEP,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request(
        "PROCEDURE_RESUME",
        6,
        "Lets a held procedure run on.",
        _STATUS_TOLD,
        _ONE,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request(
        "PROCEDURE_COMMUNICATE",
        7,
        "Gives the arguments of an active procedure new values, which it finds when it next reads them.",
        "What the procedure does.",
        _ONE,
        _ARGUMENTS,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING, FailureCode.ARGUMENTS_WRONG),
    ),
    _request("PROCEDURES_REPORT", 8, "Reports the state of each procedure.", _STATUS_TOLD),
    _request(
        "PROCEDURE_ABORT",
        12,
        "Ends a procedure at once.",
        "Event PROCEDURE_FAILED with ABORTED.",
        _ONE,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request(
        "PROCEDURE_LOAD_BY_REFERENCE",
        13,
        "Loads a procedure that lies in a file on board.",
        _STATUS_TOLD,
        _ONE,
        PATH,
        FILE,
        failures=(FailureCode.NO_SUCH_FILE, *_LOAD),
    ),
    _request(
        "PROCEDURE_ACTIVATE_ONE_STEP",
        14,
        "Starts a procedure, and holds it as it begins its second step.",
        _RUNS_OR_ENDS,
        _ONE,
        _OBSERVABILITY,
        _ARGUMENTS,
        failures=_ACTIVATE,
    ),
    _request(
        "PROCEDURE_RESUME_ONE_STEP",
        15,
        "Lets a held procedure run on, and holds it as it begins the next step.",
        _RUNS_OR_ENDS,
        _ONE,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request(
        "PROCEDURE_OBSERVE",
        16,
        "Sets what procedures tell of their steps.",
        "Events PROCEDURE_STEP.",
        ArgumentGroup("procedures", (_ONE, _OBSERVABILITY), "Which and how much"),
        failures=(_NO_SUCH, FailureCode.PARTLY_DONE),
    ),
    _request("PROCEDURES_ABORT", 17, "Ends all procedures at once.", "PROCEDURES_ABORTED [18,18]."),
    _request(
        "PROCEDURE_LOAD_AND_ACTIVATE",
        19,
        "Loads a procedure that lies in a file on board, and starts it.",
        _RUNS_OR_ENDS,
        _ONE,
        PATH,
        FILE,
        _OBSERVABILITY,
        _ARGUMENTS,
        failures=(FailureCode.NO_SUCH_FILE, *_LOAD, *_START[1:]),
    ),
    _request(
        "PROCEDURE_STOP_AND_UNLOAD",
        20,
        "Ends a procedure as it begins a step, and forgets it when it has ended.",
        "Event PROCEDURE_FAILED with ABORTED; PROCEDURES_STATUS [18,9].",
        _ONE,
        _AT_STEP,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request("PROCEDURE_ENGINE_START", 21, "Lets procedures run.", _STATUS_TOLD),
    _request("PROCEDURE_ENGINE_STOP", 22, "Ends all procedures, and lets none be started.", _STATUS_TOLD),
)

REPORTS = (
    _report(
        "PROCEDURES_STATUS",
        9,
        "State of each procedure",
        Group("procedures", (_NAME, _STATE, _STEP), "By name"),
    ),
    _report(
        "PROCEDURES_ABORTED", 18, "Procedures ended at once", Group("procedures", (_NAME, _STEP), "By name")
    ),
)
