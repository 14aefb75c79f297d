"""ST[6] memory management: loads, dumps and checks memories, and looks after the program image by itself.

What is loaded is read back before it is called done.
"""

from collections.abc import Iterable
from typing import Any

from fsw.core.crc import crc16
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st06_memory import MEMORIES, Memory
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer, Spend
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed, report
from fsw.tasks.messages import (
    Execute,
    MemoryTold,
    Occurred,
    ReadMemory,
    Tick,
    WriteMemory,
)

PROGRAM_CHECK_NS = 600 * SECOND
CHECK_NS_PER_OCTET = 20  # modelled
MOST_JOBS = 8


class MemoryManagement:
    def __init__(self) -> None:
        self._jobs: dict[int, list[Any]] = {}  # by number: what it is, and what belongs to it
        self._number = 0
        self._protected: list[int] = []  # memories that are not loaded for now
        self._damage = 0  # CRC of the program image as last reported; 0 of a whole one

    def start(self, now_ns: int) -> Iterable[Action]:
        return self._check_program(now_ns)

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Tick("program"):
                return self._check_program(now_ns)
            case MemoryTold(job, contents):
                return self._told(job, contents)
            case Execute(request, acknowledge, name, arguments):
                failure = self._refused(name, arguments)
                if failure is not None:
                    return [executed(request, acknowledge, failure)]
                if "areas" not in arguments:
                    return self._protect(name == "MEMORY_PROTECT", arguments["memory"], request, acknowledge)
                return self._begin(name, request, acknowledge, arguments)
        return ()

    def _refused(self, name: str, arguments: dict[str, Any]) -> FailureCode | None:
        found = MEMORIES.get(arguments["memory"])
        if found is None:
            return FailureCode.UNKNOWN_MEMORY
        if "areas" not in arguments:
            return None if found.loadable else FailureCode.NOT_PROTECTABLE
        for area in arguments["areas"]:
            octets = len(area["data"]) if name == "MEMORY_LOAD" else area["octets"]
            if not found.holds(area["address"], octets):
                return FailureCode.ADDRESS_OUT_OF_RANGE
        if name == "MEMORY_LOAD":
            if not found.loadable:
                return FailureCode.MEMORY_READ_ONLY
            if arguments["memory"] in self._protected:
                return FailureCode.MEMORY_PROTECTED
            if any(crc16(area["data"]) != area["checksum"] for area in arguments["areas"]):
                return FailureCode.DATA_CHECKSUM_WRONG
        return FailureCode.BUSY if len(self._jobs) >= MOST_JOBS else None

    def _protect(self, on: bool, memory: int, request: bytes, acknowledge: int) -> list[Action]:
        others = [protected for protected in self._protected if protected != memory]
        self._protected = sorted([*others, memory]) if on else others
        return [executed(request, acknowledge)]

    def _begin(self, name: str, request: bytes, acknowledge: int, arguments: dict[str, Any]) -> list[Action]:
        memory, areas = arguments["memory"], arguments["areas"]
        if name == "MEMORY_LOAD":
            wanted = [[area["address"], area["data"]] for area in areas]
            loads = tuple((area["address"], area["data"]) for area in areas)
            return self._ask([name, request, acknowledge, memory, wanted], memory, loads=loads)
        spans = tuple((area["address"], area["octets"]) for area in areas)
        addresses = [area["address"] for area in areas]
        return self._ask([name, request, acknowledge, memory, addresses], memory, spans=spans)

    def _ask(
        self,
        job: list[Any],
        memory: int,
        *,
        spans: tuple[tuple[int, int], ...] = (),
        loads: tuple[tuple[int, bytes], ...] = (),
    ) -> list[Action]:
        self._number += 1
        self._jobs[self._number] = job
        ask = WriteMemory(self._number, memory, loads) if loads else ReadMemory(self._number, memory, spans)
        return [Emit(names.ONBOARD_MEMORY_PORT, ask)]

    def _check_program(self, now_ns: int) -> list[Action]:
        program = MEMORIES[Memory.PROGRAM]
        self._jobs = {key: job for key, job in self._jobs.items() if job != ["program"]}
        return [
            SetTimer("program", now_ns + PROGRAM_CHECK_NS, Tick("program")),
            *self._ask(["program"], Memory.PROGRAM, spans=((program.start, program.octets),)),
        ]

    def _told(self, number: int, contents: tuple[bytes, ...]) -> list[Action]:
        match self._jobs.pop(number, None):
            case ["program"]:
                return self._program(contents)
            case ["MEMORY_LOAD", request, acknowledge, _, wanted]:
                kept = list(contents) == [data for _, data in wanted]
                return [executed(request, acknowledge, None if kept else FailureCode.NOT_KEPT)]
            case ["MEMORY_DUMP", request, acknowledge, memory, addresses]:
                reports = [_dumped(memory, at, data) for at, data in zip(addresses, contents, strict=False)]
                return [*reports, executed(request, acknowledge)]
            case ["MEMORY_CHECK", request, acknowledge, memory, addresses]:
                rows = [
                    {"address": at, "octets": len(data), "checksum": crc16(data)}
                    for at, data in zip(addresses, contents, strict=False)
                ]
                spend = Spend(CHECK_NS_PER_OCTET * sum(map(len, contents)))
                return [
                    spend,
                    report("MEMORY_CHECKED", {"memory": memory, "areas": rows}),
                    executed(request, acknowledge),
                ]
        return []

    def _program(self, contents: tuple[bytes, ...]) -> list[Action]:
        """Tells of damage once, and again when there is more."""
        octets = b"".join(contents)
        crc, before = crc16(octets), self._damage
        self._damage = crc
        spend = Spend(CHECK_NS_PER_OCTET * len(octets))
        if crc in (0, before):
            return [spend]
        return [spend, Send(names.EVENTS, Occurred(Event.PROGRAM_DAMAGED, {"checksum": crc}))]

    # ---- what outlives this task ----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        return {"damage": self._damage, "protected": list(self._protected)}

    def recall(self, retained: dict[str, Any]) -> None:
        self._damage = int(retained["damage"])
        self._protected = [int(Memory(memory)) for memory in retained["protected"]]

    def save(self) -> dict[str, Any]:
        return {
            "jobs": {key: list(job) for key, job in self._jobs.items()},
            "number": self._number,
            "damage": self._damage,
            "protected": list(self._protected),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._jobs = {key: list(job) for key, job in saved["jobs"].items()}
        self._number = saved["number"]
        self._damage = saved["damage"]
        self._protected = list(saved["protected"])


def _dumped(memory: int, address: int, data: bytes) -> Send:
    area = {"address": address, "data": data, "checksum": crc16(data)}
    return report("MEMORY_DUMPED", {"memory": memory, "areas": [area]})
