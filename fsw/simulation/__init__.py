"""World, vehicles, links and ground on one clock: `Simulation`, and the `Settings` of a flight."""

from fsw.simulation.settings import Link, Pictures, Settings
from fsw.simulation.simulation import Simulation

__all__ = ["Link", "Pictures", "Settings", "Simulation"]
