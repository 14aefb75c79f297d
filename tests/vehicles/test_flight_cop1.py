"""COP-1 flown: telecommands in order, each once, over the real light time and an uplink that loses them."""

import dataclasses

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.core.farm import FarmState
from fsw.core.telecommand import acquisition_sequence, encode_cltu, encode_frame
from fsw.ground.command_link import LinkNotice
from fsw.ground.decode_report import render_report
from fsw.ground.decoding import decode_file
from fsw.ground.telemetry import Telemetry
from fsw.kernel.seeds import Streams
from fsw.kernel.time import SECOND
from fsw.protocols.fop import Directive
from fsw.protocols.fop_table import FopState
from fsw.simulation import Settings, Simulation
from fsw.tasks import names

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=5, pictures="test-card", link="frames", workers=0)
FIRST_WORD_NS = 90 * SECOND  # the first control word has come down by then
ROUND_TRIP_NS = 162 * SECOND


def mission(**changes):
    """The mission with another first telecommand channel, and other figures of the uplink."""
    uplink = MISSION.uplink
    of_channel = {f.name for f in dataclasses.fields(uplink.channel[0])}
    channel = {key: changes.pop(key) for key in list(changes) if key in of_channel}
    channels = (dataclasses.replace(uplink.channel[0], **channel),)
    return dataclasses.replace(MISSION, uplink=dataclasses.replace(uplink, channel=channels, **changes))


class Flight:
    """notices: what the sending side said. taken: data that FARM-1 let through, in order."""

    def __init__(self, of=MISSION):
        self.notices = []
        self.events = []  # those of FARM-1, by name
        self.simulation = Simulation(of, SETTINGS, on_news=self.note)
        self.link = self.simulation.control.commander.link

    def note(self, news):
        if isinstance(news, LinkNotice):
            self.notices.append(news.text)
        elif isinstance(news, Telemetry) and news.is_event and "FARM" in news.report.name:
            self.events.append(news.report.name.removeprefix("EVENT_"))

    @property
    def farm(self):
        return self.simulation.orbiter.scheduler.task(names.COMMANDING)._reception.farms[0]

    @property
    def stages(self):
        return [sent.stage for sent in self.simulation.control.telecommands()]

    def run(self, seconds):
        self.simulation.run_until(self.simulation.now_ns + round(seconds * SECOND))

    def until(self, condition, seconds=2000):
        """Runs until it holds; fails if it never does."""
        for _ in range(seconds // 4):
            if condition():
                return
            self.run(4)
        pytest.fail("it never came about")

    def open(self, how="auto"):
        self.until(lambda: self.link.status().word is not None)
        self.simulation.initiate(how)
        self.until(lambda: self.link.status().state is FopState.ACTIVE)

    def counts(self):
        """Sequence counts of the requests of which the spacecraft reported acceptance, in their order."""
        history = [
            (time, sent.request.sequence & 0x3FFF)
            for sent in self.simulation.control.telecommands()
            for time, stage in sent.history
            if stage == "accepted"
        ]
        return [count for _, count in sorted(history, key=lambda row: row[0])]


class LossyLink:
    """The uplink's delay line, in which octets on their way to the spacecraft are sometimes not received."""

    def __init__(self, inner, seed, percent):
        self.inner, self.percent = inner, percent
        self.stream = Streams(seed).stream("lossy uplink")
        self.lost = 0

    def send(self, at_ns, octets):
        if self.stream.below(100) < self.percent:
            self.lost += 1
            octets = bytes(len(octets))
        self.inner.send(at_ns, octets)

    def __getattr__(self, name):
        return getattr(self.inner, name)


def test_the_spacecraft_boots_locked_out_and_tells_so():
    flight = Flight()
    flight.simulation.run_until(FIRST_WORD_NS)
    word = flight.link.status().word
    assert (word.lockout, word.report_value, word.virtual_channel) == (1, 0, 0)
    assert (word.no_rf, word.no_bit_lock) == (1, 1)  # nothing was ever sent


def test_ad_service_is_opened_by_unlock_and_carries_telecommands_in_order():
    flight = Flight()
    with pytest.raises(FswError, match="not open"):
        flight.simulation.command("PING", service="AD")
    with pytest.raises(FswError, match="no control word"):
        flight.simulation.initiate()
    flight.simulation.run_until(FIRST_WORD_NS)
    assert flight.simulation.initiate() == "initiate AD with Unlock"
    flight.run(ROUND_TRIP_NS / SECOND - 20)
    assert flight.link.status().state is FopState.INITIALISING_BC
    with pytest.raises(FswError, match="terminate"):
        flight.simulation.initiate()
    flight.run(30)
    assert flight.notices == ["AD service open (initiate AD with Unlock)"]
    for _ in range(3):
        flight.simulation.command("PING", service="AD")
    assert flight.stages == ["radiated", "waiting", "waiting"]  # one at a time on the air
    flight.run(1)
    assert flight.stages == ["radiated"] * 3
    assert flight.link.status().outstanding == 3
    flight.run(ROUND_TRIP_NS / SECOND + 10)
    assert flight.stages == ["completed"] * 3
    assert [row[1] for row in flight.simulation.control.telecommands()[0].history] == [
        "accepted", "started", "completed", "delivered"]  # fmt: skip
    assert (flight.link.status().outstanding, flight.farm.expected) == (0, 3)
    with pytest.raises(FswError, match="a time is allowed with BD"):
        flight.simulation.command("PING", service="AD", arrive_ns=10**13)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_doubled_or_out_of_order_on_an_uplink_that_loses(seed):
    flight = Flight(mission(transmission_limit=50))
    flight.open()
    up = flight.simulation.x_band_up
    lossy = up.under_way = LossyLink(up.under_way, seed, percent=30)
    for _ in range(12):
        flight.simulation.command("PING", service="AD")
        flight.run(2)
    flight.until(lambda: all(stage == "completed" for stage in flight.stages), seconds=8000)
    flight.until(lambda: flight.link.status().outstanding == 0)
    assert lossy.lost > 5
    assert flight.counts() == list(range(12))
    counters = flight.farm.counters
    assert counters["in_order"] == 12
    assert counters["ahead"] + counters["behind"] > 0  # frames came again
    assert counters["outside"] == 0


def test_bd_goes_past_the_ad_service_and_past_lockout():
    flight = Flight()
    flight.simulation.command("PING")
    flight.run(200)
    assert flight.stages == ["completed"]
    assert flight.farm.state is FarmState.LOCKOUT
    assert flight.farm.expedited == 1


def test_a_lockout_ends_the_service_and_an_unlock_opens_it_again():
    flight = Flight()
    flight.open()
    flight.simulation.command("PING", service="AD")
    flight.run(1)
    # Somebody else's frame, far outside of the window.
    rogue = encode_frame(MISSION.uplink.scid, 0, b"\xc0x", sequence=100, bypass=False)
    flight.simulation.uplink(acquisition_sequence() + encode_cltu(rogue, randomize=True))
    flight.run(1)
    flight.simulation.command("PING", service="AD")
    flight.until(lambda: flight.link.status().state is FopState.INITIAL)
    assert "locked out" in flight.notices[-1]
    assert flight.link.status().word.lockout == 1
    assert sorted(flight.stages) == ["completed", "unconfirmed"]
    assert flight.simulation.initiate() == "initiate AD with Unlock"
    assert flight.stages[1] == "lost"  # the last word said so
    flight.until(lambda: flight.link.status().state is FopState.ACTIVE)
    flight.simulation.command("PING", service="AD")
    flight.until(lambda: flight.stages[-1] == "completed")
    assert flight.counts() == [0, 2]
    assert flight.farm.state is FarmState.OPEN
    assert flight.events == ["FARM_UNLOCKED", "FARM_LOCKOUT", "FARM_UNLOCKED"]
    flight.run(20)
    uplink = flight.simulation.control.telemetry.latest["HOUSEKEEPING_UPLINK"].values
    told = {name: value.value for name, value in uplink.items()}
    assert (told["farm_state"], told["farm_expected"], told["farm_lockouts"]) == ("OPEN", 2, 1)
    assert (told["ad_accepted"], told["ad_discarded"], told["bc_executed"]) == (2, 2, 2)


def test_a_silent_uplink_ends_in_an_alert_after_the_last_transmission():
    flight = Flight(mission(transmission_limit=2))
    flight.open()
    flight.simulation.x_band_up.under_way = LossyLink(flight.simulation.x_band_up.under_way, 1, percent=100)
    sent_ns = flight.simulation.now_ns
    flight.simulation.command("PING", service="AD")
    flight.until(lambda: flight.link.status().state is FopState.INITIAL)
    status = flight.link.status()
    assert status.t1_ns > ROUND_TRIP_NS
    assert flight.simulation.now_ns - sent_ns >= 2 * status.t1_ns
    assert flight.notices[-1].endswith("(alert T1)")
    assert flight.stages == ["unconfirmed"]


def test_a_suspended_service_goes_on_where_it_was():
    flight = Flight(mission(transmission_limit=2, timeout_type="suspend"))
    flight.open()
    healthy = flight.simulation.x_band_up.under_way
    flight.simulation.x_band_up.under_way = LossyLink(healthy, 1, percent=100)
    flight.simulation.command("PING", service="AD")
    flight.until(lambda: flight.link.status().suspended)
    assert "suspended" in flight.notices[-1]
    flight.simulation.x_band_up.under_way = healthy
    flight.simulation.command("PING", service="AD")  # waits for the service
    flight.simulation.direct(Directive.SET_TRANSMISSION_LIMIT, 9)
    flight.simulation.direct(Directive.RESUME)
    flight.until(lambda: all(stage == "completed" for stage in flight.stages))
    assert flight.counts() == [0, 1]


def test_a_spacecraft_that_is_busy_says_wait_and_nothing_is_refused():
    """Requests that nobody answers fill the list; FARM-1 waits, then takes the frame when it comes again."""
    flight = Flight(mission(transmission_limit=20))
    flight.open()
    commanding = flight.simulation.orbiter.scheduler.task(names.COMMANDING)
    ends_ns = flight.simulation.now_ns + ROUND_TRIP_NS + 40 * SECOND
    commanding._pending = {bytes([0, 0, 0, k]): [0, ends_ns, ""] for k in range(64)}
    flight.simulation.command("WIFI", "OFF", service="AD")
    flight.run(85)
    assert (flight.farm.state, flight.farm.waits) == (FarmState.WAIT, True)
    flight.until(lambda: flight.link.status().state is FopState.RETRANSMIT_WAIT)
    assert flight.stages == ["radiated"]
    commanding._pending = {}
    flight.until(lambda: flight.stages == ["completed"])
    assert flight.farm.counters["no_room"] >= 1
    assert not flight.farm.waits


@pytest.mark.parametrize("service", ["AD", "BD"])
def test_packets_longer_than_a_frame_go_in_segments(service):
    flight = Flight(mission(frame_octets=12))  # four octets of a packet in each
    flight.open()
    flight.simulation.command("PING", service=service)
    flight.simulation.command("HOUSEKEEPING_ENABLE", "RADIO,COMPUTER,RELAY", service=service, map_id=1)
    flight.until(lambda: flight.stages == ["completed"] * 2)
    receiver = flight.simulation.orbiter.scheduler.task(names.COMMANDING)._reception
    assert receiver.counters["packets"] == 2
    assert receiver.counters[f"frames_{service.lower()}"] > 7
    with pytest.raises(FswError, match="allowed are 0, 1"):
        flight.simulation.command("PING", service=service, map_id=2)


def test_frames_of_a_map_or_channel_that_is_not_in_use_are_dropped_and_counted():
    flight = Flight()
    for channel, segment in ((0, (3, 2)), (1, (3, 0))):
        frame = encode_frame(MISSION.uplink.scid, channel, b"x", segment=segment)
        flight.simulation.deliver(acquisition_sequence() + encode_cltu(frame, randomize=True))
    flight.run(1)
    dropped = flight.simulation.orbiter.scheduler.task(names.COMMANDING)._reception.discarded
    assert (dropped["unknown_map"], dropped["not_accepted"]) == (1, 1)


def test_the_ad_service_goes_through_a_snapshot_octet_for_octet():
    flight = Flight(mission(transmission_limit=9))
    flight.open()
    for _ in range(4):
        flight.simulation.command("PING", service="AD")
    flight.run(0.3)
    snapshots = []
    for _ in range(3):
        snapshots.append(flight.simulation.snapshot())
        flight.run(80)
    last = flight.simulation.snapshot()
    end_ns = flight.simulation.now_ns
    for snapshot in snapshots:
        other = Flight(mission(transmission_limit=9))
        other.run(5)
        other.simulation.restore(snapshot)
        other.simulation.run_until(end_ns)
        assert other.simulation.snapshot() == last


def test_the_high_rate_carries_control_words_too():
    flight = Flight()
    flight.simulation.command("DOWNLINK_RATE", "HIGH", arrive_ns=2 * SECOND)
    flight.simulation.run_until(95 * SECOND)
    before = flight.link.status().word_ns
    assert flight.simulation.x_band.heard == "high"
    flight.run(8)
    assert flight.link.status().word_ns - before == pytest.approx(8 * SECOND, abs=SECOND)
    assert flight.link.status().word.farm_b == 1


@pytest.mark.parametrize("kind", ["WARM", "COLD"])
def test_cop1_outlives_a_warm_boot_and_is_locked_out_by_a_cold_one(kind):
    flight = Flight()
    flight.open()
    for _ in range(2):
        flight.simulation.command("PING", service="AD")
    flight.until(lambda: flight.stages == ["completed"] * 2)
    flight.simulation.command("COMPUTER_RESET", f"kind={kind}", service="AD")
    flight.run(170)
    if kind == "COLD":
        assert (flight.farm.state, flight.farm.expected) == (FarmState.LOCKOUT, 0)
        flight.until(lambda: flight.link.status().state is FopState.INITIAL)
    else:
        assert (flight.farm.state, flight.farm.expected) == (FarmState.OPEN, 3)
        flight.simulation.command("PING", service="AD")
        flight.until(lambda: flight.stages[-1] == "completed")


def test_a_flight_of_ours_decodes_with_and_without_its_control_words(tmp_path):
    with Simulation(MISSION, SETTINGS, tmp_path) as simulation:
        simulation.run_until(110 * SECOND)
        simulation.finish()
    plain = decode_file(tmp_path / "downlink.cadu", "tianwen1")
    told = decode_file(tmp_path / "downlink.cadu", "tianwen1:ocf=2")
    assert plain.exit_code == told.exit_code == 0
    assert plain.control_words == {}
    assert (plain.apids, plain.frames) == (told.apids, told.frames)
    (row,) = told.control_words.values()
    assert row["fields"] == told.virtual_channels["245/2"]["frames"] >= 7
    assert told.as_json()["control_words"]["245/2"]["means"] == (
        "telecommand channel 0, N(R) 0, FARM-B 0, no rf, no bit lock, lockout"
    )
    assert "FARM-B 0" in render_report(told, width=140)
