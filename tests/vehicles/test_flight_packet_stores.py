"""Stored, not forwarded, retrieved over the link: every packet comes down as it was made."""

import json

import flights
import pytest

from fsw.dictionary.identifiers import ORBITER_APID
from fsw.ground.telemetry import Telemetry
from fsw.kernel.time import SECOND

HOUSEKEEPING_TYPES = '[{"apid": 1920, "services": [{"service": 3, "subtypes": [25]}]}]'
HOUSEKEEPING_STORE = 2


class Flight(flights.Flight):
    def clock_s(self, at_s):
        return self.simulation.orbiter.clock.agency_ns(round(at_s * SECOND)) / SECOND

    def retrieve(self, at_s, start_s, end_s):
        span = {"store": HOUSEKEEPING_STORE, "start": self.clock_s(start_s), "end": self.clock_s(end_s)}
        self.command(at_s, "STORE_RETRIEVE", f"ranges='{json.dumps(span)}'")

    def packets(self, service, apid=ORBITER_APID):
        """As received, in that order."""
        return [t for t in self.told if isinstance(t, Telemetry) and (t.apid, t.service) == (apid, service)]

    def close(self):
        self.simulation.finish()
        failed = [
            (s.name, s.failure) for s in self.simulation.control.telecommands() if s.stage != "completed"
        ]
        self.simulation.close()
        return failed


def made_between(packets, start_s, end_s):
    return [t for t in packets if start_s * SECOND <= t.spacecraft_ns <= end_s * SECOND]


@pytest.mark.parametrize("rate", ["LOW", "HIGH"])
def test_retrieved_packets_are_those_that_came_in_real_time(rate):
    flight = Flight()
    flight.command(60, "DOWNLINK_RATE", rate)
    flight.retrieve(70, 10, 40)
    flight.fly(260)
    housekeeping = flight.packets(3)
    again = [t for t in housekeeping if t.received_ns > t.spacecraft_ns + 95 * SECOND]
    first = made_between([t for t in housekeeping if t not in again], 10.01, 39.99)
    assert len(first) > 20
    assert [t.octets for t in made_between(again, 10.01, 39.99)] == [t.octets for t in first]
    assert {t.virtual_channel for t in again} == ({4} if rate == "HIGH" else {1})
    (ended,) = flight.events("PACKETS_RETRIEVED")
    assert ended["packets_lost"] == 0
    # Attitude and state vectors are in the same store.
    assert ended["packets"] > len(again)
    latest = flight.simulation.control.telemetry.latest["HOUSEKEEPING_COMPUTER"]
    assert latest.spacecraft_ns > 150 * SECOND  # the replay did not put the clock of the display back
    assert flight.close() == []


def test_what_is_not_forwarded_is_stored_and_comes_when_it_is_asked_for():
    flight = Flight()
    flight.command(20, "FORWARDING_DELETE", f"applications='{HOUSEKEEPING_TYPES}'")
    flight.command(80, "FORWARDING_ADD", f"applications='{HOUSEKEEPING_TYPES}'")
    flight.command(90, "FORWARDING_REPORT")
    flight.command(91, "DOWNLINK_RATE", "HIGH")
    flight.command(95, "STORE_SUMMARY")
    flight.retrieve(100, 0, 95)
    flight.fly(178)
    quiet = made_between(flight.packets(3), 21, 79)
    assert quiet == []
    flight.fly(300)
    counts = sorted({t.count for t in flight.told if isinstance(t, Telemetry) and t.apid == ORBITER_APID})
    assert len(made_between(flight.packets(3), 21, 79)) > 30
    assert counts == list(range(len(counts)))  # nothing is missing any more
    told = flight.simulation.control.telemetry.latest["PACKET_STORE_SUMMARY"].values
    assert told["stores"].value == 2
    assert 0 < told["stores[1].newest"].value - told["stores[1].oldest"].value < 96
    types = flight.simulation.control.telemetry.latest["FORWARDED_TYPES"].values
    assert types["applications"].value >= 3
    assert flight.close() == []


def test_structures_and_events_are_chosen_for_the_link_and_for_a_store():
    flight = Flight()
    everything = '[{"apid": 1920, "sids": []}]'
    radio = '[{"apid": 1920, "structures": [{"sid": "RADIO", "subsampling": 2}]}]'
    flight.command(20, "FORWARDING_HOUSEKEEPING_DELETE", f"applications='{everything}'")
    flight.command(20.1, "FORWARDING_HOUSEKEEPING_ADD", f"applications='{radio}'")
    wifi = '[{"apid": 1920, "events": ["WIFI_SWITCHED"]}]'
    flight.command(20.2, "FORWARDING_EVENTS_BLOCK", f"applications='{wifi}'")
    security = '[{"apid": 1920, "structures": [{"sid": "RADIO"}, {"sid": "SECURITY"}]}]'
    flight.command(20.3, "STORE_HOUSEKEEPING_DELETE", f"store=2 applications='{everything}'")
    flight.command(20.4, "STORE_HOUSEKEEPING_ADD", f"store=2 applications='{security}'")
    for at_s, state in ((30, "ON"), (40, "OFF")):
        flight.command(at_s, "WIFI", state)
    flight.command(60, "FORWARDING_EVENTS_UNBLOCK", f"applications='{wifi}'")
    flight.command(61, "WIFI", "ON")
    flight.command(81, "DOWNLINK_RATE", "HIGH")
    flight.retrieve(82, 21, 80)
    flight.fly(162)
    at_once = [t.report.name for t in made_between(flight.packets(3), 21, 80)]
    assert at_once == ["HOUSEKEEPING_RADIO"] * len(at_once)
    assert 3 <= len(at_once) <= 4  # 8 s apart, every other one
    assert len(flight.events("WIFI_SWITCHED")) == 1
    flight.fly(230)
    later = [t.report.name for t in made_between(flight.packets(3), 21, 80)]
    assert set(later) == {"HOUSEKEEPING_RADIO", "HOUSEKEEPING_SECURITY"}
    assert len(later) - len(at_once) in range(10, 13)
    assert flight.close() == []


def test_stored_packets_outlive_the_program_and_an_open_retrieval_brings_them(tmp_path):
    first = Flight(memory=tmp_path)
    first.command(30, "STORE_SUMMARY")
    first.fly(115)
    sent = [t.octets for t in made_between(first.packets(3), 0, 29.9)]
    assert first.close() == []
    second = Flight(memory=tmp_path)
    second.command(5, "DOWNLINK_RATE", "HIGH")
    second.command(10, "STORE_OPEN_RESUME", f"{HOUSEKEEPING_STORE}")
    second.fly(130)
    replayed = [t.octets for t in second.packets(3) if t.virtual_channel == 4]
    assert replayed[: len(sent)] == sent
    live = [t.octets for t in second.packets(3) if t.virtual_channel == 1]
    assert len(replayed) > len(sent) + len(live) - 5  # the open retrieval goes on with what comes
    assert second.close() == []


def test_a_reset_loses_no_stored_packet_and_a_snapshot_holds_a_retrieval():
    flight = Flight()
    flight.command(30, "COMPUTER_RESET", "WARM")
    flight.command(70, "DOWNLINK_RATE", "HIGH")
    flight.retrieve(75, 0, 70)
    flight.fly(75.5)
    twin = Flight()
    twin.fly(3)
    twin.simulation.restore(flight.simulation.snapshot())
    for one in (flight, twin):
        one.fly(260)
    assert twin.simulation.snapshot() == flight.simulation.snapshot()
    real = {t.octets for t in flight.packets(3) if t.virtual_channel == 1}
    again = {t.octets for t in flight.packets(3) if t.virtual_channel == 4}
    before = {t.octets for t in made_between(flight.packets(3), 0, 28)}
    assert len(before) > 20
    assert before <= again & real
    twin.simulation.close()
    flight.close()
