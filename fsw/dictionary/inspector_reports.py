"""The inspector's book: what its computer tells, the reports ST[5] of its events. All ours."""

from collections.abc import Mapping
from enum import IntEnum, unique
from typing import Any

import construct

from fsw.dictionary.book import Book
from fsw.dictionary.events import event_report
from fsw.dictionary.identifiers import INSPECTOR_APID
from fsw.dictionary.inspector import SEVERITY, InspectorEvent
from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.report import Report

_U8, _U16, _S16, _S32 = construct.Int8ub, construct.Int16ub, construct.Int16sb, construct.Int32sb


@unique
class AbortCause(IntEnum):
    """Why the collision monitor ends an inspection."""

    TOO_NEAR = 1
    NO_SIGHTINGS = 2
    THRUSTER_OPEN = 3
    THRUSTER_DEAD = 4


def event_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of an event, as its report takes them: a cause is a number there."""
    why = values.get("why")
    return dict(values) if why is None else {**values, "why": AbortCause[why.upper().replace(" ", "_")].name}


def _event(event: InspectorEvent, text: str, *parameters: Parameter) -> Report:
    return event_report(INSPECTOR_APID, event, SEVERITY[event], text, *parameters)


def _metres(name: str, text: str) -> Parameter:
    return Parameter(name, _S32, text, "m", Linear(0.01), overflow="saturate")


_THRUSTER = Parameter("thruster", _U8, "Which one: 0 to 5 push along +x -x +y -y +z -z")
_CLOSEST = _metres("closest_m", "Least distance from the host's centre ahead, less deviations")
_DIFFERENCE = Parameter(
    "off_m_s", _S16, "What it gave beyond what was asked for", "m/s", Linear(1e-4), overflow="saturate"
)
REPORTS = (
    _event(InspectorEvent.AWAKE, "The tumble has been stopped; navigation begins"),
    _event(
        InspectorEvent.WAYPOINT_REACHED,
        "It has come to a waypoint, and takes a picture",
        Parameter("waypoint", _U8, "Which"),
        _metres("off_m", "How far off it believes to be"),
    ),
    _event(InspectorEvent.CIRCUIT_DONE, "It leaves", Parameter("waypoints", _U8, "Of the circuit")),
    _event(
        InspectorEvent.SIGHTING_REFUSED,
        "A sighting was not believed",
        _metres("off_m", "How far from where the host should have been"),
    ),
    _event(
        InspectorEvent.SIGHTINGS_LOST,
        "No sighting for some cycles",
        Parameter("cycles", _U16, "How many", overflow="saturate"),
    ),
    _event(InspectorEvent.THRUSTER_DEAD, "A thruster does not give what was asked", _THRUSTER, _DIFFERENCE),
    _event(InspectorEvent.THRUSTER_OPEN, "A thruster gives what was not asked", _THRUSTER, _DIFFERENCE),
    _event(InspectorEvent.THRUSTER_ISOLATED, "Its latch valve was closed for good", _THRUSTER),
    _event(
        InspectorEvent.ABORT,
        "The collision monitor ends the inspection and flies from now on",
        Parameter("why", _U8, "Why", enumeration=AbortCause),
        _CLOSEST,
    ),
    _event(
        InspectorEvent.RETREAT_BURN,
        "A burn away from the host begins",
        Parameter("change_m_s", _U16, "Of velocity", "m/s", Linear(1e-4), overflow="saturate"),
        _CLOSEST,
    ),
    _event(InspectorEvent.RETREAT_NOT_POSSIBLE, "No burn would lead farther away", _CLOSEST),
    _event(InspectorEvent.BURN_REFUSED, "Guidance asked for a burn after the monitor had taken over"),
)
BOOK = Book(INSPECTOR_APID, (), REPORTS)
