"""The lander's umbilical: its housekeeping, and whether anybody is there."""

import pytest

from fsw.dictionary.housekeeping import LANDER
from fsw.dictionary.identifiers import FailureCode
from fsw.tasks import names
from fsw.tasks.lander import GIVE_UP_NS, PERIOD_NS
from fsw.tasks.messages import Sample, Values

MEASURED = Values({parameter.name: 1 for parameter in LANDER.parameters})


@pytest.fixture
def lander(bench):
    return bench.of(names.LANDER)


def reports(lander):
    return [(report.apid, report.service, report.subtype) for report in lander.sent(names.DOWNLINK)]


def test_what_the_umbilical_measures_goes_down_on_the_landers_own_apid(lander):
    lander.expire("sample")
    assert lander.emitted(names.LANDER_PORT) == [Sample()]
    assert lander.timers["sample"].at_ns > PERIOD_NS
    lander.tell(MEASURED)
    assert reports(lander) == [(1936, 3, 25)]


def test_its_answer_completes_the_connection_test_once(lander, bench):
    lander.tell(bench.execute("CONNECTION_TEST", "LANDER"))
    assert lander.emitted(names.LANDER_PORT) == [Sample()]
    lander.tell(bench.execute("CONNECTION_TEST", "LANDER"))
    assert lander.executed() == [FailureCode.BUSY]
    lander.tell(MEASURED)
    assert reports(lander) == [(1920, 17, 4), (1936, 3, 25)]
    assert bench.decoded(lander.sent(names.DOWNLINK)[0]) == ("CONNECTED", {"application": "LANDER"})
    assert lander.executed() == [None]
    lander.tell(MEASURED)
    assert lander.executed() == []


def test_without_an_answer_the_next_test_may_be_asked_for(lander, bench):
    lander.tell(bench.execute("CONNECTION_TEST", "LANDER"), 5)
    assert lander.timers["asked"].at_ns == 5 + GIVE_UP_NS
    lander.expire("asked")
    lander.tell(MEASURED)
    assert lander.executed() == []
    lander.tell(bench.execute("CONNECTION_TEST", "LANDER"))
    assert lander.emitted(names.LANDER_PORT) == [Sample()]
