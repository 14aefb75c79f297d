"""ST[2]: what is switched or loaded is read back; wrong addresses, lengths and registers are refused."""

import pytest

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st02_device_access import REGISTERS, OnOffAddress, RegisterAddress
from fsw.dictionary.services.st02_devices import LOGICAL_DEVICES, BusUnit, DeviceCommand, LogicalDevice
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


def physical(*instructions):
    names = ("device", "sub_address", "data")
    return {"instructions": [dict(zip(names, one, strict=True)) for one in instructions]}


def logical(*instructions):
    names = ("device", "command", "arguments")
    return {"instructions": [dict(zip(names, one, strict=True)) for one in instructions]}


HEATER, UNIT = LogicalDevice.RELEASE_BAY_HEATER, BusUnit.TEST
SWITCH, LOAD = DeviceCommand.SWITCH, DeviceCommand.LOAD


def test_logical_devices_are_commanded_one_after_the_other_by_the_lines_and_registers_behind_them(order):
    commands = [(HEATER, SWITCH, b"\1"), (LogicalDevice.TEST, LOAD, b"abcd"), (HEATER, SWITCH, b"\0")]
    assert order("LOGICAL_DEVICES_COMMAND", logical(*commands)) == SwitchLines(1, (HEATER_ON,))
    order.task.tell(RegistersTold(1, (b"\0\1",)))
    assert order.task.emitted(names.DEVICES_PORT) == [LoadRegisters(2, ((TEST, b"abcd"),))]
    order.task.tell(RegistersTold(1, (b"\0\1",)))  # nobody waits for that any more
    assert order.task.answers == []
    order.task.tell(RegistersTold(2, (b"abcd",)))
    assert order.task.emitted(names.DEVICES_PORT) == [SwitchLines(3, (HEATER_OFF,))]
    order.task.tell(RegistersTold(3, (b"\0\2",)))
    assert order.task.executed() == [None]


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        ((b"abcd", b"abcd"), None),
        ((b"abcd", b"abce"), FailureCode.PARTLY_DONE),
        ((b"", b"abcd"), FailureCode.PARTLY_DONE),
        ((b"", b""), FailureCode.NO_ANSWER),
        ((b"0000", b""), FailureCode.NOT_KEPT),
    ],
)
def test_a_unit_on_the_bus_is_sent_what_is_asked_and_failures_end_nothing(order, told, failure):
    asked = order("PHYSICAL_DEVICES_COMMAND", physical((UNIT, 0, b"abcd"), (UNIT, 0, b"abcd")))
    assert asked == LoadRegisters(1, ((TEST, b"abcd"),))
    for job, octets in enumerate(told, start=1):
        assert order.task.executed() == []
        order.task.tell(RegistersTold(job, (octets,)))
    assert order.task.executed() == [failure]


def test_of_each_acquisition_there_is_a_report_with_its_number_and_how_it_went(order, bench):
    acquisitions = [
        {"transaction": 7, "device": UNIT, "sub_address": 0, "octets": 4},
        {"transaction": 7, "device": UNIT, "sub_address": 1, "octets": 4},
        {"transaction": 9, "device": BusUnit.RECEIVER, "sub_address": 1, "octets": 2},
    ]
    asked = order("PHYSICAL_DEVICES_ACQUIRE", {"instructions": acquisitions})
    assert asked == ReadRegisters(1, (TEST, 0xF1, RegisterAddress.RECEIVER_LOCKS))
    order.task.tell(RegistersTold(1, (b"abcd", b"", b"\0\0\0\1")))
    assert order.task.executed() == [FailureCode.PARTLY_DONE]
    reports = [bench.decoded(report) for report in order.task.sent(names.DOWNLINK)]
    assert reports == [
        ("PHYSICAL_DEVICE_DATA", {"transaction": 7, "status": "OK", "data": b"abcd"}),
        ("PHYSICAL_DEVICE_DATA", {"transaction": 7, "status": "NO_RESPONSE", "data": b""}),
        ("PHYSICAL_DEVICE_DATA", {"transaction": 9, "status": "WRONG_LENGTH", "data": b""}),
    ]
    assert order.task.sent(names.DOWNLINK)[0].source_data == bytes.fromhex("0007 00 04 61626364")


def test_parameters_of_logical_devices_are_found_where_they_are(order, bench):
    acquisitions = [
        {"transaction": 10 * device + parameter, "device": device, "parameter": parameter}
        for device, found in LOGICAL_DEVICES.items()
        for parameter in found.parameters
    ]
    registers = tuple(
        source.register for found in LOGICAL_DEVICES.values() for source in found.parameters.values()
    )
    assert order("LOGICAL_DEVICES_ACQUIRE", {"instructions": acquisitions}) == ReadRegisters(1, registers)
    holds = {register: b"\5" * found.octets for register, found in REGISTERS.items()}
    holds[RegisterAddress.POWER_LINES] = b"\0\2"
    order.task.tell(RegistersTold(1, tuple(holds[register] for register in registers)))
    assert order.task.executed() == [None]
    told = {
        values["transaction"]: values["data"]
        for _, values in (bench.decoded(report) for report in order.task.sent(names.DOWNLINK))
    }
    assert told == {
        11: b"\0", 12: b"\5\5", 21: b"\1", 22: b"\5\5", 31: b"\5", 33: b"\5\5\5\5", 41: b"\5",
        44: b"\5\5", 55: b"\5\5\5\5",
    }  # fmt: skip


def test_devices_that_tell_too_little_tell_nothing(order):
    order("LOGICAL_DEVICES_ACQUIRE", {"instructions": [{"transaction": 1, "device": 5, "parameter": 5}]})
    order.task.tell(RegistersTold(1, ()))
    assert order.task.executed() == [FailureCode.NO_ANSWER]
    (report,) = order.task.sent(names.DOWNLINK)
    assert report.source_data == bytes.fromhex("0001 01 00")


@pytest.mark.parametrize(
    ("name", "arguments", "failure"),
    [
        ("PHYSICAL_DEVICES_COMMAND", physical((4, 0, b"a")), FailureCode.NO_SUCH_DEVICE),
        (
            "PHYSICAL_DEVICES_ACQUIRE",
            {"instructions": [{"transaction": 1, "device": 9, "sub_address": 0, "octets": 1}]},
            FailureCode.NO_SUCH_DEVICE,
        ),
        ("LOGICAL_DEVICES_COMMAND", logical((9, SWITCH, b"\1")), FailureCode.NO_SUCH_DEVICE),
        ("LOGICAL_DEVICES_COMMAND", logical((HEATER, LOAD, b"\1")), FailureCode.NO_SUCH_DEVICE_COMMAND),
        ("LOGICAL_DEVICES_COMMAND", logical((HEATER, 77, b"\1")), FailureCode.NO_SUCH_DEVICE_COMMAND),
        (
            "LOGICAL_DEVICES_COMMAND",
            logical((LogicalDevice.RECEIVER, SWITCH, b"\0")),
            FailureCode.NO_SUCH_DEVICE_COMMAND,
        ),
        *(
            (
                "LOGICAL_DEVICES_COMMAND",
                logical((HEATER, SWITCH, b"\1"), wrong),
                FailureCode.DEVICE_ARGUMENTS_WRONG,
            )
            for wrong in ((HEATER, SWITCH, b"\2"), (HEATER, SWITCH, b""), (LogicalDevice.TEST, LOAD, b"abc"))
        ),
        (
            "LOGICAL_DEVICES_ACQUIRE",
            {"instructions": [{"transaction": 1, "device": HEATER, "parameter": 3}]},
            FailureCode.NO_SUCH_DEVICE_PARAMETER,
        ),
        (
            "LOGICAL_DEVICES_ACQUIRE",
            {"instructions": [{"transaction": 1, "device": 0, "parameter": 1}]},
            FailureCode.NO_SUCH_DEVICE,
        ),
    ],
)
def test_one_senseless_instruction_and_no_device_is_touched(order, name, arguments, failure):
    assert order(name, arguments) == [failure]
    assert order.task.task.save()["jobs"] == {}
