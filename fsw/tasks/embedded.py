"""Telecommand packets that tasks keep on board, to release them later."""

from fsw import dictionary
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode
from fsw.protocols import pus

_APIDS = frozenset({ORBITER_APID})
_SERVICES = dictionary.known_services()


def request_inside(packet: bytes) -> pus.Telecommand | None:
    """A packet that would be accepted now, taken apart; None for one that would not."""
    verdict = pus.check_acceptance(packet, _APIDS, _SERVICES)
    if isinstance(verdict, pus.AcceptanceFailure):
        return None
    found = dictionary.recognise_telecommand(verdict.service, verdict.subtype, verdict.application_data)
    return None if isinstance(found, FailureCode) else verdict
