"""What tasks answer: requests, with how they went, and the ground, with reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fsw import dictionary
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.report import Report
from fsw.kernel.scheduler import Action, Send
from fsw.tasks import names
from fsw.tasks.messages import Executed, PusReport

LONGEST_REPORT_OCTETS = 900  # of source data; what does not fit goes into the next report


@dataclass(slots=True)
class Told:
    """What the handler of a request tells: a failure, or actions besides."""

    failure: FailureCode | None = None
    actions: list[Action] = field(default_factory=list)


def executed(request: bytes, acknowledge: int, failure: FailureCode | None = None) -> Send:
    """The answer to commanding."""
    return Send(names.COMMANDING, Executed(request, acknowledge, failure))


def answered(request: bytes, acknowledge: int, done: Sequence[Action] | FailureCode) -> list[Action]:
    """What was done, and then the answer; or only why nothing was."""
    if isinstance(done, FailureCode):
        return [executed(request, acknowledge, done)]
    return [*done, executed(request, acknowledge)]


def together(failures: Sequence[FailureCode | None]) -> FailureCode | None:
    """Of the parts of a request: nothing if all were done, the first failure if none was."""
    failed = [failure for failure in failures if failure is not None]
    if not failed:
        return None
    return failed[0] if len(failed) == len(failures) else FailureCode.PARTLY_DONE


def pus_report(declared: Report, values: dict[str, Any]) -> PusReport:
    """A report of a service, encoded."""
    assert declared.service is not None
    assert declared.subtype is not None
    return PusReport(declared.apid, declared.service, declared.subtype, declared.encode(values))


def report(name: str, values: dict[str, Any]) -> Send:
    """A report on its way to the downlink."""
    return Send(names.DOWNLINK, pus_report(dictionary.report(name), values))


def portions(entries: Sequence[dict[str, Any]], octets: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    """Entries in as many reports as their octets need; one, empty, for none."""
    portion: list[dict[str, Any]] = []
    size = 0
    for entry, length in zip(entries, octets, strict=True):
        if portion and (size + length > LONGEST_REPORT_OCTETS or len(portion) == 255):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += length
    yield portion
