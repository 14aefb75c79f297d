"""Flights through resets and safe mode: what must outlive them does, and nothing ends in silence."""

import flights
import pytest

from fsw.dictionary.identifiers import BootKind, BootReason
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.vehicles.orbiter import BOOT_NS


class Flight(flights.Flight):
    def __init__(self):
        super().__init__(seed=4)
        self.simulation.orbiter.on_frames = self._note_frames
        self.frame_counts = {}  # by spacecraft and virtual channel

    def _note_frames(self, mode, start_ns, frames):
        octets = 892 if mode == "high" else 220
        for at in range(0, len(frames), octets):
            channel = (frames[at] & 0x3F) << 2 | frames[at + 1] >> 6, frames[at + 1] & 0x3F
            self.frame_counts.setdefault(channel, []).append(int.from_bytes(frames[at + 2 : at + 5], "big"))

    def latest(self, report, parameter):
        return self.simulation.control.telemetry.value(f"HOUSEKEEPING_{report}", parameter).value


@pytest.fixture
def flight():
    flight = Flight()
    yield flight
    flight.simulation.close()


@pytest.mark.parametrize("kind", ["WARM", "COLD"])
def test_a_reset_by_telecommand_is_told_before_and_after_and_counts_go_on(flight, kind):
    flight.command(10, "HOUSEKEEPING_DISABLE", "RELEASE")
    flight.command(20, "COMPUTER_RESET", f"kind={kind}")
    flight.command(120, "PING")
    flight.fly(260)
    assert [e["boot_reason"] for e in flight.events("COMPUTER_STARTED")] == ["POWER_ON", "TELECOMMAND"]
    report = flight.events("COMPUTER_STARTED")[1]
    assert (report["boot_kind"], report["boots"], report["tasks_refused"]) == (kind, 2, 0)
    assert report["tasks_recovered"] >= 2
    assert flight.events("COMPUTER_RESET") == [{"boot_kind": kind, "boot_reason": "TELECOMMAND"}]
    stages = [(sent.name, sent.stage) for sent in flight.simulation.control.telecommands()]
    assert stages == [(name, "completed") for name in ("HOUSEKEEPING_DISABLE", "COMPUTER_RESET", "PING")]
    enabled = flight.simulation.orbiter.scheduler.task(names.HOUSEKEEPING).save()["enabled"]
    assert (6 in enabled) == (kind == "COLD")
    assert set(flight.frame_counts) == {(245, 1), (245, 2), (245, 3), (82, 1)}
    for counts in flight.frame_counts.values():
        assert counts == list(range(len(counts)))  # no gap, and none twice
    assert flight.simulation.station.discarded == {}


def test_while_it_boots_nothing_is_sent_or_heard(flight):
    flight.command(20, "COMPUTER_RESET", "COLD")
    flight.command(40, "PING")  # into the silence
    flight.fly(200)
    assert BOOT_NS[BootKind.COLD] == 40 * SECOND
    stages = [(sent.name, sent.stage) for sent in flight.simulation.control.telecommands()]
    assert stages == [("COMPUTER_RESET", "completed"), ("PING", "radiated")]
    idle = len(flight.frame_counts[245, 3]) + len(flight.frame_counts[245, 2])
    assert 200 - 44 < idle < 200 - 38  # one a second


@pytest.mark.parametrize("kind", [BootKind.WARM, BootKind.COLD])
def test_a_request_under_way_at_the_reset_is_reported_as_lost_if_anything_is_remembered(flight, kind):
    orbiter = flight.simulation.orbiter
    flight.command(5, "WIFI", "ON")
    orbiter.scheduler.task(names.RELAY).handle = _never_answers  # so that it is under way for long
    flight.fly(10)
    orbiter.reset(kind, BootReason.WATCHDOG, flight.simulation.now_ns)
    flight.fly(150)
    sent = flight.simulation.control.telecommands()[0]
    if kind is BootKind.WARM:
        assert (sent.stage, sent.failure) == ("failed", "LOST_IN_RESET")
    else:
        assert (sent.stage, sent.failure) == ("accepted", None)  # and the boot report says COLD
    assert flight.events("COMPUTER_STARTED")[-1]["boot_reason"] == "WATCHDOG"


def _never_answers(message, now_ns):
    return ()


def test_a_task_that_fails_again_and_again_ends_in_safe_mode_which_is_left_by_telecommand(flight):
    flight.fly(5)
    scheduler = flight.simulation.orbiter.scheduler
    for second in range(5, 200):
        # Whatever was made anew fails again: a fault that restarts cannot mend.
        if not scheduler.halted():
            scheduler.task(names.NAVIGATION).handle = _raises
        flight.fly(second)
    reasons = [e["boot_reason"] for e in flight.events("COMPUTER_STARTED")]
    assert reasons[:4] == ["POWER_ON", "RECOVERY", "RECOVERY", "RECOVERY"]
    assert flight.events("SAFE_MODE_ENTERED")[0] == {"safe_mode_reason": "RESETS", "cause": 0}
    assert any(e["boot_kind"] == "COLD" for e in flight.events("COMPUTER_RESET"))
    scheduler.task(names.NAVIGATION).__dict__.pop("handle", None)  # mended at last
    flight.command(420, "RELEASE_ARM", "ON")
    flight.command(425, "SAFE_MODE", "OFF")
    flight.command(430, "RELEASE_ARM", "ON")
    flight.fly(560)
    assert flight.failures() == [("RELEASE_ARM", "NOT_IN_SAFE_MODE")]
    assert flight.latest("FDIR", "mode") == "NOMINAL"
    assert flight.latest("RELEASE", "release") in ("ARMED", "SAFE")


def _raises(message, now_ns):
    raise RuntimeError("an upset in its code")


def test_safe_mode_takes_the_low_rate_and_stops_the_dump(flight):
    flight.release()
    for at_s, name, arguments in (
        (40, "DOWNLINK_RATE", "HIGH"),
        (45, "DUMP_START", "THUMBNAILS"),
        (46, "SAFE_MODE", "ON"),
        (50, "DUMP_START", "THUMBNAILS"),
    ):
        flight.command(at_s, name, arguments)
    flight.fly(180)
    assert flight.events("SAFE_MODE_ENTERED") == [{"safe_mode_reason": "TELECOMMAND", "cause": 0}]
    assert [e["downlink_rate"] for e in flight.events("DOWNLINK_RATE_CHANGED")] == ["HIGH", "LOW"]
    assert ("DUMP_START", "NOT_IN_SAFE_MODE") in flight.failures()
    assert len(flight.events("DUMP_STOPPED")) + len(flight.events("DUMP_DONE")) == 1


def test_after_a_reset_the_open_break_wire_says_that_the_camera_is_gone_and_its_pictures_are_kept(flight):
    flight.release()
    for at_s, name, arguments in (
        (30, "COMPUTER_RESET", "WARM"),
        (60, "RELEASE_ARM", ""),
    ):
        flight.command(at_s, name, arguments)
    flight.fly(31)
    before = len(flight.simulation.orbiter.scheduler.task(names.MASS_MEMORY).save()["catalogue"])
    assert before > 20
    flight.fly(170)
    assert flight.failures() == [("RELEASE_ARM", "ALREADY_RELEASED")]
    assert flight.latest("RELEASE", "release") == "SEPARATED"
    catalogue = flight.simulation.orbiter.scheduler.task(names.MASS_MEMORY).save()["catalogue"]
    assert len(catalogue) > before  # those before the reset, and the link went on after it
    assert flight.latest("RELAY", "wifi") == "LINKED"


def test_a_flight_broken_in_mid_boot_goes_on_as_if_nothing_had_happened(flight):
    flight.command(20, "COMPUTER_RESET", "COLD")
    flight.fly(40)
    twin = Flight()
    twin.simulation.restore(flight.simulation.snapshot())
    for one in (flight, twin):
        one.fly(150)
    assert twin.simulation.summary() == flight.simulation.summary()
    assert twin.simulation.snapshot() == flight.simulation.snapshot()
    twin.simulation.close()
