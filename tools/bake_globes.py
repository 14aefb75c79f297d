#!/usr/bin/env python3
"""Bakes the faces of Earth and Moon: `bake_globes.py LAND_50M_JSON`, into fsw/world/assets/.

LAND_50M_JSON: `land-50m.json` of the npm package world-atlas 2.0.2, which is Natural Earth's land, 1:50
million (public domain), as TopoJSON. Everything else is made here: dry and green land by where deserts and
forests are, clouds by seeded noise with the bands and swirls of a day in late May (no real day's weather),
the Moon's maria by the centres and diameters of the IAU's Gazetteer of Planetary Nomenclature, its great
craters by the same, the small ones by seed. The results are ours (CC0) as far as they are not Natural
Earth's.

Maps are equirectangular, longitudes -180 to 180, north up. earth_ground.png: 4 bits, 0 sea, 1 (forest) to 11
(bright desert), 12 to 15 ice. earth_clouds.png: 4 bits of cover. moon.png: red the normal albedo over 0.25,
green and blue the slopes to east and north, -0.4 to 0.4, 5 bits each.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ASSETS = Path(__file__).resolve().parents[1] / "fsw/world/assets"
GROUND = (2048, 1024)
CLOUDS = (1536, 768)
MOON = (1024, 512)
SEED = 2025


def grid(size):
    width, height = size
    lon = ((np.arange(width) + 0.5) / width * 2 - 1) * np.pi
    lat = (0.5 - (np.arange(height) + 0.5) / height) * np.pi
    cos = np.cos(lat)[:, None]
    x, y = cos * np.cos(lon), cos * np.sin(lon)
    return (
        np.stack([x, y, np.broadcast_to(np.sin(lat)[:, None], x.shape)], -1),
        np.degrees(lon),
        np.degrees(lat),
    )


def smooth(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(p, seed):
    """Value noise, -1 to 1, of points (..., 3)."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(-1, 1, 1 << 12)
    cell = np.floor(p).astype(np.int64)
    f = p - cell
    f = f * f * f * (f * (f * 6 - 15) + 10)
    total = np.zeros(p.shape[:-1])
    for corner in range(8):
        d = [corner >> k & 1 for k in range(3)]
        i = cell + d
        h = (i[..., 0] * 73856093 ^ i[..., 1] * 19349663 ^ i[..., 2] * 83492791) & 0xFFF
        weight = np.ones(p.shape[:-1])
        for k in range(3):
            weight = weight * (f[..., k] if d[k] else 1 - f[..., k])
        total += weight * table[h]
    return total


def fractal(p, frequency, octaves, seed, gain=0.55):
    total, size, norm = 0.0, 1.0, 0.0
    for k in range(octaves):
        total = total + size * noise(p * frequency * 2.03**k + 17.3 * k, seed + k)
        norm += size
        size *= gain
    return total / norm * 1.8


def direction(lon, lat):
    lon, lat = np.radians(lon), np.radians(lat)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def ellipse(p, lon, lat, half_lon, half_lat, tilt=0.0):
    """Distance from an ellipse's centre in its own half axes [deg on the sphere]; 9 behind the sphere."""
    c = direction(lon, lat)
    east = np.array([-np.sin(np.radians(lon)), np.cos(np.radians(lon)), 0.0])
    north = np.cross(c, east)
    t = np.radians(tilt)
    u, v = east * np.cos(t) + north * np.sin(t), north * np.cos(t) - east * np.sin(t)
    x, y = np.degrees(p @ u) / half_lon, np.degrees(p @ v) / half_lat
    return np.where(p @ c > 0, np.sqrt(x * x + y * y), 9.0)


# ---- Earth ----------------------------------------------------------------------------------------


def land_mask(path, size):
    topology = json.loads(Path(path).read_text())
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        points = np.cumsum(np.array(arc), 0) * scale + shift
        arcs.append(points)
    width, height = size
    fine = Image.new("1", (width * 2, height * 2))
    draw = ImageDraw.Draw(fine)

    def polygon(indices, fill):
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        points = np.concatenate([part if k == 0 else part[1:] for k, part in enumerate(parts)])
        # A ring that crosses the date line goes on beyond it, and is drawn a turn aside as well.
        lon = np.unwrap(points[:, 0], period=360)
        ring = [*zip(lon, points[:, 1], strict=True)]
        if abs(lon[-1] - lon[0]) > 180:  # round the pole
            ring += [(lon[-1], -90.0), (lon[0], -90.0)]
        for turn in (-360, 0, 360):
            places = [((x + turn + 180) / 360 * width * 2, (90 - y) / 180 * height * 2) for x, y in ring]
            draw.polygon(places, fill=fill)

    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for outer, *holes in polygons:
            polygon(outer, 1)
            for hole in holes:
                polygon(hole, 0)
    cover = np.asarray(fine.convert("L").resize(size, Image.Resampling.BOX)) / 255.0
    return cover


# Longitude, latitude, half axes [deg], tilt, how dry (negative: green).
DRY = (
    (5, 23, 24, 9, 0, 1.0), (27, 24, 12, 9, 0, 1.0), (-8, 23, 12, 8, 0, 1.0), (46, 24, 12, 9, -30, 0.95),
    (55, 32, 8, 6, 0, 0.7), (60, 41, 12, 5, 0, 0.55), (70, 27, 5, 4, 0, 0.6), (83, 39, 9, 3.5, 0, 0.9),
    (103, 42, 12, 5, 0, 0.65), (90, 33, 12, 4, 0, 0.5), (46, 6, 5, 6, 45, 0.55), (17, -24, 4, 10, 0, 0.75),
    (22, -24, 6, 6, 0, 0.5), (132, -25, 17, 8, 0, 0.75), (122, -22, 8, 6, 0, 0.7),
    (-70, -22, 2.5, 10, 0, 0.8), (-69, -43, 4, 8, 0, 0.5), (-112, 35, 8, 8, 0, 0.6),
    (-104, 27, 5, 6, 0, 0.55), (-112, 28, 4, 5, -50, 0.6), (15, 13, 30, 3.5, 0, 0.45),
    (45, 48, 20, 5, 0, 0.25), (-40, -8, 5, 5, 0, 0.3), (46, -22, 3, 4, 0, 0.2), (-62, -4, 14, 8, 0, -0.6),
    (22, 0, 11, 5, 0, -0.6), (-5, 6, 10, 2.5, 0, -0.4), (112, 0, 18, 9, 0, -0.5), (100, 20, 10, 9, 0, -0.3),
    (30, 58, 30, 8, 0, -0.3), (-80, 38, 9, 10, 0, -0.35), (100, 58, 40, 8, 0, -0.25),
    (115, 28, 9, 8, 0, -0.25), (-90, 53, 30, 6, 0, -0.25), (33, -12, 10, 8, 0, -0.1),
    (10, 49, 14, 6, 0, -0.2),
)  # fmt: skip


def earth_ground(path):
    p, lon, lat = grid(GROUND)
    cover = land_mask(path, GROUND)
    warped = p + 0.05 * np.stack([fractal(p, 6, 4, SEED + k) for k in range(3)], -1)
    dry = 0.30 + 0.22 * fractal(p, 9, 6, SEED + 10)
    for x, y, a, b, tilt, weight in DRY:
        dry = dry + weight * (1 - smooth(0.5, 1.35, ellipse(warped, x, y, a, b, tilt)))
    fine = fractal(p, 40, 4, SEED + 20)
    level = np.clip(np.round(1 + 10 * np.clip(dry * 0.8 + 0.06 * fine, 0, 1)), 1, 11)
    north = np.broadcast_to(lat[:, None], cover.shape) + 3 * fractal(p, 8, 4, SEED + 30)
    greenland = ellipse(p, -41, 73, 10, 12, 0)
    ice = (north < -62) | (greenland < 1.0) | ((north > 76) & (np.abs(lon)[None, :] < 180) & (cover > 0.5))
    level = np.where(ice, np.clip(np.round(14 + 1.2 * fine), 12, 15), level)
    tundra = (north > 66) & ~ice
    level = np.where(tundra, np.clip(np.round(4 + 1.5 * fine), 1, 11), level)
    out = np.where(cover > 0.5, level, 0)
    # Sea ice of late May: the Arctic, and round Antarctica.
    sea_ice = ((north > 77) | (north < -66)) & (cover <= 0.5)
    out = np.where(sea_ice, np.clip(np.round(13 + 1.6 * fine), 12, 15), out)
    return out.astype(np.uint8)


def earth_clouds():
    p, _, lat = grid(CLOUDS)
    rng = np.random.default_rng(SEED)
    q = p.copy()
    storms = []
    for _ in range(24):
        south = rng.random() < 0.58
        storms.append(
            (rng.uniform(-180, 180), (-1 if south else 1) * rng.uniform(36, 62), rng.uniform(7, 15))
        )
    storms += [(rng.uniform(-180, 180), rng.choice([-1, 1]) * rng.uniform(8, 20), 4.5) for _ in range(5)]
    arms = np.zeros(p.shape[:2])
    for lon, y, size in storms:
        c = direction(lon, y)
        radius = np.degrees(np.arccos(np.clip(p @ c, -1, 1))) / size
        turn = (1.5 if y > 0 else -1.5) * np.exp(-radius * radius)
        axis = np.broadcast_to(c, p.shape)
        cosine, sine = np.cos(turn)[..., None], np.sin(turn)[..., None]
        q = q * cosine + np.cross(axis, q) * sine + axis * (q @ c)[..., None] * (1 - cosine)
        east = np.array([-np.sin(np.radians(lon)), np.cos(np.radians(lon)), 0.0])
        angle = np.arctan2(p @ np.cross(c, east), p @ east)
        hand = 1 if y > 0 else -1
        spiral = np.cos(angle * 1.0 + hand * 2.8 * np.log(radius + 0.08) + lon)
        arms += 0.34 * smooth(0.15, 0.9, spiral) * np.exp(-((radius - 0.75) ** 2) * 2.2)
    stretched = q * np.array([1.0, 1.0, 2.1])
    warp = np.stack([fractal(stretched, 2.4, 4, SEED + 40 + k) for k in range(3)], -1)
    broad = fractal(stretched + 0.35 * warp, 3.0, 7, SEED + 50, 0.58)
    clumps = fractal(q + 0.10 * warp, 22.0, 5, SEED + 60, 0.62)
    y = np.broadcast_to(lat[:, None], p.shape[:2]) + 4 * warp[..., 0]
    band = 0.34 * np.exp(-(((y - 7) / 6.5) ** 2)) + 0.22 * np.exp(-(((np.abs(y) - 52) / 15) ** 2))
    band -= 0.30 * np.exp(-(((y - 24) / 9) ** 2)) + 0.24 * np.exp(-(((y + 20) / 9) ** 2))
    for x, lat0, a, b, tilt, weight in DRY:
        if weight > 0.4:
            band = band - 0.35 * weight * (1 - smooth(0.6, 1.6, ellipse(p, x, lat0, a, b, tilt)))
    for x, lat0, a, b in ((-82, -16, 13, 9), (4, -15, 11, 9), (-127, 28, 11, 8), (103, -28, 9, 7)):
        deck = 1 - smooth(0.5, 1.3, ellipse(p + 0.06 * warp, x, lat0, a, b))
        band = band + deck * (0.30 + 0.35 * np.clip(clumps, -1, 1))
    cells = np.exp(-(((y - 7) / 10) ** 2)) * smooth(0.25, 0.75, clumps) * 0.35
    amount = 0.62 * broad + 0.34 * clumps + band + arms * (0.75 + 0.5 * clumps) + cells
    cover = smooth(-0.02, 0.85, amount)
    return np.round(15 * cover).astype(np.uint8)


# ---- Moon -----------------------------------------------------------------------------------------

# Maria, lacus, sinus: longitude, latitude [deg], diameter [km] (IAU); axes' ratio, tilt and depth by eye.
MARIA = (
    (-15.6, 32.8, 1146, 1.0, 0, 1.0), (17.5, 28.0, 674, 1.05, 0, 1.0), (31.4, 8.5, 876, 1.1, 20, 1.05),
    (59.1, 17.0, 556, 1.3, 0, 1.05), (51.3, -7.8, 840, 0.72, 0, 0.95), (34.6, -15.2, 340, 1.0, 0, 0.9),
    (-16.6, -21.3, 715, 1.1, 0, 0.9), (-38.6, -24.4, 420, 1.0, 0, 1.0), (-22.3, -10.5, 350, 1.0, 0, 0.9),
    (-57.4, 18.4, 1500, 0.62, 8, 0.95), (-45.0, 38.0, 900, 1.2, 40, 0.85), (-50.0, -5.0, 700, 0.9, 0, 0.8),
    (4.1, 13.3, 242, 1.0, 0, 0.8), (-31.9, 7.5, 512, 1.0, 0, 0.8), (1.0, 1.6, 287, 1.2, 0, 0.7),
    (-8.3, 12.1, 317, 1.0, 0, 0.75), (-31.7, 45.0, 249, 1.0, 0, 0.85), (-50.9, 50.3, 195, 1.0, 0, 0.8),
    (-20.0, 57.0, 900, 3.2, 0, 0.75), (20.0, 57.0, 700, 3.0, -6, 0.7), (30.8, 37.6, 425, 1.2, 0, 0.5),
    (27.3, 45.1, 159, 1.0, 0, 0.5), (81.5, 56.9, 231, 1.0, 0, 0.85), (87.1, -1.7, 374, 1.0, 0, 0.75),
    (86.5, 12.7, 358, 0.8, 0, 0.65), (92.0, -47.8, 500, 1.0, 0, 0.5), (84.0, -40.0, 350, 1.0, 0, 0.5),
    (68.7, 7.5, 143, 1.0, 0, 0.8), (65.3, 1.3, 139, 1.0, 0, 0.8), (70.0, -21.0, 120, 1.0, 0, 0.4),
    (-94.7, -19.9, 294, 1.0, 0, 0.9), (164.2, -33.3, 282, 1.2, 0, 0.7), (148.1, 27.3, 276, 1.0, 0, 0.95),
    (129.1, -20.4, 130, 1.0, 0, 1.15), (102.0, 28.6, 110, 1.0, 0, 0.5), (91.0, 25.0, 160, 1.0, 0, 0.4),
    (168.0, 2.0, 120, 1.0, 0, 0.4), (-160.0, -50.0, 900, 1.0, 0, 0.30), (105.0, -36.0, 160, 1.0, 0, 0.5),
)  # fmt: skip
# Bright rays: longitude, latitude, reach [deg], strength.
RAYS = (
    (-11.4, -43.3, 40, 1.0), (-20.1, 9.6, 16, 0.8), (-38.0, 8.1, 10, 0.8), (-47.4, 23.7, 10, 1.0),
    (46.9, 16.1, 8, 0.9), (61.1, -8.9, 10, 0.6), (54.2, -32.5, 14, 0.8), (38.4, -11.5, 5, 0.4),
    (102.8, 36.0, 16, 1.0), (85.0, -66.0, 12, 0.5), (56.0, -29.0, 9, 0.6), (156.0, -8.0, 10, 0.6),
    (125.0, 7.0, 8, 0.6), (141.0, 19.0, 7, 0.6),
)  # fmt: skip
# Craters and basins: longitude, latitude [deg], diameter [km] (IAU).
CRATERS = (
    (-11.4, -43.3, 85), (-20.1, 9.6, 96), (-14.4, -58.4, 231), (61.1, -8.9, 132), (60.4, -25.3, 177),
    (80.9, -27.0, 200), (129.1, -20.4, 185), (149.2, -20.2, 265), (140.9, 5.7, 325), (95.0, 4.3, 110),
    (84.6, -11.5, 225), (118.0, 36.0, 190), (102.4, 43.0, 225), (111.8, 4.8, 120), (122.0, -4.0, 160),
    (100.2, 4.1, 120), (104.2, 10.0, 100), (113.0, 26.0, 140), (134.0, -7.5, 120), (89.3, -31.5, 160),
    (45.0, -35.0, 110), (34.0, -30.0, 114), (26.4, -11.4, 98), (-2.0, -9.2, 154), (56.7, 46.3, 125),
    (39.0, 46.7, 87), (44.4, 54.0, 125), (64.0, 47.0, 90), (81.0, 33.0, 90), (75.0, 23.0, 90),
    (106.5, -8.0, 130), (98.0, -20.0, 170), (115.0, -30.0, 140), (120.0, -48.0, 160), (135.0, -35.0, 145),
    (150.0, 10.0, 150), (160.0, 22.0, 160), (145.0, 45.0, 170), (125.0, 55.0, 130), (95.0, 62.0, 140),
)  # fmt: skip
KM_PER_DEG = 1737.4 * np.pi / 180


def moon():
    p, _, lat = grid(MOON)
    warp = np.stack([fractal(p, 5, 5, SEED + 70 + k) for k in range(3)], -1)
    ragged = p + 0.05 * warp + 0.02 * np.stack([fractal(p, 22, 4, SEED + 75 + k) for k in range(3)], -1)
    mare = np.zeros(p.shape[:2])
    for lon, y, diameter, ratio, tilt, depth in MARIA:
        half = diameter / 2 / KM_PER_DEG
        a, b = half * np.sqrt(ratio), half / np.sqrt(ratio)
        mare = np.maximum(mare, depth * (1 - smooth(0.72, 1.15, ellipse(ragged, lon, y, a, b, tilt))))
    mottle = fractal(p, 14, 6, SEED + 80, 0.62)
    albedo = 0.152 + 0.020 * mottle - (0.072 - 0.016 * mottle) * np.clip(mare, 0, 1.15)
    rng = np.random.default_rng(SEED + 1)
    km = np.pi * 1737.4 / MOON[1]
    height = 0.5 * fractal(p, 10, 6, SEED + 90, 0.6) * (1 - 0.8 * np.clip(mare, 0, 1))
    small = []
    for u, x, z in zip(rng.random(1400), rng.uniform(-180, 180, 1400), rng.uniform(-1, 1, 1400), strict=True):
        small.append((x, np.degrees(np.arcsin(z)), min(150.0, 28 * (1 - 0.995 * u) ** (-1 / 1.8))))
    for number, (lon, y, diameter) in enumerate((*CRATERS, *small)):
        q = np.degrees(np.arccos(np.clip(p @ direction(lon, y), -1, 1))) * KM_PER_DEG / (diameter / 2)
        near = q < 2.2
        if number >= len(CRATERS) and mare[near].size and rng.random() < 0.8 * float(mare[near].max()):
            continue
        depth = 0.16 * diameter**0.55
        bowl = np.where(q < 1, (q**4 - 1) * 0.8, 0) + 0.3 * np.exp(-(((q - 1) / 0.22) ** 2))
        height = height + np.where(near, depth * bowl, 0)
        fresh = 0.016 if number % 5 == 0 else 0.004
        albedo = albedo + np.where(near, fresh * (1 - smooth(0.8, 1.9, q)), 0)
    for lon, y, reach, strength in RAYS:
        c = direction(lon, y)
        east = np.array([-np.sin(np.radians(lon)), np.cos(np.radians(lon)), 0.0])
        away = np.degrees(np.arccos(np.clip(p @ c, -1, 1)))
        angle = np.arctan2(p @ np.cross(c, east), p @ east)
        spokes = np.zeros_like(away)
        for _ in range(13):
            off = np.angle(np.exp(1j * (angle - rng.uniform(-np.pi, np.pi))))
            spokes = np.maximum(spokes, np.exp(-((off / 0.07) ** 2)) * rng.uniform(0.4, 1))
        long = 0.045 * spokes * np.exp(-away / (0.45 * reach)) * smooth(0.0, 2.0, away)
        albedo = albedo + strength * (long + 0.06 * np.exp(-((away / (0.07 * reach)) ** 2)))
    narrow = np.maximum(np.cos(np.radians(lat)), 0.05)[:, None]
    across = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / (4 * km * narrow)
    up = -np.gradient(height, axis=0) / km
    slopes = [np.clip(s * 4.0, -0.4, 0.4) for s in (across, up)]
    bands = [np.clip(albedo / 0.25, 0, 1), *((s + 0.4) / 0.8 for s in slopes)]
    return np.stack([np.round(31 * band) for band in bands], -1).astype(np.uint8)


def save_nibbles(name, levels):
    image = Image.fromarray(levels, "P")
    image.putpalette([k * 17 for k in range(16) for _ in range(3)])
    image.save(ASSETS / name, optimize=True, bits=4)
    print(name, (ASSETS / name).stat().st_size)


def main():
    save_nibbles("earth_ground.png", earth_ground(sys.argv[1]))
    save_nibbles("earth_clouds.png", earth_clouds())
    Image.fromarray(moon() * 8).save(ASSETS / "moon.png", optimize=True)
    print("moon.png", (ASSETS / "moon.png").stat().st_size)


if __name__ == "__main__":
    main()
