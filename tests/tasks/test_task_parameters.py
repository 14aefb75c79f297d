"""ST[20]: parameters are what the area holds; what it lost is told and has its default again."""

import struct

import pytest

from fsw.devices.parameter_area import ParameterArea
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.pool import BY_NAME
from fsw.dictionary.services.st06_memory import Memory
from fsw.dictionary.settings import ADDRESSES, SETTINGS, SettableParameter, word
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import (
    AreaTold,
    AskParameters,
    Gather,
    Occurred,
    ParameterChanged,
    ReadArea,
    Values,
    WriteArea,
)
from fsw.tasks.routing import user_of

LOW_BATTERY = SettableParameter.LOW_BATTERY_WH
FILL = BY_NAME["memory_fill"].identifier


class Kept:
    """The task with a real area behind its port."""

    def __init__(self, bench):
        self.bench = bench
        self.area = ParameterArea([word(setting.default) for setting in SETTINGS.values()])
        self.task = bench.of(names.PARAMETERS)
        self.actions = list(self.task.answers)
        self.answer(0)

    def answer(self, now_ns):
        """The area's answers, until it is asked nothing more."""
        asked = self.task.emitted(names.PARAMETER_AREA_PORT)
        for question in asked:
            if isinstance(question, WriteArea):
                self.area.write(question.words)
            self.actions += self.task.tell(AreaTold(question.job, *self.area.read()), now_ns)
            self.answer(now_ns)

    def tell(self, message, now_ns=0):
        self.actions = list(self.task.tell(message, now_ns))
        self.answer(now_ns)
        self.task.answers = self.actions

    def order(self, name, now_ns=0, **arguments):
        self.tell(self.bench.execute(name, arguments), now_ns)
        return self.task.executed()

    def set(self, **values):
        entries = [{"parameter": name.upper(), "value": value} for name, value in values.items()]
        return self.order("PARAMETERS_SET", parameters=entries)

    def scrub(self):
        due = self.task.timers.pop("scrub")
        self.tell(due.message, due.at_ns)
        return [(m.event.name, m.values) for m in self.task.sent(names.EVENTS, Occurred)]

    def report(self, *parameters):
        """Failures, or the structures that the mass memory is asked for."""
        self.tell(
            self.bench.execute("PARAMETERS_REPORT", {"parameters": [{"parameter": p} for p in parameters]})
        )
        if self.task.executed():
            return self.task.executed()
        return [message.sid for message in self.task.sent(names.MASS_MEMORY, Gather)]

    def composed(self):
        (timer,) = [name for name in self.task.timers if name.startswith("compose")]
        self.task.expire(timer)
        if not self.task.sent(names.DOWNLINK):
            return self.task.executed()
        name, values = self.bench.decoded(*self.task.sent(names.DOWNLINK))
        assert name == "PARAMETER_VALUES"
        rows = range(values["parameters"])
        return {values[f"parameters[{k}].parameter"]: values[f"parameters[{k}].value"] for k in rows}


@pytest.fixture
def kept(bench):
    return Kept(bench)


def test_what_is_set_is_kept_read_back_and_told_to_who_goes_by_it(kept):
    assert kept.set(low_battery_wh=4.25, armed_for_s=30) == [None]
    assert kept.task.sent(names.RELAY) == [ParameterChanged(int(LOW_BATTERY), 4.25)]
    assert kept.task.sent(names.RELEASE) == [ParameterChanged(int(SettableParameter.ARMED_FOR_S), 30.0)]
    assert kept.area.read()[0][ADDRESSES[LOW_BATTERY]] == struct.pack(">d", 4.25)
    kept.report("LOW_BATTERY_WH", "ANSWER_WITHIN_S")
    assert kept.composed() == {"LOW_BATTERY_WH": 4.25, "ANSWER_WITHIN_S": 60.0}


def test_a_task_that_starts_is_told_its_parameters(kept):
    kept.set(low_battery_wh=4.25)
    kept.tell(AskParameters(names.RELAY))
    assert kept.task.sent(names.RELAY) == [
        ParameterChanged(int(SettableParameter.CAMERA_ANSWERS_WITHIN_S), 5.0),
        ParameterChanged(int(LOW_BATTERY), 4.25),
    ]


@pytest.mark.parametrize("identifier", SETTINGS)
def test_every_parameter_can_be_set_and_reaches_its_task(kept, identifier):
    wanted = SETTINGS[identifier].minimum
    assert kept.set(**{identifier.name: wanted}) == [None]
    if user_of(identifier) == names.PARAMETERS:
        assert kept.task.timers["scrub"].at_ns == round(wanted * SECOND)
    else:
        told = kept.task.sent(user_of(identifier), ParameterChanged)
        assert told == [ParameterChanged(int(identifier), wanted)]


@pytest.mark.parametrize(
    ("parameter", "value", "failure"),
    [
        (0x7FFF, 1.0, FailureCode.UNKNOWN_PARAMETER),
        (0x9000, 1.0, FailureCode.UNKNOWN_PARAMETER),
        (FILL, 1.0, FailureCode.PARAMETER_NOT_SETTABLE),
        (int(LOW_BATTERY), 0.0, FailureCode.VALUE_NOT_ALLOWED),
        (int(LOW_BATTERY), float("inf"), FailureCode.VALUE_NOT_ALLOWED),
        (int(SettableParameter.LIT_ENOUGH_PPM), 1.5, FailureCode.VALUE_NOT_ALLOWED),
    ],
)
def test_one_wrong_entry_and_nothing_is_set(kept, parameter, value, failure):
    before = kept.area.save()
    good = {"parameter": int(SettableParameter.ARMED_FOR_S), "value": 20.0}
    entries = [good, {"parameter": parameter, "value": value}]
    assert kept.order("PARAMETERS_SET", parameters=entries) == [failure]
    assert kept.area.save() == before
    assert kept.task.sent(names.RELEASE) == []


def test_an_area_that_does_not_keep_what_is_written_is_no_success(kept):
    entries = [{"parameter": int(LOW_BATTERY), "value": 1.0}]
    kept.task.tell(kept.bench.execute("PARAMETERS_SET", {"parameters": entries}))
    (write,) = kept.task.emitted(names.PARAMETER_AREA_PORT)
    kept.task.tell(AreaTold(write.job, *kept.area.read()))
    assert kept.task.executed() == [FailureCode.NOT_KEPT]
    assert kept.task.sent(names.RELAY) == [ParameterChanged(int(LOW_BATTERY), 5.5)]


def test_measured_parameters_are_asked_of_their_owners(kept):
    assert kept.report("MEMORY_FILL", "DUMP", "LOW_BATTERY_WH") == [2]
    kept.task.tell(Values({"memory_fill": 12.5, "dump": "ON"}))
    assert kept.composed() == {"MEMORY_FILL": 12.5, "DUMP": 1.0, "LOW_BATTERY_WH": 5.5}
    assert kept.task.executed() == [None]


def test_what_nobody_measured_is_not_reported(kept):
    assert kept.report("MEMORY_FILL") == [2]
    assert kept.composed() == [FailureCode.NOT_MEASURED]
    assert kept.report(4711) == [FailureCode.UNKNOWN_PARAMETER]


def test_scrubbing_mends_and_counts_single_upsets_at_its_period(kept):
    assert kept.task.timers["scrub"].at_ns == 32 * SECOND
    assert kept.scrub() == []
    for address, bit in ((0, 5), (3, 71)):
        kept.area.flip(72 * address + bit)
    assert kept.scrub() == [("UPSET_CORRECTED", {"words": 2, "words_so_far": 2})]
    kept.area.flip(100)
    assert kept.scrub() == [("UPSET_CORRECTED", {"words": 1, "words_so_far": 3})]
    assert kept.scrub() == []
    assert kept.task.timers["scrub"].at_ns == 5 * 32 * SECOND


def test_a_double_upset_loses_the_parameter_which_has_its_default_again(kept):
    kept.set(low_battery_wh=4.25)
    for bit in (3, 40):
        kept.area.flip(72 * ADDRESSES[LOW_BATTERY] + bit)
    assert kept.scrub() == [("PARAMETER_LOST", {"parameter": int(LOW_BATTERY), "value": 5.5})]
    assert kept.task.sent(names.RELAY) == [ParameterChanged(int(LOW_BATTERY), 5.5)]
    assert kept.scrub() == []
    kept.report("LOW_BATTERY_WH")
    assert kept.composed() == {"LOW_BATTERY_WH": 5.5}


def test_a_word_that_is_whole_and_no_allowed_value_is_lost_too(kept):
    kept.area.write({ADDRESSES[LOW_BATTERY]: struct.pack(">d", float("nan"))})
    assert [name for name, _ in kept.scrub()] == ["PARAMETER_LOST"]
    assert kept.scrub() == []


def test_scrubbing_goes_on_though_the_area_does_not_answer(kept):
    for _ in range(40):
        due = kept.task.timers.pop("scrub")
        kept.task.tell(due.message, due.at_ns)
        assert [type(q) for q in kept.task.emitted(names.PARAMETER_AREA_PORT)] == [ReadArea]
    assert kept.set(low_battery_wh=1.0) == [FailureCode.BUSY]


def test_scrubbing_is_switched_off_and_on_again_and_then_begins_at_once(kept):
    area = {"memory": int(Memory.PARAMETER_AREA)}
    assert kept.order("MEMORY_SCRUBBING_DISABLE", **area) == [None]
    kept.area.flip(100)
    assert [kept.scrub() for _ in range(3)] == [[]] * 3
    assert kept.order("MEMORY_SCRUBBING_ENABLE", now_ns=1000 * SECOND, **area) == [None]
    assert kept.task.events() == [("UPSET_CORRECTED", {"words": 1, "words_so_far": 1})]
    assert kept.task.timers["scrub"].at_ns == 1032 * SECOND


@pytest.mark.parametrize(
    ("memory", "failure"),
    [
        (Memory.PROGRAM, FailureCode.NOT_SCRUBBED),
        (Memory.SCRATCH, FailureCode.NOT_SCRUBBED),
        (77, FailureCode.UNKNOWN_MEMORY),
    ],
)
@pytest.mark.parametrize("what", ["ENABLE", "DISABLE"])
def test_what_has_no_check_bits_is_not_scrubbed(kept, what, memory, failure):
    assert kept.order(f"MEMORY_SCRUBBING_{what}", memory=int(memory)) == [failure]
    assert kept.task.task.save()["scrubbing"]


def test_the_count_and_the_switch_outlive_a_restart(kept, bench):
    kept.area.flip(0)
    kept.scrub()
    kept.order("MEMORY_SCRUBBING_DISABLE", memory=int(Memory.PARAMETER_AREA))
    fresh = bench.makers[names.PARAMETERS]()
    fresh.recall(kept.task.task.retained())
    assert (fresh.save()["mended"], fresh.save()["scrubbing"]) == (1, False)
