"""A rover's months on the ground (missions of kind rover), into a folder of tables and a plot.

World, rover, orbiter and ground on one clock. Whenever the orbiter is over the site and near, and the rover
is awake, half a minute of Proximity-1 goes each way at the rate that the range leaves a margin for: telemetry
and telecommands as real frames; pictures and other science fill what is left of the return link and are
counted only. What the ground decides goes by what had come a light time before.

    drives.csv        each drive that was asked for, and what telemetry told of it
    sols.csv          each sol: energy, way, sessions, volume
    events.jsonl      all reports but housekeeping, as received
    pictures/         self.jpg: the rover's picture of itself and the lander, as received; index.json
    truth.jsonl       how its camera stood (`fsw.harness.truth`)
    rover.png         the same to look at, with matplotlib
    summary.json      totals; SHA-256 of the tables and events
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.devices.chassis import Chassis
from fsw.devices.power_unit import PowerUnit
from fsw.devices.recorder import OCTET, Recorder
from fsw.harness import picture_folder, truth
from fsw.harness.kinds import end_of
from fsw.harness.outcome import Outcome, analysis_note, concluded, writing
from fsw.harness.rover_operations import Ground, OrbiterRadio
from fsw.harness.rover_plot import draw
from fsw.harness.tables import write_table
from fsw.kernel.seeds import Streams
from fsw.kernel.time import DAY, SECOND
from fsw.missions.rover import RoverCampaign
from fsw.protocols.proximity1 import MOST_DATA_OCTETS, UNIT_OVERHEAD_OCTETS
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.local_time import SOL_NS
from fsw.vehicles.rover import Rover
from fsw.world import mast_camera, optics
from fsw.world.ephemeris import Ephemeris
from fsw.world.passes import PlanetToEarth, SurfaceSite
from fsw.world.planets import planet_named
from fsw.world.relay_hop import RelayHop
from fsw.world.special import sine_cosine_degrees
from fsw.world.surface_sky import SurfaceSky
from fsw.world.vectors import Quaternion, multiply, quaternion_from_axes, rotate_back
from fsw.world.windows import windows

PICTURE_FILE = "self.jpg"
PORTION_NS = 30 * SECOND
_LOOK_STEP_NS = 240 * SECOND
_TELL_AHEAD_NS = 35 * DAY  # of passes: longer than the Sun stands between
_SCIENCE_SHARE = MOST_DATA_OCTETS / (MOST_DATA_OCTETS + UNIT_OVERHEAD_OCTETS)

DRIVE_COLUMNS = (
    "sol", "sent_utc", "distance_m", "heading_deg", "told_utc", "outcome", "way_m", "clear_m",
)  # fmt: skip
SOL_COLUMNS = (
    "sol", "utc", "awake_h", "wings_wh", "battery_least_wh", "battery_end_wh", "odometer_m", "ground_m",
    "sessions", "returned_octets", "total_returned_octets", "store_octets",
)  # fmt: skip


@dataclass(slots=True)
class Sol:
    """What is summed up over a sol."""

    awake_ns: int = 0
    least_wh: float = 1e12
    sessions: int = 0
    returned: int = 0  # octets of telemetry and science


class Campaign:
    """One rover's months. Times are mission time [ns]."""

    def __init__(self, mission: RoverCampaign, seed: int, end_ns: int) -> None:
        self.mission, self.end_ns, self.epoch = mission, end_ns, mission.epoch
        streams = Streams(seed)
        ephemeris = Ephemeris(self.epoch)
        site, figures = mission.site, mission.rover
        self.planet = planet_named(site.planet)
        self.site = SurfaceSite(self.planet, site.latitude_deg, site.longitude_deg)
        self.sky = SurfaceSky(ephemeris, self.site)
        self.way = PlanetToEarth(ephemeris, self.planet.name)
        self.hop = RelayHop.of(self.epoch, self.site, mission.orbit, mission.phase, mission.uhf)
        # The midnight before the landing; to the second, which no task asks more of.
        self.midnight_ns = -round(self.sky.local_hours(0) / 24 * SOL_NS / SECOND) * SECOND
        chassis = Chassis(
            streams.stream("ground"), site.obstacle_every_m, site.wheel_slip, figures.turn_deg_s
        )
        power = PowerUnit(self._wing_w, figures.battery_wh, figures.charge_efficiency)
        clock = OnBoardClock(self.epoch)
        self._picture_seed = streams.seed_of("mast camera") % (1 << 31)
        self.rover = Rover(
            figures, clock, chassis, power, self.midnight_ns, mission.uhf.spacecraft_id, self._picture
        )
        self.radio = OrbiterRadio(mission.uhf.spacecraft_id)
        self.ground = Ground(self.epoch)
        self.science = Recorder(figures.store_octets * OCTET)
        self.passes = self._near_passes()
        self.sols: list[tuple[Any, ...]] = []
        self.telemetry_octets = 0
        self._fading = streams.stream("uhf fading")
        self._stood: list[tuple[int, Quaternion]] = []  # of each picture: when, and lens axes in the site's
        self._on_the_way: list[tuple[int, bytes]] = []  # packets to Earth, and when they are there
        self._told_passes = 0
        self._heading = mission.operations.heading_deg
        self._side = 1.0
        self._sol = Sol()
        self._now_ns = 0
        self._recorded_to_ns = 0

    def sol_of(self, t_ns: int) -> int:
        """That of the landing is sol 0."""
        return (t_ns - self.midnight_ns) // SOL_NS

    def _wing_w(self, t_ns: int) -> float:
        figures = self.mission.rover
        light = self.sky.light_w_m2(t_ns, self.mission.site.optical_depth)
        if not light:
            return 0.0
        dust = min(figures.dust_loss_most, figures.dust_loss_per_sol * max(0, t_ns) / SOL_NS)
        return light * figures.wing_area_m2 * figures.wing_efficiency * (1.0 - dust)

    def _picture(self, t_ns: int, azimuth_deg: float, elevation_deg: float) -> bytes:
        chassis = self.rover.chassis
        stand = mast_camera.Stand(chassis.east_mm / 1000, chassis.north_mm / 1000, chassis.heading_deg)
        sun, au = self.sky.sun_direction(t_ns), self.sky.sun(t_ns)[1]
        depth = self.mission.site.optical_depth
        self._stood.append((t_ns, mast_camera.attitude(azimuth_deg, elevation_deg)))
        figures = self.mission.mast_camera
        return mast_camera.mast_picture(
            stand,
            azimuth_deg,
            elevation_deg,
            sun,
            au,
            depth,
            self._picture_seed,
            figures.field_of_view_deg,
            figures.exposure_us,
        )

    def _near_passes(self) -> list[tuple[int, int]]:
        return windows(self.hop.hears, 0, self.end_ns, _LOOK_STEP_NS, SECOND)

    # ---- the run --------------------------------------------------------------------------------

    def run(self) -> None:
        """To the end."""
        for n, (begin_ns, end_ns) in enumerate(self.passes):
            self._until(begin_ns)
            self._session(n, begin_ns, end_ns)
        self._until(self.end_ns)
        self._end_sol(self.end_ns)
        for _, packet in self._on_the_way:
            self.ground.take(packet)

    def _until(self, t_ns: int) -> None:
        """Rover and world, sol by sol, as far as nothing comes from the orbiter."""
        while self._now_ns < t_ns:
            midnight_ns = self.midnight_ns + (self.sol_of(self._now_ns) + 1) * SOL_NS
            ahead_ns = min(t_ns, midnight_ns)
            self._advance(ahead_ns)
            if ahead_ns == midnight_ns:
                self._end_sol(midnight_ns)

    def _advance(self, t_ns: int) -> None:
        rover = self.rover
        while self._now_ns < t_ns:
            next_ns = rover.next_ns()
            at_ns = t_ns if next_ns is None else min(t_ns, max(next_ns, self._now_ns))
            awake = rover.awake
            rover.advance(at_ns)
            if awake:
                self._sol.awake_ns += at_ns - self._now_ns
            self._sol.least_wh = min(self._sol.least_wh, rover.power.battery_wh)
            self._now_ns = at_ns
        rover.advance(t_ns)

    def _session(self, n: int, begin_ns: int, end_ns: int) -> None:
        joined = False
        while self._now_ns < end_ns:
            if not self.rover.awake:
                wake_ns = self.rover.next_ns()
                self._until(end_ns if wake_ns is None else min(end_ns, max(wake_ns, self._now_ns + 1)))
                continue
            if not joined:
                self._decide(n)
                joined = True
                self._sol.sessions += 1
            span_ns = min(PORTION_NS, end_ns - self._now_ns)
            rate = self.hop.rate_kbit_s(self.hop.look(self._now_ns)[0])
            if rate:
                self._portion(rate, span_ns)
            self._until(self._now_ns + span_ns)
        if joined:
            self.rover.carrier_lost(self._now_ns)

    def _portion(self, rate_kbit_s: int, span_ns: int) -> None:
        room = rate_kbit_s * 125 * span_ns // SECOND
        lost_there, lost_back = (self._fading.uniform() < self.mission.uhf.lost_portions for _ in range(2))
        sent = self.rover.radio(room, rate_kbit_s, self._now_ns)
        arrives_ns = self._now_ns + self.way.light_time_ns(self._now_ns)
        if not lost_there:
            self.telemetry_octets += len(sent)
            self._sol.returned += len(sent)
            self._on_the_way += [(arrives_ns, packet) for packet in self.radio.hear(sent)]
            left = int((room - len(sent)) * _SCIENCE_SHARE)
            self._record(self._now_ns)
            if left > 0:
                self._sol.returned += self.science.flow(SECOND, 0, 8 * left) // OCTET
        if not lost_back:
            self.rover.receive(self.radio.say(), self._now_ns)

    def _record(self, t_ns: int) -> None:
        """What the instruments made since the last time, evenly over the sol."""
        rate = round(8 * self.mission.rover.science_octets_per_sol * SECOND / SOL_NS)
        self.science.flow(t_ns - self._recorded_to_ns, rate, 0)
        self._recorded_to_ns = t_ns

    def _end_sol(self, t_ns: int) -> None:
        sol, rover = self._sol, self.rover
        rover.power.advance(t_ns)
        self._record(t_ns)
        total = self.sols[-1][10] if self.sols else 0
        before_wh = sum(row[3] for row in self.sols)
        self.sols.append(
            (
                self.sol_of(t_ns - 1),
                self.epoch.utc(t_ns, 0),
                round(sol.awake_ns / (3600 * SECOND), 2),
                round(rover.power.wing_wh - before_wh, 1),
                round(min(sol.least_wh, rover.power.battery_wh), 1),
                round(rover.power.battery_wh, 1),
                round(rover.chassis.wheels_mm / 1000, 2),
                round(rover.chassis.way_mm / 1000, 2),
                sol.sessions,
                sol.returned,
                total + sol.returned,
                self.science.level // OCTET,
            )
        )
        self._sol = Sol()

    # ---- the ground -----------------------------------------------------------------------------

    def _decide(self, n: int) -> None:
        """Before a session: what the orbiter was given for the rover, by what was known in time."""
        now_ns, ground, rules = self._now_ns, self.ground, self.mission.operations
        known_ns = now_ns - self.way.light_time_ns(now_ns)
        for arrived_ns, packet in self._on_the_way:
            if arrived_ns <= known_ns:
                ground.take(packet)
        self._on_the_way = [entry for entry in self._on_the_way if entry[0] > known_ns]
        if self.way.sun_cosine(now_ns) > sine_cosine_degrees(rules.sun_angle_deg)[1]:
            return
        self._told_passes = max(self._told_passes, n + 1)
        while self._told_passes < len(self.passes):
            begin_ns, end_ns = self.passes[self._told_passes]
            if begin_ns - now_ns > _TELL_AHEAD_NS:
                break
            ahead = {"in_s": (begin_ns - now_ns) // SECOND, "for_s": max(1, (end_ns - begin_ns) // SECOND)}
            self.radio.send(ground.telecommand("PASS_AT", ahead))
            self._told_passes += 1
        if now_ns < self.epoch.parse(rules.first_drive_utc) or self._drive_is_under_way(now_ns):
            return
        drive = ground.drives[-1] if ground.drives else None
        if not ground.picture_asked:  # with the first drive: the lander is still near
            ground.picture_asked = True
            look = {
                "minutes": rules.picture_at_minutes,
                "azimuth_deg": rules.picture_azimuth_deg,
                "elevation_deg": rules.picture_elevation_deg,
            }
            self.radio.send(ground.telecommand("PLAN_PICTURE", look))
        if drive is not None and drive.told == "HAZARD_STOP":
            self._heading = (rules.heading_deg + self._side * rules.around_deg) % 360.0
            self._side = -self._side
        elif drive is not None:
            self._heading = rules.heading_deg
        packet = ground.plan_drive(now_ns, rules.drive_at_minutes, rules.drive_m, self._heading)
        self.radio.send(packet)

    def _drive_is_under_way(self, now_ns: int) -> bool:
        """Asked for less than a sol and a half ago, and nothing told of it."""
        drive = self.ground.waiting_for()
        return drive is not None and now_ns - drive.sent_ns < 3 * SOL_NS // 2

    def drive_rows(self) -> list[tuple[Any, ...]]:
        """One for each drive that was asked for."""
        return [
            (
                self.sol_of(drive.sent_ns),
                self.epoch.utc(drive.sent_ns, 0),
                drive.distance_m,
                drive.heading_deg,
                drive.told_utc,
                drive.told or "not told",
                round(drive.way_m, 2),
                drive.clear_m,
            )
            for drive in self.ground.drives
        ]

    def pictures(self) -> tuple[list[tuple[picture_folder.Entry, bytes]], list[str]]:
        """The first that came, if any, with its entry in the index; and what is known of it besides."""
        found: list[tuple[picture_folder.Entry, bytes]] = []
        known: list[str] = []
        for utc, octets in self.ground.pictures[:1]:
            width, height = mast_camera.SIZE
            entry = picture_folder.entry(
                PICTURE_FILE,
                octets,
                kind="full",
                picture=1,
                size=f"{width}x{height}",
                coding="jpeg",
                exposed_at_utc=utc,
                exposure_us=self.mission.mast_camera.exposure_us,
                target="lander and the rover itself",
                optics={
                    "telescope": "Zhurong",
                    "instrument": "mast camera",
                    "field_of_view_deg": self.mission.mast_camera.field_of_view_deg,
                    "distortion": optics.DISTORTION,
                },
            )
            found.append((entry, octets))
            known.append(self._known_of(*self._stood[0]))
        return found, known

    def _known_of(self, t_ns: int, in_site: Quaternion) -> str:
        """Of the picture taken then, with lens axes so in the site's."""
        attitude = multiply(quaternion_from_axes(*self.sky.axes(t_ns)), in_site)
        rate = rotate_back(attitude, self.planet.turning_rad_s(self.epoch.tdb_ns(t_ns)))
        line_time_s = optics.LINE_TIME_S[mast_camera.SIZE]
        return truth.line(
            PICTURE_FILE, self.epoch.utc(t_ns, 6), attitude, rate, line_time_s, self.sky.sun_icrf(t_ns)
        )


def _lines(s: Mapping[str, Any]) -> tuple[str, ...]:
    """The summary to read."""
    return (
        f"{s['mission']}, seed {s['seed']}: to sol {s['sol']}, {s['to_utc']}",
        f"way       {s['odometer_m']:.1f} m by the wheels, {s['ground_m']:.1f} m over ground, in "
        f"{s['drives']} drives, {s['hazard_stops']} ended by obstacles",
        f"relay     {s['sessions']} sessions in {s['passes']} passes, "
        f"{s['returned_octets'] / 1e6:.1f} MB returned, "
        f"{s['telemetry_octets'] / 1e6:.2f} MB of it telemetry",
        f"energy    battery {s['battery_least_wh']:.0f} Wh at least, {s['boots']} boots, "
        f"{s['brown_outs']} brown-outs",
    )


def fly(mission: RoverCampaign, settings: Mapping[str, Any], folder: Path) -> Outcome:
    """All of it, or `duration` seconds, into a folder. Raises FswError: no ephemeris, no file."""
    end_ns = end_of(mission, settings)
    campaign = Campaign(mission, settings["seed"], end_ns)
    campaign.run()
    with writing(folder):
        names = write_table(folder, "drives", DRIVE_COLUMNS, campaign.drive_rows())
        names += write_table(folder, "sols", SOL_COLUMNS, campaign.sols)
        with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
            for utc, name, values in campaign.ground.reports:
                file.write(json.dumps({"utc": utc, "report": name, **values}) + "\n")
        picture_folder.write(folder, *campaign.pictures())
        drawn = draw(folder / "rover.png", mission, campaign.sols, campaign.drive_rows())
        digest = hashlib.sha256()
        for name in ("drives.csv", "sols.csv", "events.jsonl"):
            digest.update((folder / name).read_bytes())
        note = analysis_note(drawn and "sols.parquet" in names)
        summary = {
            **_totals(campaign),
            "seed": settings["seed"],
            "tables_sha256": digest.hexdigest(),
            "note": note,
        }
        remark = f" ({note})" if note else ""
        return concluded(folder, summary, _lines(summary), summary["tables_sha256"], remark)


def _totals(campaign: Campaign) -> dict[str, Any]:
    rover, ground = campaign.rover, campaign.ground
    outcomes = [drive.told for drive in ground.drives]
    return {
        "mission": campaign.mission.name,
        "kind": campaign.mission.mission.kind,
        "from_utc": campaign.epoch.utc(0, 0),
        "to_utc": campaign.epoch.utc(campaign.end_ns, 0),
        "sol": campaign.sol_of(campaign.end_ns - 1),
        "odometer_m": round(rover.chassis.wheels_mm / 1000, 2),
        "ground_m": round(rover.chassis.way_mm / 1000, 2),
        "drives": len(outcomes),
        "drives_done": outcomes.count("DRIVE_DONE"),
        "hazard_stops": outcomes.count("HAZARD_STOP"),
        "passes": len(campaign.passes),
        "sessions": sum(row[8] for row in campaign.sols),
        "returned_octets": campaign.sols[-1][10],
        "telemetry_octets": campaign.telemetry_octets,
        "telecommands": ground.count,
        "pictures": [[utc, len(octets)] for utc, octets in ground.pictures],
        "verification": dict(sorted(ground.verification.items())),
        "undecodable": ground.undecodable,
        "frames": dict(campaign.radio.link.reader.counts),
        "cop": dict(campaign.radio.link.farm.counts),
        "battery_least_wh": min(row[4] for row in campaign.sols),
        "boots": rover.boots,
        "brown_outs": rover.brown_outs,
        "latest": campaign.ground.latest,
    }
