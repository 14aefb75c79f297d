"""In flight: a housekeeping structure is defined, told of, received and read on the ground, and deleted."""

import pytest

from fsw import missions
from fsw.dictionary.identifiers import FailureCode
from fsw.ground.telemetry import Telemetry
from fsw.kernel.time import SECOND
from fsw.protocols.pus import decode_report
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=6, pictures="test-card", link="frames", workers=0)
NAMES = ["release_temperature_c", "uptime_s", "wifi", "mode"]


@pytest.fixture(scope="module")
def flown():
    """The simulation, broken by a snapshot in the middle and gone on with, and the telemetry that came."""
    came = []
    with Simulation(MISSION, SETTINGS, on_news=came.append) as simulation:
        for at_s, name, arguments in (
            (1, "CREATE", f"sid=400 interval_s=10 parameters={','.join(NAMES)}"),
            (2, "ENABLE", "400"),
            (3, "DELETE", "400"),
            (35, "DEFINITIONS_REPORT", "400"),
            (75, "DISABLE", "400"),
            (76, "DELETE", "400"),
            (77, "ONCE", "400"),
        ):
            simulation.command(f"HOUSEKEEPING_{name}", arguments, arrive_ns=at_s * SECOND)
        for at_s, name, arguments in (
            (81, "CREATE", "sid=401 interval_s=10 parameters=MODE,UPTIME_S"),
            (82, "DEFINITIONS_REPORT", "401"),
            (84, "ONCE", "401"),
        ):
            simulation.command(f"DIAGNOSTICS_{name}", arguments, arrive_ns=at_s * SECOND)
        simulation.run_until(140 * SECOND)
        middle = simulation.snapshot()
        simulation.run_until(260 * SECOND)
        end = simulation.snapshot()
        with Simulation(MISSION, SETTINGS) as again:
            again.restore(middle)
            again.run_until(260 * SECOND)
            assert again.snapshot() == end
        yield simulation, [news for news in came if isinstance(news, Telemetry)]


def test_its_requests_are_carried_out_or_refused(flown):
    simulation, _ = flown
    failures = [(sent.name.removeprefix("HOUSEKEEPING_"), sent.failure) for sent in sent_by(simulation)]
    assert failures == [
        ("CREATE", None),
        ("ENABLE", None),
        ("DELETE", FailureCode.IN_USE.name),
        ("DEFINITIONS_REPORT", None),
        ("DISABLE", None),
        ("DELETE", None),
        ("ONCE", FailureCode.NO_SUCH_ITEM.name),
    ]
    assert {sent.stage for sent in sent_by(simulation)} == {"completed", "failed"}


def sent_by(simulation):
    return [sent for sent in simulation.control.telecommands() if sent.name.startswith("HOUSEKEEPING")]


def test_diagnostics_are_read_as_well(flown):
    simulation, came = flown
    (report,) = [news for news in came if (news.service, news.subtype) == (3, 26)]
    assert (report.report.name, report.values["mode"].value) == ("DIAGNOSTICS_401", "NOMINAL")
    assert simulation.control.telemetry.value("DIAGNOSTICS_401", "uptime_s").value == 84


def test_its_values_are_read_once_the_definition_has_come(flown):
    simulation, came = flown
    reports = [news for news in came if (news.service, news.subtype) == (3, 25)]
    ours = [news for news in reports if decode_report(news.octets).source_data[:2] == b"\x01\x90"]
    unread = [news for news in ours if news.report is None]
    read = [news for news in ours if news.report is not None]
    assert [round(news.spacecraft_ns / SECOND) for news in ours] == [11, 21, 31, 41, 51, 61, 71]
    assert ours == unread + read
    assert len(unread) == 3
    assert {news.problem for news in unread} == {"no report [3,25] is declared"}
    for news in read:
        values = {name: value.value for name, value in news.values.items()}
        assert list(values) == NAMES
        assert (values["wifi"], values["mode"]) == ("OFF", "NOMINAL")
        assert values["uptime_s"] == round(news.spacecraft_ns / SECOND)
    assert simulation.control.telemetry.value("HOUSEKEEPING_400", "uptime_s").value == 71
