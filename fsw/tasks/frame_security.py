"""What commanding says of the security of its frames: in events, housekeeping and answers to procedures."""

from typing import TYPE_CHECKING, Any

from fsw.dictionary import security as service
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode, SecurityKeys, SecurityService
from fsw.kernel.scheduler import Action, Send
from fsw.tasks import names
from fsw.tasks.answers import report
from fsw.tasks.messages import Occurred

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.protocols.sdls_link import SpacecraftSecurity

PROCEDURE = service.TELECOMMANDS[0].name


def execute(
    security: "SpacecraftSecurity | None", arguments: dict[str, Any]
) -> tuple[list[Action], FailureCode | None]:
    """An SDLS extended procedure: what answers it, and why it was not carried out."""
    if security is None:
        return [], FailureCode.SECURITY_OFF
    reply = security.execute(arguments["pdu"])
    if not isinstance(reply, bytes):
        return [], FailureCode(FailureCode.SECURITY_OFF + reply)
    if not reply:
        return [], None
    return [report("SECURITY_REPLY", {"pdu": reply})], None


def refused_frames(security: "SpacecraftSecurity | None") -> list[Action]:
    """An event for each frame refused since the last call."""
    if security is None:
        return []
    actions: list[Action] = []
    for refused in security.take_refused():
        values = {"refusal": refused.reason.name, "spi": refused.spi, "number": refused.number & 0xFFFFFFFF}
        actions.append(Send(names.EVENTS, Occurred(Event.SECURITY_REJECTED, values)))
    return actions


def values(security: "SpacecraftSecurity | None") -> dict[str, Any]:
    """Of HOUSEKEEPING_SECURITY."""
    counters = {} if security is None else security.unit.counters
    refused = sum(many for name, many in counters.items() if name != "accepted")
    keys = SecurityKeys.NONE
    if security is not None:
        keys = SecurityKeys.PUBLISHED if security.published else SecurityKeys.OWN
    return {
        "security": SecurityService(0 if security is None else security.service).name,
        "security_keys": keys.name,
        "frames_authentic": counters.get("accepted", 0),
        "frames_refused": refused,
        "frames_forged": counters.get("bad_mac", 0),
        "frames_replayed": counters.get("replayed", 0),
        "frames_outside_window": counters.get("outside_window", 0),
        "security_alarm": "ON" if security is not None and security.unit.alarm else "OFF",
    }
