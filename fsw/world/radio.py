"""What a radio hears: link budgets as plain functions, in decibels, on deterministic arithmetic.

Each link is a small dataclass of one mission's figures (labels and sources are in the mission file);
its methods are functions of distance and rate only. Levels are referred to the receiver's input.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from fsw.core.errors import FswError
from fsw.world.ephemeris import SPEED_OF_LIGHT_KM_S
from fsw.world.special import PI, decibels, erfc, from_decibels

# 10 log10 of the Boltzmann constant, 1.380649e-23 J/K (SI, exact).
BOLTZMANN_DBW_HZ_K = -228.59916717321767
_REFERENCE_TEMPERATURE_K = 290.0


def wavelength_m(frequency_hz: float) -> float:
    """Wavelength in vacuum."""
    return SPEED_OF_LIGHT_KM_S * 1000.0 / frequency_hz


def dish_gain_dbi(diameter_m: float, efficiency: float, frequency_hz: float) -> float:
    """Gain of a circular aperture on its axis."""
    across = PI * diameter_m / wavelength_m(frequency_hz)
    return decibels(efficiency * across * across)


def free_space_loss_db(distance_km: float, frequency_hz: float) -> float:
    """Friis's path loss between isotropic antennas; the distance must be positive."""
    if not distance_km > 0.0:
        raise FswError(f"distance of {distance_km} km: allowed are positive ones")
    return 2.0 * decibels(4.0 * PI * distance_km * 1000.0 / wavelength_m(frequency_hz))


def bpsk_bit_error_rate(eb_n0_db: float) -> float:
    """Of coherent BPSK, and of QPSK with Gray code: erfc(sqrt(Eb/N0)) / 2."""
    return 0.5 * erfc(sqrt(from_decibels(eb_n0_db)))


@dataclass(frozen=True, slots=True)
class SpaceLink:
    """One way between a spacecraft and a station: power and gains of both ends, noise of the receiver.

    losses_db: lines, pointing, atmosphere, without the modulation's.
    """

    frequency_hz: float
    transmit_power_w: float
    transmit_gain_dbi: float
    receive_gain_dbi: float
    system_temperature_k: float
    losses_db: float

    def power_to_noise_density_dbhz(self, distance_km: float) -> float:
        """Pr/N0 [dB Hz] at a distance."""
        return (
            decibels(self.transmit_power_w)
            + self.transmit_gain_dbi
            + self.receive_gain_dbi
            - self.losses_db
            - free_space_loss_db(distance_km, self.frequency_hz)
            - decibels(self.system_temperature_k)
            - BOLTZMANN_DBW_HZ_K
        )

    def es_n0_db(self, distance_km: float, symbol_rate_baud: float, modulation_loss_db: float) -> float:
        """Es/N0 of a modulation's symbols: of QPSK both bits together, 3 dB more than each."""
        return self.power_to_noise_density_dbhz(distance_km) - modulation_loss_db - decibels(symbol_rate_baud)

    def bit_error_rate(self, distance_km: float, bit_rate_bit_s: float, modulation_loss_db: float) -> float:
        """Of uncoded BPSK at this rate, as a telecommand's symbols meet it before their BCH code."""
        return bpsk_bit_error_rate(self.es_n0_db(distance_km, bit_rate_bit_s, modulation_loss_db))


# IEEE 802.11: nominal rate [Mbit/s] and the SNR in 20 MHz [dB] at which one packet in ten is lost. From
# 54 to 6, the standard's sensitivities (17.3.10.1) less thermal noise, 10 dB noise figure and 5 dB margin;
# the last three, its older direct-sequence rates, in proportion to common modules' data sheets.
_WIFI_RATES = (
    (54.0, 21.0), (48.0, 20.0), (36.0, 16.0), (24.0, 12.0), (18.0, 9.0), (12.0, 7.0), (9.0, 5.0), (6.0, 4.0),
    (5.5, 3.5), (2.0, 1.5), (1.0, 0.0),
)  # fmt: skip
# Loss falls tenfold for each decibel and a half above that, about as coded OFDM does in measurements.
_DECIBELS_PER_DECADE = 1.5
_NET_OF_NOMINAL = 0.5
# A packet is sent so often before it is given up (the standard's dot11ShortRetryLimit).
_ATTEMPTS = 7


@dataclass(frozen=True, slots=True)
class WifiState:
    """The link at one distance, repeats of lost packets counted in.

    rate_bit_s: what goes through, net, 0 out of range. packet_loss: share of packets, 0 to 1, that no
    repeat brought over. air_loss: share of single attempts that fail.
    """

    rate_bit_s: float
    packet_loss: float
    air_loss: float
    snr_db: float


@dataclass(frozen=True, slots=True)
class WifiLink:
    """Camera to orbiter: the fastest rate that the distance allows, and its losses. All of it is assumed.

    rate_near_bit_s caps the net rate (encoder and processor, not the air); range_m ends the link: there
    the camera's radio has no association any more.
    """

    frequency_hz: float
    rate_near_bit_s: float
    range_m: float
    transmit_power_dbm: float
    antenna_gains_dbi: float
    noise_figure_db: float
    bandwidth_hz: float
    other_losses_db: float

    def noise_dbm(self) -> float:
        """Noise in the channel's bandwidth, at the receiver's input."""
        return _thermal_dbm(self.bandwidth_hz) + self.noise_figure_db

    def snr_db(self, distance_m: float) -> float:
        """Signal to noise in the channel's bandwidth."""
        # Nearer than a metre the far field formula means nothing; it is plenty there anyway.
        loss_db = free_space_loss_db(max(distance_m, 1.0) / 1000.0, self.frequency_hz)
        return (
            self.transmit_power_dbm
            + self.antenna_gains_dbi
            - self.other_losses_db
            - loss_db
            - self.noise_dbm()
        )

    def state(self, distance_m: float) -> WifiState:
        """Rate and loss at a distance of 0 m or more."""
        if not distance_m >= 0.0:
            raise FswError(f"distance of {distance_m} m: allowed are 0 and more")
        snr_db = self.snr_db(distance_m)
        if distance_m >= self.range_m:
            return WifiState(0.0, 1.0, 1.0, snr_db)
        # What arrives decides, as in the rate control of real stations; of equals the slower.
        through, air_loss = 0.0, 1.0
        for rate, needed_db in _useful_rates(self.rate_near_bit_s):
            if rate < through:
                break  # slower ones could not bring over more if they lost nothing
            loss = _attempt_loss(snr_db - needed_db)
            arrives = rate * (1.0 - loss)
            if arrives >= through and arrives > 0.0:
                through, air_loss = arrives, loss
        given_up = 1.0
        for _ in range(_ATTEMPTS):
            given_up *= air_loss
        return WifiState(through, given_up, air_loss, snr_db)


@dataclass(frozen=True, slots=True)
class WiredLink:
    """A wire in the place of the Wi-Fi: one rate, no loss, at any distance."""

    rate_bit_s: float

    def noise_dbm(self) -> float:
        """What a driver for radios shows where there is none."""
        return 0.0

    def state(self, distance_m: float) -> WifiState:
        """Always the same."""
        return WifiState(self.rate_bit_s, 0.0, 0.0, 0.0)


@lru_cache(maxsize=16)
def _thermal_dbm(bandwidth_hz: float) -> float:
    return BOLTZMANN_DBW_HZ_K + 30.0 + decibels(_REFERENCE_TEMPERATURE_K * bandwidth_hz)


@lru_cache(maxsize=16)
def _useful_rates(rate_near_bit_s: float) -> tuple[tuple[float, float], ...]:
    """Net rates, the fastest first, and the SNR that each needs. Of those that the cap makes equal only the
    slowest: a faster one loses more and carries no more."""
    rates: list[tuple[float, float]] = []
    for nominal_mbit_s, needed_db in reversed(_WIFI_RATES):
        rates.insert(0, (min(rate_near_bit_s, nominal_mbit_s * 1e6 * _NET_OF_NOMINAL), needed_db))
        if rates[0][0] == rate_near_bit_s:
            break
    return tuple(rates)


def _attempt_loss(above_db: float) -> float:
    """A logistic in decibels that is 0.1 at 0 and falls a decade in 1.5 dB."""
    odds = from_decibels(-10.0 * above_db / _DECIBELS_PER_DECADE) / 9.0
    return odds / (1.0 + odds)
