"""ST[2]: what is switched or loaded is read back; wrong addresses, lengths and registers are refused."""

import pytest

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st02_device_access import REGISTERS, OnOffAddress, RegisterAddress
from fsw.tasks import names
from fsw.tasks.messages import LoadRegisters, ReadRegisters, RegistersTold, SwitchLines

HEATER_ON, HEATER_OFF = OnOffAddress.RELEASE_BAY_HEATER_ON, OnOffAddress.RELEASE_BAY_HEATER_OFF
SPARE_ON = OnOffAddress.SPARE_AMPLIFIER_HEATER_ON
TEST = RegisterAddress.TEST


@pytest.fixture
def order(bench):
    """Orders; gives what the devices are asked, or how the request failed at once."""
    task = bench.of(names.DEVICE_ACCESS)

    def order(name, arguments):
        task.tell(bench.execute(name, arguments))
        asked = task.emitted(names.DEVICES_PORT)
        return asked[0] if asked else task.executed()

    order.task = task
    return order


def load(*pairs):
    return {"registers": [{"register": at, "data": data} for at, data in pairs]}


@pytest.mark.parametrize(
    ("lines", "told", "failure"),
    [
        ([HEATER_ON], b"\0\1", None),
        ([HEATER_ON], b"\0\3", None),
        ([HEATER_ON], b"\0\2", FailureCode.NOT_KEPT),
        ([HEATER_OFF], b"\0\1", FailureCode.NOT_KEPT),
        ([HEATER_ON, SPARE_ON], b"\0\1", FailureCode.NOT_KEPT),
        ([HEATER_ON, SPARE_ON, HEATER_OFF], b"\0\2", None),
        ([HEATER_ON, HEATER_OFF, HEATER_ON], b"\0\0", FailureCode.NOT_KEPT),
        ([HEATER_ON], b"", FailureCode.NOT_KEPT),
    ],
)
def test_switching_is_done_when_the_power_lines_show_it(order, lines, told, failure):
    assert order("DEVICES_SWITCH", {"lines": lines}) == SwitchLines(1, tuple(lines))
    assert order.task.executed() == []
    order.task.tell(RegistersTold(1, (told,)))
    assert order.task.executed() == [failure]


def test_a_load_is_done_when_the_registers_hold_it(order):
    arguments = load((TEST, b"abcd"), (TEST, b"efgh"))
    asked = order("REGISTERS_LOAD", arguments)
    assert asked == LoadRegisters(1, ((TEST, b"abcd"), (TEST, b"efgh")))
    order.task.tell(RegistersTold(1, (b"efgh", b"efgh")))
    assert order.task.executed() == [None]
    for told in ((b"abcd", b"abcd"), (b"efgh",), (), (b"efgh", b"efgg")):
        order.task.tell(RegistersTold(order("REGISTERS_LOAD", arguments).job, told))
        assert order.task.executed() == [FailureCode.NOT_KEPT]


def test_registers_are_reported_in_the_order_asked_for(order, bench):
    asked = order("REGISTERS_DUMP", {"registers": "test,power_lines,TEST"})
    assert asked == ReadRegisters(1, (TEST, RegisterAddress.POWER_LINES, TEST))
    order.task.tell(RegistersTold(1, (b"abcd", b"\0\1", b"abcd")))
    assert order.task.executed() == [None]
    (report,) = order.task.sent(names.DOWNLINK)
    assert (report.service, report.subtype) == (2, 6)
    assert report.source_data == bytes.fromhex("03 00f0 04 61626364 0001 02 0001 00f0 04 61626364")
    assert bench.decoded(report)[1]["registers[1].register"] == "POWER_LINES"


@pytest.mark.parametrize("told", [(), (b"abc",), (b"abcd", b"abcd")])
def test_what_devices_do_not_tell_is_not_reported(order, told):
    order("REGISTERS_DUMP", {"registers": [TEST]})
    order.task.tell(RegistersTold(1, told))
    assert order.task.executed() == [FailureCode.NO_ANSWER]
    assert order.task.sent(names.DOWNLINK) == []


GOOD = (TEST, b"abcd")


@pytest.mark.parametrize(
    ("name", "arguments", "failure"),
    [
        ("DEVICES_SWITCH", {"lines": [HEATER_ON, 0x12]}, FailureCode.NO_SUCH_ITEM),
        ("DEVICES_SWITCH", {"lines": [0]}, FailureCode.NO_SUCH_ITEM),
        ("REGISTERS_DUMP", {"registers": [TEST, 0xFFFF]}, FailureCode.NO_SUCH_ITEM),
        ("REGISTERS_LOAD", load(GOOD, (2, b"abcd")), FailureCode.NO_SUCH_ITEM),
        ("REGISTERS_LOAD", load(GOOD, (TEST, b"abc")), FailureCode.REGISTER_LENGTH_WRONG),
        ("REGISTERS_LOAD", load(GOOD, (TEST, b"abcde")), FailureCode.REGISTER_LENGTH_WRONG),
        *(
            ("REGISTERS_LOAD", load(GOOD, (at, bytes(found.octets))), FailureCode.MEMORY_READ_ONLY)
            for at, found in REGISTERS.items()
            if at != TEST
        ),
    ],
)
def test_one_wrong_entry_and_nothing_is_done(order, name, arguments, failure):
    assert order(name, arguments) == [failure]


def test_an_answer_to_a_predecessor_is_nobody_s(order, bench):
    asked = order("REGISTERS_DUMP", {"registers": [TEST]})
    successor = order.task.make()
    successor.recall(order.task.task.retained())
    (emitted,) = successor.handle(bench.execute("REGISTERS_DUMP", {"registers": [TEST]}), 0)
    assert emitted.value.job != asked.job
    assert list(successor.handle(RegistersTold(asked.job, (b"abcd",)), 0)) == []
    assert len(list(successor.handle(RegistersTold(emitted.value.job, (b"abcd",)), 0))) == 2


def test_devices_that_do_not_answer_are_busy(order):
    for _ in range(8):
        assert isinstance(order("REGISTERS_DUMP", {"registers": [TEST]}), ReadRegisters)
    assert order("REGISTERS_DUMP", {"registers": [TEST]}) == [FailureCode.BUSY]
    order.task.tell(RegistersTold(3, (b"abcd",)))
    assert order.task.executed() == [None]
    assert isinstance(order("DEVICES_SWITCH", {"lines": [HEATER_ON]}), SwitchLines)
