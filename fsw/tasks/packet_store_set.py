"""The packet stores that there are, what they take and how they are made, and what changes that."""

from collections.abc import Iterable
from typing import Any

from fsw import dictionary
from fsw.dictionary.identifiers import (
    ATTITUDE_APID,
    LANDER_APID,
    ORBITER_APID,
    STATE_VECTOR_APID,
    FailureCode,
    Switch,
)
from fsw.dictionary.services.st15_storage import ReplayChannel, StoreKind
from fsw.dictionary.times import TICKS_PER_S, ticks_of
from fsw.kernel.snapshot import SnapshotError, pack, unpack
from fsw.tasks.answers import pus_report
from fsw.tasks.messages import PusReport
from fsw.tasks.packet_store import EVER, Block, PacketStore, Reading
from fsw.tasks.report_selection import ReportSelection
from fsw.tasks.report_types import KNOWN, Type

MOST_STORES = 32
EVENTS_STORE, HOUSEKEEPING_STORE = 1, 2
SELECTION_REPORTS = {  # by request: what of the selection is told, and the report
    "STORE_TYPES_REPORT": ("TYPES", "STORED_TYPES"),
    "STORE_HOUSEKEEPING_REPORT": ("HOUSEKEEPING", "STORE_HOUSEKEEPING_SELECTED"),
    "STORE_DIAGNOSTICS_REPORT": ("DIAGNOSTICS", "STORE_DIAGNOSTICS_SELECTED"),
    "STORE_EVENTS_REPORT": ("EVENTS", "STORE_EVENTS_BLOCKED"),
}


def default_stores(event_octets: int, housekeeping_octets: int) -> tuple[PacketStore, ...]:
    """What a new memory begins with: verification and events; housekeeping, attitude and state vectors."""
    wanted = {
        EVENTS_STORE: {(ORBITER_APID, 1), (ORBITER_APID, 5)},
        HOUSEKEEPING_STORE: {
            (ORBITER_APID, 3), (LANDER_APID, 3), (ATTITUDE_APID, 0), (STATE_VECTOR_APID, 0)
        },
    }  # fmt: skip
    sizes = {EVENTS_STORE: event_octets, HOUSEKEEPING_STORE: housekeeping_octets}
    return tuple(
        PacketStore(
            store,
            size,
            True,
            int(ReplayChannel.REPLAY),
            True,
            ReportSelection(known for known in KNOWN if known[:2] in wanted[store]),
        )
        for store, size in sizes.items()
    )


class PacketStoreSet:
    """capacity_octets: of all stores together."""

    def __init__(self, capacity_octets: int) -> None:
        self._capacity_octets = capacity_octets
        self.stores: dict[int, PacketStore] = {}
        self.takers: dict[Type, tuple[int, ...]] = {}  # enabled stores that take a type

    def take(self, stores: Iterable[PacketStore]) -> None:
        """These are the stores."""
        self.stores = {store.identifier: store for store in stores}
        self._choose_takers()

    # ---- definitions ----------------------------------------------------------------------------

    def definitions(self) -> bytes:
        """For the record that tells how the stores are made."""
        return pack([store.definition() for store in self.stores.values()])

    def define(self, octets: bytes) -> None:
        """Stores as such a record tells; none when it is another version's."""
        try:
            self.take([PacketStore.of_definition(definition) for definition in unpack(octets)])
        except (SnapshotError, KeyError, TypeError, ValueError):
            self.take(())

    def find(self, octets: dict[str, int]) -> None:
        """The blocks that the memory lists: octets by key."""
        for key, size in octets.items():
            number, block = Block.of_key(key, size)
            store = self.stores.get(number)
            if store is None:  # its definition was damaged: nothing that is stored is lost for that
                store = PacketStore(number, (1 << 32) - 1, False, int(ReplayChannel.REPLAY))
                self.stores[number] = store
            store.blocks.append(block)
        for store in self.stores.values():
            store.blocks.sort(key=lambda block: block.number)
            store.octets = sum(block.octets for block in store.blocks)
            store.number = store.blocks[-1].number + 1 if store.blocks else 0

    def _choose_takers(self) -> None:
        takers: dict[Type, list[int]] = {}
        for store in self.stores.values():
            for type_ in store.selection.types if store.enabled else ():
                takers.setdefault(type_, []).append(store.identifier)
        self.takers = {type_: tuple(stores) for type_, stores in takers.items()}

    # ---- requests -------------------------------------------------------------------------------

    def chosen(
        self, name: str, arguments: dict[str, Any], copied: tuple[int, ...]
    ) -> list[PacketStore] | FailureCode:
        """The stores that a request names, or why it is not carried out.

        copied: source and destination of a copy that is under way.
        """
        if name == "STORE_CREATE":
            return []
        numbers = [entry["store"] for key in ("ranges", "sizes") for entry in arguments.get(key, ())]
        numbers += [arguments[key] for key in ("store", "source", "destination") if key in arguments]
        if len(set(numbers)) < len(numbers):
            return FailureCode.STORE_BUSY  # by the same request
        numbers += sorted(set(arguments.get("stores", ())))
        if any(number not in self.stores for number in numbers):
            return FailureCode.UNKNOWN_STORE
        chosen = [self.stores[number] for number in numbers] or list(self.stores.values())
        if any(_busy(name, store, copied) for store in chosen):
            return FailureCode.STORE_BUSY
        return chosen

    def change(self, name: str, chosen: list[PacketStore], arguments: dict[str, Any]) -> FailureCode | None:
        """Requests that are carried out at once; why one fails, and then nothing is done."""
        failure = self._do(name, chosen, arguments)
        self._choose_takers()
        return failure

    def _do(self, name: str, chosen: list[PacketStore], arguments: dict[str, Any]) -> FailureCode | None:
        match name:
            case "STORE_ENABLE" | "STORE_DISABLE":
                for store in chosen:
                    store.enabled = name == "STORE_ENABLE"
            case _ if "applications" in arguments:
                selection = chosen[0].selection
                return selection.change(name.removeprefix("STORE_"), arguments["applications"])
            case "STORE_RETRIEVE":
                return self._begin_ranges(arguments["ranges"])
            case "STORE_OPEN_FROM":
                for store in chosen:
                    store.open_retrieval = Reading(ticks_of(arguments["start"]), EVER)
            case "STORE_OPEN_RESUME" | "STORE_OPEN_SUSPEND":
                for store in chosen:
                    store.open_active = name == "STORE_OPEN_RESUME"
            case "STORE_RETRIEVE_ABORT":
                for store in chosen:
                    store.range_retrieval = None
            case "STORE_CREATE":
                return self._create(arguments["stores"])
            case "STORE_DELETE":
                for store in chosen:
                    del self.stores[store.identifier]
            case "STORE_RESIZE":
                return self._resize({entry["store"]: entry["octets"] for entry in arguments["sizes"]})
            case "STORE_CIRCULAR" | "STORE_BOUNDED":
                for store in chosen:
                    store.circular, store.full = name == "STORE_CIRCULAR", False
            case "STORE_CHANNEL":
                chosen[0].channel = int(ReplayChannel[arguments["channel"]])
            case _:
                raise AssertionError(name)
        return None

    def _begin_ranges(self, ranges: list[dict[str, Any]]) -> FailureCode | None:
        spans = {entry["store"]: (ticks_of(entry["start"]), ticks_of(entry["end"])) for entry in ranges}
        if any(start > end for start, end in spans.values()):
            return FailureCode.TIMES_WRONG
        for number, (start, end) in spans.items():
            store = self.stores[number]
            stop = (store.number, len(store.open))
            store.range_retrieval = Reading(start, end, stop_number=stop[0], stop_index=stop[1])
        return None

    def _create(self, definitions: list[dict[str, Any]]) -> FailureCode | None:
        numbers = [definition["store"] for definition in definitions]
        if len({*numbers, *self.stores}) < len(numbers) + len(self.stores):
            return FailureCode.STORE_EXISTS
        size = sum(definition["octets"] for definition in definitions)
        if len(numbers) + len(self.stores) > MOST_STORES or not self._has_room(size):
            return FailureCode.STORE_NO_ROOM
        for definition in definitions:
            self.stores[definition["store"]] = PacketStore(
                definition["store"],
                definition["octets"],
                definition["kind"] == StoreKind.CIRCULAR.name,
                int(ReplayChannel[definition["channel"]]),
            )
        return None

    def _resize(self, sizes: dict[int, int]) -> FailureCode | None:
        stores = [self.stores[number] for number in sizes]
        added = sum(sizes.values()) - sum(store.size_octets for store in stores)
        if not self._has_room(added) or any(store.octets > sizes[store.identifier] for store in stores):
            return FailureCode.STORE_NO_ROOM
        for store in stores:
            store.size_octets, store.full = sizes[store.identifier], False
        return None

    def _has_room(self, octets: int) -> bool:
        return octets + sum(store.size_octets for store in self.stores.values()) <= self._capacity_octets

    def report(self, name: str, chosen: list[PacketStore]) -> PusReport:
        """The report that such a request asks for."""
        stores = self.stores.values()
        match name:
            case "STORE_STATUS":
                values: dict[str, Any] = {"stores": [_status(store) for store in stores]}
                report = "PACKET_STORE_STATUS"
            case "STORE_CONFIGURATION":
                values = {"stores": [_configuration(store) for store in stores]}
                report = "PACKET_STORE_CONFIGURATION"
            case _ if name in SELECTION_REPORTS:
                kind, report = SELECTION_REPORTS[name]
                values = {
                    "store": chosen[0].identifier,
                    "applications": chosen[0].selection.reported(kind),
                }
            case _:
                values = {"stores": [_summary(store) for store in chosen]}
                report = "PACKET_STORE_SUMMARY"
        return pus_report(dictionary.report(report), values)


def _busy(name: str, store: PacketStore, copied: tuple[int, ...]) -> bool:
    """The store is in use, so that the request must wait."""
    copying = store.identifier in copied
    match name:
        case "STORE_DELETE" | "STORE_RESIZE" | "STORE_CIRCULAR" | "STORE_BOUNDED":
            return store.enabled or store.retrieving or copying
        case "STORE_CHANNEL":
            return store.retrieving
        case "STORE_ENABLE":
            return store.identifier in copied[1:]
        case "STORE_RETRIEVE":
            return store.range_retrieval is not None
        case "STORE_CLEAR":
            return store.range_retrieval is not None or copying
        case "STORE_OPEN_FROM":
            return store.open_active
    return False


def _status(store: PacketStore) -> dict[str, Any]:
    return {
        "store": store.identifier,
        "storage": _switch(store.enabled),
        "open_retrieval": _switch(store.open_active),
        "range_retrieval": _switch(store.range_retrieval is not None),
    }


def _configuration(store: PacketStore) -> dict[str, Any]:
    return {
        "store": store.identifier,
        "octets": store.size_octets,
        "kind": (StoreKind.CIRCULAR if store.circular else StoreKind.BOUNDED).name,
        "channel": ReplayChannel(store.channel).name,
    }


def _summary(store: PacketStore) -> dict[str, Any]:
    oldest, newest = store.times
    start = store.open_retrieval.start
    return {
        "store": store.identifier,
        "oldest": oldest / TICKS_PER_S,
        "newest": newest / TICKS_PER_S,
        "open_from": start / TICKS_PER_S,
        "fill": min(100, 100 * store.octets // store.size_octets),
        "open_fill": min(100, 100 * store.octets_from(start) // store.size_octets),
    }


def _switch(on: bool) -> str:
    return (Switch.ON if on else Switch.OFF).name
