#!/usr/bin/env python3
"""The outbound state of `fsw/missions/tianwen2-earth-moon.toml`: prints it, with what follows from it.

Stated: launch at 2025-05-28T17:31Z; Earth, and hours later the Moon, each seen from about 590,000 km on
30 May. Assumed: the instants, a low perigee half an hour after launch, and how far from the Sun's direction
it left (seen from Earth), which decides the phases. Solved: the speed that takes it from perigee to there in
time (two bodies), and the direction that makes the Moon's distance the same at the second instant (Earth,
Moon, Sun and planets; the project's own integrator).
"""

import math

from fsw.kernel.time import Epoch
from fsw.world.ephemeris import GM_KM3_S2, Ephemeris
from fsw.world.trajectory import StartState, Trajectory

EARTH_UTC, MOON_UTC = "2025-05-30T10:00:00Z", "2025-05-30T13:00:00Z"
PERIGEE_UTC, PERIGEE_KM = "2025-05-28T18:01:00Z", 6578.0
DISTANCE_KM = 590_000.0
SUN_ANGLE_DEG = 33.0  # between Sun and spacecraft, seen from Earth: the Earth's phase angle
OBLIQUITY_DEG = 23.4393

GM = GM_KM3_S2["earth"]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def cross(a, b):
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def norm(a):
    return math.sqrt(dot(a, a))


def unit(a):
    return tuple(x / norm(a) for x in a)


def minus(a, b):
    return tuple(x - y for x, y in zip(a, b, strict=True))


def combine(*terms):
    return tuple(sum(f * v[k] for f, v in terms) for k in range(3))


def time_from_perigee_s(v_infinity):
    """To DISTANCE_KM, on the hyperbola with that excess speed [km/s]."""
    a = GM / v_infinity**2
    e = 1 + PERIGEE_KM / a
    anomaly = math.acosh((DISTANCE_KM / a + 1) / e)
    return math.sqrt(a**3 / GM) * (e * math.sinh(anomaly) - anomaly)


def excess_speed(span_s):
    low, high = 0.1, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if time_from_perigee_s(middle) > span_s else (low, middle)
    return (low + high) / 2


def main():
    epoch = Epoch.from_utc(EARTH_UTC)
    ephemeris = Ephemeris(epoch)
    moon_ns = epoch.parse(MOON_UTC)
    earth, earth_v = ephemeris.state("earth", 0)
    sun, sun_v = ephemeris.state("sun", 0)
    to_sun = unit(minus(sun, earth))
    tilt = math.radians(OBLIQUITY_DEG)
    north = (0.0, -math.sin(tilt), math.cos(tilt))  # of the ecliptic
    east = unit(cross(north, to_sun))
    v_infinity = excess_speed(-epoch.parse(PERIGEE_UTC) / 1e9)
    speed = math.sqrt(v_infinity**2 + 2 * GM / DISTANCE_KM)
    across = PERIGEE_KM * math.sqrt(v_infinity**2 + 2 * GM / PERIGEE_KM) / DISTANCE_KM
    along = math.sqrt(speed**2 - across**2)

    def state_for(roll_deg):
        """roll: of the direction about the Sun's, from ecliptic east to north."""
        a, r = math.radians(SUN_ANGLE_DEG), math.radians(roll_deg)
        aside = combine((math.cos(r), east), (math.sin(r), cross(to_sun, east)))
        way = combine((math.cos(a), to_sun), (math.sin(a), aside))
        # Prograde: it turns eastwards about the Earth's pole, as a launch to the east does.
        sideways = unit(cross((0.0, 0.0, 1.0), way))
        position = combine((1, earth), (DISTANCE_KM, way), (-1, sun))
        velocity = combine((1, earth_v), (along, way), (across, sideways), (-1, sun_v))
        return position, velocity

    def moon_distance_km(roll_deg):
        path = Trajectory(ephemeris, [StartState(0, *state_for(roll_deg))])
        return norm(path.to_body("moon", moon_ns)[0])

    rolls = [float(roll) for roll in range(-180, 181, 5)]
    far = [moon_distance_km(roll) - DISTANCE_KM for roll in rolls]
    for (r0, f0), (r1, f1) in zip(zip(rolls, far, strict=True), zip(rolls[1:], far[1:], strict=True)):
        if f0 * f1 > 0:
            continue
        for _ in range(60):
            middle = (r0 + r1) / 2
            f = moon_distance_km(middle) - DISTANCE_KM
            r0, r1, f0 = (middle, r1, f) if f0 * f > 0 else (r0, middle, f0)
        position, velocity = state_for(r0)
        path = Trajectory(ephemeris, [StartState(0, position, velocity)])
        way, way_v = (minus(*pair) for pair in zip(path.barycentric_state(0), ephemeris.state("earth", 0)))
        print(f"roll {r0:.4f} deg, excess speed {v_infinity:.4f} km/s, C3 {v_infinity**2:.3f} km2/s2")
        print(f"  position_km = {list(position)}")
        print(f"  velocity_km_s = {list(velocity)}")
        declination = math.degrees(math.asin(way[2] / norm(way)))
        receding = dot(way_v, unit(way))
        print(f"  from Earth: declination {declination:.2f} deg, receding at {receding:.4f} km/s")
        for name, t_ns in (("earth", 0), ("moon", moon_ns)):
            to_body, to_sun_now = path.to_body(name, t_ns)[0], path.to_body("sun", t_ns)[0]
            from_body = combine((-1, to_body))
            body_sun = minus(to_sun_now, to_body)
            phase = math.degrees(math.acos(dot(unit(from_body), unit(body_sun))))
            away = math.degrees(math.acos(dot(unit(to_body), unit(to_sun_now))))
            print(f"  {name}: {norm(to_body):.1f} km, phase {phase:.2f} deg, {away:.2f} deg from the Sun")


if __name__ == "__main__":
    main()
