"""Events of the inspector, the little camera that flies round its host. All ours."""

from enum import IntEnum, unique

from fsw.dictionary.report import Severity


@unique
class InspectorEvent(IntEnum):
    """Event identifiers; a number space of this spacecraft's own."""

    AWAKE = 1
    WAYPOINT_REACHED = 2
    CIRCUIT_DONE = 3
    SIGHTING_REFUSED = 4
    SIGHTINGS_LOST = 5
    THRUSTER_DEAD = 6
    THRUSTER_OPEN = 7
    THRUSTER_ISOLATED = 8
    ABORT = 9
    RETREAT_BURN = 10
    RETREAT_NOT_POSSIBLE = 11
    BURN_REFUSED = 12


SEVERITY: dict[InspectorEvent, Severity] = {
    InspectorEvent.AWAKE: "info",
    InspectorEvent.WAYPOINT_REACHED: "info",
    InspectorEvent.CIRCUIT_DONE: "info",
    InspectorEvent.SIGHTING_REFUSED: "low",
    InspectorEvent.SIGHTINGS_LOST: "medium",
    InspectorEvent.THRUSTER_DEAD: "medium",
    InspectorEvent.THRUSTER_OPEN: "high",
    InspectorEvent.THRUSTER_ISOLATED: "medium",
    InspectorEvent.ABORT: "high",
    InspectorEvent.RETREAT_BURN: "medium",
    InspectorEvent.RETREAT_NOT_POSSIBLE: "high",
    InspectorEvent.BURN_REFUSED: "low",
}
