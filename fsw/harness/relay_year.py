"""An orbiter's months as recorder and relay (missions of kind relay), into a folder of tables and a plot.

Geometry gives windows: a station has the planet above its mask when the signal arrives, the planet does not
stand between, the Sun is not behind. Each day the first station of the file that has such a window, and is
not struck by weather, takes one high-rate session about the window's middle, at the rate that the distance
leaves a margin for. What is observed meanwhile fills the recorder.

    passes.csv        each pass of each station: rise, set, hidden time, distance, rate, returned
    days.csv          each day: distance, Sun angle, recorded, returned, level, total
    relay.png         the same to look at, with matplotlib
    summary.json      totals; SHA-256 of the two tables
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.devices.recorder import OCTET, Recorder
from fsw.harness.kinds import end_of
from fsw.harness.outcome import Outcome, analysis_note, concluded, writing
from fsw.harness.relay_plot import draw
from fsw.harness.tables import write_table
from fsw.kernel.seeds import Stream
from fsw.kernel.time import DAY, SECOND, Epoch
from fsw.missions.mission_file import Station
from fsw.missions.relay_year import HighRate, RelayYear
from fsw.world.ephemeris import Ephemeris
from fsw.world.mean_orbit import orbit_at, phase_orbits
from fsw.world.passes import PlanetToEarth, hidden
from fsw.world.planets import Planet, planet_named
from fsw.world.radio import SpaceLink, dish_gain_dbi
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import length
from fsw.world.windows import Window, both, total_ns, windows, without

_MINUTE = 60 * SECOND
_STATION_STEP_NS = 20 * _MINUTE
_HIDDEN_STEP_NS = 4 * _MINUTE

PASS_COLUMNS = (
    "station", "rise_utc", "set_utc", "minutes", "hidden_minutes", "distance_km", "sun_angle_deg", "baud",
    "bit_s", "session_minutes", "returned_octets", "outcome",
)  # fmt: skip
DAY_COLUMNS = (
    "date", "phase", "distance_km", "sun_angle_deg", "recorded_octets", "returned_octets", "recorder_octets",
    "total_returned_octets",
)  # fmt: skip


@dataclass(slots=True)
class Pass:
    """rise_ns, set_ns: of transmission; arrivals are a light time later. clear: when nothing is between.

    lost: to weather or a fault. sending: when the high rate is on, at this baud; returned: a volume.
    """

    station: Station
    rise_ns: int
    set_ns: int
    clear: list[Window]
    lost: bool
    baud: int = 0
    sending: tuple[Window, ...] = ()
    returned: int = 0


def best_baud(radio: HighRate, station: Station, distance_km: float) -> int:
    """The fastest symbol rate that leaves the margin; 0 where none does."""
    link = SpaceLink(
        radio.frequency_hz,
        radio.transmit_power_w,
        dish_gain_dbi(radio.dish_diameter_m, radio.dish_efficiency, radio.frequency_hz),
        dish_gain_dbi(station.diameter_m, station.efficiency, radio.frequency_hz),
        station.system_temperature_k,
        radio.line_loss_db,
    )
    for baud in radio.baud_steps:
        es_n0_db = link.es_n0_db(distance_km, baud, radio.modulation_loss_db)
        if es_n0_db >= radio.needed_es_n0_db + radio.margin_db:
            return baud
    return 0


class Year:
    """The months of one mission: `passes` and `days` once they have been flown."""

    def __init__(self, mission: RelayYear, seed: int, end_ns: int) -> None:
        self.mission, self.end_ns = mission, end_ns
        self.epoch: Epoch = mission.epoch
        self.planet: Planet = planet_named(mission.orbit.planet)
        self.way = PlanetToEarth(Ephemeris(self.epoch), self.planet.name)
        self.orbits = phase_orbits(self.epoch, mission.orbit, mission.phase)
        self.recorder = Recorder(mission.recorder.planned_octets * OCTET)
        self.outages = self._outages()
        self.passes = self._passes(Stream(seed, "relay weather"))
        self.days: list[tuple[Any, ...]] = []
        self._choose_sessions()
        self._run()

    def _outages(self) -> list[Window]:
        near = sine_cosine_degrees(self.mission.ground.sun_angle_deg)[1]
        return windows(lambda t_ns: self.way.sun_cosine(t_ns) > near, 0, self.end_ns, DAY // 4, SECOND)

    def _hidden(self) -> list[Window]:
        pole = self.planet.equator()[2]

        def holds(t_ns: int) -> bool:
            position = orbit_at(self.orbits, t_ns).position_km(t_ns)
            return hidden(position, self.way.way_km(t_ns), self.planet, pole)

        return windows(holds, 0, self.end_ns, _HIDDEN_STEP_NS, SECOND)

    def _passes(self, weather: Stream) -> list[Pass]:
        ground, behind = self.mission.ground, self._hidden()
        least = sine_cosine_degrees(ground.least_elevation_deg)[0]
        found = []
        for station in self.mission.station:

            def sees(t_ns: int, station: Station = station) -> bool:
                place = (station.latitude_deg, station.longitude_deg)
                return self.way.elevation_sine(t_ns, *place) >= least

            for rise_ns, set_ns in windows(sees, 0, self.end_ns, _STATION_STEP_NS, SECOND):
                clear = without([(rise_ns, set_ns)], behind)
                lost = weather.uniform() < ground.lost_passes
                found.append(Pass(station, rise_ns, set_ns, clear, lost))
        return sorted(found, key=lambda one: (one.rise_ns, one.station.name))

    def _choose_sessions(self) -> None:
        """One a day: the first station in the file's order that hears something this day."""
        order = {station.name: n for n, station in enumerate(self.mission.station)}
        radio = self.mission.downlink
        longest = round(radio.hours_a_day * 3600) * SECOND
        taken_to = 0
        for day in range(-(-self.end_ns // DAY)):
            todays = [one for one in self.passes if one.rise_ns // DAY == day]
            for one in sorted(todays, key=lambda one: order[one.station.name]):
                middle = (one.rise_ns + one.set_ns) // 2
                begin, end = (
                    max(one.rise_ns, middle - longest // 2, taken_to),
                    min(one.set_ns, middle + longest // 2),
                )
                usable = without(both(one.clear, [(begin, end)]), self.outages) if begin < end else []
                baud = best_baud(radio, one.station, length(self.way.way_km(middle)))
                if one.lost or not usable or not baud:
                    continue
                one.baud, one.sending = baud, tuple(usable)
                taken_to = end
                break

    def _observing(self) -> list[tuple[int, int, int]]:
        """When something records: begin, end, bit/s."""
        found = []
        for source in self.mission.source:
            begin_ns, end_ns = self.epoch.parse(source.from_utc), self.epoch.parse(source.to_utc)
            long_ns = round(source.minutes * 60) * SECOND
            if source.every_s:
                starts = list(range(begin_ns, end_ns, source.every_s * SECOND))
            else:
                starts = [t_ns - long_ns // 2 for t_ns in self._periapses(begin_ns, min(end_ns, self.end_ns))]
            for start in starts:
                begin, end = max(start, begin_ns, 0), min(start + long_ns, end_ns, self.end_ns)
                if begin < end:
                    found.append((begin, end, source.bit_s))
        return found

    def _periapses(self, begin_ns: int, end_ns: int) -> list[int]:
        found: list[int] = []
        for orbit, after in zip(self.orbits, [*(orbit.t_ns for orbit in self.orbits[1:]), end_ns]):
            period_ns = round(orbit.period_s * SECOND)
            count = max(0, -(-(begin_ns - orbit.t_ns) // period_ns))
            at = orbit.t_ns + count * period_ns
            found += range(at, min(after, end_ns), period_ns)
        return found

    def _run(self) -> None:
        """The recorder through all of it: between two changes of anything the rates stand still."""
        changes: dict[int, list[tuple[int, int, Pass | None]]] = {}

        def note(begin: int, end: int, record: int, send: int, one: Pass | None) -> None:
            changes.setdefault(begin, []).append((record, send, one))
            changes.setdefault(end, []).append((-record, -send, one))

        for begin, end, bit_s in self._observing():
            note(begin, end, bit_s, 0, None)
        for one in self.passes:
            for begin, end in one.sending:
                note(begin, end, 0, self.mission.downlink.bit_s(one.baud), one)
        midnights = [t_ns for t_ns in self._midnights() if t_ns < self.end_ns]
        for t_ns in (*midnights, self.end_ns):
            changes.setdefault(t_ns, [])
        at, record, send = 0, 0, 0
        sending: Pass | None = None
        before = (0, 0)
        ends = {*midnights[1:], self.end_ns}
        for t_ns in sorted(changes):
            sent = self.recorder.flow(t_ns - at, record, send)
            if sending is not None:
                sending.returned += sent
            at = t_ns
            if t_ns in ends:
                before = self._end_day(t_ns, before)
            for more, faster, whose in changes[t_ns]:
                record, send = record + more, send + faster
                if whose is not None:
                    sending = whose if faster > 0 else None

    def _midnights(self) -> list[int]:
        """Mission time 0, and every midnight of UTC after it: the year holds no leap second."""
        first = self.epoch.parse(self.epoch.utc(0, 0)[:10] + "T00:00:00Z") + DAY
        return [0, *range(first, self.end_ns, DAY)]

    def _end_day(self, t_ns: int, before: tuple[int, int]) -> tuple[int, int]:
        recorder, noon = self.recorder, max(0, t_ns - DAY // 2)
        names = {orbit.t_ns: phase.name for orbit, phase in zip(self.orbits, self.mission.phase)}
        now = (recorder.recorded // OCTET, recorder.returned // OCTET)
        self.days.append(
            (
                self.epoch.utc(t_ns - 1, 0)[:10],
                names[orbit_at(self.orbits, noon).t_ns],
                round(length(self.way.way_km(noon))),
                round(self.way.sun_angle_deg(noon), 2),
                now[0] - before[0],
                now[1] - before[1],
                recorder.level // OCTET,
                now[1],
            )
        )
        return now

    def pass_rows(self) -> list[tuple[Any, ...]]:
        """One for each pass, times of arrival at the station."""
        return [self._row(one) for one in self.passes]

    def _row(self, one: Pass) -> tuple[Any, ...]:
        middle, utc = (one.rise_ns + one.set_ns) // 2, self.epoch.utc
        span = one.set_ns - one.rise_ns
        in_sun = bool(both([(one.rise_ns, one.set_ns)], self.outages))
        chosen = bool(one.sending)
        outcome = "high rate" if chosen else "Sun" if in_sun else "lost" if one.lost else "not used"
        return (
            one.station.name,
            utc(one.rise_ns + self.way.light_time_ns(one.rise_ns), 0),
            utc(one.set_ns + self.way.light_time_ns(one.set_ns), 0),
            round(span / _MINUTE, 1),
            round((span - total_ns(one.clear)) / _MINUTE, 1),
            round(length(self.way.way_km(middle))),
            round(self.way.sun_angle_deg(middle), 2),
            one.baud,
            self.mission.downlink.bit_s(one.baud),
            round(total_ns(one.sending) / _MINUTE, 1),
            one.returned // OCTET,
            outcome,
        )


def _lines(s: Mapping[str, Any]) -> tuple[str, ...]:
    """The summary to read."""

    def gb(name: str) -> str:
        return f"{s[name + '_octets'] / 1e9:.1f}"

    return (
        f"{s['mission']}, seed {s['seed']}: {s['days']:g} days to {s['to_utc']}",
        f"passes    {s['passes']} over {s['stations']} stations, {s['sessions']} with the high rate, "
        f"{s['passes_lost']} lost, {s['sun_outage_days']:g} days behind the Sun",
        f"recorded  {gb('recorded')} GB, {gb('turned_away')} GB more found no room; "
        f"{gb('recorder')} GB aboard at the end, {gb('recorder_most')} at most",
        f"returned  {gb('returned')} GB in {s['session_hours']:.0f} h of high rate; "
        f"{gb('capacity')} GB had the best station always been used",
    )


def fly(mission: RelayYear, settings: Mapping[str, Any], folder: Path) -> Outcome:
    """All of it, or `duration` seconds, into a folder. Raises FswError: no ephemeris, no file."""
    end_ns = end_of(mission, settings)
    year = Year(mission, settings["seed"], end_ns)
    with writing(folder):
        names = write_table(folder, "passes", PASS_COLUMNS, year.pass_rows())
        names += write_table(folder, "days", DAY_COLUMNS, year.days)
        drawn = draw(folder / "relay.png", mission, year.days, year.outages)
        digest = hashlib.sha256((folder / "passes.csv").read_bytes() + (folder / "days.csv").read_bytes())
        note = analysis_note(drawn and "days.parquet" in names)
        summary = {
            **_totals(year),
            "seed": settings["seed"],
            "tables_sha256": digest.hexdigest(),
            "note": note,
        }
        remark = f" ({note})" if note else ""
        return concluded(folder, summary, _lines(summary), summary["tables_sha256"], remark)


def _totals(year: Year) -> dict[str, Any]:
    mission, recorder = year.mission, year.recorder
    sessions = [one for one in year.passes if one.sending]
    return {
        "mission": mission.name,
        "kind": mission.mission.kind,
        "from_utc": year.epoch.utc(0, 0),
        "to_utc": year.epoch.utc(year.end_ns, 0),
        "days": round(year.end_ns / DAY, 3),
        "stations": len(mission.station),
        "passes": len(year.passes),
        "passes_lost": sum(one.lost for one in year.passes),
        "sessions": len(sessions),
        "session_hours": round(sum(total_ns(one.sending) for one in sessions) / (60 * _MINUTE), 1),
        "sun_outages_utc": [
            [year.epoch.utc(begin, 0), year.epoch.utc(end, 0)] for begin, end in year.outages
        ],
        "sun_outage_days": round(total_ns(year.outages) / DAY, 1),
        "recorded_octets": recorder.recorded // OCTET,
        "turned_away_octets": recorder.turned_away // OCTET,
        "returned_octets": recorder.returned // OCTET,
        "recorder_octets": recorder.level // OCTET,
        "recorder_most_octets": max((row[6] for row in year.days), default=0),
        "capacity_octets": _capacity(year) // OCTET,
    }


def _capacity(year: Year) -> int:
    """What the high rate would have brought, on whenever a station heard, the best one listening."""
    free: list[Window] = [(0, year.end_ns)]
    volume = 0
    rated = []
    for one in year.passes:
        middle = (one.rise_ns + one.set_ns) // 2
        baud = best_baud(year.mission.downlink, one.station, length(year.way.way_km(middle)))
        rated.append((-baud, one.rise_ns, one))
    for less, _, one in sorted(rated, key=lambda entry: entry[:2]):
        used = both(without(one.clear, year.outages), free)
        volume += total_ns(used) * year.mission.downlink.bit_s(-less)
        free = without(free, used)
    return volume
