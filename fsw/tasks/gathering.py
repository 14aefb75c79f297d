"""Values of housekeeping structures, asked of all who know some: complete when as many answers have come.

All answer in the same instant, so no timer is needed but that at which the asker asks again.
"""

from collections.abc import Iterable
from typing import Any

from fsw.kernel.scheduler import Action
from fsw.tasks.routing import gather


class Gathering:
    """asker: the mailbox that answers come to. values: by name, those that have come since the last asking.

    Each asking is about a number of the asker's. An asking that nobody waits for any more is over.
    """

    def __init__(self, asker: str) -> None:
        self._asker = asker
        self._about = 0
        self._awaited = 0  # answers
        self.values: dict[str, Any] = {}

    def ask(self, structures: Iterable[int], about: int) -> list[Action]:
        """The questions, structure by structure; nothing changes where there are none."""
        questions = [question for sid in sorted(set(structures)) for question in gather(sid, self._asker)]
        if questions:
            self.values, self._about, self._awaited = {}, about, len(questions)
        return questions

    def answered(self, values: dict[str, Any]) -> int | None:
        """What the asking was about, when this answer was the last; it is over then."""
        self.values.update(values)
        if self._awaited > 1:
            self._awaited -= 1
            return None
        return self.end()

    def end(self) -> int | None:
        """Waits no longer: what the asking was about, or None if nothing is awaited."""
        if not self._awaited:
            return None
        self._awaited = 0
        return self._about

    def forget(self) -> None:
        self.values, self._awaited = {}, 0

    def save(self) -> dict[str, Any]:
        return {"about": self._about, "awaited": self._awaited, "values": dict(self.values)}

    def load(self, saved: dict[str, Any]) -> None:
        self._about, self._awaited = saved["about"], saved["awaited"]
        self.values = dict(saved["values"])
