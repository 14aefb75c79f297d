"""What the control port needs of the operator's console, which is another room: `fsw.console` fits."""

from collections.abc import Callable
from typing import Any, Protocol

from fsw.kernel.pace import Pace
from fsw.simulation import Simulation

Lines = list[list[tuple[str, str]]]  # lines of (style, text)


class Answer(Protocol):
    """To one command line. asks: the next line is the answer to a question. leaves: the client goes."""

    @property
    def ok(self) -> bool: ...
    @property
    def lines(self) -> Lines: ...
    @property
    def asks(self) -> bool: ...
    @property
    def leaves(self) -> bool: ...


class OperatorSession(Protocol):
    """One client's."""

    def execute(self, line: str) -> Answer: ...
    def news(self) -> Lines: ...
    def status(self) -> dict[str, Any]: ...


class Operations(Protocol):
    """All clients'."""

    def open_session(self) -> OperatorSession: ...


MakeOperations = Callable[[Simulation, Pace], Operations]
