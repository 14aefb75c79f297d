"""The rover's tasks: driving, keeping energy, and the way to the orbiter. Each step is taken twice (see
conftest), so that what a snapshot does not hold would show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.identifiers import ROVER_APID, FailureCode
from fsw.dictionary.rover import BOOK, DriveState, RoverEvent, RoverStructure
from fsw.kernel.scheduler import CancelTimer, Emit, Send, SetTimer
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND, Epoch
from fsw.protocols import pus
from fsw.protocols.proximity1 import Frame, Plcw, UnitReader, decode_supervisory, unit
from fsw.protocols.proximity1_cop import FarmP
from fsw.protocols.proximity1_link import packets_in
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.driving import Driving
from fsw.tasks.imaging import Imaging
from fsw.tasks.keeper import LOOK_NS, MOST_PASSES, SETTLE_NS, Keeper
from fsw.tasks.local_time import MINUTE_NS, SOL_NS, next_local_ns
from fsw.tasks.messages import Execute, Executed, Gather, Occurred, Progressed, PusReport, Submit
from fsw.tasks.proximity import Proximity
from fsw.tasks.rover_messages import (
    Busy,
    CarrierLost,
    Expose,
    Exposed,
    FromOrbiter,
    Move,
    PowerFor,
    PowerTold,
    RadioRoom,
    ReadWheels,
    SleepFor,
    StopWheels,
    TurnTo,
    WheelsTold,
)

SOUTH = (-1.0, 0.0)
MM_S = 50


def order(name, arguments="", request=b"\x1f\xa0\xc0\x01"):
    parsed = BOOK.parse_telecommand(name, arguments)
    _, values = BOOK.recognise_telecommand(8, 1, parsed.encode())
    return Execute(request, 15, name, values)


def told(way_mm, turning=False, clear_mm=None):
    return WheelsTold(way_mm, 180_000, SOUTH, turning, clear_mm)


# ---- driving ----------------------------------------------------------------------------------------


@pytest.fixture
def driving(bench):
    return bench.of(names.DRIVING, lambda: Driving(MM_S, 0))


def under_way(driving, distance="2"):
    driving.tell(order("DRIVE", f"{distance} 180"))
    driving.tell(told(0))


def test_a_drive_turns_goes_step_by_step_and_is_completed(driving):
    driving.tell(order("DRIVE", "1.2 180"), 0)
    assert driving.emitted(names.WHEELS_PORT) == [TurnTo(180_000)]
    driving.tell(told(0, turning=True), 5 * SECOND)
    assert driving.emitted(names.WHEELS_PORT) == []
    assert [message.step for message in driving.sent(names.COMMANDING, Progressed)] == [1]
    driving.tell(told(0), 10 * SECOND)
    assert driving.emitted(names.WHEELS_PORT) == [Move(MM_S)]
    assert driving.timers["look"].at_ns == 20 * SECOND  # half a metre at 50 mm/s
    driving.expire("look")
    assert driving.emitted(names.WHEELS_PORT) == [ReadWheels()]
    driving.tell(told(500), 20 * SECOND)
    assert [message.step for message in driving.sent(names.COMMANDING, Progressed)] == [2]
    driving.tell(told(1000), 30 * SECOND)
    assert driving.timers["look"].at_ns == 34 * SECOND  # what is left
    driving.tell(told(1200), 34 * SECOND)
    assert driving.executed() == [None]
    assert driving.events() == [("DRIVE_DONE", {"way_m": 1.2})]
    assert driving.emitted(names.WHEELS_PORT) == [Move(0)]
    driving.tell(Gather(RoverStructure.MOBILITY, names.HOUSEKEEPING))
    values = driving.values()
    assert (values["odometer_m"], values["north_m"], values["drives"]) == (1.2, -1.2, 1)


def test_it_stops_before_an_obstacle(driving):
    under_way(driving)
    driving.tell(told(500, clear_mm=1400))
    assert driving.executed() == [FailureCode.HAZARD_AHEAD]
    assert not FailureCode.HAZARD_AHEAD.at_start
    assert driving.events() == [("HAZARD_STOP", {"way_m": 0.5, "clear_m": 1.4})]
    assert driving.emitted(names.WHEELS_PORT) == [Move(0)]
    assert "look" not in driving.timers


def test_an_obstacle_that_is_there_already_lets_it_not_begin(driving):
    driving.tell(order("DRIVE", "2 180"))
    driving.tell(told(0, clear_mm=900))
    assert driving.emitted(names.WHEELS_PORT) == [Move(0)]
    assert driving.executed() == [FailureCode.HAZARD_AHEAD]


@pytest.mark.parametrize(("message", "failure"), [
    (StopWheels(FailureCode.LOW_POWER), FailureCode.LOW_POWER), (PowerFor(False), FailureCode.LOW_POWER),
    (order("STOP", request=b"\x1f\xa0\xc0\x02"), FailureCode.ABORTED),
])  # fmt: skip
def test_who_must_stops_it(driving, message, failure):
    under_way(driving)
    driving.tell(told(700))
    driving.tell(message)
    assert driving.executed()[0] is failure
    assert driving.events() == [("DRIVE_STOPPED", {"way_m": 0.7})]
    assert driving.emitted(names.WHEELS_PORT) == [Move(0)]
    assert [message.busy for message in driving.sent(names.FDIR, Busy)] == [False]


def test_two_at_once_and_without_power_are_refused(driving):
    under_way(driving)
    driving.tell(order("TURN", "90"))
    assert driving.executed() == [FailureCode.BUSY]
    driving.tell(told(2000))
    driving.tell(PowerFor(False))
    driving.tell(order("DRIVE", "2 180"))
    assert driving.executed() == [FailureCode.LOW_POWER]
    assert FailureCode.LOW_POWER.at_start


def test_a_kept_drive_outlives_sleep_and_begins_at_its_local_time(driving, bench):
    driving.tell(order("PLAN_DRIVE", "660 2 180"), 0)
    assert driving.executed() == [None]
    due_ns = 660 * MINUTE_NS
    assert driving.timers["plan"].at_ns == due_ns
    retained = driving.task.retained()

    def woken():
        task = Driving(MM_S, 0)
        task.recall(retained)
        return task

    again = bench.of(names.DRIVING, woken)
    again.make = lambda: Driving(MM_S, 0)
    assert again.timers["plan"].at_ns == due_ns
    again.expire("plan")
    assert again.emitted(names.WHEELS_PORT) == [TurnTo(180_000)]
    again.tell(told(0), due_ns)
    again.tell(told(2000), due_ns + 40 * SECOND)
    assert again.events() == [("DRIVE_DONE", {"way_m": 2.0})]
    assert again.executed() == []  # the request was completed when it was kept


def test_a_kept_drive_that_cannot_begin_says_so(driving):
    driving.tell(order("PLAN_DRIVE", "660 2 180"), 0)
    driving.tell(PowerFor(False))
    driving.expire("plan")
    assert driving.events() == [("PLAN_DROPPED", {"failure_code": "LOW_POWER"})]


# ---- the keeper -------------------------------------------------------------------------------------


@pytest.fixture
def keeper(bench):
    return bench.of(names.FDIR, lambda: Keeper(0, 540))


def power(wh, wing, load=55.0):
    return PowerTold(wh, 1000.0, wing, load)


def slept_ns(keeper):
    keeper.expire("sleep")
    (order_,) = keeper.emitted(names.COMPUTER_PORT)
    assert isinstance(order_, SleepFor)
    return order_.ns


def test_dark_for_two_readings_sends_it_to_sleep_until_the_morning(keeper):
    evening = 1000 * MINUTE_NS
    keeper.tell(power(900, 300), evening)
    assert keeper.sent(names.DRIVING, PowerFor) == [PowerFor(True)]
    keeper.tell(power(900, 20), evening + LOOK_NS)
    assert "sleep" not in keeper.timers
    keeper.tell(power(900, 10), evening + 2 * LOOK_NS)
    assert [name for name, _ in keeper.events()] == ["GOING_TO_SLEEP"]
    at_ns = evening + 2 * LOOK_NS + SETTLE_NS
    assert slept_ns(keeper) == SOL_NS + 540 * MINUTE_NS - at_ns


@pytest.mark.parametrize("who", [names.DRIVING, names.DOWNLINK])
def test_what_is_under_way_may_end_first(keeper, who):
    keeper.tell(Busy(who, True))
    for k in range(5):
        keeper.tell(power(900, 0), SOL_NS + k * LOOK_NS)
    assert "sleep" not in keeper.timers
    keeper.tell(Busy(who, False))
    keeper.tell(power(900, 0), SOL_NS + 5 * LOOK_NS)
    assert "sleep" in keeper.timers


def test_a_low_battery_stops_all_and_sleeps_at_once(keeper):
    keeper.tell(Busy(names.DRIVING, True))
    keeper.tell(power(240, 500), LOOK_NS)
    assert keeper.sent(names.DRIVING) == [PowerFor(False), StopWheels(FailureCode.LOW_POWER)]
    assert [name for name, _ in keeper.events()] == ["BATTERY_LOW", "GOING_TO_SLEEP"]


def test_it_wakes_for_a_pass_and_stays_until_it_is_over(keeper, bench):
    keeper.tell(order("PASS_AT", "20000 600"), 0)
    assert keeper.executed() == [None]
    keeper.tell(order("SLEEP"), 100 * SECOND)
    assert slept_ns(keeper) == (20000 - 120) * SECOND - 100 * SECOND - SETTLE_NS
    retained = keeper.task.retained()
    task = Keeper(0, 540)
    task.recall(retained)
    woken = bench.of(names.FDIR, lambda: Keeper(0, 540))
    woken.task = task
    list(task.start(19_880 * SECOND))
    for at_s in (20_100, 20_500, 20_599):
        woken.tell(power(900, 0), at_s * SECOND)
        assert "sleep" not in woken.timers
    woken.tell(power(900, 0), 20_601 * SECOND)
    assert "sleep" in woken.timers


def test_more_passes_than_it_can_keep_are_refused(keeper):
    for k in range(MOST_PASSES):
        keeper.tell(order("PASS_AT", f"{1000 * (k + 1)} 60"), 0)
        assert keeper.executed() == [None]
    keeper.tell(order("PASS_AT", "5 60"), 0)
    assert keeper.executed() == [FailureCode.NO_ROOM]


def test_the_wake_up_time_is_commanded_and_kept(keeper):
    keeper.tell(order("WAKE_AT", "600"), 0)
    keeper.tell(order("SLEEP"), 0)
    assert slept_ns(keeper) == 600 * MINUTE_NS - SETTLE_NS
    with pytest.raises(ValueError, match="no sense"):
        Keeper(0, 540).recall({"wake_minutes": 1440, "sleeps": 0, "passes": []})


def test_local_times_come_once_a_sol():
    assert next_local_ns(0, 10, 0) == 10 * MINUTE_NS
    assert next_local_ns(0, 10, 10 * MINUTE_NS) == SOL_NS + 10 * MINUTE_NS
    assert next_local_ns(-5 * SOL_NS, 10, 3 * SOL_NS) == 3 * SOL_NS + 10 * MINUTE_NS


# ---- the mast camera -------------------------------------------------------------------------------


def test_a_picture_is_taken_at_its_local_time_and_reported_whole(bench):
    imaging = bench.of(names.IMAGING, lambda: Imaging(0))
    imaging.tell(order("PLAN_PICTURE", "780 0 -22"), 0)
    assert imaging.executed() == [None]
    assert imaging.timers["plan"].at_ns == 780 * MINUTE_NS
    imaging.expire("plan")
    assert imaging.emitted(names.MAST_CAMERA_PORT) == [Expose(0.0, -22.0)]
    imaging.tell(Exposed(0.0, -22.0, b"jpeg" * 500))
    assert imaging.events() == [("PICTURE_TAKEN", {"number": 1, "octets": 2000})]
    (report,) = imaging.sent(names.DOWNLINK, PusReport)
    found = BOOK.recognise_report(report.apid, report.service, report.subtype, report.source_data)
    assert found.decode(report.source_data)["jpeg"].value == b"jpeg" * 500


# ---- the way to the orbiter -------------------------------------------------------------------------


@pytest.fixture
def proximity(bench):
    return bench.of(names.DOWNLINK, lambda: Proximity(bench.clock, 82))


ALIVE = PusReport(ROVER_APID, 17, 2, b"")


def frames_of(proximity):
    (sent,) = proximity.emitted(names.UHF_PORT)
    return UnitReader().feed(sent.octets)


def test_reports_wait_for_a_session_and_go_in_order(proximity):
    for _ in range(100):
        proximity.tell(ALIVE)
        assert proximity.answers == []
    proximity.tell(RadioRoom(4000, 256))
    assert [message.event for message in proximity.sent(names.EVENTS, Occurred)] == [RoverEvent.SESSION_BEGUN]
    farm, packets = FarmP(), []
    for _ in range(3):
        frames = frames_of(proximity)
        assert frames[0].supervisory
        for frame in frames[1:]:
            if farm.accept(frame):
                packets += packets_in(frame.data)
        word = unit(Frame(82, farm.report().encode(), expedited=True, supervisory=True))
        proximity.tell(FromOrbiter(word))
        proximity.tell(RadioRoom(4000, 256))
    counts = [pus.decode_report(packet).count for packet in packets]
    assert counts == list(range(100))
    assert len(frames_of(proximity)) == 1  # nothing is left but the control word


def test_a_portion_never_exceeds_its_room_nor_holds_a_frame_twice(proximity):
    for _ in range(400):
        proximity.tell(ALIVE)
    for room in (100, 1500, 5000, 5000):
        proximity.tell(RadioRoom(room, 8))
        (sent,) = proximity.emitted(names.UHF_PORT)
        assert len(sent.octets) <= room
        numbers = [frame.sequence for frame in UnitReader().feed(sent.octets) if not frame.supervisory]
        assert len(numbers) == len(set(numbers))


def test_what_is_longer_than_a_frame_goes_in_parts_and_too_long_is_counted(proximity):
    proximity.tell(PusReport(ROVER_APID, 128, 1, bytes(5000)))
    proximity.tell(PusReport(ROVER_APID, 128, 1, bytes(70_000)))
    proximity.tell(RadioRoom(20_000, 8))
    packets = [p for frame in frames_of(proximity)[1:] for p in packets_in(frame.data)]
    reports = [pus.decode_report(packet) for packet in packets]
    assert [(one.service, one.subtype) for one in reports] == [(13, 1), *[(13, 2)] * 4, (13, 3)]
    assert max(map(len, packets)) <= 1000
    proximity.tell(Gather(RoverStructure.LINK, names.HOUSEKEEPING))
    assert proximity.values()["packets_lost"] == 1


def test_telecommands_of_the_forward_link_go_to_commanding_once(proximity):
    packet = pus.encode_telecommand(pus.Telecommand(ROVER_APID, 7, 17, 1, 1, pus.Acknowledge.ALL, b""))
    frame = unit(Frame(82, packet + packet))
    proximity.tell(FromOrbiter(frame + frame))
    assert proximity.sent(names.COMMANDING, Submit) == [Submit(packet)] * 2
    proximity.tell(RadioRoom(100, 8))
    assert Plcw(1) in decode_supervisory(frames_of(proximity)[0].data)


def test_the_end_of_a_session_is_told_and_sleep_keeps_what_waits(proximity):
    proximity.tell(ALIVE)
    proximity.tell(RadioRoom(100, 8))
    proximity.tell(CarrierLost())
    assert proximity.events()[0][0] == "SESSION_ENDED"
    assert proximity.sent(names.FDIR) == [Busy(names.DOWNLINK, False)]
    woken = Proximity(proximity.task._clock, 82)
    woken.recall(proximity.task.retained())
    assert woken.save() == {**proximity.task.save(), "session": False}


@pytest.mark.parametrize("data", [b"", b"\x00" * 6, b"\x08\x00\xc0\x00\xff\xff\x01"])
def test_data_that_do_not_add_up_hold_no_packets(data):
    assert packets_in(data) == []


# ---- any messages in any order ----------------------------------------------------------------------

WHEELS = st.builds(
    WheelsTold,
    st.integers(0, 5000),
    st.integers(0, 359_999),
    st.just(SOUTH),
    st.booleans(),
    st.none() | st.integers(0, 6000),
)
ORDERS = st.one_of(
    st.builds(lambda d, h: ("DRIVE", f"{d} {h}"), st.sampled_from(["0.5", "3"]), st.integers(0, 359)),
    st.builds(lambda h: ("TURN", f"{h}"), st.integers(0, 359)),
    st.builds(lambda m: ("PLAN_DRIVE", f"{m} 2 180"), st.integers(0, 1439)),
    st.just(("STOP", "")),
)
DRIVING_MESSAGES = st.one_of(
    ORDERS,
    WHEELS,
    st.builds(PowerFor, st.booleans()),
    st.just(StopWheels(FailureCode.LOW_POWER)),
    st.sampled_from(["look", "plan"]),
)


@given(st.lists(DRIVING_MESSAGES, max_size=40))
def test_every_request_is_answered_once_and_who_stands_was_told_to_stand(messages):
    task, now_ns, speed, asked, answered, timers = Driving(MM_S, 0), 0, None, [], [], {}

    def note(actions):
        nonlocal speed
        for action in actions:
            match action:
                case Emit(names.WHEELS_PORT, Move(mm_s)):
                    speed = mm_s
                case Send(names.COMMANDING, Executed(request)):
                    answered.append(request)
                case SetTimer(name, _, _):
                    timers[name] = action
                case CancelTimer(name):
                    timers.pop(name, None)

    note(task.start(0))
    for message in messages:
        now_ns += SECOND
        if isinstance(message, tuple):
            request = len(asked).to_bytes(4, "big")
            asked.append(request)
            message = order(*message, request=request)
        elif isinstance(message, str):
            if message not in timers:
                continue
            message = timers.pop(message).message
        note(task.handle(message, now_ns))
        twin = Driving(MM_S, 0)
        twin.load(unpack(pack(task.save())))
        assert pack(twin.save()) == pack(task.save())
        if task.save()["state"] == DriveState.STANDING:
            assert speed == 0
            assert sorted(answered) == asked
    assert len(set(answered)) == len(answered)
    note(task.handle(StopWheels(FailureCode.ABORTED), now_ns))
    assert sorted(answered) == asked


@given(
    st.lists(
        st.one_of(
            st.builds(lambda n: PusReport(ROVER_APID, 17, 2, bytes(n)), st.integers(0, 3000)),
            st.builds(RadioRoom, st.integers(0, 9000), st.just(8)),
            st.just(CarrierLost()),
            st.binary(max_size=60).map(FromOrbiter),
            st.builds(
                lambda n: FromOrbiter(unit(Frame(82, Plcw(n).encode(), 0, True, True))), st.integers(0, 5)
            ),
        ),
        max_size=30,
    )
)
def test_whatever_comes_portions_fit_and_a_snapshot_says_the_same(messages):
    clock = OnBoardClock(Epoch.from_utc("2021-05-14T23:18:00Z"))
    task = Proximity(clock, 82)
    for message in messages:
        twin = Proximity(clock, 82)
        twin.load(unpack(pack(task.save())))
        actions = list(task.handle(message, 0))
        assert list(twin.handle(message, 0)) == actions
        for action in actions:
            if isinstance(action, Emit) and isinstance(message, RadioRoom):
                control_word = len(unit(Frame(82, Plcw(0).encode(), 0, True, True)))
                assert len(action.value.octets) <= max(message.octets, control_word)
