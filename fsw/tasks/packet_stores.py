"""ST[15]: stores every packet in the stores that take its type, and sends down again what they hold.

What was made in a beat comes in one message, and goes to the mass memory by the block. What a summary has
told of is in the memory before the summary leaves; of the rest up to 16 s are in the open blocks, which
outlive a restart and a warm boot, not a loss of power. Retrieval goes as fast as the downlink says that it
has room.
"""

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st15_storage import TimeWindow
from fsw.dictionary.times import ticks_of
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import MILLISECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.messages import (
    Delete,
    DownlinkRoom,
    Execute,
    Fetch,
    Fetched,
    Gather,
    List,
    Listed,
    Occurred,
    PacketsMade,
    ReplayPackets,
    ReplayWanted,
    Store,
    Stored,
    Tick,
    Values,
)
from fsw.tasks.packet_store import EVER, KEYS, Block, PacketStore, Reading, entries, time_of
from fsw.tasks.packet_store_set import SELECTION_REPORTS, PacketStoreSet

_DEFINITIONS = "packet-stores"  # the record that tells how the stores are made
_COPY_BLOCKS = 16  # at once
_COPY_PAUSE_NS = 10 * MILLISECOND

_REPLAY, _COPY = "replay", "copy"


@dataclass(slots=True)
class _Unstored:
    """A record on its way to the mass memory. before: the block that it replaces, if it does."""

    key: str
    store: int
    before: Block | None = None


@dataclass(slots=True)
class _Answer:
    """To a request that is over when the memory has answered."""

    name: str
    request: bytes
    acknowledge: int
    stores: list[int]
    failure: FailureCode | None = None


@dataclass(slots=True)
class _Copying:
    """A copy under way. blocks: that may still be read before it pauses."""

    request: bytes
    acknowledge: int
    source: int
    destination: int
    reading: Reading
    blocks: int = 0


class PacketStores:
    """capacity_octets: of the memory behind the port. defaults: stores of a memory that has none."""

    def __init__(self, capacity_octets: int, defaults: Callable[[], tuple[PacketStore, ...]]) -> None:
        self._defaults = defaults
        self._set = PacketStoreSet(capacity_octets)
        self._found = False  # what the stores are, and what they hold, is known
        self._unstored: list[_Unstored] = []
        self._trims: list[tuple[str, int, int, int]] = []  # key fetched, store, block, time up to which
        self._after: list[_Answer] = []  # wait for the two above
        self._refused = False
        self._fetching: dict[str, str] = {}  # key, by purpose
        self._held: dict[str, tuple[str, list[bytes]]] = {}  # block fetched last, by purpose
        self._copying: _Copying | None = None
        self._room = 0
        self._wanted = False
        self._packets_stored = 0
        self._packets_not_stored = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        # Before a restart something may have been wanted.
        actions: list[Action] = [Send(names.DOWNLINK, ReplayWanted(False))]
        if self._found:
            return actions
        return [
            *actions,
            Emit(names.MEMORY_PORT, Fetch((_DEFINITIONS,), names.PACKET_STORES)),
            Emit(names.MEMORY_PORT, List(KEYS, names.PACKET_STORES)),
        ]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case PacketsMade():
                return self._keep(message, now_ns)
            case Stored():
                return self._stored(message)
            case DownlinkRoom(octets):
                self._room = octets
                return self._go_on()
            case Fetched(octets):
                return self._fetched(octets, now_ns)
            case Execute(request, acknowledge, name, arguments):
                return self._execute(name, arguments, request, acknowledge, now_ns)
            case Tick("copy"):
                if self._copying is not None:
                    self._copying.blocks = _COPY_BLOCKS
                return self._copy_on(now_ns)
            case Listed(_, octets):
                return self._find(octets)
            case Gather(Structure.MASS_MEMORY, reply_to):
                values = {
                    "packets_stored": self._packets_stored,
                    "packets_not_stored": self._packets_not_stored,
                }
                return [Send(reply_to, Values(values))]
        return ()

    def _find(self, octets: dict[str, int]) -> list[Action]:
        """At a cold start: the memory tells what it holds of the stores."""
        actions: list[Action] = []
        if not self._set.stores:
            self._set.take(self._defaults())
            actions.append(self._keep_definitions())
        self._set.find(octets)
        self._found = True
        return actions

    def _keep_definitions(self) -> Emit:
        store = Store(_DEFINITIONS, self._set.definitions(), names.PACKET_STORES)
        return Emit(names.MEMORY_PORT, store)

    # ---- storing --------------------------------------------------------------------------------

    def _keep(self, made: PacketsMade, now_ns: int) -> list[Action]:
        actions: list[Action] = []
        takers, stores = self._set.takers, self._set.stores
        for apid, service, subtype, which, time, packet in made.packets:
            type_ = (apid, service, subtype)
            for identifier in takers.get(type_, ()):
                if which and not stores[identifier].selection.takes(type_, which):
                    continue
                if stores[identifier].append(time + packet, now_ns):
                    self._packets_stored += 1
                else:
                    actions += self._full(stores[identifier])
        for store in stores.values():
            if store.ripe(now_ns):
                actions += self._close(store)
            if store.octets > store.size_octets:
                actions += self._make_room(store)
        if not self._wanted:
            actions += self._want()
        return actions

    def _full(self, store: PacketStore) -> list[Action]:
        self._packets_not_stored += 1
        if store.full:
            return []
        store.full = True
        return [_event(Event.PACKET_STORE_FULL, store=store.identifier)]

    def _close(self, store: PacketStore) -> list[Action]:
        block, octets = store.close()
        key = block.key(store.identifier)
        self._unstored.append(_Unstored(key, store.identifier))
        return [
            Emit(names.MEMORY_PORT, Store(key, octets, names.PACKET_STORES)),
            *self._make_room(store),
        ]

    def _make_room(self, store: PacketStore) -> list[Action]:
        gone = store.overflowing() if store.circular else []
        return [_deleted(store, gone)] if gone else []

    def _stored(self, stored: Stored) -> list[Action]:
        actions: list[Action] = []
        for unstored in [unstored for unstored in self._unstored if unstored.key == stored.key]:
            self._unstored.remove(unstored)
            store = self._set.stores.get(unstored.store)
            if store is None:
                continue
            if stored.kept and unstored.before is not None:
                actions.append(_deleted(store, [unstored.before]))
            elif not stored.kept:
                self._refused = bool(self._after) or self._copying is not None
                actions += self._not_kept(store, unstored)
        return actions + self._answer_what_waited()

    def _not_kept(self, store: PacketStore, unstored: _Unstored) -> list[Action]:
        number = Block.of_key(unstored.key, 0)[1].number
        block = store.find(number)
        if block is None:
            return []
        if unstored.before is not None:
            store.octets += unstored.before.octets - block.octets
            store.blocks[store.blocks.index(block)] = unstored.before
            return []
        store.remove(block)
        self._packets_stored -= block.packets
        self._packets_not_stored += block.packets
        return [_event(Event.STORED_PACKETS_LOST, store=store.identifier, packets=block.packets)]

    # ---- retrieving -----------------------------------------------------------------------------

    def _next_reading(self) -> tuple[PacketStore, Reading, int] | None:
        """By-time-range retrievals first, each group in order of the stores."""
        for store in self._set.stores.values():
            if store.range_retrieval is not None:
                number = store.next_block(store.range_retrieval)
                return store, store.range_retrieval, -1 if number is None else number
        for store in self._set.stores.values():
            if store.open_active:
                number = store.next_block(store.open_retrieval)
                if number is not None:
                    return store, store.open_retrieval, number
        return None

    def _want(self) -> list[Action]:
        """Tell the downlink whether there is something to send."""
        wanted = self._next_reading() is not None
        if wanted == self._wanted:
            return []
        self._wanted = wanted
        self._room = 0
        return [Send(names.DOWNLINK, ReplayWanted(wanted))]

    def _go_on(self) -> list[Action]:
        """Send what the room takes; the last packet may go beyond it."""
        actions: list[Action] = []
        while self._room > 0 and (found := self._next_reading()) is not None:
            store, reading, number = found
            if number < 0:
                actions.append(self._end_range(store))
                continue
            held, fetch = self._block(store, number, _REPLAY)
            if held is None:
                return actions + fetch
            packets = reading.take(held, self._room)
            if reading.index >= len(held) and number != store.number:
                reading.number, reading.index = number + 1, 0
            if packets:
                octets = b"".join(packets)
                self._room -= len(octets)
                actions.append(Send(names.DOWNLINK, ReplayPackets(octets, store.channel)))
        return actions + self._want()

    def _block(
        self, store: PacketStore, number: int, purpose: str
    ) -> tuple[list[bytes] | None, list[Action]]:
        """The entries of a block, or the fetch that brings them."""
        if number == store.number:
            return store.open, []
        block = store.find(number)
        assert block is not None
        key = block.key(store.identifier)
        if purpose in self._held and self._held[purpose][0] == key:
            return self._held[purpose][1], []
        if self._fetching.get(purpose) == key:
            return None, []
        self._fetching[purpose] = key
        return None, [Emit(names.MEMORY_PORT, Fetch((key,), names.PACKET_STORES))]

    def _end_range(self, store: PacketStore) -> Send:
        reading = store.range_retrieval
        assert reading is not None
        store.range_retrieval = None
        values = {"store": store.identifier, "packets": reading.packets, "packets_lost": reading.lost}
        return Send(names.EVENTS, Occurred(Event.PACKETS_RETRIEVED, values))

    def _fetched(self, found: dict[str, bytes | None], now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for key, octets in found.items():
            if key == _DEFINITIONS:
                if octets is not None:
                    self._set.define(octets)
                continue
            if octets is None:
                actions += self._damaged(key)
            for purpose in [p for p, fetching in self._fetching.items() if fetching == key]:
                del self._fetching[purpose]
                if octets is not None:
                    self._held[purpose] = (key, list(entries(octets)))
            actions += self._trim(key, octets)
        return [*actions, *self._go_on(), *self._copy_on(now_ns)]

    def _damaged(self, key: str) -> list[Action]:
        """The memory has no whole record of a block: it is gone."""
        identifier, gone = Block.of_key(key, 0)
        store = self._set.stores.get(identifier)
        block = None if store is None else store.find(gone.number)
        if store is None or block is None or block.key(identifier) != key:
            return []
        copying = self._copying
        readings = [store.open_retrieval, store.range_retrieval]
        readings += [copying.reading] if copying is not None and copying.source == identifier else []
        for reading in readings:
            if reading is not None and reading.number == block.number:
                reading.lost += block.packets
        store.remove(block)
        return [_event(Event.STORED_PACKETS_LOST, store=identifier, packets=block.packets)]

    # ---- requests -------------------------------------------------------------------------------

    def _execute(
        self, name: str, arguments: dict[str, Any], request: bytes, acknowledge: int, now_ns: int
    ) -> list[Action]:
        done = executed(request, acknowledge)
        copying = self._copying
        copied = () if copying is None else (copying.source, copying.destination)
        chosen = self._set.chosen(name, arguments, copied)
        if isinstance(chosen, FailureCode):
            return [executed(request, acknowledge, chosen)]
        match name:
            case "STORE_SUMMARY" | "STORE_CLEAR":
                until = ticks_of(arguments["until"]) if name == "STORE_CLEAR" else -1
                return self._settle(name, chosen, until, request, acknowledge)
            case "STORE_COPY":
                return self._begin_copy(arguments, request, acknowledge, now_ns)
            case _ if name in SELECTION_REPORTS or name in {"STORE_STATUS", "STORE_CONFIGURATION"}:
                return [Send(names.DOWNLINK, self._set.report(name, chosen)), done]
        actions: list[Action] = []
        if name == "STORE_DELETE":
            actions += [_deleted(store, store.blocks) for store in chosen]
        elif name == "STORE_RETRIEVE_ABORT":
            actions += [self._end_range(store) for store in chosen if store.range_retrieval is not None]
        failure = self._set.change(name, chosen, arguments)
        if failure is not None:
            return [executed(request, acknowledge, failure)]
        return [*actions, self._keep_definitions(), *self._want(), done]

    # ---- requests that wait for the memory ------------------------------------------------------

    def _settle(
        self, name: str, chosen: list[PacketStore], until: int, request: bytes, acknowledge: int
    ) -> list[Action]:
        actions: list[Action] = []
        for store in chosen:
            if name == "STORE_SUMMARY":
                actions += self._close(store) if store.open else []
                continue
            store.drop_open(until)
            store.full = False
            whole = [block for block in store.blocks if block.last <= until]
            for block in whole:
                store.remove(block)
            if whole:
                actions.append(_deleted(store, whole))
            for block in store.blocks:
                if block.first <= until:
                    key = block.key(store.identifier)
                    self._trims.append((key, store.identifier, block.number, until))
                    actions.append(Emit(names.MEMORY_PORT, Fetch((key,), names.PACKET_STORES)))
        self._after.append(_Answer(name, request, acknowledge, [store.identifier for store in chosen]))
        return actions + self._answer_what_waited()

    def _trim(self, key: str, octets: bytes | None) -> list[Action]:
        """A block of which a part goes: what stays is stored, and then takes its place."""
        actions: list[Action] = []
        for trim in [trim for trim in self._trims if trim[0] == key]:
            self._trims.remove(trim)
            _, identifier, number, until = trim
            store = self._set.stores.get(identifier)
            before = None if store is None else store.find(number)
            if store is None or before is None or octets is None:
                continue
            kept = store.later(number, list(entries(octets)), until)
            times = [time_of(entry) for entry in kept]
            block = Block(number, min(times), max(times), len(kept), sum(map(len, kept)))
            store.blocks[store.blocks.index(before)] = block
            store.octets += block.octets - before.octets
            new_key = block.key(identifier)
            self._unstored.append(_Unstored(new_key, identifier, before))
            actions.append(Emit(names.MEMORY_PORT, Store(new_key, b"".join(kept), names.PACKET_STORES)))
        return actions + self._answer_what_waited()

    def _answer_what_waited(self) -> list[Action]:
        if self._unstored or self._trims or not self._after:
            return []
        actions: list[Action] = []
        failure = FailureCode.MEMORY_REFUSED if self._refused else None
        for answer in self._after:
            code = answer.failure or failure
            if answer.name == "STORE_SUMMARY":
                found = [self._set.stores[number] for number in answer.stores if number in self._set.stores]
                actions.append(Send(names.DOWNLINK, self._set.report(answer.name, found)))
                code = None  # true all the same: it tells what is there
            actions.append(executed(answer.request, answer.acknowledge, code))
        self._after, self._refused = [], False
        return actions

    # ---- copying --------------------------------------------------------------------------------

    def _begin_copy(
        self, arguments: dict[str, Any], request: bytes, acknowledge: int, now_ns: int
    ) -> list[Action]:
        def refused(failure: FailureCode) -> list[Action]:
            return [executed(request, acknowledge, failure)]

        window = TimeWindow[arguments["window"]]
        start = 0 if window is TimeWindow.UP_TO else ticks_of(arguments["start"])
        end = EVER if window is TimeWindow.FROM else ticks_of(arguments["end"])
        source, destination = (
            self._set.stores[arguments["source"]],
            self._set.stores[arguments["destination"]],
        )
        if start > end:
            return refused(FailureCode.TIMES_WRONG)
        if destination.enabled or destination.retrieving or self._copying is not None:
            return refused(FailureCode.STORE_BUSY)
        if destination.octets:
            return refused(FailureCode.STORE_NOT_EMPTY)
        reading = Reading(start, end, stop_number=source.number, stop_index=len(source.open))
        self._copying = _Copying(
            request, acknowledge, source.identifier, destination.identifier, reading, _COPY_BLOCKS
        )
        return self._copy_on(now_ns)

    def _copy_on(self, now_ns: int) -> list[Action]:
        """Some blocks at once, then a pause, in which others get the computer."""
        copying = self._copying
        if copying is None or copying.blocks <= 0:
            return []
        actions: list[Action] = []
        source, destination = self._set.stores[copying.source], self._set.stores[copying.destination]
        reading = copying.reading
        while (number := source.next_block(reading)) is not None:
            held, fetch = self._block(source, number, _COPY)
            if held is None:
                return actions + fetch
            end = reading.stop_index if reading.stop_number == number else len(held)
            for entry in held[reading.index : end]:
                if not reading.start <= time_of(entry) <= reading.end:
                    continue
                if not destination.append(entry, now_ns):
                    return [*actions, *self._end_copy(FailureCode.STORE_FULL)]
                self._packets_stored += 1
            reading.number, reading.index = number, end
            if end == len(held) and number != source.number:
                reading.number, reading.index = number + 1, 0
            actions += self._close(destination) if destination.ripe(now_ns) else []
            copying.blocks -= 1
            if copying.blocks <= 0:
                return [*actions, SetTimer("copy", now_ns + _COPY_PAUSE_NS, Tick("copy"))]
        return [*actions, *self._end_copy(None)]

    def _end_copy(self, failure: FailureCode | None) -> list[Action]:
        copying = self._copying
        assert copying is not None
        destination = self._set.stores[copying.destination]
        actions = self._close(destination) if destination.open else []
        if copying.reading.lost and failure is None:
            failure = FailureCode.MEMORY_REFUSED
        answer = _Answer("STORE_COPY", copying.request, copying.acknowledge, [copying.destination], failure)
        self._copying = None
        self._after.append(answer)
        return actions + self._answer_what_waited()

    # ---- snapshots ------------------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """All but what was under way: transfers from and to the memory, and a copy."""
        return {
            "stores": [store.save() for store in self._set.stores.values()],
            "found": self._found,
            "packets_stored": self._packets_stored,
            "packets_not_stored": self._packets_not_stored,
        }

    def recall(self, retained: dict[str, Any]) -> None:
        stores = [PacketStore.load(saved) for saved in retained["stores"]]
        self._set.take(stores)
        self._found = retained["found"]
        self._packets_stored = retained["packets_stored"]
        self._packets_not_stored = retained["packets_not_stored"]

    def save(self) -> dict[str, Any]:
        copying = self._copying
        return {
            "retained": self.retained(),
            "unstored": [
                [u.key, u.store, None if u.before is None else astuple(u.before)] for u in self._unstored
            ],
            "trims": self._trims,
            "after": [
                [a.name, a.request, a.acknowledge, a.stores, None if a.failure is None else int(a.failure)]
                for a in self._after
            ],
            "refused": self._refused,
            "fetching": dict(self._fetching),
            "held": {purpose: [key, list(held)] for purpose, (key, held) in self._held.items()},
            "copying": None
            if copying is None
            else [
                copying.request,
                copying.acknowledge,
                copying.source,
                copying.destination,
                astuple(copying.reading),
                copying.blocks,
            ],
            "room": self._room,
            "wanted": self._wanted,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved["retained"])
        self._unstored = [
            _Unstored(key, store, None if before is None else Block(*before))
            for key, store, before in saved["unstored"]
        ]
        self._trims = [(key, store, number, until) for key, store, number, until in saved["trims"]]
        self._after = [
            _Answer(name, request, acknowledge, list(stores), None if code is None else FailureCode(code))
            for name, request, acknowledge, stores, code in saved["after"]
        ]
        self._refused = saved["refused"]
        self._fetching = dict(saved["fetching"])
        self._held = {purpose: (key, list(held)) for purpose, (key, held) in saved["held"].items()}
        copying = saved["copying"]
        if copying is not None:
            request, acknowledge, source, destination, reading, blocks = copying
            self._copying = _Copying(request, acknowledge, source, destination, Reading(*reading), blocks)
        self._room = saved["room"]
        self._wanted = saved["wanted"]


def _deleted(store: PacketStore, blocks: list[Block]) -> Emit:
    return Emit(names.MEMORY_PORT, Delete(tuple(block.key(store.identifier) for block in blocks)))


def _event(event: Event, **values: int) -> Send:
    return Send(names.EVENTS, Occurred(event, values))
