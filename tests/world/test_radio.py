"""Link budgets against textbook figures, and their courses with distance."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.world import heavens as links
from fsw.world.radio import (
    BOLTZMANN_DBW_HZ_K,
    bpsk_bit_error_rate,
    dish_gain_dbi,
    free_space_loss_db,
    wavelength_m,
)

AT_RELEASE_KM = 24.093e6


def test_textbook_figures():
    assert abs(BOLTZMANN_DBW_HZ_K - 10 * math.log10(1.380649e-23)) < 1e-12
    assert wavelength_m(8431e6) == pytest.approx(0.035558, abs=1e-6)
    # The well-known forms 92.45 + 20 log10(GHz) + 20 log10(km) and 20.4 + 20 log10(m) + 20 log10(GHz).
    expected_db = 92.4478 + 20 * math.log10(8.431) + 20 * math.log10(AT_RELEASE_KM)
    assert free_space_loss_db(AT_RELEASE_KM, 8431e6) == pytest.approx(expected_db, abs=1e-3)
    expected_dbi = 20.400 + 20 * math.log10(66) + 20 * math.log10(8.431) + 10 * math.log10(0.55)
    assert dish_gain_dbi(66.0, 0.55, 8431e6) == pytest.approx(expected_dbi, abs=0.02)


@pytest.mark.parametrize(("eb_n0_db", "rate"), [(0.0, 0.0786), (4.3, 0.0102), (9.6, 9.7e-6), (10.53, 1e-6)])
def test_bit_error_rates_of_bpsk(eb_n0_db, rate):
    assert bpsk_bit_error_rate(eb_n0_db) == pytest.approx(rate, rel=0.03)


def test_the_low_rate_closes_with_the_large_dish_alone(mission):
    """Rate 1/2, k=7 with Reed-Solomon needs Eb/N0 of about 2.5 dB: Es/N0 of -0.5 dB."""
    mode = mission.downlink.low
    levels = {
        station.name: links.downlink_es_n0_db(mode, links.downlink(mission, mode, station), AT_RELEASE_KM)
        for station in mission.station
    }
    assert levels["Jiamusi"] == pytest.approx(4.05, abs=0.05)
    assert max(levels["Kashi"], levels["Argentina"]) < -0.5


def test_the_high_rate_closes_with_margin_at_every_station(mission):
    mode = mission.downlink.high
    for station in mission.station:
        link = links.downlink(mission, mode, station)
        # QPSK's Es holds two bits: the same code needs 3 dB more.
        assert links.downlink_es_n0_db(mode, link, AT_RELEASE_KM) > 2.5 + 15.0
        # Not through the low-gain antenna: some 16 dB short.
    low = links.downlink(mission, mission.downlink.low, mission.station[0])
    assert links.downlink_es_n0_db(mode, low, AT_RELEASE_KM) < 2.5 - 15.0


def test_telecommands_arrive(mission):
    link = links.uplink(mission, mission.station[0])
    assert links.uplink_bit_error_rate(mission, link, AT_RELEASE_KM) < 1e-12
    # Beyond some 100 million km the low-gain antenna no longer hears this rate.
    assert links.uplink_bit_error_rate(mission, link, 400e6) > 0.05


@given(distance_km=st.floats(1e3, 1e9))
def test_levels_fall_with_the_square_of_distance(mission, distance_km):
    link = links.downlink(mission, mission.downlink.high, mission.station[0])
    near, far = (link.power_to_noise_density_dbhz(d) for d in (distance_km, 2 * distance_km))
    assert near - far == pytest.approx(20 * math.log10(2), abs=1e-9)


def test_stations_are_found_by_name(mission):
    assert links.station_named(mission).name == "Jiamusi"
    assert links.station_named(mission, "Kashi").diameter_m == 35.0
    with pytest.raises(FswError, match="allowed are Jiamusi, Kashi, Argentina"):
        links.station_named(mission, "Goldstone")


# ---- Wi-Fi ----------------------------------------------------------------------------------------


def test_wifi_is_full_near_slower_farther_and_gone_at_400_m(mission):
    wifi = links.wifi(mission)
    assert wifi.state(0.0).rate_bit_s == pytest.approx(6e6)
    assert wifi.state(100.0).rate_bit_s == pytest.approx(6e6, rel=1e-4)
    # Two lenses at 1600x1200 need 3.8 Mbit/s: to some 250 m.
    assert wifi.state(250.0).rate_bit_s > 3.8e6 > wifi.state(310.0).rate_bit_s
    last = wifi.state(399.999)
    assert 0.5e6 < last.rate_bit_s < 1.5e6
    assert 0.01 < last.packet_loss < 0.2
    gone = wifi.state(400.0)
    assert (gone.rate_bit_s, gone.packet_loss) == (0.0, 1.0)


@given(near_m=st.floats(0, 450), far_m=st.floats(0, 450))
def test_wifi_never_carries_more_from_farther(mission, near_m, far_m):
    near_m, far_m = sorted((near_m, far_m))
    wifi = links.wifi(mission)
    near, far = wifi.state(near_m), wifi.state(far_m)
    assert near.rate_bit_s >= far.rate_bit_s
    assert near.snr_db >= far.snr_db
    assert 0.0 <= near.packet_loss <= near.air_loss <= 1.0


@pytest.mark.parametrize("distance", [-1.0, math.nan])
def test_impossible_distances_are_refused(mission, distance):
    with pytest.raises(FswError, match="distance"):
        links.wifi(mission).state(distance)
    with pytest.raises(FswError, match="distance"):
        free_space_loss_db(distance, 8431e6)
