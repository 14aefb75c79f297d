"""The sky over the rover's site, by the figures that were worked out from other programs."""

import math

import pytest

from fsw.kernel.time import SECOND
from fsw.missions import load
from fsw.missions.rover import RoverCampaign
from fsw.world.ephemeris import SOLAR_IRRADIANCE_W_M2, Ephemeris
from fsw.world.passes import SurfaceSite
from fsw.world.planets import MARS
from fsw.world.surface_sky import SurfaceSky

MISSION = load("zhurong-rover", RoverCampaign)
SKY = SurfaceSky(
    Ephemeris(MISSION.epoch), SurfaceSite(MARS, MISSION.site.latitude_deg, MISSION.site.longitude_deg)
)


def test_the_noon_sun_of_the_portrait_is_where_it_should_be():
    """1 June 2021: 84.8 deg high, 495 W/m2 above the air."""
    begin_ns = MISSION.epoch.parse("2021-06-01T00:00:00Z")
    noon_ns = max(range(begin_ns, begin_ns + 90_000 * SECOND, 60 * SECOND), key=lambda t: SKY.sun(t)[0])
    sine, au = SKY.sun(noon_ns)
    assert math.degrees(math.asin(sine)) == pytest.approx(84.8, abs=0.3)
    assert SOLAR_IRRADIANCE_W_M2 / au**2 == pytest.approx(495, abs=2)
    assert SKY.local_hours(noon_ns) == pytest.approx(12.0, abs=0.02)
    assert SKY.local_hours(noon_ns + 88_775 * SECOND // 4) == pytest.approx(18.0, abs=0.05)


def test_dust_takes_light_the_more_the_lower_the_sun():
    begin_ns = MISSION.epoch.parse("2021-06-01T00:00:00Z")
    for t_ns in range(begin_ns, begin_ns + 88_775 * SECOND, 3600 * SECOND):
        clear, dusty = SKY.light_w_m2(t_ns, 0.0), SKY.light_w_m2(t_ns, 1.0)
        sine = SKY.sun(t_ns)[0]
        assert 0.0 <= dusty <= clear
        assert (clear > 0.0) == (sine >= 0.02)
        if clear:
            assert dusty / clear == pytest.approx(math.exp(-0.3 / sine))
