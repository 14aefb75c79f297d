"""A file on its way out by CFDP, what was asked for it, and how it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fsw.protocols.cfdp_assembly import Ranges
from fsw.protocols.cfdp_directives import PromptFor
from fsw.protocols.cfdp_pdu import Condition, Transaction
from fsw.protocols.cfdp_transfer import Overrides, save_transaction

METADATA, DATA, END, WAITING = range(4)  # what of a transfer comes next


@dataclass(frozen=True, slots=True)
class PutRequest:
    """A file to send: name at the receiver, octets, messages to its user.

    Without a name no file goes, only messages and filestore requests. source_name: as `name` if None.
    acknowledged, closure: as the link's settings if None. fault_handlers: overrides at both ends.
    """

    name: str
    octets: bytes
    messages: tuple[bytes, ...] = ()
    source_name: str | None = None
    acknowledged: bool | None = None
    closure: bool | None = None
    filestore_requests: tuple[bytes, ...] = ()
    fault_handlers: Overrides = ()

    @property
    def is_file(self) -> bool:
        return bool(self.name or self.octets)


def _save_request(request: PutRequest) -> list[Any]:
    """Plain data."""
    return [
        request.name,
        request.octets,
        list(request.messages),
        request.source_name,
        request.acknowledged,
        request.closure,
        list(request.filestore_requests),
        [list(pair) for pair in request.fault_handlers],
    ]


def _load_request(saved: list[Any]) -> PutRequest:
    name, octets, messages, source_name, acknowledged, closure, filestore, handlers = saved
    overrides = tuple((condition, handler) for condition, handler in handlers)
    return PutRequest(
        name, octets, tuple(messages), source_name, acknowledged, closure, tuple(filestore), overrides
    )


@dataclass(slots=True)
class Outgoing:
    """resend: what the receiver lacks, of what was sent. condition: why it is cancelled, if it is.

    While waiting the deadline is that of the acknowledgement, then that of inactivity; in class 1 that of
    the check timer.
    """

    transaction: Transaction
    request: PutRequest
    closure: bool
    stage: int = METADATA
    offset: int = 0
    resend_metadata: bool = False
    resend: Ranges = field(default_factory=list)
    prompts: list[PromptFor] = field(default_factory=list)
    condition: Condition = Condition.NO_ERROR
    end_acknowledged: bool = False
    suspended: bool = False
    deadline_ns: int | None = None
    expiries: int = 0

    @property
    def has_output(self) -> bool:
        if self.suspended:
            return False
        return self.stage != WAITING or self.resend_metadata or bool(self.resend) or bool(self.prompts)


_PLAIN = (
    "closure", "stage", "offset", "resend_metadata", "end_acknowledged", "suspended", "deadline_ns",
    "expiries",
)  # fmt: skip


def save(transfer: Outgoing) -> dict[str, Any]:
    return {
        "transaction": save_transaction(transfer.transaction),
        "request": _save_request(transfer.request),
        "resend": [list(pair) for pair in transfer.resend],
        "prompts": [int(kind) for kind in transfer.prompts],
        "condition": int(transfer.condition),
        **{name: getattr(transfer, name) for name in _PLAIN},
    }


def load(row: Mapping[str, Any]) -> Outgoing:
    return Outgoing(
        Transaction(*row["transaction"]),
        _load_request(row["request"]),
        resend=[(low, high) for low, high in row["resend"]],
        prompts=[PromptFor(kind) for kind in row["prompts"]],
        condition=Condition(row["condition"]),
        **{name: row[name] for name in _PLAIN},
    )
