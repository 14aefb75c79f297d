"""ST[15]: what is stored comes back octet for octet, and requests do what they say, or say why not."""

import pytest

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import ATTITUDE_APID, LANDER_APID, ORBITER_APID, FailureCode
from fsw.dictionary.times import TICKS_PER_S
from fsw.kernel.scheduler import Send
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.messages import (
    Delete,
    DownlinkRoom,
    Execute,
    Fetch,
    Fetched,
    Gather,
    List,
    Listed,
    PacketsMade,
    PusReport,
    ReplayPackets,
    ReplayWanted,
    Store,
    Stored,
)

EVENTS, HOUSEKEEPING = 1, 2
PLENTY = 1 << 20


def packet(at_s, number, service=5, subtype=1, octets=20):
    time = (round(at_s * TICKS_PER_S)).to_bytes(7, "big")
    return pus.encode_report(
        pus.Report(ORBITER_APID, number % 16384, service, subtype, number, 1, time, bytes(octets))
    )


def made(at_s, number, service=5, subtype=1, octets=20, which=1):
    time = (round(at_s * TICKS_PER_S)).to_bytes(7, "big")
    return (ORBITER_APID, service, subtype, which, time, packet(at_s, number, service, subtype, octets))


class Memory:
    """The task and the device behind its port. full: it keeps no more. damaged: keys that give nothing."""

    def __init__(self, bench, kept=None):
        self.bench, self.task = bench, bench.of(names.PACKET_STORES)
        self.kept = {} if kept is None else kept
        self.full, self.damaged = False, set()
        self.sent, self.wanted, self.events, self.reports, self.done, self.now_ns = [], [], [], [], [], 0
        self._serve()

    def tell(self, message):
        self.task.tell(message, self.now_ns)
        self._serve()

    def _serve(self):
        waiting = self._note()
        while waiting:
            match waiting.pop(0):
                case Store(key, octets, names.PACKET_STORES):
                    if not self.full:
                        self.kept[key] = octets
                    self.task.tell(Stored(key, not self.full, 0), self.now_ns)
                case Fetch(keys, names.PACKET_STORES):
                    found = {k: None if k in self.damaged else self.kept.get(k) for k in keys}
                    self.task.tell(Fetched(found), self.now_ns)
                case Delete(keys):
                    for key in keys:
                        del self.kept[key]
                    continue
                case List(prefix, names.PACKET_STORES):
                    sizes = {k: len(v) for k, v in self.kept.items() if k.startswith(prefix)}
                    self.task.tell(Listed(prefix, sizes), self.now_ns)
                case other:
                    raise AssertionError(other)
            waiting += self._note()

    def _note(self):
        for replay in self.task.sent(names.DOWNLINK, ReplayPackets):
            self.sent.append((replay.channel, replay.octets))
        self.wanted += [message.wanted for message in self.task.sent(names.DOWNLINK, ReplayWanted)]
        self.reports += [self.bench.decoded(r) for r in self.task.sent(names.DOWNLINK, PusReport)]
        self.events += self.task.events()
        self.done += self.task.executed()
        return list(self.task.emitted(names.MEMORY_PORT))

    def execute(self, name, **arguments):
        """The failure, None for success; a copy may need its timer."""
        before = len(self.done)
        command = self.bench.execute(name, arguments)
        self.tell(command)
        while len(self.done) == before and "copy" in self.task.timers:
            self.task.expire("copy")
            self._serve()
        (failure,) = self.done[before:]
        return failure

    def beat(self, *packets):
        self.now_ns += SECOND
        self.tell(PacketsMade(tuple(packets)))

    def store(self, first_s, last_s, **kind):
        """An event each second; the packets."""
        packets = [made(at_s, at_s, **kind) for at_s in range(first_s, last_s + 1)]
        for one in packets:
            self.beat(one)
        return [one[5] for one in packets]

    def retrieved(self, room=PLENTY):
        """What is sent when there is room, split into packets."""
        while True:
            before = len(self.sent)
            self.tell(DownlinkRoom(room))
            if len(self.sent) == before:
                break
        octets, packets, at = b"".join(octets for _, octets in self.sent), [], 0
        while at < len(octets):
            end = at + 7 + int.from_bytes(octets[at + 4 : at + 6], "big")
            packets.append(octets[at:end])
            at = end
        self.sent = []
        return packets

    def values(self):
        self.task.tell(Gather(Structure.MASS_MEMORY))
        return self.task.values()

    def summary(self, store):
        assert self.execute("STORE_SUMMARY", stores=[store]) is None
        name, values = self.reports.pop()
        assert name == "PACKET_STORE_SUMMARY"
        assert values["stores[0].store"] == store
        return {key.removeprefix("stores[0]."): value for key, value in values.items()}

    def status(self, store, field):
        self.execute("STORE_STATUS")
        _, values = self.reports.pop()
        at = next(n for n in range(values["stores"]) if values[f"stores[{n}].store"] == store)
        return values[f"stores[{at}].{field}"]


@pytest.fixture
def memory(bench):
    return Memory(bench)


def span(store, start, end):
    return {"ranges": [{"store": store, "start": start, "end": end}]}


def test_packets_of_a_range_of_times_come_back_as_they_were(memory):
    packets = memory.store(100, 200)
    assert memory.execute("STORE_RETRIEVE", **span(EVENTS, 120, 150)) is None
    assert memory.wanted == [False, True]
    assert memory.status(EVENTS, "range_retrieval") == "ON"
    assert memory.retrieved() == packets[20:51]
    assert memory.events == [("PACKETS_RETRIEVED", {"store": EVENTS, "packets": 31, "packets_lost": 0})]
    assert memory.wanted == [False, True, False]
    assert memory.status(EVENTS, "range_retrieval") == "OFF"
    assert memory.values() == {"packets_stored": 101, "packets_not_stored": 0}


def test_each_store_takes_its_own_types(memory):
    housekeeping = made(10, 1, 3, 25)
    verification = made(10, 2, 1, 7)
    attitude = (ATTITUDE_APID, 0, 0, 0, bytes(7), b"\x05\x01\xc0\x00\x00\x00\x55")
    lander = (LANDER_APID, 3, 25, 16, bytes(7), packet(0, 3))
    memory.beat(housekeeping, verification, attitude, lander, made(10, 5, 17, 2))
    for store in (EVENTS, HOUSEKEEPING):
        assert memory.execute("STORE_RETRIEVE", **span(store, 0, 1000)) is None
    assert memory.retrieved() == [verification[5], housekeeping[5], attitude[5], lander[5]]


def test_definitions_of_structures_and_their_reports_are_kept_from_the_start(memory):
    kept = [made(10, number, 3, subtype) for number, subtype in enumerate((10, 12, 25, 26))]
    memory.beat(*kept)
    assert memory.execute("STORE_RETRIEVE", **span(HOUSEKEEPING, 0, 1000)) is None
    assert memory.retrieved() == [one[5] for one in kept]


def test_a_store_takes_the_structures_chosen_every_so_often_and_no_event_that_is_blocked(memory, bench):
    everything = [{"apid": ORBITER_APID, "sids": []}]
    some = [{"apid": ORBITER_APID, "structures": [{"sid": 2}, {"sid": 3, "subsampling": 3}]}]
    blocked = [{"apid": ORBITER_APID, "events": [33]}]
    for kind in ("HOUSEKEEPING", "DIAGNOSTICS"):
        name = f"STORE_{kind}_DELETE"
        assert memory.execute(name, store=HOUSEKEEPING, applications=everything) is None
    assert memory.execute("STORE_HOUSEKEEPING_ADD", store=HOUSEKEEPING, applications=some) is None
    assert memory.execute("STORE_EVENTS_BLOCK", store=EVENTS, applications=blocked) is None
    kept = []
    for number in range(5):
        of_one, of_two, of_three = (made(number, number, 3, 25, 20, sid) for sid in (1, 2, 3))
        diagnostic, event, other = (
            made(number, number, 3, 26, 20, 300), made(number, number, 5, 2, 20, 33), made(number, number)
        )  # fmt: skip
        memory.beat(of_one, of_two, of_three, diagnostic, event, other)
        kept += [of_two, of_three] if number % 3 == 0 else [of_two]
    assert memory.execute("STORE_RETRIEVE", **span(HOUSEKEEPING, 0, 1000)) is None
    assert memory.retrieved() == [one[5] for one in kept]
    assert memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000)) is None
    assert memory.retrieved() == [made(number, number)[5] for number in range(5)]
    # The selection is part of the store's definition.
    for one in (memory, Memory(bench, dict(memory.kept))):
        for name, store in (
            ("HOUSEKEEPING", HOUSEKEEPING),
            ("DIAGNOSTICS", HOUSEKEEPING),
            ("EVENTS", EVENTS),
        ):
            assert one.execute(f"STORE_{name}_REPORT", store=store) is None
        housekeeping, diagnostics, events = one.reports[-3:]
        assert housekeeping == (
            "STORE_HOUSEKEEPING_SELECTED",
            {
                "store": HOUSEKEEPING,
                "applications": 2,
                "applications[0].apid": ORBITER_APID,
                "applications[0].structures": 2,
                "applications[0].structures[0].sid": 2,
                "applications[0].structures[0].subsampling": 1,
                "applications[0].structures[1].sid": 3,
                "applications[0].structures[1].subsampling": 3,
                "applications[1].apid": LANDER_APID,
                "applications[1].structures": 0,
            },
        )
        assert diagnostics == ("STORE_DIAGNOSTICS_SELECTED", {"store": HOUSEKEEPING, "applications": 0})
        assert events[0] == "STORE_EVENTS_BLOCKED"
        assert events[1]["applications[0].events[0].event"] == "CAMERA_AWAKE"


def test_a_selection_that_makes_no_sense_changes_no_store(memory):
    before = memory.task.task.save()
    nowhere = [{"apid": 7, "structures": []}]
    assert memory.execute("STORE_HOUSEKEEPING_REPORT", store=77) is FailureCode.UNKNOWN_STORE
    failure = memory.execute("STORE_DIAGNOSTICS_ADD", store=EVENTS, applications=nowhere)
    assert failure is FailureCode.UNKNOWN_APPLICATION
    assert memory.task.task.save() == before


def test_no_more_goes_than_there_is_room_but_for_the_last_packet(memory):
    packets = memory.store(0, 40)
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000))
    size = len(packets[0])
    memory.tell(DownlinkRoom(3 * size - 1))
    assert [len(octets) for _, octets in memory.sent] == [3 * size]
    memory.tell(DownlinkRoom(1))
    assert memory.retrieved(room=5 * size) == packets


def test_packets_stored_after_a_range_was_asked_for_are_not_of_it(memory):
    packets = memory.store(0, 9)
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000))
    memory.store(10, 40)  # the block that was open is closed meanwhile
    assert memory.retrieved() == packets


def test_an_open_retrieval_sends_what_is_stored_and_what_comes(memory):
    packets = memory.store(0, 40)
    assert memory.execute("STORE_OPEN_FROM", start=10, stores=[EVENTS]) is None
    assert memory.execute("STORE_OPEN_RESUME", stores=[EVENTS]) is None
    assert memory.execute("STORE_OPEN_FROM", start=0, stores=[EVENTS]) is FailureCode.STORE_BUSY
    assert memory.retrieved() == packets[10:]
    assert memory.wanted[1:] == [True, False]
    more = memory.store(41, 43)
    assert memory.wanted[1:] == [True, False, True]
    assert memory.retrieved() == more
    assert memory.execute("STORE_OPEN_SUSPEND", stores=[EVENTS]) is None
    missed = memory.store(44, 80)
    assert memory.retrieved() == []
    assert memory.status(EVENTS, "open_retrieval") == "OFF"
    assert memory.execute("STORE_OPEN_RESUME", stores=[EVENTS]) is None
    assert memory.retrieved() == missed  # where it had been suspended
    assert memory.summary(EVENTS)["open_from"] == 10


def test_an_aborted_retrieval_ends_where_it_is(memory):
    packets = memory.store(0, 20)
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000))
    memory.tell(DownlinkRoom(1))
    assert memory.execute("STORE_RETRIEVE_ABORT", stores=[]) is None
    assert memory.events[-1] == ("PACKETS_RETRIEVED", {"store": EVENTS, "packets": 1, "packets_lost": 0})
    assert memory.retrieved() == packets[:1]


def test_a_circular_store_overwrites_its_oldest_packets(memory):
    packets = memory.store(0, 599)
    assert memory.summary(EVENTS)["fill"] >= 85
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 2000))
    kept = memory.retrieved()
    assert 200 < len(kept) < 450  # of 20000 octets
    assert kept == packets[-len(kept) :]
    assert sum(len(octets) for key, octets in memory.kept.items() if key.startswith("packets/")) <= 20_000


def test_a_bounded_store_takes_no_more_when_it_is_full_and_says_so_once(memory):
    for name in ("STORE_DISABLE", "STORE_BOUNDED", "STORE_ENABLE"):
        assert memory.execute(name, stores=[EVENTS]) is None
    packets = memory.store(0, 499)
    assert memory.events == [("PACKET_STORE_FULL", {"store": EVENTS})]
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 2000))
    kept = memory.retrieved()
    assert kept == packets[: len(kept)]
    values = memory.values()
    assert (values["packets_stored"], values["packets_not_stored"]) == (len(kept), 500 - len(kept))
    assert memory.execute("STORE_CLEAR", until=len(kept), stores=[EVENTS]) is None
    assert memory.summary(EVENTS)["fill"] == 0
    assert memory.store(2000, 2000)
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 9000))
    assert len(memory.retrieved()) == 1


@pytest.mark.parametrize("until", [-1, 0, 5, 16, 17, 39, 40, 59, 60, 99])
def test_clearing_takes_exactly_what_is_up_to_that_time(memory, until):
    packets = memory.store(0, 60)
    memory.execute("STORE_OPEN_RESUME", stores=[EVENTS])
    memory.tell(DownlinkRoom(10 * len(packets[0])))  # an open retrieval is in the midst of it
    memory.execute("STORE_OPEN_SUSPEND", stores=[EVENTS])
    if until >= 0:
        assert memory.execute("STORE_CLEAR", until=until + 0.5, stores=[EVENTS]) is None
    assert memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000)) is None
    assert memory.retrieved()[10:] == packets[until + 1 :]
    memory.execute("STORE_OPEN_RESUME", stores=[EVENTS])
    assert memory.retrieved() == packets[max(10, until + 1) :]
    summary = memory.summary(EVENTS)
    assert (summary["oldest"], summary["newest"]) == ((until + 1, 60) if until < 60 else (0, 0))


def test_what_a_summary_tells_of_is_in_the_memory(memory):
    memory.store(7, 9)
    assert [key for key in memory.kept if key.startswith("packets/")] == []
    summary = memory.summary(EVENTS)
    assert (summary["oldest"], summary["newest"], summary["fill"]) == (7, 9, 0)
    assert len([key for key in memory.kept if key.startswith("packets/")]) == 1


def test_stores_and_what_they_hold_are_found_again_at_a_cold_start(memory, bench):
    packets = memory.store(0, 50)
    stores = [{"store": 9, "octets": 50_000, "kind": "BOUNDED", "channel": "REAL_TIME"}]
    assert memory.execute("STORE_CREATE", stores=stores) is None
    types = [{"apid": ORBITER_APID, "services": [{"service": 17, "subtypes": []}]}]
    assert memory.execute("STORE_TYPES_ADD", store=9, applications=types) is None
    memory.execute("STORE_DISABLE", stores=[HOUSEKEEPING])
    memory.execute("STORE_OPEN_FROM", start=3, stores=[EVENTS])
    memory.summary(EVENTS)
    again = Memory(bench, dict(memory.kept))
    assert again.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000)) is None
    assert again.retrieved() == packets
    assert again.summary(EVENTS)["open_from"] == 3
    assert again.status(HOUSEKEEPING, "storage") == "OFF"
    for one in (memory, again):
        one.execute("STORE_CONFIGURATION")
        one.execute("STORE_TYPES_REPORT", store=9)
    assert memory.reports[-2:] == again.reports[-2:]
    more = again.store(100, 130)  # behind the records that were found
    again.execute("STORE_RETRIEVE", **span(EVENTS, 100, 1000))
    assert again.retrieved() == more


def test_a_store_whose_definition_was_lost_keeps_its_packets(memory, bench):
    memory.execute(
        "STORE_CREATE", stores=[{"store": 9, "octets": 50_000, "kind": "CIRCULAR", "channel": "REPLAY"}]
    )
    packets = memory.store(0, 20)
    assert memory.execute("STORE_COPY", window="FROM_TO", start=0, end=99, source=1, destination=9) is None
    kept = {key: octets for key, octets in memory.kept.items() if key.startswith("packets/")}
    again = Memory(bench, kept)
    assert again.execute("STORE_RETRIEVE", **span(9, 0, 1000)) is None
    assert again.retrieved() == packets
    assert again.status(9, "storage") == "OFF"


def test_a_restart_keeps_even_what_is_not_in_the_memory_yet(memory, bench):
    packets = memory.store(0, 20)
    again = bench.of(names.PACKET_STORES)
    again.task = again.make()
    again.task.recall(memory.task.task.retained())
    assert list(again.task.start(0)) == [Send(names.DOWNLINK, ReplayWanted(False))]
    memory.task = again
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000))
    assert memory.retrieved() == packets


@pytest.mark.parametrize(
    ("window", "start", "end", "expected"),
    [("FROM_TO", 10, 20, slice(10, 21)), ("FROM", 30, 0, slice(30, None)), ("UP_TO", 0, 5, slice(0, 6))],
)
def test_a_copy_is_of_the_window_asked_for(memory, window, start, end, expected):
    packets = memory.store(0, 400)
    memory.execute(
        "STORE_CREATE", stores=[{"store": 9, "octets": 50_000, "kind": "BOUNDED", "channel": "REPLAY"}]
    )
    copy = {"window": window, "start": start, "end": end, "source": EVENTS, "destination": 9}
    assert memory.execute("STORE_COPY", **copy) is None
    assert memory.execute("STORE_COPY", **copy) is FailureCode.STORE_NOT_EMPTY
    memory.execute("STORE_RETRIEVE", **span(9, 0, 1000))
    assert memory.retrieved() == packets[expected]


def test_a_copy_that_does_not_fit_fails_with_what_fitted(memory):
    memory.store(0, 300)
    memory.execute(
        "STORE_CREATE", stores=[{"store": 9, "octets": 4096, "kind": "BOUNDED", "channel": "REPLAY"}]
    )
    copy = {"window": "FROM", "start": 0, "end": 0, "source": EVENTS, "destination": 9}
    assert memory.execute("STORE_COPY", **copy) is FailureCode.STORE_FULL
    assert memory.summary(9)["fill"] >= 98


def test_damaged_blocks_are_told_and_the_rest_is_sent(memory):
    packets = memory.store(0, 60)
    memory.summary(EVENTS)
    key = [key for key in memory.kept if key.startswith("packets/")][1]
    lost = int(key.split("/")[-1])
    first = int(key.split("/")[3], 16) // TICKS_PER_S
    memory.damaged.add(key)
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 1000))
    assert memory.retrieved() == packets[:first] + packets[first + lost :]
    assert memory.events == [
        ("STORED_PACKETS_LOST", {"store": EVENTS, "packets": lost}),
        ("PACKETS_RETRIEVED", {"store": EVENTS, "packets": 61 - lost, "packets_lost": lost}),
    ]


def test_a_memory_that_takes_no_more_is_told_and_no_request_lies(memory):
    packets = memory.store(0, 40)
    memory.summary(EVENTS)
    memory.full = True
    assert memory.execute("STORE_CLEAR", until=20, stores=[EVENTS]) is FailureCode.MEMORY_REFUSED
    memory.store(41, 60)
    assert [name for name, _ in memory.events] == ["STORED_PACKETS_LOST"]
    memory.full = False
    memory.execute("STORE_RETRIEVE", **span(EVENTS, 0, 40))
    first = int(memory.summary(EVENTS)["oldest"])
    assert 0 < first <= 20
    assert memory.retrieved() == packets[first:]


def test_requests_that_cannot_be_carried_out_say_why_and_do_nothing(memory):
    new = {"store": 9, "octets": 50_000, "kind": "BOUNDED", "channel": "REPLAY"}
    unknown = [{"apid": 77, "services": []}]
    for name, arguments, failure in (
        ("STORE_ENABLE", {"stores": [1, 77]}, "UNKNOWN_STORE"),
        ("STORE_SUMMARY", {"stores": [77]}, "UNKNOWN_STORE"),
        ("STORE_TYPES_ADD", {"store": 1, "applications": unknown}, "UNKNOWN_REPORT_TYPE"),
        ("STORE_RETRIEVE", span(1, 20, 10), "TIMES_WRONG"),
        ("STORE_CREATE", {"stores": [new | {"store": 1}]}, "STORE_EXISTS"),
        ("STORE_CREATE", {"stores": [new, new]}, "STORE_EXISTS"),
        ("STORE_CREATE", {"stores": [new | {"octets": 1_000_000}]}, "STORE_NO_ROOM"),
        ("STORE_DELETE", {"stores": [1]}, "STORE_BUSY"),
        ("STORE_CIRCULAR", {"stores": [1]}, "STORE_BUSY"),
        ("STORE_RESIZE", {"sizes": [{"store": 1, "octets": 30_000}]}, "STORE_BUSY"),
        ("STORE_COPY", {"window": "FROM", "start": 0, "end": 0, "source": 1, "destination": 2}, "STORE_BUSY"),
        ("STORE_COPY", {"window": "FROM", "start": 0, "end": 0, "source": 1, "destination": 1}, "STORE_BUSY"),
    ):
        memory.execute("STORE_CONFIGURATION")
        before = memory.reports.pop()
        assert memory.execute(name, **arguments) is FailureCode[failure], name
        memory.execute("STORE_CONFIGURATION")
        assert memory.reports.pop() == before
    memory.store(0, 5)
    assert memory.execute("STORE_RETRIEVE", **span(1, 0, 10)) is None
    assert memory.execute("STORE_RETRIEVE", **span(1, 0, 10)) is FailureCode.STORE_BUSY
    assert memory.execute("STORE_CLEAR", until=10, stores=[1]) is FailureCode.STORE_BUSY
    assert memory.execute("STORE_CHANNEL", store=1, channel="REAL_TIME") is FailureCode.STORE_BUSY


def test_stores_are_made_changed_and_deleted(memory):
    new = {"store": 9, "octets": 50_000, "kind": "BOUNDED", "channel": "REPLAY"}
    assert memory.execute("STORE_CREATE", stores=[new]) is None
    assert memory.execute("STORE_RESIZE", sizes=[{"store": 9, "octets": 60_000}]) is None
    assert memory.execute("STORE_CIRCULAR", stores=[9]) is None
    assert memory.execute("STORE_CHANNEL", store=9, channel="REAL_TIME") is None
    memory.execute("STORE_CONFIGURATION")
    _, values = memory.reports.pop()
    got = [values[f"stores[2].{field}"] for field in ("store", "octets", "kind", "channel")]
    assert got == [9, 60_000, "CIRCULAR", "REAL_TIME"]
    types = [{"apid": ORBITER_APID, "services": [{"service": 5, "subtypes": [1]}]}]
    assert memory.execute("STORE_TYPES_ADD", store=9, applications=types) is None
    memory.execute("STORE_ENABLE", stores=[9])
    packets = memory.store(0, 20)
    memory.execute("STORE_RETRIEVE", **span(9, 0, 99))
    memory.tell(DownlinkRoom(PLENTY))
    assert {channel for channel, _ in memory.sent} == {1}
    assert memory.retrieved() == packets
    assert memory.execute("STORE_TYPES_DELETE", store=9, applications=types) is None
    memory.execute("STORE_TYPES_REPORT", store=9)
    assert memory.reports.pop() == ("STORED_TYPES", {"store": 9, "applications": 0})
    memory.store(21, 40)
    assert memory.summary(9)["newest"] == 20
    memory.execute("STORE_DISABLE", stores=[9])
    assert memory.execute("STORE_DELETE", stores=[9]) is None
    assert not [key for key in memory.kept if key.startswith("packets/9/")]
    assert memory.execute("STORE_SUMMARY", stores=[9]) is FailureCode.UNKNOWN_STORE


def test_a_request_for_all_stores_is_for_all(memory):
    assert memory.execute("STORE_DISABLE") is None
    assert {memory.status(store, "storage") for store in (EVENTS, HOUSEKEEPING)} == {"OFF"}
    memory.store(0, 3)
    assert memory.values()["packets_stored"] == 0


def test_execute_is_what_commanding_sends(bench):
    assert isinstance(bench.execute("STORE_ENABLE", {"stores": [1]}), Execute)
