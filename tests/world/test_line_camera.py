"""The line camera: scales, smear and times of its pictures, against geometry that is worked out here anew."""

import hashlib
from dataclasses import replace
from math import asin, degrees, hypot, radians, sqrt

import numpy as np
import pytest

from fsw import missions
from fsw.core import render
from fsw.core.errors import FswError
from fsw.core.line_camera import LINE_VIEW, LineDetector, LineOptics, draw_lines, read_lines
from fsw.core.render import Sunlight, TriangleScene
from fsw.kernel.time import SECOND
from fsw.missions.line_camera import LineCameraMission
from fsw.world.encounter import body_axes
from fsw.world.line_camera import Observatory, StripPlan, View, rectified, responsivity
from fsw.world.materials import Material, material_table
from fsw.world.mesh import Mesh, MeshBuilder
from fsw.world.models.mars_express import mars_express
from fsw.world.models.odyssey import odyssey
from fsw.world.vectors import unit

MISSION = missions.load("mgs-odyssey-express", LineCameraMission)
MODELS = {"Mars Odyssey": odyssey, "Mars Express": mars_express}
PUBLISHED = {"mars-express": [(250, 0.93)], "odyssey": [(90, 0.33), (135, 0.50)]}  # km, m/px
LIGHT = Sunlight((0.0, 0.0, 1.0), (150.0, 150.0, 150.0), 0.0)


@pytest.fixture(scope="module")
def observatory() -> Observatory:
    return Observatory(MISSION, 1)


@pytest.fixture(scope="module")
def plans(observatory: Observatory) -> dict[str, StripPlan]:
    return {strip.name: observatory.plan(strip) for strip in MISSION.strip}


@pytest.fixture(scope="module")
def coverage(observatory: Observatory, plans: dict[str, StripPlan]) -> dict[tuple[str, int], np.ndarray]:
    return {
        (name, view.number): observatory.radiance(plan, view)[..., 3]
        for name, plan in plans.items()
        for view in plan.views
    }


@pytest.fixture(scope="module")
def strips(observatory: Observatory, plans: dict[str, StripPlan]) -> dict[str, np.ndarray]:
    return {name: observatory.expose(plan) for name, plan in plans.items()}


def silhouette_m(observatory: Observatory, plan: StripPlan, view: View) -> np.ndarray:
    """Of the target at the crossing, by rays every 5 cm: places (n, 2) [m], along the line and ahead, from
    the body's origin."""
    sun, earth = (np.array(observatory.to_body(body, view.t_ns)) for body in ("sun", "earth"))
    frame = np.array(body_axes(plan.encounter.target, view.t_ns, unit(tuple(sun))))
    mesh = MODELS[plan.strip.target](*(unit(tuple(frame @ v)) for v in (sun, earth)))
    x, y, z = (frame @ axis for axis in np.array(plan.sweep.axes(view.t_ns)))
    at = np.arange(-12, 12, 0.05)
    across, ahead = (grid.ravel() for grid in np.meshgrid(at, at))
    origin = across[:, None] * x + ahead[:, None] * y - 30 * z
    hit = scene_of(mesh).nearest(origin, np.broadcast_to(z, origin.shape))[0] >= 0
    return np.stack([across[hit], ahead[hit]], 1)


def scene_of(mesh: Mesh) -> TriangleScene:
    return TriangleScene(
        *(a.astype(np.float32) for a in (mesh.position, mesh.normal, mesh.uv)),
        mesh.corner,
        mesh.material,
        mesh.part,
        material_table(),
        render.foil_map(5),
    )


def variances(shares: np.ndarray) -> list[float]:
    """Of lines and columns over a picture of shares, in pixels."""
    found = []
    for axis in (1, 0):
        share = shares.sum(axis) / shares.sum()
        number = np.arange(len(share))
        found.append(float(((number - (number * share).sum()) ** 2 * share).sum()))
    return found


class TestEncounter:
    def test_ranges_and_scales_are_the_published_ones(self, plans: dict[str, StripPlan]) -> None:
        for name, published in PUBLISHED.items():
            for view, (range_km, m_per_px) in zip(plans[name].views, published, strict=True):
                assert view.range_km == pytest.approx(range_km, rel=0.003)
                assert view.metres_per_px == pytest.approx(m_per_px, abs=0.005)
                assert view.metres_per_px == pytest.approx(
                    view.range_km * 1e3 * radians(0.436) / 2048, rel=2e-3
                )

    def test_odyssey_passes_15_km_away_and_recedes_at_6_km_s(self, plans: dict[str, StripPlan]) -> None:
        plan = plans["odyssey"]
        assert plan.encounter.range_km(plan.encounter.closest_ns()) == pytest.approx(14.5, abs=0.5)
        assert all(view.range_rate_km_s == pytest.approx(6.05, abs=0.05) for view in plan.views)

    def test_its_views_are_a_little_under_seven_and_a_half_seconds_apart(
        self, plans: dict[str, StripPlan]
    ) -> None:
        first, second = plans["odyssey"].views
        assert 7.3 < (second.t_ns - first.t_ns) / SECOND < 7.5
        lines = (second.t_ns - first.t_ns) / MISSION.camera.line_time_ns
        assert second.centre[0] - first.centre[0] == pytest.approx(lines, abs=1e-6)

    def test_odyssey_overtakes_the_line_and_then_the_line_overtakes_it(
        self, plans: dict[str, StripPlan]
    ) -> None:
        first, second = plans["odyssey"].views
        assert first.along_px > 0.2
        assert second.along_px < -0.2

    def test_smear_of_a_line_is_relative_speed_less_the_sweep(self, plans: dict[str, StripPlan]) -> None:
        for plan in plans.values():
            for view in plan.views:
                way, velocity = (np.array(v) for v in plan.encounter.relative(view.t_ns))
                apart = np.linalg.norm(way)
                x, y, z = np.array(plan.sweep.axes(view.t_ns))
                assert degrees(asin(np.linalg.norm(np.cross(way / apart, z)))) < 0.02
                per_line = MISSION.camera.line_time_ns / SECOND / MISSION.camera.pixel_rad
                # The target is off the boresight along the line by some pixels at most: boresight's rates do.
                assert view.along_px == pytest.approx(
                    (velocity @ y / apart - plan.sweep.rate_rad_s) * per_line, abs=2e-3
                )
                assert view.across_px == pytest.approx(velocity @ x / apart * per_line, abs=2e-3)

    def test_of_mars_express_the_line_sees_much_motion_along_itself(
        self, plans: dict[str, StripPlan]
    ) -> None:
        (view,) = plans["mars-express"].views
        assert view.across_px > 0.4

    def test_a_strip_is_planned_alike_however_often(
        self, observatory: Observatory, plans: dict[str, StripPlan]
    ) -> None:
        for strip in MISSION.strip:
            assert observatory.plan(strip).views == plans[strip.name].views

    def test_a_planet_behind_the_target_is_refused(self, observatory: Observatory) -> None:
        """3,400 km of chord between two that are 3,770 km from the centre come down to 3,365 km."""
        far = replace(
            MISSION.strip[1], range_km=3400.0, again_km=None, scan_rate_deg_s=1.0, scan_tilt_deg=0.0
        )
        with pytest.raises(FswError, match="the planet is behind Mars Odyssey; allowed is black sky"):
            observatory.plan(far)

    def test_a_range_that_it_never_has_is_refused(self, observatory: Observatory) -> None:
        with pytest.raises(FswError, match=r"range 100 km; allowed are 148\.\d to"):
            observatory.plan(replace(MISSION.strip[0], range_km=100.0))

    def test_another_seed_points_elsewhere_and_still_holds_both_views(self) -> None:
        seen = set()
        for seed in range(2, 4):
            plan = Observatory(MISSION, seed).plan(MISSION.strip[1])
            assert len(plan.views) == 2
            seen.add(tuple(round(view.centre[1], 1) for view in plan.views))
        assert len(seen) == 2


class TestPictures:
    @pytest.mark.parametrize(("name", "number"), [("odyssey", 1), ("odyssey", 2), ("mars-express", 1)])
    def test_spans_in_the_picture_give_the_scale(
        self,
        observatory: Observatory,
        plans: dict[str, StripPlan],
        coverage: dict[tuple[str, int], np.ndarray],
        name: str,
        number: int,
    ) -> None:
        """How far what is seen spreads over the picture is how far the target does [m], over the scale.

        A place X along the line and Y ahead of it (px), which moves by A and L a line, is seen on column
        X - A/L Y + A/L y - x and line (y - Y)/L - t, where x and y are where in the pixel and t when in the
        exposure: variances add."""
        plan = plans[name]
        view = plan.views[number - 1]
        x_m, y_m = silhouette_m(observatory, plan, view).T
        slant = view.across_px / view.along_px
        pixel = 1 / 12 + MISSION.camera.blur_px**2
        lines, columns = variances(coverage[name, number])
        high_px = sqrt((lines - 1 / 12) * view.along_px**2 - pixel)
        wide_px = sqrt(columns - pixel * (1 + slant**2))
        assert y_m.std() / high_px == pytest.approx(view.metres_per_px, rel=0.02)
        assert (x_m - slant * y_m).std() / wide_px == pytest.approx(view.metres_per_px, rel=0.02)

    def test_mars_express_is_as_narrow_and_long_as_was_published(
        self, plans: dict[str, StripPlan], coverage: dict[tuple[str, int], np.ndarray]
    ) -> None:
        """About 1.5 m in the small dimension and 15 m in the long one (NASA/JPL, 19 May 2005); here as an
        even bar of the same spread, each line as high as what it moves."""
        (view,) = plans["mars-express"].views
        shares = coverage["mars-express", 1]
        line, column = np.mgrid[0 : shares.shape[0], 0 : shares.shape[1]]
        places = np.stack([line * abs(view.along_px), column]).reshape(2, -1) * view.metres_per_px
        small, long = np.sqrt(12 * np.linalg.eigvalsh(np.cov(places, aweights=shares.ravel(), ddof=0)))
        assert small == pytest.approx(1.4, abs=0.3)
        assert long == pytest.approx(15, abs=1)

    def test_the_second_view_is_a_mirror_image_of_the_first(
        self, strips: dict[str, np.ndarray], plans: dict[str, StripPlan]
    ) -> None:
        """Since the line passes over it the other way: the dish, the brightest, comes last and then first."""
        strip = strips["odyssey"]
        after = []
        for view in plans["odyssey"].views:
            part = strip[slice(*view.lines), slice(*view.columns)]
            bright = (part >= 0.8 * part.max()).any(1).nonzero()[0].mean() + view.lines[0]
            after.append(bright - view.centre[0])
        assert after[0] > 5
        assert after[1] < -5

    def test_the_ground_makes_both_alike(
        self, observatory: Observatory, strips: dict[str, np.ndarray], plans: dict[str, StripPlan]
    ) -> None:
        plan, strip = plans["odyssey"], strips["odyssey"]
        reach = observatory.reach_m(plan.strip)
        near, far = (rectified(strip, view, reach, 4).astype(float) - 6 for view in plan.views)
        rows = np.arange(len(far)) * (len(near) - 1) / (len(far) - 1)
        scaled = near[np.ix_(np.rint(rows).astype(int), np.rint(rows).astype(int))]
        alike = np.corrcoef(scaled.ravel(), far.ravel())[0, 1]
        assert alike > 0.85
        assert np.corrcoef(scaled[::-1].ravel(), far.ravel())[0, 1] < 0.5 * alike

    def test_a_strip_is_the_same_every_time(self, strips: dict[str, np.ndarray]) -> None:
        assert strips["mars-express"].shape == (2048, 256)
        assert hashlib.sha256(strips["mars-express"].tobytes()).hexdigest() == GOLDEN

    def test_the_sky_is_black_with_the_noise_that_the_camera_has(self, strips: dict[str, np.ndarray]) -> None:
        sky = strips["mars-express"][:900]
        camera = MISSION.camera
        assert sky.mean() == pytest.approx(camera.black_dn, abs=0.02)
        # Half a number is 1.43 deviations of 35 electrons: 15.3 % are rounded up or down.
        assert 0.5 * camera.electrons_per_dn / camera.read_noise_electrons == pytest.approx(1.4286, rel=1e-4)
        assert (sky != camera.black_dn).mean() == pytest.approx(0.153, abs=0.008)

    def test_signal_to_noise_is_what_was_stated_of_the_camera(self) -> None:
        """Above 20 on ground of albedo 0.1 with the Sun 70 deg from the zenith, at 1.5 au."""
        red, green, _ = responsivity(MISSION.camera)
        on_ground = 0.1 * 0.342 / 3.14159 / 1.5**2
        electrons = on_ground * (158.0 * red + 184.0 * green)
        assert 20 < electrons / sqrt(electrons + MISSION.camera.read_noise_electrons**2) < 40


GOLDEN = "a88e9e9a768d42a94a3b104d86d926d4fe58822cde294694a564475b128b87cb"


def plate(width_m: float, height_m: float) -> TriangleScene:
    """A white plate in the plane z = 0, square to the light."""
    b = MeshBuilder(1e9)
    b.quad(
        (-width_m / 2, -height_m / 2, 0.0), (width_m, 0.0, 0.0), (0.0, height_m, 0.0), Material.WHITE_PAINT
    )
    return scene_of(b.mesh())


def sweep_over(
    across_px: float, along_px: float, lines: int, optics: LineOptics, range_m: float
) -> np.ndarray:
    """Lines over a plate that moves by so many pixels a line, half way through the lines."""
    views = np.zeros(lines, LINE_VIEW)
    pixel_m = optics.pixel_rad * range_m
    # The camera looks along -z; columns go with the scene's +x, ahead is its -y. The plate stands still.
    velocity = np.array([-across_px, along_px, 0.0]) * pixel_m / optics.exposure_s
    for line in range(lines):
        when = (line - (lines - 1) / 2) * optics.exposure_s
        views[line]["position_m"] = velocity * when + (0.0, 0.0, range_m)
        views[line]["velocity_m_s"] = velocity
        views[line]["rotation"] = np.diag([1.0, -1.0, -1.0])
    return views


class TestSmear:
    optics = LineOptics(4e-6, 5e-4, 0.0, 49.5, 128)

    @pytest.mark.parametrize("across_px", [0.0, 3.0, 8.0])
    def test_motion_along_the_line_smears_by_as_much_as_it_is(self, across_px: float) -> None:
        """A plate 20 px wide: an edge becomes a ramp, as wide as the motion in a line."""
        views = sweep_over(across_px, 1.0, 21, self.optics, 1e5)
        picture = draw_lines(self.optics, plate(20 * 0.4, 8 * 0.4), 6.0, LIGHT, views, 0, (0, 100))[..., 3]
        middle = picture[10]
        assert middle.sum() == pytest.approx(20, rel=0.02)
        # The second moment of a box of 20 that was smeared by another: their variances add, and a pixel's.
        columns = np.arange(100)
        centre = (columns * middle).sum() / middle.sum()
        variance = ((columns - centre) ** 2 * middle).sum() / middle.sum()
        assert centre == pytest.approx(49.5, abs=0.1)
        assert variance == pytest.approx((20**2 + across_px**2 + 1) / 12, rel=0.02)

    @pytest.mark.parametrize("along_px", [0.5, -0.5, 2.0])
    def test_motion_ahead_sets_how_many_lines_it_is_on(self, along_px: float) -> None:
        """A plate 8 px high takes 8 / rate lines, and one's exposure and height more at half light."""
        views = sweep_over(0.0, along_px, 41, self.optics, 1e5)
        picture = draw_lines(self.optics, plate(20 * 0.4, 8 * 0.4), 6.0, LIGHT, views, 0, (0, 100))[..., 3]
        lines = picture[:, 45:55].mean(1)
        assert lines.sum() == pytest.approx(8 / abs(along_px), rel=0.02)
        number = np.arange(41)
        variance = ((number - 20) ** 2 * lines).sum() / lines.sum()
        assert variance == pytest.approx((8**2 + 1 + along_px**2) / 12 / along_px**2, rel=0.05)

    def test_the_optics_blur_adds(self) -> None:
        optics = replace(self.optics, blur_px=1.5, samples=2048)
        views = sweep_over(0.0, 1.0, 1, optics, 1e5)
        line = draw_lines(optics, plate(0.4, 80.0), 60.0, LIGHT, views, 0, (0, 100))[0, :, 3]
        columns = np.arange(100)
        centre = (columns * line).sum() / line.sum()
        variance = ((columns - centre) ** 2 * line).sum() / line.sum()
        assert sqrt(variance) == pytest.approx(hypot(1.5, sqrt(2 / 12)), rel=0.03)

    def test_a_part_of_a_strip_is_as_in_the_whole(self) -> None:
        views = sweep_over(1.0, 0.5, 30, self.optics, 1e5)
        scene = plate(8.0, 3.2)
        whole = draw_lines(self.optics, scene, 6.0, LIGHT, views, 100, (0, 100))
        part = draw_lines(self.optics, scene, 6.0, LIGHT, views[11:17], 111, (30, 60))
        assert part.tobytes() == whole[11:17, 30:60].tobytes()

    def test_a_turning_camera_sees_what_a_moving_one_does(self) -> None:
        still = sweep_over(0.0, 2.0, 21, self.optics, 1e5)
        turned = still.copy()
        rate = 2.0 * self.optics.pixel_rad / self.optics.exposure_s
        turned["velocity_m_s"] = 0.0
        for line, view in enumerate(turned):
            angle = rate * (line - 10) * self.optics.exposure_s
            view["position_m"] = (0.0, 0.0, 1e5)
            view["rotation"] = [[1, 0, 0], [0, -1, angle], [0, -angle, -1]]
        turned["rate_rad_s"] = (rate, 0.0, 0.0)
        scene = plate(8.0, 3.2)
        a, b = (draw_lines(self.optics, scene, 6.0, LIGHT, v, 0, (0, 100))[..., 3] for v in (still, turned))
        assert np.abs(a - b).max() < 0.05
        assert a.sum() == pytest.approx(b.sum(), rel=1e-3)


class TestDetector:
    detector = LineDetector(60000.0, 60.0, 100.0, 6.0)

    def test_noise_is_the_shot_noise_of_the_light_and_the_read_noise(self) -> None:
        electrons = np.full((200, 200), 10000.0, np.float32)
        numbers = read_lines(self.detector, electrons, 5, 0, electrons.shape)
        assert numbers.mean() == pytest.approx(106, abs=0.05)
        assert numbers.std() == pytest.approx(sqrt((10000 + 3600) / 1e4 + 1 / 12), rel=0.02)

    def test_it_saturates(self) -> None:
        electrons = np.full((4, 4), 1e9, np.float32)
        assert (read_lines(self.detector, electrons, 5, 0, (4, 4)) == 255).all()

    def test_numbers_go_by_seed_line_and_column(self) -> None:
        whole = read_lines(self.detector, None, 7, 0, (64, 32))
        assert (read_lines(self.detector, None, 7, 40, (24, 32)) == whole[40:]).all()
        assert (read_lines(self.detector, None, 8, 0, (64, 32)) != whole).any()

    def test_shapes_that_do_not_fit_are_refused(self) -> None:
        with pytest.raises(FswError, match="strip of 4 lines"):
            read_lines(self.detector, np.zeros((3, 3), np.float32), 1, 0, (4, 3))
        with pytest.raises(FswError, match="columns 5 to 5"):
            draw_lines(TestSmear.optics, plate(1, 1), 1.0, LIGHT, np.zeros(1, LINE_VIEW), 0, (5, 5))
        with pytest.raises(FswError, match="pixels from"):
            LineOptics(1.0, 1e-3, 0.0, 0.0)


class TestModels:
    """Against what is stated of the spacecraft."""

    sun, earth = (0.8, 0.0, -0.6), (0.6, 0.0, -0.8)

    def test_mars_express_spans_twelve_metres_with_its_area_of_wings(self) -> None:
        mesh = mars_express(self.sun, self.earth)
        assert np.ptp(mesh.position[:, 1]) == pytest.approx(12.0, abs=0.01)
        assert area(mesh, Material.SOLAR_CELLS) == pytest.approx(11.42, rel=1e-3)

    def test_odysseys_boom_reaches_six_metres_and_its_dish_is_a_metre_and_a_third(self) -> None:
        mesh = odyssey(self.sun, self.earth)
        assert mesh.position[:, 1].min() == pytest.approx(-2.6 / 2 - 6.2, abs=0.01)
        face = mesh.position[np.unique(mesh.corner[mesh.material == Material.DISH_FACE])]
        axis = np.array(self.earth)
        off = face - face.mean(0)
        off -= np.outer(off @ axis, axis)
        assert 2 * np.sqrt((off * off).sum(1).max()) == pytest.approx(1.3, rel=0.01)

    def test_cells_face_the_sun(self) -> None:
        for model in (odyssey, mars_express):
            mesh = model(self.sun, self.earth)
            normals = mesh.normal[mesh.corner[mesh.material == Material.SOLAR_CELLS, 0]]
            assert (normals @ np.array(self.sun)).min() > 0.999

    def test_a_sun_along_the_wing_is_refused(self) -> None:
        with pytest.raises(FswError, match="allowed are directions 18 deg and more off the wing"):
            odyssey((0.0, 1.0, 0.0), self.earth)


def area(mesh: Mesh, material: Material) -> float:
    a, b, c = (mesh.position[mesh.corner[mesh.material == material, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
