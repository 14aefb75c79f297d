"""What both ends of a CFDP transfer share: fault handlers, timers, and the events they tell of."""

from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from fsw.core.errors import FswError
from fsw.kernel.record import record
from fsw.kernel.time import SECOND
from fsw.protocols.cfdp_pdu import Condition, Transaction

REMEMBERED = 4096  # ended transactions whose stragglers are recognised


Overrides = tuple[tuple[int, int], ...]  # fault handlers of one transfer: condition code, handler code


class Handler(IntEnum):
    """What is done when a fault is declared (4.8); the number is the code of the fault handler override."""

    CANCEL = 1
    SUSPEND = 2
    IGNORE = 3
    ABANDON = 4


@record
class Faults:
    """Managed parameters of timers, limits and handlers. Times are of the mission's clock [ns].

    A round trip of light must fit into `ack_ns`, and for a sender into `check_ns`; both run from when a
    data unit is produced. A limit is how often a timer runs out without an answer before the fault is
    declared. check: class 1 only; at the receiver, how long data may come after the end of file, at the
    sender, how long the Finished may take where closure was requested (4.6.3).
    """

    ack_ns: int = 10_000_000_000
    ack_limit: int = 4
    inactivity_ns: int = 60_000_000_000
    check_ns: int = 2_000_000_000
    check_limit: int = 1
    handlers: Mapping[Condition, Handler] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        figures = (self.ack_ns, self.ack_limit, self.inactivity_ns, self.check_ns, self.check_limit)
        if min(figures) <= 0:
            raise FswError(
                f"CFDP timers and limits {', '.join(map(str, figures))}: allowed are more than 0 "
                "(acknowledgement ns and limit, inactivity ns, check ns and limit)"
            )

    @classmethod
    def of_seconds(cls, ack_s: float, ack_limit: int, inactivity_s: float, check_s: float) -> "Faults":
        """As a mission's figures have them."""
        return cls(round(ack_s * SECOND), ack_limit, round(inactivity_s * SECOND), round(check_s * SECOND))

    def handler(self, condition: Condition, overrides: Overrides = ()) -> Handler:
        """What a transfer's own overrides say, then what is set here, else cancel."""
        code = dict(overrides).get(condition)
        if code is not None and code in Handler._value2member_map_:
            return Handler(code)
        return self.handlers.get(condition, Handler.CANCEL)


@record
class FaultDeclared:
    source: int
    sequence: int
    condition: Condition
    handler: Handler


@record
class Suspended:
    """By request or by a fault handler; `resume` goes on."""

    source: int
    sequence: int
    condition: Condition


@record
class Resumed:
    source: int
    sequence: int


@record
class TransferEnded:
    """At the sender. delivered: the receiver has said that it has the whole file; None where it says nothing.

    filestore_responses: to the requests that went with the file, as `cfdp_filestore` codes them.
    """

    source: int
    sequence: int
    name: str
    condition: Condition
    delivered: bool | None
    abandoned: bool = False
    filestore_responses: tuple[bytes, ...] = ()


@record
class Progress:
    """A keep-alive: how far into the file the receiver has got [octets]."""

    source: int
    sequence: int
    octets: int


@record
class Standing:
    """An open transfer, for reports. octets: sent or received so far; size: None where not known yet."""

    source: int
    sequence: int
    destination: int
    name: str | None
    octets: int
    size: int | None
    suspended: bool


def save_transaction(transaction: Transaction) -> list[Any]:
    return [
        transaction.source,
        transaction.sequence,
        transaction.destination,
        transaction.acknowledged,
        transaction.crc,
        transaction.large,
        transaction.entity_octets,
        transaction.sequence_octets,
    ]


def condition_of(code: int) -> Condition:
    """A peer's condition code; one of no meaning counts as an invalid structure."""
    return Condition(code) if code in Condition._value2member_map_ else Condition.INVALID_STRUCTURE
