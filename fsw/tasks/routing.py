"""Which task carries out which request: by its name, or else by its service."""

from fsw import dictionary
from fsw.dictionary.telecommand import Telecommand
"""Which task carries out which request: by service, and by name for the functions of ST[8]. And which
tasks know the values of a housekeeping structure.
"""

from fsw import dictionary
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.telecommand import FUNCTION_SERVICE, Telecommand
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.tasks import names
from fsw.tasks.messages import Gather

_TASK_OF_SERVICE = {
    3: names.HOUSEKEEPING,
    5: names.EVENTS,
    9: names.TIMEKEEPING,
    11: names.SCHEDULE,
    17: names.COMMANDING,
    18: names.PROCEDURES,
    19: names.EVENT_ACTIONS,
    21: names.SEQUENCES,
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
    "SELECT_PICTURES": names.SELECTION,
    "DOWNLINK_RATE": names.DOWNLINK,
    "DUMP_START": names.MASS_MEMORY,
    "DUMP_STOP": names.MASS_MEMORY,
    "SAFE_MODE": names.FDIR,
    "COMPUTER_RESET": names.FDIR,
}
OWNERS = {
    Structure.COMPUTER: (names.COMMANDING, names.EVENTS),
    Structure.MASS_MEMORY: (names.MASS_MEMORY, names.SELECTION),
    Structure.RADIO: (names.DOWNLINK, names.COMMANDING),
    Structure.RELAY: (names.RELAY,),
    Structure.CAMERA: (names.RELAY,),
    Structure.RELEASE: (names.RELEASE,),
    Structure.FDIR: (names.FDIR,),
}


def gather(structure: Structure, reply_to: str) -> list[Action]:
    """Asks a structure's owners and gauges for its values: several `Values` come, in any order."""
    question = Gather(int(structure), reply_to)
    return [*(Send(owner, question) for owner in OWNERS[structure]), Emit(names.GAUGES_PORT, question)]


def task_for(command: Telecommand) -> str:
    """The mailbox of the task that carries it out."""
    return _TASK_OF_NAME.get(command.name) or _TASK_OF_SERVICE[command.service]


assert all(task_for(command) for command in dictionary.telecommands())
