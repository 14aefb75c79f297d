"""Values gathered of their owners: answers are counted, late ones decide nothing."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.housekeeping import Structure
from fsw.tasks.gathering import Gathering
from fsw.tasks.routing import OWNERS, gather

STRUCTURES = st.lists(st.sampled_from(sorted(OWNERS)), min_size=1)


@given(STRUCTURES, st.integers(0, 1 << 40))
def test_each_structure_is_asked_for_once_and_the_last_answer_ends_it(structures, about):
    gathering = Gathering("asker")
    questions = gathering.ask(structures, about)
    assert questions == [q for sid in sorted(set(structures)) for q in gather(sid, "asker")]
    for k in range(len(questions) - 1):
        assert gathering.answered({f"value {k}": k}) is None
    assert gathering.answered({"last": 0}) == about
    assert len(gathering.values) == len(questions)
    assert gathering.end() is None
    assert gathering.answered({"late": 0}) is None


@given(STRUCTURES, st.integers(0, 5), st.integers(0, 5))
def test_a_saved_one_goes_on_as_it_was(structures, about, answers):
    gathering, copy = Gathering("asker"), Gathering("asker")
    gathering.ask(structures, about)
    for k in range(answers):
        gathering.answered({f"value {k}": k})
    copy.load(gathering.save())
    assert copy.values == gathering.values
    assert copy.end() == gathering.end()


def test_what_is_given_up_is_told_once_and_new_questions_forget_old_answers():
    gathering = Gathering("asker")
    gathering.ask([Structure.COMPUTER], 7)
    gathering.answered({"old": 1})
    assert gathering.end() == 7
    assert gathering.end() is None
    assert gathering.ask([], 8) == []
    assert gathering.values == {"old": 1}
    gathering.ask([Structure.COMPUTER], 9)
    assert gathering.values == {}
    gathering.forget()
    assert gathering.end() is None
