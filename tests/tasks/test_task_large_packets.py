"""ST[13], uplink: a request in parts is handed on whole once, and a transfer that fails says why."""

import pytest

from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import PusReport, Submit


@pytest.fixture
def task(bench):
    return bench.of(names.LARGE_PACKETS)


@pytest.fixture
def send(task, bench):
    def part(name, transaction, number, octets, now_ns=0):
        arguments = {"transaction": transaction, "part_number": number, "part": octets}
        task.tell(bench.execute(f"LARGE_{name}", arguments), now_ns)
        (failure,) = task.executed()
        reasons = [bench.decoded(r)[1]["reason"] for r in task.sent(names.DOWNLINK, PusReport)]
        return failure, reasons, [s.packet for s in task.sent(names.COMMANDING, Submit)]

    return part


def test_the_request_is_submitted_when_its_last_part_is_there(task, send):
    assert send("FIRST", 5, 1, b"abc") == (None, [], [])
    assert send("NEXT", 5, 2, b"def") == (None, [], [])
    assert task.timers["part 5"].at_ns == 60 * SECOND
    assert send("LAST", 5, 3, b"g") == (None, [], [b"abcdefg"])
    assert task.timers == {}
    assert send("LAST", 5, 3, b"g")[0] is FailureCode.UNKNOWN_TRANSFER


def test_a_transfer_that_goes_wrong_is_dropped_with_its_reason(task, send):
    send("FIRST", 5, 1, b"abc")
    assert send("NEXT", 5, 3, b"ghi") == (FailureCode.PART_OUT_OF_ORDER, ["OUT_OF_ORDER"], [])
    assert task.timers == {}
    assert send("LAST", 5, 2, b"def") == (FailureCode.UNKNOWN_TRANSFER, ["UNKNOWN"], [])
    for transaction in range(4):
        assert send("FIRST", transaction, 1, b"abc")[0] is None
    assert send("FIRST", 9, 1, b"abc") == (FailureCode.QUEUE_FULL, ["TOO_MANY"], [])
    assert send("FIRST", 3, 1, b"xyz") == (None, ["BEGUN_ANEW"], [])
    assert send("LAST", 3, 2, b"!") == (None, [], [b"xyz!"])


def test_parts_that_do_not_come_in_time_are_given_up(task, send, bench):
    send("FIRST", 5, 1, b"abc")
    task.expire("part 5")
    (report,) = task.sent(names.DOWNLINK, PusReport)
    assert bench.decoded(report) == ("LARGE_UPLINK_ABORTED", {"transaction": 5, "reason": "TIMED_OUT"})
    assert send("LAST", 5, 2, b"def")[0] is FailureCode.UNKNOWN_TRANSFER


def test_a_request_longer_than_a_packet_can_be_is_refused(send):
    send("FIRST", 5, 1, bytes(65_000))
    assert send("NEXT", 5, 2, bytes(600)) == (FailureCode.REQUEST_TOO_LONG, ["TOO_LONG"], [])
