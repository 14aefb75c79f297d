"""Which task carries out which request: by its name, or else by its service. And which tasks know the
values of a housekeeping structure, and which goes by a settable parameter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fsw import dictionary
from fsw.dictionary import rover, security
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.services.st17_test import Application
from fsw.dictionary.settings import SettableParameter
from fsw.dictionary.telecommand import Telecommand
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.tasks import names
from fsw.tasks.messages import Gather

_TASK_OF_SERVICE = {
    2: names.DEVICE_ACCESS,
    3: names.HOUSEKEEPING,
    4: names.STATISTICS,
    5: names.EVENTS,
    6: names.MEMORY,
    9: names.TIMEKEEPING,
    11: names.SCHEDULE,
    12: names.MONITORING,
    13: names.LARGE_PACKETS,
    14: names.DOWNLINK,
    15: names.PACKET_STORES,
    17: names.COMMANDING,
    18: names.PROCEDURES,
    19: names.EVENT_ACTIONS,
    20: names.PARAMETERS,
    21: names.SEQUENCES,
    23: names.FILES,
}
_TASK_OF_NAME = {
    "CONNECTION_TEST": names.LANDER,
    "RELEASE_ARM": names.RELEASE,
    "RELEASE_FIRE": names.RELEASE,
    "WIFI": names.RELAY,
    "CAMERA_START": names.RELAY,
    "CAMERA_STOP": names.RELAY,
    "CAMERA_MODE": names.RELAY,
    "CAMERA_EXPOSURE": names.RELAY,
    "CAMERA_SETTINGS": names.RELAY,
    "SELECT_PICTURES": names.SELECTION,
    "DOWNLINK_RATE": names.DOWNLINK,
    "DUMP_START": names.MASS_MEMORY,
    "DUMP_STOP": names.MASS_MEMORY,
    "SAFE_MODE": names.FDIR,
    "COMPUTER_RESET": names.FDIR,
    "MISSION_PHASE": names.NAVIGATION,
    "MEMORY_SCRUBBING_ENABLE": names.PARAMETERS,  # of the one memory with check bits
    "MEMORY_SCRUBBING_DISABLE": names.PARAMETERS,
}
OWNERS = {
    Structure.COMPUTER: (names.COMMANDING, names.EVENTS),
    Structure.MASS_MEMORY: (names.MASS_MEMORY, names.SELECTION, names.PACKET_STORES, names.FILES),
    Structure.RADIO: (names.DOWNLINK, names.COMMANDING),
    Structure.SECURITY: (names.COMMANDING,),
    Structure.RELAY: (names.RELAY,),
    Structure.CAMERA: (names.RELAY,),
    Structure.RELEASE: (names.RELEASE,),
    Structure.FDIR: (names.FDIR,),
    Structure.UPLINK: (names.COMMANDING,),
    Structure.MISSION: (names.NAVIGATION,),
}
_GAUGED = (Structure.COMPUTER, Structure.RADIO, Structure.RELEASE)


@lru_cache(maxsize=256)  # the same questions, second after second
def gather(structure: int, reply_to: str) -> tuple[Action, ...]:
    """Asks a structure's owners and gauges for its values: several `Values` come, in any order."""
    question = Gather(int(structure), reply_to)
    asked = tuple(Send(owner, question) for owner in OWNERS[Structure(structure)])
    return (*asked, Emit(names.GAUGES_PORT, question)) if structure in _GAUGED else asked


_TASK_OF_ROVER_FUNCTION = {
    "DRIVE": names.DRIVING,
    "TURN": names.DRIVING,
    "STOP": names.DRIVING,
    "PLAN_DRIVE": names.DRIVING,
    "PLAN_PICTURE": names.IMAGING,
    "WAKE_AT": names.FDIR,
    "SLEEP": names.FDIR,
    "PASS_AT": names.FDIR,
}

_USERS = {
    SettableParameter.ANSWER_WITHIN_S: names.COMMANDING,
    SettableParameter.CAMERA_ANSWERS_WITHIN_S: names.RELAY,
    SettableParameter.LOW_BATTERY_WH: names.RELAY,
    SettableParameter.LIT_ENOUGH_PPM: names.SELECTION,
    SettableParameter.ARMED_FOR_S: names.RELEASE,
    SettableParameter.SCRUB_PERIOD_S: names.PARAMETERS,
}


def user_of(parameter: SettableParameter) -> str:
    """The mailbox of the task that goes by it."""
    return _USERS[parameter]


def task_for(command: Telecommand, arguments: Mapping[str, Any]) -> str:
    """The mailbox of the task that carries it out."""
    if command.name == "CONNECTION_TEST" and arguments["application"] == Application.CAMERA.name:
        return names.RELAY
    if command.service == security.SERVICE:
        return names.COMMANDING
    return _TASK_OF_NAME.get(command.name) or _TASK_OF_SERVICE[command.service]


def rover_task_for(command: Telecommand, arguments: Mapping[str, Any]) -> str:
    """As `task_for`, on the rover's computer."""
    return _TASK_OF_ROVER_FUNCTION.get(command.name) or _TASK_OF_SERVICE[command.service]


@dataclass(frozen=True, slots=True)
class Computer:
    """What tasks that run on several computers must know of theirs.

    book: what it understands and tells. settable: there is a task that keeps settable parameters. listeners:
    tasks that are told of every event.
    """

    book: dictionary.Book
    task_for: Callable[[Telecommand, Mapping[str, Any]], str]
    settable: bool
    listeners: tuple[str, ...]


ORBITER = Computer(dictionary.ORBITER, task_for, True, (names.EVENT_ACTIONS, names.PROCEDURES))
ROVER = Computer(rover.BOOK, rover_task_for, False, ())

assert set(_USERS) == set(SettableParameter)
assert all(
    command.name in _TASK_OF_NAME or command.service in (*_TASK_OF_SERVICE, security.SERVICE)
    for command in dictionary.telecommands()
)
