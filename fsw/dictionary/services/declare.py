"""How the modules of the services declare: a request or report of the orbiter's computer, ours."""

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import AnyArgument, Telecommand


def request(
    service: int,
    name: str,
    subtype: int,
    effect: str,
    verification: str,
    *arguments: AnyArgument,
    failures: tuple[FailureCode, ...] = (),
) -> Telecommand:
    """A telecommand of a service. Its arguments come one after the other."""
    return Telecommand(name, service, subtype, effect, verification, failures, arguments)


def report(service: int, name: str, subtype: int, text: str, *fields: Parameter | Group) -> Report:
    """A report of a service. Counted groups come after all other fields."""
    parameters = tuple(field for field in fields if isinstance(field, Parameter))
    groups = tuple(field for field in fields if isinstance(field, Group))
    assert fields == (*parameters, *groups), f"{name}: a field behind a group"
    return Report(name, ORBITER_APID, parameters, text, Origin.OURS, service, subtype, groups=groups)
