"""What both entities of CFDP class 2 share: fault handlers, timers and the events they tell of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols.cfdp_pdu import Condition, Transaction

REMEMBERED = 4096  # ended transactions whose stragglers are recognised


class Handler(IntEnum):
    """What is done when a fault is declared (4.8); the number is the code of the fault handler override."""

    CANCEL = 1
    SUSPEND = 2
    IGNORE = 3
    ABANDON = 4


@dataclass(frozen=True, slots=True)
class Faults:
    """Managed parameters of timers, limits and handlers. Times are of the mission's clock [ns].

    A round trip of light must fit into `ack_ns` and `nak_ns`, which run from when a data unit is produced.
    A limit is how often a timer runs out without an answer before the fault is declared.
    """

    ack_ns: int = 10_000_000_000
    ack_limit: int = 4
    inactivity_ns: int = 60_000_000_000
    handlers: Mapping[Condition, Handler] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if min(self.ack_ns, self.ack_limit, self.inactivity_ns) <= 0:
            raise FswError(
                f"CFDP timers and limits {self.ack_ns} ns, {self.ack_limit}, {self.inactivity_ns} ns: "
                "allowed are more than 0"
            )

    def handler(self, condition: int) -> Handler:
        """Cancel, where nothing else was set."""
        return self.handlers.get(Condition(condition), Handler.CANCEL)


@dataclass(frozen=True, slots=True)
class FaultDeclared:
    source: int
    sequence: int
    condition: Condition
    handler: Handler


@dataclass(frozen=True, slots=True)
class Suspended:
    """By request or by a fault handler; `resume` goes on."""

    source: int
    sequence: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class Resumed:
    source: int
    sequence: int


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """At the sender. delivered: the receiver has said that it has the whole file."""

    source: int
    sequence: int
    name: str
    condition: Condition
    delivered: bool
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """A keep-alive: how far into the file the receiver has got [octets]."""

    source: int
    sequence: int
    octets: int


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
