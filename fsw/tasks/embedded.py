"""What the tasks share that keep telecommand packets and release them on board."""

from collections.abc import Iterator, Sequence
from typing import Any

from fsw import dictionary
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode
from fsw.kernel.scheduler import Send
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.messages import Execute, Executed, PusReport

LONGEST_REPORT_OCTETS = 900  # of source data; what does not fit goes into the next report
_APIDS = frozenset({ORBITER_APID})
_SERVICES = dictionary.known_services()


def request_inside(packet: bytes) -> pus.Telecommand | None:
    """A packet that would be accepted now, taken apart; None for one that would not."""
    verdict = pus.check_acceptance(packet, _APIDS, _SERVICES)
    if isinstance(verdict, pus.AcceptanceFailure):
        return None
    found = dictionary.recognise_telecommand(verdict.service, verdict.subtype, verdict.application_data)
    return None if isinstance(found, FailureCode) else verdict


def executed(message: Execute, failure: FailureCode | None = None) -> Send:
    """The answer to commanding."""
    return Send(names.COMMANDING, Executed(message.request, message.acknowledge, failure))


def together(failures: Sequence[FailureCode | None]) -> FailureCode | None:
    """Of the parts of a request: nothing if all were done, the first failure if none was."""
    failed = [failure for failure in failures if failure is not None]
    if not failed:
        return None
    return failed[0] if len(failed) == len(failures) else FailureCode.PARTLY_DONE


def report(name: str, values: dict[str, Any]) -> Send:
    """A report on its way to the downlink."""
    declared = dictionary.report(name)
    assert declared.service is not None
    assert declared.subtype is not None
    packet = PusReport(ORBITER_APID, declared.service, declared.subtype, declared.encode(values))
    return Send(names.DOWNLINK, packet)


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
