"""Keeps and runs on-board control procedures: ST[18] (ECSS-E-ST-70-41C 6.18).

A procedure gets a slice of instructions at a time, and between slices `PACE_NS` of mission time pass: so
no procedure can hold up the others, whatever it does. What it sends is submitted like a telecommand from
the ground, without reports but those of failure, and numbered apart.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fsw.dictionary import pool
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import ON_BOARD_SOURCE, ORBITER_APID, FailureCode, ProcedureState
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer, Spend
from fsw.kernel.time import MILLISECOND
from fsw.protocols import obcp, pus
from fsw.protocols.obcp.program import REAL
from fsw.tasks import names
from fsw.tasks.answers import Told, executed, report, together
from fsw.tasks.file_messages import FileRead, ReadFile, of_store
from fsw.tasks.messages import Execute, Occurred, Outcome, SafeMode, Submit, Tick, Values
from fsw.tasks.routing import gather

MAX_PROCEDURES = 16
MAX_ACTIVE = 8
PACE_NS = 10 * MILLISECOND
EVENTS_IN_A_SLICE = 4
EVENT_NS = 50 * MILLISECOND  # and so much more for each event that it raised
INSTRUCTION_NS = 2_000  # modelled time
FIRST_COUNT, COUNTS = 12288, 4096  # packet sequence counts of what procedures send: the ground's begin at 0
_TIMER = "run "  # and the procedure's name

LOAD_AND_ACTIVATE = "PROCEDURE_LOAD_AND_ACTIVATE"
BY_REFERENCE = ("PROCEDURE_LOAD_BY_REFERENCE", LOAD_AND_ACTIVATE)

_EVENT_OF = {
    obcp.Severity.INFO: Event.PROCEDURE_INFO,
    obcp.Severity.LOW: Event.PROCEDURE_LOW,
    obcp.Severity.MEDIUM: Event.PROCEDURE_MEDIUM,
    obcp.Severity.HIGH: Event.PROCEDURE_HIGH,
}


@dataclass(slots=True)
class _Run:
    """not_before_ns: of its next slice. hold_at, stop_at: the step at which to, 0 for the next, None for
    never. held_ns: since when it is held. request: of the telecommand whose outcome it waits for.
    one_step: to be held at the step after the one that begins next. unload: when it has ended."""

    machine: obcp.Machine
    observed: bool
    not_before_ns: int = 0
    hold_at: int | None = None
    stop_at: int | None = None
    held_ns: int | None = None
    request: bytes = b""
    one_step: bool = False
    unload: bool = False


class Procedures:
    def __init__(self) -> None:
        self._engine = True
        self._programs: dict[str, tuple[bytes, obcp.Program]] = {}
        self._runs: dict[str, _Run] = {}
        self._count = 0
        self._handlers: dict[str, Callable[[dict[str, Any], int], Told]] = {
            "PROCEDURE_LOAD": self._load,
            "PROCEDURE_UNLOAD": self._unload,
            "PROCEDURE_ACTIVATE": self._activate,
            "PROCEDURE_STOP": self._stop,
            "PROCEDURE_SUSPEND": self._suspend,
            "PROCEDURE_RESUME": self._resume,
            "PROCEDURE_COMMUNICATE": self._communicate,
            "PROCEDURES_REPORT": self._report,
            "PROCEDURE_ABORT": self._abort,
            "PROCEDURE_ACTIVATE_ONE_STEP": self._activate_one_step,
            "PROCEDURE_RESUME_ONE_STEP": self._resume_one_step,
            "PROCEDURE_OBSERVE": self._observe,
            "PROCEDURES_ABORT": self._abort_all,
            "PROCEDURE_STOP_AND_UNLOAD": self._stop_and_unload,
            "PROCEDURE_ENGINE_START": self._start_engine,
            "PROCEDURE_ENGINE_STOP": self._stop_engine,
        }

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(name=name, arguments=arguments) if name in BY_REFERENCE:
                file = of_store(arguments["path"], arguments["file"])
                return [Send(names.FILES, ReadFile(file, names.PROCEDURES, message))]
            case FileRead(octets, Execute(request, acknowledge, name, arguments)):
                told = self._load_file(octets, name, arguments, now_ns)
                return [executed(request, acknowledge, told.failure), *told.actions]
            case Execute(request, acknowledge, name, arguments):
                told = self._handlers[name](arguments, now_ns)
                return [executed(request, acknowledge, told.failure), *told.actions]
            case Tick(timer):
                return self._advance([timer.removeprefix(_TIMER)], now_ns)
            case Outcome(request, failure):
                waiting = [name for name, run in self._runs.items() if run.request == request]
                for name in waiting:
                    self._runs[name].request = b""
                    self._runs[name].machine.outcome(0 if failure is None else int(failure))
                return self._advance(waiting, now_ns)
            case Values(values):
                return self._advance(self._tell(values), now_ns)
            case Occurred(event):
                waiting = [n for n, run in self._runs.items() if run.machine.awaited_event == int(event)]
                for name in waiting:
                    self._runs[name].machine.occurred()
                return self._advance(waiting, now_ns)
            case SafeMode(True):
                return [action for name in sorted(self._runs) for action in self._end(name)]
        return ()

    # ---- requests -------------------------------------------------------------------------------

    def _load(self, arguments: dict[str, Any], now_ns: int) -> Told:
        name = arguments["procedure"]
        if name in self._programs:
            return Told(FailureCode.ALREADY_THERE)
        program = obcp.Program.decode(arguments["code"])
        if isinstance(program, obcp.Unsound) or program.name != name:
            return Told(FailureCode.PROGRAM_UNSOUND)
        if len(self._programs) >= MAX_PROCEDURES:
            return Told(FailureCode.NO_ROOM)
        self._programs[name] = arguments["code"], program
        return Told()

    def _load_file(self, octets: bytes | None, request: str, arguments: dict[str, Any], now_ns: int) -> Told:
        """By reference. What was loaded to be activated, and cannot be, is not kept."""
        if octets is None:
            return Told(FailureCode.NO_SUCH_FILE)
        if len(octets) > obcp.MAX_PROGRAM_OCTETS:
            return Told(FailureCode.PROGRAM_UNSOUND)
        told = self._load({**arguments, "code": octets}, now_ns)
        if told.failure is not None or request != LOAD_AND_ACTIVATE:
            return told
        told = self._activate(arguments, now_ns)
        if told.failure is not None:
            del self._programs[arguments["procedure"]]
        return told

    def _unload(self, arguments: dict[str, Any], now_ns: int) -> Told:
        name = arguments["procedure"]
        if name not in self._programs:
            return Told(FailureCode.NO_SUCH_ITEM)
        if name in self._runs:
            return Told(FailureCode.IN_USE)
        del self._programs[name]
        return Told()

    def _activate(self, arguments: dict[str, Any], now_ns: int, one_step: bool = False) -> Told:
        name = arguments["procedure"]
        if not self._engine:
            return Told(FailureCode.ENGINE_STOPPED)
        if name not in self._programs:
            return Told(FailureCode.NO_SUCH_ITEM)
        if name in self._runs:
            return Told(FailureCode.IN_USE)
        if len(self._runs) >= MAX_ACTIVE:
            return Told(FailureCode.NO_ROOM)
        program = self._programs[name][1]
        values = _fitting(program, arguments)
        if values is None:
            return Told(FailureCode.ARGUMENTS_WRONG)
        observed = arguments["observability"] == "STEPS"
        self._runs[name] = _Run(obcp.Machine(program, values, now_ns), observed, one_step=one_step)
        return Told(actions=self._advance([name], now_ns))

    def _activate_one_step(self, arguments: dict[str, Any], now_ns: int) -> Told:
        return self._activate(arguments, now_ns, one_step=True)

    def _communicate(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, FailureCode):
            return Told(run)
        values = _fitting(run.machine.program, arguments)
        if values is None:
            return Told(FailureCode.ARGUMENTS_WRONG)
        run.machine.communicate(values)
        return Told()

    def _active(self, arguments: dict[str, Any]) -> _Run | FailureCode:
        name = arguments["procedure"]
        if name not in self._programs:
            return FailureCode.NO_SUCH_ITEM
        return self._runs.get(name, FailureCode.NOT_RUNNING)

    def _stop(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, FailureCode):
            return Told(run)
        if run.held_ns is not None:  # it stands at the beginning of a step
            return Told(actions=self._end(arguments["procedure"]))
        run.stop_at = arguments["step"]
        return Told()

    def _suspend(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, FailureCode):
            return Told(run)
        if run.held_ns is not None:
            return Told(FailureCode.NOT_RUNNING)
        run.hold_at = arguments["step"]
        return Told()

    def _resume(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, FailureCode):
            return Told(run)
        if run.held_ns is None:
            return Told(FailureCode.NOT_RUNNING)
        run.machine.held(now_ns - run.held_ns)
        run.held_ns = None
        return Told(actions=self._advance([arguments["procedure"]], now_ns))

    def _resume_one_step(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, _Run) and run.held_ns is not None:
            run.hold_at = 0
        return self._resume(arguments, now_ns)

    def _stop_and_unload(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, _Run):
            run.unload = True
        return self._stop(arguments, now_ns)

    def _abort(self, arguments: dict[str, Any], now_ns: int) -> Told:
        run = self._active(arguments)
        if isinstance(run, FailureCode):
            return Told(run)
        return Told(actions=self._end(arguments["procedure"]))

    def _abort_all(self, arguments: dict[str, Any], now_ns: int) -> Told:
        rows = [{"procedure": name, "step": run.machine.step} for name, run in sorted(self._runs.items())]
        ended = [action for name in sorted(self._runs) for action in self._end(name)]
        return Told(actions=[*ended, report("PROCEDURES_ABORTED", {"procedures": rows})])

    def _observe(self, arguments: dict[str, Any], now_ns: int) -> Told:
        failures: list[FailureCode | None] = []
        for entry in arguments["procedures"]:
            run = self._active(entry)
            failures.append(run if isinstance(run, FailureCode) else None)
            if isinstance(run, _Run):
                run.observed = entry["observability"] == "STEPS"
        return Told(together(failures))

    def _report(self, arguments: dict[str, Any], now_ns: int) -> Told:
        rows = []
        for name in sorted(self._programs):
            run = self._runs.get(name)
            state = ProcedureState.INACTIVE
            if run is not None:
                state = ProcedureState.RUNNING if run.held_ns is None else ProcedureState.HELD
            rows.append({"procedure": name, "state": state.name, "step": run.machine.step if run else 0})
        return Told(actions=[report("PROCEDURES_STATUS", {"procedures": rows})])

    def _start_engine(self, arguments: dict[str, Any], now_ns: int) -> Told:
        self._engine = True
        return Told()

    def _stop_engine(self, arguments: dict[str, Any], now_ns: int) -> Told:
        self._engine = False
        return Told(actions=[action for name in sorted(self._runs) for action in self._end(name)])

    # ---- running --------------------------------------------------------------------------------

    def _tell(self, values: dict[str, Any]) -> list[str]:
        """Gives values to the procedures that wait for one; the names of those."""
        told = []
        for name, run in self._runs.items():
            identifier = run.machine.read_parameter
            value = pool.number(identifier, values) if identifier in pool.PARAMETERS else None
            if value is not None:
                run.machine.told(value)
                told.append(name)
        return told

    def _advance(self, names_of_runs: Iterable[str], now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for name in names_of_runs:
            run = self._runs.get(name)
            if run is None or run.held_ns is not None:
                continue
            if now_ns < run.not_before_ns:  # an answer that came at once starts no slice at once
                actions.append(SetTimer(_TIMER + name, run.not_before_ns, Tick(_TIMER + name)))
            else:
                actions += self._slice(name, run, now_ns)
        return actions

    def _slice(self, name: str, run: _Run, now_ns: int) -> list[Action]:
        machine, actions = run.machine, list[Action]()
        before, raised = machine.executed, 0
        at_ns: int | None
        while True:
            used = machine.executed - before
            match machine.run(now_ns, obcp.SLICE - used):
                case obcp.Busy():
                    at_ns = now_ns
                case obcp.Asleep(until_ns) | obcp.Awaiting(_, until_ns):
                    at_ns = until_ns
                case obcp.Reading(identifier, until_ns):
                    at_ns = until_ns
                    parameter = pool.PARAMETERS.get(identifier)
                    if parameter is not None:  # else it waits in vain, and fails
                        actions += gather(parameter.structure, names.PROCEDURES)
                case obcp.Sending(service, subtype, data, until_ns):
                    at_ns = until_ns
                    packet = self._packet(service, subtype, data)
                    run.request = packet[:4]
                    actions.append(Send(names.COMMANDING, Submit(packet, names.PROCEDURES)))
                case obcp.Raised(severity, number, value):
                    told = {"procedure": name, "number": number, "value": value}
                    event = Occurred(_EVENT_OF[obcp.Severity(severity)], told)
                    actions.append(Send(names.EVENTS, event))
                    raised += 1
                    if raised < EVENTS_IN_A_SLICE:
                        continue
                    at_ns = now_ns
                case obcp.Reached(step):
                    if run.observed:
                        values = {"procedure": name, "step": step}
                        actions.append(Send(names.EVENTS, Occurred(Event.PROCEDURE_STEP, values)))
                        raised += 1
                    if run.stop_at in (0, step):
                        return [*actions, *self._end(name)]
                    at_ns = None
                    held = run.hold_at in (0, step)
                    if run.one_step:  # this is the one; the next is not to run
                        run.one_step, run.hold_at = False, 0
                    if held:
                        run.hold_at, run.held_ns = None, now_ns
                    elif raised < EVENTS_IN_A_SLICE:
                        continue
                    else:
                        at_ns = now_ns
                case obcp.Ended():
                    return [*actions, *self._end(name)]
            run.not_before_ns = now_ns + PACE_NS + raised * EVENT_NS
            actions.append(Spend(INSTRUCTION_NS * (machine.executed - before)))
            if at_ns is None:
                return [*actions, CancelTimer(_TIMER + name)]
            return [*actions, SetTimer(_TIMER + name, max(at_ns, run.not_before_ns), Tick(_TIMER + name))]

    def _packet(self, service: int, subtype: int, application_data: bytes) -> bytes:
        count = FIRST_COUNT + self._count
        self._count = (self._count + 1) % COUNTS
        return pus.encode_telecommand(
            pus.Telecommand(
                ORBITER_APID,
                count,
                service,
                subtype,
                ON_BOARD_SOURCE,
                pus.Acknowledge.NONE,
                application_data,
            )
        )

    def _end(self, name: str) -> list[Action]:
        """Takes the run away, aborting what has not ended, and says how it ended."""
        run = self._runs.pop(name)
        machine = run.machine
        machine.abort()
        if run.unload:
            del self._programs[name]
        ended = machine.ended
        assert ended is not None
        actions: list[Action] = [CancelTimer(_TIMER + name)]
        if ended.end is obcp.End.COMPLETED:
            return [*actions, Send(names.EVENTS, Occurred(Event.PROCEDURE_COMPLETED, {"procedure": name}))]
        values = {
            "procedure": name,
            "end": ended.end.name,
            "code": ended.code,
            "address": ended.at,
            "step": machine.step,
        }
        return [*actions, Send(names.EVENTS, Occurred(Event.PROCEDURE_FAILED, values))]

    # ---- state ----------------------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """The procedures loaded; after a restart none runs."""
        programs = {name: octets for name, (octets, _) in self._programs.items()}
        return {"engine": self._engine, "programs": programs, "count": self._count}

    def recall(self, retained: dict[str, Any]) -> None:
        self._engine = bool(retained["engine"])
        self._count = int(retained["count"]) % COUNTS
        for name, octets in retained["programs"].items():
            program = obcp.Program.decode(octets)
            assert isinstance(program, obcp.Program), "memory has changed"
            self._programs[name] = octets, program

    def save(self) -> dict[str, Any]:
        runs = {
            name: {
                "machine": run.machine.save(),
                "observed": run.observed,
                "not_before_ns": run.not_before_ns,
                "hold_at": run.hold_at,
                "stop_at": run.stop_at,
                "held_ns": run.held_ns,
                "request": run.request,
                "one_step": run.one_step,
                "unload": run.unload,
            }
            for name, run in self._runs.items()
        }
        return {**self.retained(), "runs": runs}

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        for name, row in saved["runs"].items():
            machine = obcp.Machine.restored(self._programs[name][1], row["machine"])
            fields = {key: value for key, value in row.items() if key != "machine"}
            self._runs[name] = _Run(machine, **fields)


def _fitting(program: obcp.Program, arguments: dict[str, Any]) -> list[float] | None:
    """The values given, if they are what the program declares."""
    values = [entry["value"] for entry in arguments["arguments"]]
    if len(values) != len(program.arguments):
        return None
    kinds = zip(program.arguments, values, strict=True)
    return values if all(kind == REAL or value.is_integer() for kind, value in kinds) else None
