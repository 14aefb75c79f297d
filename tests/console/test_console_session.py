"""A selfie flown by an operator: lines of text in, lines of text out, no terminal."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import dictionary, missions
from fsw.console.journal import Journal
from fsw.console.session import COMMANDS, ControlRoom
from fsw.console.views import telemetry_report
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.protocols.sdls_keys import LinkKeys
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")


def with_value(operator, name, parameter, value):
    """The latest report with one value changed, as if it had come so."""
    latest = operator.simulation.control.telemetry.latest[name]
    values = {key: held.value for key, held in latest.values.items()} | {parameter: value}
    decoded = latest.report.decode(latest.report.encode(values))
    return replace(latest, values=decoded, violations=tuple(latest.report.check(decoded)))


class Operator:
    """A flight, and what is said and seen at its console."""

    def __init__(self, simulation):
        self.room = ControlRoom(simulation, Pace())
        self.session = self.room.open_session()
        self.simulation = simulation

    def say(self, line):
        """The answer, and all news of a step to its end."""
        reply = self.session.execute(line)
        self.room.settle()
        news = "\n".join("".join(text for _, text in shown) for shown in self.session.news())
        return (reply.text + "\n" + news).strip()


@pytest.fixture
def operator():
    with Simulation(MISSION, Settings(seed=3, pictures="test-card", link="frames", workers=0)) as simulation:
        yield Operator(simulation)


@pytest.fixture(scope="module")
def flown():
    """An operator who has released the camera and has a few pictures."""
    with Simulation(MISSION, Settings(seed=3, pictures="test-card", link="frames", workers=0)) as simulation:
        operator = Operator(simulation)
        operator.said = [
            operator.say(line)
            for line in (
                "tc WIFI state=ON",
                "release",
                "yes",
                "step 100s",
                "tc SELECT_PICTURES 2",
                "tc DOWNLINK_RATE HIGH",
                "tc DUMP_START",
                "step until 16:04:40",
            )
        ]
        yield operator


def test_a_telecommand_tells_when_it_arrives_and_when_to_expect_the_answer(operator):
    said = operator.say("tc PING")
    # 80.37 s each way, and 0.27 s for acquisition, idle sequence and CLTU at 2000 bit/s.
    assert said.startswith("PING radiated 15:59:50.0Z, arrives 16:01:10.6Z, answer due 16:02:30.9Z")
    assert "due 16:02:30.7Z or soon after" in operator.say("verify")
    assert "telecommand PING (count 0) accepted" in operator.say("step 3m")
    assert "16:02:31.8Z completed" in operator.say("verify")
    assert "completed" in operator.say("verify 1")


def test_a_telecommand_may_be_timed_to_arrive(operator):
    said = operator.say("tc CAMERA_MODE size=UXGA_1600X1200 at 16:05:00")
    assert said.startswith("CAMERA_MODE radiated 16:03:39.6Z, arrives 16:05:00")
    operator.say("step 10s")
    assert "too late to arrive" in operator.say("tc PING at 16:01:15")


def test_the_ad_service_is_opened_used_and_closed_at_the_console(operator):
    assert "closed (S6)" in operator.say("uplink")
    assert "none has come" in operator.say("uplink")
    assert "no control word has come yet" in operator.say("uplink open")
    operator.say("step 90s")
    assert "lockout, no carrier, no bit lock" in operator.say("uplink")
    assert "not open: initiate it first" in operator.say("tc PING ad")
    assert operator.say("uplink open") == "initiate AD with Unlock: on its way"
    assert "opening: waits for the answer to Unlock" in operator.say("uplink")
    assert "telecommand channel 0: AD service open" in operator.say("step 170s")
    assert "open (S1)" in operator.say("status")
    assert "PING given to the AD service" in operator.say("tc PING")
    assert "PING radiated" in operator.say("tc PING bd")
    assert "PING given to the AD service" in operator.say("tc PING AD")
    operator.say("step 100ms")
    shown = operator.say("uplink")
    assert "1 outstanding, 1 waiting" in shown
    assert "transmission 1 of 3, runs out" in shown
    assert "waiting" in operator.say("verify")
    operator.say("step 3m")
    assert operator.say("verify").count("delivered") == 2
    assert operator.say("uplink set t1 200s") == "t1 is 200s"
    assert operator.say("uplink set timeout suspend") == "timeout is suspend"
    assert "T1 3 m 20 s" in operator.say("uplink")
    for wrong in ("uplink set k 3", "uplink open wide", "uplink set window", "uplink wide"):
        assert "allowed is: uplink [open" in operator.say(wrong)
    assert "whole numbers" in operator.say("uplink set window x")
    assert "rejected by FOP-1" in operator.say("uplink resume")
    assert "AD service closed" in operator.say("uplink close")
    assert "closed (S6)" in operator.say("uplink")


def test_what_is_wrong_with_a_telecommand_is_said_with_what_is_allowed(operator):
    said = operator.say("tc WIFI state=MAYBE")
    assert "state = 'MAYBE': allowed are OFF | ON" in said
    assert "To see that it worked" in said
    assert "must be given" in operator.say("tc WIFI")
    assert "near it are WIFI" in operator.say("tc WIFE")
    assert "`fsw dictionary` lists all" in operator.say("tc NONSENSE")
    assert operator.simulation.control.telecommands() == []


@pytest.mark.parametrize("answer", ["no", "", "tc PING", "release"])
def test_nothing_is_released_without_a_yes(operator, answer):
    reply = operator.session.execute("release")
    assert reply.asks
    assert "cannot be undone" in reply.text
    assert "not sent" in operator.say(answer)
    assert operator.simulation.control.telecommands() == []
    assert operator.session.execute("tc RELEASE_FIRE").asks
    operator.say("no")
    assert operator.simulation.control.telecommands() == []


def test_the_release_is_followed_at_the_console(flown):
    said = flown.said[3] + flown.said[7]
    for expected in (
        "telecommand RELEASE_FIRE (count 2) completed",
        "The break-wire is open",
        "The first packet of the camera has come",
    ):
        assert expected in said
    assert flown.session.status()["range_m"] > 20
    assert "RELEASE_FIRE" in flown.say("verify")
    assert "failed" not in flown.say("verify")


def test_telemetry_shows_values_with_units_limits_and_age(flown):
    listed = flown.say("telemetry")
    assert "HOUSEKEEPING_RADIO" in listed
    assert "ago" in listed
    shown = flown.say("telemetry RADIO")
    assert "downlink_rate" in shown
    assert " W " in shown
    assert "made on board 16:0" in shown
    assert flown.say("tm rad") == shown
    assert "allowed are HOUSEKEEPING_RELAY, HOUSEKEEPING_RELEASE" in flown.say("telemetry REL")
    assert "kbit/s" in flown.say("telemetry relay")


def test_a_value_out_of_limits_is_marked_in_text_and_colour(flown):
    far = with_value(flown, "HOUSEKEEPING_RELAY", "camera_range_m", 399.5)
    lines = telemetry_report(far.report, far, MISSION.epoch, flown.simulation.now_ns)
    (line,) = [line for line in lines if any("camera_range_m" in text for _, text in line)]
    assert ("warning", "warning > 380") in [(style, text.strip()) for style, text in line]


def test_leaving_the_limits_and_coming_back_is_told_once(flown):
    def told(value):
        journal.note(with_value(flown, "HOUSEKEEPING_CAMERA", "battery_voltage_v", value), None)
        before, told.read = told.read, journal.written
        return ["".join(text for _, text in line)[13:] for line in journal.since(before, 0)]

    told.read = 0
    journal = Journal(MISSION.epoch)
    assert told(3.0) == []
    assert told(2.8) == ["warning battery_voltage_v 2.8 V is below 2.9"]
    assert told(2.7) == []
    assert told(2.4) == ["alarm battery_voltage_v 2.4 V is below 2.5"]
    assert told(3.0) == ["battery_voltage_v is within its limits again"]


def test_stale_telemetry_says_so(operator):
    operator.say("step 100s")
    latest = operator.simulation.control.telemetry.latest["HOUSEKEEPING_COMPUTER"]
    report = dictionary.report("HOUSEKEEPING_COMPUTER")
    lines = telemetry_report(report, latest, MISSION.epoch, latest.received_ns + 13 * SECOND)
    assert "13.0 s ago, stale" in "".join(text for line in lines for _, text in line)


def test_pictures_are_listed_and_saved(flown, tmp_path):
    listed = flown.say("pictures")
    assert "full/0000001.jpg" in listed
    assert "thumbnails, thumb/" in flown.said[7]
    number = next(line.split()[0] for line in listed.splitlines() if "full/" in line)
    assert "saved to" in flown.say(f"pictures save {number} {tmp_path}/selfie.jpg")
    entry = flown.simulation.control.pictures.entries[int(number) - 1]
    assert (tmp_path / "selfie.jpg").read_bytes() == flown.simulation.control.pictures.contents(entry["file"])
    assert "allowed are 1 to" in flown.say("pictures open 9999")
    assert "No such file" in flown.say(f"pictures save {number} {tmp_path}/no/where.jpg")
    assert flown.session.execute(f"pictures open {number}").opens.endswith(".jpg")


def test_a_snapshot_is_a_way_back(operator, tmp_path):
    operator.say("step 100s")
    assert "octets in" in operator.say(f"snapshot {tmp_path}/here")
    operator.say("tc PING")
    operator.say("step 3m")
    assert "PING" in operator.say("verify")
    assert "as it was at 2020-09-30T16:01:30" in operator.say(f"restore {tmp_path}/here")
    assert "no telecommand was sent" in operator.say("verify")
    assert "No such file" in operator.say(f"restore {tmp_path}/there")
    (tmp_path / "bad").write_bytes(b"abc")
    assert "snapshot" in operator.say(f"restore {tmp_path}/bad")
    operator.say("step 10s")
    assert operator.simulation.now_ns == 110 * SECOND


def test_time_runs_steps_and_stands(operator):
    assert "is past" in operator.say("step until 15:00")
    operator.say("step until 16:05:00")
    assert operator.session.status()["utc"] == "2020-09-30T16:05:00.0Z"
    assert operator.say("run 10") == "time runs: 10x"
    operator.room.advance(0)
    operator.room.advance(SECOND // 10)
    assert operator.session.status()["utc"] == "2020-09-30T16:05:01.0Z"
    assert operator.say("pause") == "paused at 2020-09-30T16:05:01.000Z"
    operator.room.advance(SECOND)
    assert operator.session.status()["utc"] == "2020-09-30T16:05:01.0Z"
    for wrong in ("run -1", "run fast", "run nan", "run 1e9", "step", "step until", "pause now"):
        assert "allowed" in operator.say(wrong)


def test_before_the_first_light_has_come_the_silence_is_explained(operator):
    assert "nothing can have been received before 16:01:10.3Z" in operator.say("telemetry")
    assert "nothing can have been received" in operator.say("status")
    assert "nothing can" not in operator.say("step 90s") + operator.say("status")


def test_the_end_of_a_step_is_told_to_the_one_who_asked_for_it(operator):
    other = operator.room.open_session()
    assert operator.say("step 30s").endswith("it is 16:00:20.0Z")
    assert other.news() == []
    operator.session.execute("step 30s")
    operator.session.execute("pause")
    assert operator.session.news() == []


def test_every_command_has_help_and_beginnings_will_do(operator):
    listed = operator.say("help")
    for command in COMMANDS:
        assert command in listed
        assert COMMANDS[command][1] in operator.say(f"help {command}")
    for command in dictionary.telecommands():
        assert command.effect in operator.say(f"help {command.name}")
    assert "mission" in operator.say("stat")
    assert "allowed are step, snapshot, security, status" in operator.say("s")
    assert operator.session.execute("quit").leaves


@given(st.text(max_size=60))
def test_no_text_raises(flown_quietly, line):
    flown_quietly.execute(line)
    flown_quietly.execute("no")


@given(
    st.sampled_from(sorted(set(COMMANDS) - {"step", "run", "snapshot", "restore", "pictures"})),
    st.text(max_size=30),
)
def test_no_arguments_raise(flown_quietly, command, rest):
    flown_quietly.execute(f"{command} {rest}")
    flown_quietly.execute("no")


@pytest.fixture(scope="module")
def flown_quietly():
    with Simulation(MISSION, Settings(pictures="test-card", link="frames", workers=0)) as simulation:
        yield ControlRoom(simulation, Pace()).open_session()


def test_the_clock_is_shown_as_far_as_it_is_known(operator):
    assert "too few to correlate" in operator.say("time")
    operator.say("step 4m")
    shown = operator.say("time")
    # By its figures: 1.8 ms late at the start, gaining 0.12 us a second.
    assert re.search(r"clock +17\d\d\.\d{3} us slow at 16:0\d:\d\d\.\dZ", shown)
    assert re.search(r"rate +\+1\.[12]\d\de-07", shown)
    assert "rejected" not in shown
    shown = operator.say("telemetry RADIO")
    told, corrected = re.search(r"made on board (\S+)Z by its clock \((\S+)Z corrected\)", shown).groups()
    late_ms = 1000 * (float(corrected[6:]) - float(told[6:]))
    assert 1.6 <= late_ms % 60_000 <= 1.9
    assert "allowed is: time" in operator.say("time now")


# ---- security ------------------------------------------------------------------------------------------


def test_an_operator_looks_after_the_keys():
    settings = Settings(seed=3, pictures="test-card", link="frames", workers=0, keys=LinkKeys.test())
    with Simulation(MISSION, settings) as simulation:
        operator = Operator(simulation)
        assert "published test keys: they protect nothing" in operator.say("security")
        assert "nothing has been told by the spacecraft yet" in operator.say("security")
        assert "radiated" in operator.say("security inventory")
        assert "Uploads key 131 and has it protect type-BD frames." in operator.say("security renew 131 bd")
        assert operator.say("yes").count("radiated") == 6
        told = operator.say("step 200s")
        assert "keys on board: 1 ACTIVE, 128 ACTIVE, 129 ACTIVE, 130 ACTIVE" in told
        assert "key 131 proven" in told
        assert "type-BD frames are protected by SPI 4 from now on" in told
        assert "Ends SPI 2 and destroys its key at both ends." in operator.say("security retire 2")
        assert operator.say("no") == "not sent"
        assert "type-BD frames are protected by SPI 3" in operator.say("security use 3 bd")
        asked = "ping; log; erase; test; alarm; verify 130; number 1; status 1; window 1 9; synchronise 1"
        for line in asked.split("; "):
            assert "radiated" in operator.say(f"security {line}")
        told = operator.say("step 200s")
        assert "security self-test: passed" in told
        assert "failed" not in told
        shown = operator.say("security")
        assert "17 frames taken, 0 refused" in shown
        for wrong in ("renew 1 bd", "renew 132 cd", "verify x", "window 1 256", "retire 9", "dance"):
            assert "allowed are" in operator.say(f"security {wrong}")


def test_without_keys_there_is_no_security_to_look_after(operator):
    assert "`fsw keys` and --keys do that" in operator.say("security")


# ---- files ---------------------------------------------------------------------------------------------


@pytest.fixture
def slow_operator():
    """A twentieth of the high rate: files of some size last longer than light takes, in few frames."""
    high = replace(MISSION.downlink.high, symbol_rate_baud=MISSION.downlink.high.symbol_rate_baud / 20)
    mission = replace(MISSION, downlink=replace(MISSION.downlink, high=high))
    with Simulation(mission, Settings(pictures="test-card", link="frames", workers=0)) as simulation:
        yield Operator(simulation)


def test_an_operator_sends_lists_fetches_renames_and_deletes_files(slow_operator, tmp_path):
    operator = slow_operator
    table = bytes(range(250)) * 8
    (tmp_path / "gains").write_bytes(table)
    assert "no file is under way" in operator.say("file")
    operator.say("tc DOWNLINK_RATE HIGH")
    assert "request up0 goes up; answer due 16:02:30.7Z or later" in operator.say("file mkdir tables")
    said = operator.say(f"file send {tmp_path}/gains tables/gains")
    assert said.startswith("tables/gains goes up as up1, 2000 octets, 8.0 s and more on the air; answer due")
    assert re.search(r"up1 +tables/gains +0 +2000 +going", operator.say("file"))
    said = operator.say("step 4m")
    assert "create directory tables on board: done" in said
    assert "file tables/gains is on board" in said
    operator.say("file list tables")
    operator.say("file list none")
    operator.say("file rename tables/gains tables/old")
    operator.say("file fetch tables/old copy")
    operator.say("file fetch none")
    said = operator.say("step 6m")
    assert "directory 'tables' on board: 1 entries\n  tables/gains  2000" in said
    assert "directory 'none' on board: there is none" in said
    assert "rename file tables/gains tables/old on board: done" in said
    assert "file copy has come, 2000 octets" in said
    assert "request up5 was granted" in said
    assert "request up6 was refused" in said
    assert operator.say("file ground") == "copy       2000\nlistings/"
    assert "saved to" in operator.say(f"file save copy {tmp_path}/again")
    assert (tmp_path / "again").read_bytes() == table
    operator.say("file rmdir tables")
    operator.say("file delete tables/old")
    said = operator.say("step 4m")
    assert "remove directory tables on board: refused, status 2" in said
    assert "delete file tables/old on board: done" in said


def test_an_operator_suspends_resumes_and_cancels_transfers_at_either_end(operator, tmp_path):
    (tmp_path / "long").write_bytes(bytes(20_000))
    operator.say(f"file send {tmp_path}/long")
    operator.say("step 10s")
    assert operator.say("file suspend up0").startswith("up0 suspended")
    shown = operator.say("file")
    assert "suspended: `file resume` goes on" in shown
    operator.say("step 5m")
    assert operator.say("file") == shown
    assert operator.say("file resume UP0").startswith("up0 goes on")
    assert "file long is on board" in operator.say("step 5m")
    operator.say(f"file send {tmp_path}/long again")
    operator.say("step 10s")
    operator.say("file cancel up1")
    assert "file again did not go up: cancel request" in operator.say("step 5m")


def test_what_comes_down_is_held_at_its_sender(slow_operator):
    operator, files = slow_operator, slow_operator.simulation.orbiter.scheduler.task("files")
    files._store.write("log", bytes(3_000_000))  # more than the megabyte that may wait in the downlink
    operator.say("step 90s")
    assert "`tc DOWNLINK_RATE HIGH`" in operator.say("file fetch log")
    operator.say("tc DOWNLINK_RATE HIGH")
    operator.say("step 170s")
    assert re.search(r"down0 +log +\d+ +3000000 +coming", operator.say("file"))
    assert "request up1 goes up" in operator.say("file suspend down0")
    assert "transfer down0 on board: suspended" in operator.say("step 8m")
    shown = operator.say("file")
    assert re.search(r"down0 +log +\d+ +3000000 +suspended", shown)
    operator.say("step 3m")
    assert operator.say("file") == shown
    operator.say("file resume down0")
    assert "transfer down0 on board: goes on" in operator.say("step 3m")
    assert re.search(r"down0 +log +\d+ +3000000 +coming", operator.say("file"))
    operator.say("file cancel down0")
    assert files._entity.open_outgoing
    assert "request up0 was refused" in operator.say("step 10m")
    assert files._entity.open_outgoing == 0
    assert operator.say("file ground") == "nothing"


def test_what_is_wrong_with_a_file_is_said_with_what_is_allowed(operator, tmp_path):
    (tmp_path / "large").write_bytes(bytes(MISSION.files.store_octets + 1))
    for line, expected in (
        ("file send /no/where", "No such file"),
        (f"file send {tmp_path}", "no file; allowed are files of up to 4194304 octets"),
        (f"file send {tmp_path}/large", "allowed are files of up to 4194304 octets"),
        ("file send /dev/null ../x", "allowed are relative names of up to 120 octets"),
        ("file fetch /etc/passwd", "allowed are relative names"),
        ("file delete a//b", "allowed are relative names"),
        ("file rename a", "allowed is: file rename OLD NEW"),
        ("file list a b", "allowed is: file list [DIR]"),
        ("file dance", "`help file` says what each does"),
        ("file suspend up7", "transfer 'up7': allowed are none now"),
        ("file ground none", "the ground's store has no such one"),
        ("file save none x", "`file ground` lists it"),
    ):
        reply = operator.session.execute(line)
        assert not reply.ok
        assert expected in reply.text
    assert operator.simulation.control.files.open_outgoing == 0
    assert operator.say("file ground") == "nothing"
    assert "ask to rename or move a file on board" in operator.say("help file")
