"""Which task carries out which request: by its name, or else by its service."""

from fsw import dictionary
from fsw.dictionary.telecommand import Telecommand
from fsw.tasks import names

_TASK_OF_SERVICE = {
    3: names.HOUSEKEEPING,
    5: names.EVENTS,
    9: names.TIMEKEEPING,
    17: names.COMMANDING,
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


def task_for(command: Telecommand) -> str:
    """The mailbox of the task that carries it out."""
    return _TASK_OF_NAME.get(command.name) or _TASK_OF_SERVICE[command.service]


assert all(task_for(command) for command in dictionary.telecommands())
