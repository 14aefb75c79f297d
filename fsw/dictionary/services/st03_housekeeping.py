"""ST[3] housekeeping: requests. The structures are in `fsw.dictionary.housekeeping`."""

from enum import IntEnum

import construct

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.telecommand import Argument, Telecommand


class OrbiterStructure(IntEnum):
    """Structures that telecommands reach: the sleeping lander takes none."""

    COMPUTER = Structure.COMPUTER
    MASS_MEMORY = Structure.MASS_MEMORY
    RADIO = Structure.RADIO
    SECURITY = Structure.SECURITY
    RELAY = Structure.RELAY
    CAMERA = Structure.CAMERA
    RELEASE = Structure.RELEASE
    FDIR = Structure.FDIR
    UPLINK = Structure.UPLINK


_SIDS = Argument(
    Parameter(
        "sids", construct.Int16ub, "Housekeeping structures of the orbiter", enumeration=OrbiterStructure
    ),
    listed=True,
)


def _request(name: str, subtype: int, effect: str, verification: str) -> Telecommand:
    return Telecommand(name, 3, subtype, effect, verification, arguments=(_SIDS,))


TELECOMMANDS = (
    _request("HOUSEKEEPING_ONCE", 27, "Sends structures once, now.", "The reports [3,25]."),
    _request("HOUSEKEEPING_ENABLE", 5, "Sends structures periodically.", "The reports [3,25]."),
    _request(
        "HOUSEKEEPING_DISABLE", 6, "No longer sends structures periodically.", "The reports [3,25] stop."
    ),
)
