"""How the ground of planets and moons looks from afar."""

from dataclasses import dataclass

import numpy as np

from fsw.core.render import Doubles
from fsw.world.globe import Surface
from fsw.world.imaging import BODIES


@dataclass(frozen=True, slots=True)
class Even:
    """A Lambert sphere of one albedo a band."""

    albedo: tuple[float, float, float]

    def reflectance(self, normal: Doubles, mu0: Doubles, mu: Doubles, cos_phase: Doubles) -> Doubles:
        lit = np.maximum(mu0, 0.0)
        return np.stack([albedo * lit for albedo in self.albedo])


def surface_of(name: str) -> Surface:
    """Of "earth", "moon" or another body that shines in the sky."""
    return Even(BODIES[name][1])
