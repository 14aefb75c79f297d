"""[recontact] of a mission file: what `fsw recontact` needs besides release, path and [dispersions]."""

from dataclasses import dataclass
from typing import Annotated

from fsw.missions.schema import Within


@dataclass(frozen=True, slots=True)
class Recontact:
    """host_radius_m: of the smallest sphere about the orbiter's origin that holds all of it and the camera
    that touches it. days: how long the two are left to themselves; then somebody manoeuvres, or what is left
    out here decides. host_area_m2: of the orbiter as the Sun sees it, on average.

    Reflectivities: the factor by which the push of sunlight exceeds that on a black surface, 1 to 2.
    """

    host_radius_m: Annotated[float, Within(0.1, 1000)]
    days: Annotated[float, Within(0.01, 400)]
    host_area_m2: Annotated[float, Within(0.01, 1e4)]
    host_reflectivity: Annotated[float, Within(1, 2)]
    camera_reflectivity: Annotated[float, Within(1, 2)]
