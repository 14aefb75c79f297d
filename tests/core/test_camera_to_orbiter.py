"""Camera to orbiter over a link that loses, repeats, reorders and damages packets."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from fsw.core.camera_unit import CameraParameters, CameraUnit
from fsw.core.picture_assembly import Complete, Health, Incomplete, PictureAssembler, Report

SECOND_NS = 1_000_000_000


def picture_octets(number, length):
    return np.random.default_rng(number).integers(0, 256, length, np.uint8).tobytes()


def flight(seconds, lengths, slots=8, part_octets=300):
    """Packets of a unit that sends all it has each second, and the pictures that it took, by number."""
    unit = CameraUnit(CameraParameters(slots=slots, slot_octets=20_000, part_octets=part_octets))
    unit.separation(0)
    taken, packets = {}, []
    for second in range(seconds):
        now_ns = second * SECOND_NS
        for order in unit.poll(now_ns):
            taken[order.number] = picture_octets(order.number, lengths[order.number % len(lengths)])
            assert unit.commit(order.handle, taken[order.number], now_ns)
        octets, sizes = unit.transmit(now_ns, 10**6)
        ends = np.cumsum(sizes)
        packets += [octets[end - size : end].tobytes() for end, size in zip(ends, sizes, strict=True)]
    return taken, packets


def feed(assembler, packets, now_ns=0):
    sizes = np.array([len(packet) for packet in packets], np.uint32)
    return assembler.feed(b"".join(packets), np.cumsum(sizes, dtype=np.uint64) - sizes, sizes, now_ns)


def test_a_perfect_link_brings_every_picture_octet_for_octet():
    taken, packets = flight(6, [20_000, 1, 300, 301, 599, 600])
    assembler = PictureAssembler(slots=2, slot_octets=20_000)
    events = feed(assembler, packets)
    complete = [event for event in events if isinstance(event, Complete)]
    assert {event.picture.number: event.octets for event in complete} == taken
    assert [event.picture.number for event in complete] == list(range(1, 9))
    assert [event.picture.descriptor.start_ns for event in complete] == [
        s * SECOND_NS for s in (2, 2, 3, 3, 4, 4, 5, 5)
    ]
    assert [event.picture.lens for event in complete] == [0, 1] * 4
    assert sum(isinstance(event, Health) for event in events) == 5
    assert sum(isinstance(event, Report) for event in events) == 1
    assert assembler.abandon() == []


@given(
    data=st.data(), seed=st.integers(0, 2**32), lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=4)
)
def test_whole_pictures_are_exact_and_the_others_are_told(data, seed, lengths):
    taken, packets = flight(4, lengths, part_octets=data.draw(st.integers(20, 400)))
    random = np.random.default_rng(seed)
    lost, damaged, repeated = (data.draw(st.sampled_from([0, 0.01, 0.2])) for _ in range(3))
    sent, sound_parts, missing = [], {}, 0
    for packet in packets:
        if random.random() < lost:
            missing += 1
            continue
        if random.random() < damaged:
            missing += 1
            octets = bytearray(packet)
            octets[random.integers(len(octets))] ^= 1 << random.integers(8)
            sent.append(bytes(octets))
            continue
        sent += [packet] * (1 + (random.random() < repeated))
        if int.from_bytes(packet[:2], "big") == 0x310:
            number = int.from_bytes(packet[6:10], "big")
            first = int.from_bytes(packet[10:14], "big") == 0
            sound_parts[number] = sound_parts.get(number, 0) + len(packet) - (44 if first else 24)
    reach = data.draw(st.integers(1, 40))  # how far a packet may be overtaken
    order = np.argsort(np.arange(len(sent)) + random.random(len(sent)) * reach, kind="stable")
    sent = [sent[i] for i in order]
    assembler = PictureAssembler(slots=8, slot_octets=20_000)
    events, cut = [], 0
    while cut < len(sent):
        step = data.draw(st.integers(1, 50))
        events += feed(assembler, sent[cut : cut + step])
        cut += step
    events += assembler.abandon()
    complete = {e.picture.number: e.octets for e in events if isinstance(e, Complete)}
    incomplete = {e.picture.number: e for e in events if isinstance(e, Incomplete)}
    whole = {number for number, octets in sound_parts.items() if octets == len(taken[number])}
    assert complete == {number: taken[number] for number in whole}
    assert {number: event.received_octets for number, event in incomplete.items()} == {
        number: octets for number, octets in sound_parts.items() if number not in whole
    }
    assert all(event.reason == "link gone" for event in incomplete.values())
    assert all(event.picture.total_octets == len(taken[number]) for number, event in incomplete.items())
    counters = assembler.counters()
    assert sum(n for name, n in counters.items() if name.startswith("packets_")) == len(sent)
    if reach == 1 and not missing:
        assert counters["lost"] == 0
    assert (counters["complete"], counters["incomplete"]) == (len(complete), len(incomplete))


@given(breaks=st.sets(st.integers(0, 30)), budget=st.integers(500, 9000), seed=st.integers(0, 2**32))
def test_a_flight_broken_by_snapshots_is_the_same_flight(breaks, budget, seed):
    """Both ends saved and replaced at any slot of the link, in the middle of pictures too."""

    def fly(breaks):
        parameters = CameraParameters(slots=3, slot_octets=20_000, part_octets=400, policy="drop-oldest")
        unit, assembler = CameraUnit(parameters), PictureAssembler(slots=2, slot_octets=20_000)
        random = np.random.default_rng(seed)
        unit.separation(0)
        events, sent, credit = [], [], 0
        for slot in range(30):
            if slot in breaks:
                saved, saved_too = unit.save(), assembler.save()
                unit, assembler = CameraUnit(parameters), PictureAssembler(slots=2, slot_octets=20_000)
                unit.load(saved)
                assembler.load(saved_too)
            now_ns = slot * SECOND_NS // 4
            for order in unit.poll(now_ns):
                unit.commit(
                    order.handle, picture_octets(order.number, 1 + order.number * 997 % 20_000), now_ns
                )
            credit += budget
            octets, sizes = unit.transmit(now_ns, credit)
            credit = min(credit - len(octets), budget)
            sent.append(octets.tobytes())
            kept = random.random(len(sizes)) > 0.02
            offsets = np.cumsum(sizes, dtype=np.uint64) - sizes
            events += assembler.feed(octets, offsets[kept], sizes[kept], now_ns)
            events += assembler.expire(now_ns)
        return (
            b"".join(sent),
            events + assembler.abandon(),
            unit.save(),
            unit.counters(),
            assembler.counters(),
        )

    assert fly(breaks) == fly(set())
