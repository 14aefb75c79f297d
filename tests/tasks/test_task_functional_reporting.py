"""ST[3] functional reporting: definitions switch structures together, and only when they are applied."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st03_functional_reporting import MOST_DEFINITIONS
from fsw.kernel.time import SECOND
from fsw.tasks import names

RADIO, RELEASE, FDIR = int(Structure.RADIO), int(Structure.RELEASE), int(Structure.FDIR)


def structures(*rows):
    return [
        {"sid": sid, "periodic": periodic, "interval_s": interval_s} for sid, periodic, interval_s in rows
    ]


class Reporting:
    """The task, and what it is ordered."""

    def __init__(self, bench):
        self.bench = bench
        self.task = bench.of(names.HOUSEKEEPING)

    def order(self, what, now_ns=0, **arguments):
        self.task.tell(self.bench.execute(f"FUNCTIONAL_REPORTING_{what}", arguments), now_ns)
        (failure,) = self.task.executed()
        return failure

    def create(self, definition, *rows):
        return self.order("CREATE", definition=definition, structures=structures(*rows))

    def defined(self):
        """All definitions as they are reported."""
        assert self.order("REPORT", definitions=[]) is None
        found = {}
        for report in self.task.sent(names.DOWNLINK):
            _, values = self.bench.decoded(report)
            rows = [f"structures[{k}]" for k in range(values["structures"])]
            found[values["definition"]] = {
                values[f"{row}.sid"]: (values[f"{row}.periodic"], values[f"{row}.interval_s"]) for row in rows
            }
        return found

    def sent(self):
        """Structures that are sent periodically, and all intervals."""
        saved = self.task.task.save()
        return sorted(saved["enabled"]), saved["intervals_s"]


@pytest.fixture
def reporting(bench):
    return Reporting(bench)


def test_a_definition_has_no_effect_until_it_is_applied(reporting):
    before = reporting.sent()
    assert reporting.create(7, (RADIO, "OFF", 5), (RELEASE, "ON", 9)) is None
    assert reporting.sent() == before
    failure = reporting.order("APPLY", 3 * SECOND, execution="NON_EXCLUSIVE", definitions=[7])
    assert failure is None
    enabled, intervals_s = reporting.sent()
    assert enabled == [sid for sid in before[0] if sid != RADIO]
    assert intervals_s == {**before[1], RADIO: 5, RELEASE: 9}
    assert reporting.task.timers[f"due {RELEASE}"].at_ns == 12 * SECOND


def test_applied_exclusively_nothing_else_is_sent_and_the_later_definition_counts(reporting):
    reporting.create(1, (RADIO, "ON", 5), (RELEASE, "ON", 9))
    reporting.create(2, (RADIO, "OFF", 6), (FDIR, "ON", 7))
    assert reporting.order("APPLY", execution="EXCLUSIVE", definitions=[1, 2]) is None
    assert reporting.sent()[0] == [RELEASE, FDIR]
    assert reporting.order("APPLY", execution="EXCLUSIVE", definitions=[2, 1]) is None
    enabled, intervals_s = reporting.sent()
    assert enabled == [RADIO, RELEASE, FDIR]
    assert intervals_s[RADIO] == 5


def test_a_structure_that_a_definition_names_is_not_deleted(reporting):
    create = {"sid": 300, "interval_s": 20, "parameters": [Structure.RADIO << 8 | 1]}
    reporting.task.tell(reporting.bench.execute("HOUSEKEEPING_CREATE", create))
    reporting.create(1, (300, "ON", 5))

    def delete():
        reporting.task.tell(reporting.bench.execute("HOUSEKEEPING_DELETE", {"sids": [300]}))
        return reporting.task.executed()

    assert delete() == [FailureCode.STRUCTURE_NAMED]
    assert reporting.order("REMOVE", definition=1, sids=[300]) is None
    assert reporting.defined() == {1: {}}
    assert delete() == [None]


@pytest.mark.parametrize(
    ("what", "arguments", "failure"),
    [
        (
            "APPLY",
            {"execution": "EXCLUSIVE", "definitions": [1, 2]},
            FailureCode.UNKNOWN_REPORTING_DEFINITION,
        ),
        ("DELETE", {"definitions": [1, 2]}, FailureCode.UNKNOWN_REPORTING_DEFINITION),
        ("REPORT", {"definitions": [1, 2]}, FailureCode.UNKNOWN_REPORTING_DEFINITION),
        ("REMOVE", {"definition": 2, "sids": [RADIO]}, FailureCode.UNKNOWN_REPORTING_DEFINITION),
        ("REMOVE", {"definition": 1, "sids": [RADIO, FDIR]}, FailureCode.STRUCTURE_NOT_NAMED),
        *(
            (what, {"definition": definition, "structures": structures(*rows)}, failure)
            for what, definition, rows, failure in (
                ("CREATE", 1, [(RADIO, "ON", 1)], FailureCode.REPORTING_DEFINITION_EXISTS),
                ("CREATE", 2, [(RADIO, "ON", 1), (300, "ON", 1)], FailureCode.NO_SUCH_ITEM),
                ("CREATE", 2, [(16, "ON", 1)], FailureCode.NO_SUCH_ITEM),  # the sleeping lander
                ("CREATE", 2, [(RADIO, "ON", 1)] * 2, FailureCode.STRUCTURE_NAMED_TWICE),
                ("ADD", 2, [(FDIR, "ON", 1)], FailureCode.UNKNOWN_REPORTING_DEFINITION),
                ("ADD", 1, [(FDIR, "ON", 1), (300, "ON", 1)], FailureCode.NO_SUCH_ITEM),
                ("ADD", 1, [(FDIR, "ON", 1), (RADIO, "ON", 1)], FailureCode.STRUCTURE_NAMED_TWICE),
                ("ADD", 1, [(FDIR, "ON", 1)] * 2, FailureCode.STRUCTURE_NAMED_TWICE),
                ("MODIFY", 2, [(RADIO, "ON", 1)], FailureCode.UNKNOWN_REPORTING_DEFINITION),
                ("MODIFY", 1, [(RADIO, "ON", 1), (FDIR, "ON", 1)], FailureCode.STRUCTURE_NOT_NAMED),
                ("MODIFY", 1, [(RADIO, "ON", 1)] * 2, FailureCode.STRUCTURE_NAMED_TWICE),
            )
        ),
    ],
)
def test_a_request_that_makes_no_sense_changes_nothing(reporting, what, arguments, failure):
    reporting.create(1, (RADIO, "ON", 5))
    before = reporting.task.task.save()
    assert reporting.order(what, **arguments) is failure
    assert reporting.task.sent(names.DOWNLINK) == []
    assert reporting.task.task.save() == before


def test_there_is_an_end_to_definitions(reporting):
    for definition in range(MOST_DEFINITIONS):
        assert reporting.create(definition, (RADIO, "ON", 5)) is None
    assert reporting.create(77, (RADIO, "ON", 5)) is FailureCode.REPORTING_DEFINITIONS_FULL
    assert reporting.order("DELETE", definitions=[3]) is None
    assert reporting.create(77, (RADIO, "ON", 5)) is None


def test_definitions_outlive_a_restart_and_nonsense_does_not(reporting):
    reporting.create(1, (RADIO, "OFF", 5))
    retained = reporting.task.task.retained()
    fresh = reporting.task.make()
    fresh.recall(retained)
    assert fresh.retained() == retained
    for row in ({300: [1, 5]}, {RADIO: [2, 5]}, {RADIO: [1, 0]}):
        with pytest.raises(ValueError, match="functional"):
            fresh.recall({**retained, "functional": {1: row}})


SIDS = st.sampled_from([RADIO, RELEASE, FDIR])
ROWS = st.dictionaries(SIDS, st.tuples(st.sampled_from(["ON", "OFF"]), st.integers(1, 9)), min_size=1)


class AgainstAModel(RuleBasedStateMachine):
    """Any requests: definitions and what is sent are what a simple model says."""

    bench = None

    @initialize()
    def boot(self):
        self.reporting = Reporting(self.bench)
        self.model = {}
        self.enabled, self.intervals_s = self.reporting.sent()

    def change(self, what, definition, rows):
        given = structures(*((sid, *row) for sid, row in rows.items()))
        return self.reporting.order(what, definition=definition, structures=given)

    @rule(definition=st.integers(1, 3), rows=ROWS)
    def create(self, definition, rows):
        failure = self.change("CREATE", definition, rows)
        assert (failure is None) == (definition not in self.model)
        self.model.setdefault(definition, rows)

    @rule(definition=st.integers(1, 3), rows=ROWS)
    def add(self, definition, rows):
        found = self.model.get(definition)
        fits = found is not None and not set(rows) & set(found)
        assert (self.change("ADD", definition, rows) is None) == fits
        if fits:
            self.model[definition] = found | rows

    @rule(definition=st.integers(1, 3), rows=ROWS)
    def modify(self, definition, rows):
        found = self.model.get(definition)
        fits = found is not None and set(rows) <= set(found)
        assert (self.change("MODIFY", definition, rows) is None) == fits
        if fits:
            self.model[definition] = found | rows

    @rule(definition=st.integers(1, 3), sids=st.sets(SIDS, min_size=1))
    def remove(self, definition, sids):
        found = self.model.get(definition)
        fits = found is not None and sids <= set(found)
        failure = self.reporting.order("REMOVE", definition=definition, sids=sorted(sids))
        assert (failure is None) == fits
        if fits:
            self.model[definition] = {sid: row for sid, row in found.items() if sid not in sids}

    @rule(definitions=st.lists(st.integers(1, 3), min_size=1, max_size=3), exclusive=st.booleans())
    def apply(self, definitions, exclusive):
        execution = "EXCLUSIVE" if exclusive else "NON_EXCLUSIVE"
        failure = self.reporting.order("APPLY", execution=execution, definitions=definitions)
        fits = set(definitions) <= set(self.model)
        assert (failure is None) == fits
        if not fits:
            return
        enabled = set() if exclusive else set(self.enabled)
        together = {}
        for definition in definitions:
            together |= self.model[definition]
        for sid, (periodic, interval_s) in together.items():
            enabled = enabled | {sid} if periodic == "ON" else enabled - {sid}
            self.intervals_s[sid] = interval_s
        self.enabled = sorted(enabled)

    @invariant()
    def told(self):
        if hasattr(self, "reporting"):
            assert self.reporting.defined() == self.model
            assert self.reporting.sent() == (self.enabled, self.intervals_s)


def test_any_sequence_goes_as_a_simple_model_says(bench):
    AgainstAModel.bench = bench
    run_state_machine_as_test(AgainstAModel, settings=settings(max_examples=25, stateful_step_count=25))
