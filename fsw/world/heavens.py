"""The world of one mission: time, planets, path, light time, attitude and radio links, put together."""

from dataclasses import dataclass, replace

from fsw.core.errors import FswError
from fsw.kernel.time import Epoch
from fsw.missions.mission_file import DownlinkMode, MissionFile, Station
from fsw.missions.mounted import DataLink, MountedMission
from fsw.missions.portrait import PortraitMission
from fsw.world.attitude import Attitude, CruiseAttitude, HeldAttitude
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, Ephemeris
from fsw.world.flight_path import FlightPath
from fsw.world.ground_site import GroundSite
from fsw.world.integrator import State
from fsw.world.light_time import LightTime
from fsw.world.orbit import PlanetOrbit
from fsw.world.planets import Planet
from fsw.world.pointing import PointedAttitude
from fsw.world.radio import SpaceLink, WifiLink, WiredLink, dish_gain_dbi
from fsw.world.rendezvous import Encounter
from fsw.world.rover_path import DrivenAttitude, site_of
from fsw.world.trajectory import StartState, Trajectory
from fsw.world.vectors import Quaternion, Vector, length, rotate_back, unit


@dataclass(frozen=True, slots=True)
class Direction:
    """Where a body is seen from the spacecraft (geometric): unit vector in ICRF, and distance."""

    unit: Vector
    distance_km: float

    @property
    def distance_au(self) -> float:
        """In astronomical units."""
        return self.distance_km / ASTRONOMICAL_UNIT_KM

    def in_body(self, attitude: Quaternion) -> Vector:
        """The unit vector in the axes of a body with this attitude (body to ICRF)."""
        return rotate_back(attitude, self.unit)


@dataclass(frozen=True, slots=True)
class Heavens:
    """Everything above that a mission file fixes. Pure functions of mission time throughout."""

    epoch: Epoch
    ephemeris: Ephemeris
    trajectory: FlightPath
    light_time: LightTime
    attitude: Attitude

    @classmethod
    def of(cls, mission: MissionFile) -> "Heavens":
        """From a mission file."""
        epoch = mission.epoch
        ephemeris = Ephemeris(epoch)
        trajectory = _trajectory(mission, ephemeris)
        if isinstance(mission, MountedMission) and mission.small_body:
            assert isinstance(trajectory, Trajectory), "small bodies are met on a path about the Sun"
            trajectory = Encounter(mission, trajectory)
        return cls(epoch, ephemeris, trajectory, LightTime(trajectory), _attitude(mission, trajectory))

    def pointed(self, mission: MissionFile) -> "Heavens":
        """The same sky and path, seen from a spacecraft that points as another mission file has it.

        What was found out about the path so far is kept: the two files must differ in neither epoch nor path.
        """
        return replace(self, attitude=_attitude(mission, self.trajectory))

    @property
    def planet(self) -> Planet | None:
        """About which the spacecraft flies."""
        return self.trajectory.planet if isinstance(self.trajectory, PlanetOrbit) else None

    def navigation_state(self, t_ns: int) -> State:
        """What orbit determination on board goes by: km and km/s in ICRF axes, from the Sun or the planet."""
        if isinstance(self.trajectory, PlanetOrbit):
            return self.trajectory.planet_centred_state(t_ns)
        return self.trajectory.state(t_ns)

    def direction(self, body: str, t_ns: int) -> Direction:
        """Where "sun", "earth", "moon", "mars" or another planet is seen."""
        way = self.trajectory.to_body(body, t_ns)[0]
        return Direction(unit(way), length(way))

    def earth_distance_km(self, t_ns: int) -> float:
        """To the geocentre."""
        return self.direction("earth", t_ns).distance_km


def _trajectory(mission: MissionFile, ephemeris: Ephemeris) -> FlightPath:
    figures, epoch = mission.trajectory, mission.epoch
    if isinstance(mission, PortraitMission):
        return site_of(mission, ephemeris)
    if figures.orbit is not None:
        return PlanetOrbit.of(figures.orbit, ephemeris)
    starts = [
        StartState(
            epoch.parse(start.state_utc),
            start.position_km,
            start.velocity_km_s,
            None if start.from_utc is None else epoch.parse(start.from_utc),
            None if start.to_utc is None else epoch.parse(start.to_utc),
        )
        for start in figures.start
    ]
    if figures.path_reference_utc is None or figures.path_flown_km is None:
        return Trajectory(ephemeris, starts)
    return Trajectory(ephemeris, starts, (epoch.parse(figures.path_reference_utc), figures.path_flown_km))


def _attitude(mission: MissionFile, trajectory: FlightPath) -> Attitude:
    if isinstance(mission, MountedMission):
        return PointedAttitude.of(mission, trajectory)
    if isinstance(mission, PortraitMission):
        assert isinstance(trajectory, GroundSite)
        return DrivenAttitude.of(mission, trajectory)
    rule = mission.attitude
    figures = (trajectory, rule.sun_from_plus_x_deg, rule.dead_band_deg, rule.limit_cycle_s)
    if rule.held_utc is None:
        return CruiseAttitude(*figures)
    assert mission.trajectory.orbit is not None, "the mission file was checked"
    return HeldAttitude(*figures, mission.trajectory.orbit.planet, mission.epoch.parse(rule.held_utc))


def station_named(mission: MissionFile, name: str | None = None) -> Station:
    """A station of the mission; the first unless named."""
    for station in mission.station:
        if name is None or station.name == name:
            return station
    known = ", ".join(station.name for station in mission.station)
    raise FswError(f"station {name!r}: allowed are {known}")


def downlink(mission: MissionFile, mode: DownlinkMode, station: Station) -> SpaceLink:
    """The X-band link down in one of its modes."""
    radio = mission.downlink
    dish = dish_gain_dbi(radio.dish_diameter_m, radio.dish_efficiency, radio.frequency_hz)
    return SpaceLink(
        frequency_hz=radio.frequency_hz,
        transmit_power_w=radio.transmit_power_w,
        transmit_gain_dbi=dish if mode.antenna == "high_gain" else radio.low_gain_dbi,
        receive_gain_dbi=dish_gain_dbi(station.diameter_m, station.efficiency, radio.frequency_hz),
        system_temperature_k=station.system_temperature_k,
        losses_db=radio.line_loss_db,
    )


def downlink_es_n0_db(mode: DownlinkMode, link: SpaceLink, distance_km: float) -> float:
    """Es/N0 of a mode's symbols at a distance; of QPSK both bits together."""
    return link.es_n0_db(distance_km, mode.symbol_rate_baud, mode.modulation_loss_db)


def uplink(mission: MissionFile, station: Station) -> SpaceLink:
    """The telecommand link up."""
    radio = mission.uplink
    return SpaceLink(
        frequency_hz=radio.frequency_hz,
        transmit_power_w=station.transmit_power_w,
        transmit_gain_dbi=dish_gain_dbi(station.diameter_m, station.efficiency, radio.frequency_hz),
        receive_gain_dbi=radio.receive_gain_dbi,
        system_temperature_k=radio.system_temperature_k,
        losses_db=mission.downlink.line_loss_db,
    )


def uplink_bit_error_rate(mission: MissionFile, link: SpaceLink, distance_km: float) -> float:
    """Of the telecommand's bits, before the BCH code."""
    radio = mission.uplink
    return link.bit_error_rate(distance_km, radio.bit_rate_bit_s, radio.modulation_loss_db)


def wifi(mission: MissionFile) -> WifiLink | WiredLink:
    """The link from camera to orbiter."""
    radio = mission.wifi
    if isinstance(radio, DataLink):
        return WiredLink(radio.rate_near_bit_s)
    return WifiLink(
        frequency_hz=radio.frequency_hz,
        rate_near_bit_s=radio.rate_near_bit_s,
        range_m=radio.range_m,
        transmit_power_dbm=radio.transmit_power_dbm,
        antenna_gains_dbi=radio.antenna_gains_dbi,
        noise_figure_db=radio.noise_figure_db,
        bandwidth_hz=radio.bandwidth_hz,
        other_losses_db=radio.other_losses_db,
    )
