"""The flight of a camera round its host (missions of kind inspection), into a folder.

trajectory.csv    a line a cycle while the software runs, then one an hour: true and estimated position
                  [m, start axes: x away from the Sun], velocity, distances, velocity gained by thrust
events.jsonl      an event a line
downlink.cadu     events, as PUS reports ST[5], and pictures, as CFDP files, in TM frames, as received
pictures/         full/N.jpg, the host from waypoint N, and index.json, as received
truth.jsonl       how the camera stood (`fsw.harness.truth`)
inspection.png    the way round the host, keep-out sphere, burns, distance over time; with matplotlib
summary.json      what came of it; SHA-256 of the table and the events
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fsw.dictionary.inspector import SEVERITY, InspectorEvent
from fsw.harness import picture_folder
from fsw.harness.flight import DOWNLINK
from fsw.harness.inspection_downlink import InspectionDownlink, light_time_of
from fsw.harness.inspection_pictures import Photographed, photograph
from fsw.harness.inspection_plot import draw
from fsw.harness.kinds import end_of
from fsw.harness.outcome import Outcome, analysis_note, concluded, writing
from fsw.harness.tables import write_table
from fsw.inspection import InspectionFlight, Row, surroundings
from fsw.kernel.time import SECOND
from fsw.missions.inspection import Inspection
from fsw.tasks.inspection import Reported
from fsw.world.halo import EARTH_KM
from fsw.world.vectors import length, subtract

TRAJECTORY, EVENTS, PLOT = "trajectory", "events.jsonl", "inspection.png"
COLUMNS = (
    "t_s", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s", "estimated_x_m", "estimated_y_m",
    "estimated_z_m", "distance_m", "gap_m", "gained_x_m_s", "gained_y_m_s", "gained_z_m_s",
)  # fmt: skip


def _lines(s: Mapping[str, Any]) -> tuple[str, ...]:
    """The summary to read."""
    struck = s["contact_s"]
    entered = s["keep_out_entered_s"]
    aborts = [event for event in s["events"] if event["event"] == "ABORT"]
    monitor = "on" if s["monitor"] else "off"
    abort = f"abort after {aborts[0]['t_s']:g} s: {aborts[0]['why']}" if aborts else "no abort"
    contact = "none" if struck is None else f"after {struck:.1f} s"
    return (
        f"{s['mission']}, seed {s['seed']}: {s['simulated_s'] / 86400:g} days, "
        f"{s['waypoints_reached']} of {s['waypoints']} waypoints",
        f"contact   {contact}; nearest {s['nearest_m']:.1f} m from surface to surface, since the camera "
        "steers",
        f"keep-out  {s['keep_out_m']:g} m: "
        + ("not entered again" if entered is None else f"entered after {entered:g} s"),
        f"monitor   {monitor}; {abort}; {s['gas_used_m_s']:.2f} m/s of gas used",
        _told_of(s["pictures"], s["downlink"]),
    )


def _told_of(pictures: list[dict[str, Any]], sent: dict[str, Any] | None) -> str:
    down = "" if sent is None else f"; {sent['reports_received']} reports, {sent['frames_received']} frames"
    if not pictures:
        return "pictures  none" + down
    near, far = (f(one["range_m"] for one in pictures) for f in (min, max))
    lamp = sum(one["lamp"] for one in pictures)
    octets = sum(one["octets"] for one in pictures)
    return (
        f"pictures  {len(pictures)} from {near:.1f} to {far:.1f} m, {lamp} in the host's shade by lamp; "
        f"{octets / 1000:.0f} kB{down}"
    )


def fly(mission: Inspection, settings: Mapping[str, Any], folder: Path) -> Outcome:
    """All of it, or `duration` seconds, into a folder. Raises FswError: no such orbit, no file."""
    end_ns = end_of(mission, settings)
    rows: list[Row] = []
    flight = InspectionFlight(mission, settings["seed"], surroundings(mission), rows.append)
    flight.fly(end_ns)
    lines = [_event(mission, t_ns, said) for t_ns, said in flight.events]
    pictures = photograph(mission, flight, rows, settings["seed"])
    with writing(folder):
        names = write_table(folder, TRAJECTORY, COLUMNS, [_line(row) for row in rows])
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / EVENTS).write_text(text, encoding="utf-8")
        came, sent = _brought_home(folder, mission, flight, pictures)
        picture_folder.write(folder, came, [p.known for p in pictures])
        drawn = draw(folder / PLOT, mission, flight, rows)
        table = (folder / f"{TRAJECTORY}.csv").read_bytes()
        note = analysis_note(drawn and len(names) > 1)
        summary = {
            **_told(mission, flight, lines),
            "seed": settings["seed"],
            "simulated_s": end_ns / SECOND,
            "pictures": [_pictured(entry) for entry, _ in came],
            "downlink": sent,
            "flight_sha256": hashlib.sha256(table + text.encode()).hexdigest(),
            "note": note,
        }
        remark = f" ({note})" if note else ""
        return concluded(folder, summary, _lines(summary), summary["flight_sha256"], remark)


def _line(row: Row) -> tuple[Any, ...]:
    seen = (None, None, None) if row.estimate is None else tuple(round(axis, 3) for axis in row.estimate)
    return (
        row.t_ns / SECOND,
        *(round(axis, 4) for axis in row.at),
        *(round(axis, 7) for axis in row.velocity),
        *seen,
        round(row.distance_m, 3),
        round(row.gap_m, 3),
        *(round(axis, 6) for axis in row.gained),
    )


def _event(mission: Inspection, t_ns: int, said: Reported) -> dict[str, Any]:
    return {
        "t_s": t_ns / SECOND,
        "utc": mission.epoch.utc(t_ns, 3),
        "event": said.event.name,
        "severity": SEVERITY[said.event],
        **said.values,
    }


def _brought_home(
    folder: Path, mission: Inspection, flight: InspectionFlight, pictures: list[Photographed]
) -> tuple[list[tuple[picture_folder.Entry, bytes]], dict[str, Any] | None]:
    """The pictures as they came to Earth, and an account of the downlink; without [radio] they stay with the
    camera."""
    if mission.radio is None:
        return [(one.entry, one.octets) for one in pictures], None
    earth_km = length(subtract(flight.around.host.state(0)[0], (EARTH_KM, 0.0, 0.0)))
    digest = hashlib.sha256()
    with (folder / DOWNLINK).open("wb") as cadus:

        def keep(octets: bytes) -> None:
            digest.update(octets)
            cadus.write(octets)

        downlink = InspectionDownlink(mission.radio, mission.epoch, light_time_of(earth_km), keep)
        waiting = {one.t_ns: one for one in pictures}
        for t_ns, said in flight.events:
            downlink.report(t_ns, said)
            if said.event is InspectorEvent.WAYPOINT_REACHED and t_ns in waiting:
                one = waiting.pop(t_ns)
                downlink.picture(one.there_ns, one.entry["file"], one.octets)
        received = downlink.received()
    came = []
    for one in pictures:
        received_ns, octets = received.files[one.entry["file"]]
        came.append((one.entry | {"received_at_utc": mission.epoch.utc(received_ns)}, octets))
    told = {"frames_received": received.frames, "reports_received": len(received.reports)}
    return came, told | {"sha256": digest.hexdigest()}


def _pictured(entry: picture_folder.Entry) -> dict[str, Any]:
    kept = ("file", "exposed_at_utc", "exposure_us", "range_m", "phase_deg", "lamp", "octets", "sha256")
    return {name: entry[name] for name in kept}


def _told(mission: Inspection, flight: InspectionFlight, events: list[dict[str, Any]]) -> dict[str, Any]:
    def seconds(t_ns: int | None) -> float | None:
        return None if t_ns is None else t_ns / SECOND

    reached = sum(event["event"] == InspectorEvent.WAYPOINT_REACHED.name for event in events)
    used_ns = round(mission.thrusters.gas_s * SECOND) - flight.inspector.thrusters.left_ns
    thrust = mission.thrusters.thrust_n / mission.camera.mass_kg
    return {
        "mission": mission.name,
        "kind": mission.mission.kind,
        "monitor": mission.monitor.enabled,
        "fault": mission.fault.kind,
        "waypoints": mission.circuit.waypoints + 1,
        "waypoints_reached": reached,
        "contact_s": seconds(flight.contact_ns),
        "nearest_m": round(flight.nearest_m, 3),
        "keep_out_m": mission.monitor.keep_out_m,
        "keep_out_entered_s": seconds(flight.keep_out_entered_ns),
        "gas_used_m_s": round(used_ns / SECOND * thrust, 4),
        "task_restarts": flight.inspector.restarts(),
        "events": events,
    }
