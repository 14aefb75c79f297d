"""A mission file's clock figures as the oscillator takes them."""

from fsw.devices.oscillator import OscillatorFigures
from fsw.missions.mission_file import Clock


def oscillator_figures(clock: Clock, offset_s: float = 0.0) -> OscillatorFigures:
    """offset_s: what the clock shows too much at mission time 0."""
    return OscillatorFigures.of(
        offset_s=offset_s,
        drift=clock.drift,
        ageing_per_day=clock.ageing_per_day,
        thermal_swing=clock.thermal_swing,
        thermal_period_s=clock.thermal_period_s,
        wander_s=clock.wander_s,
    )
