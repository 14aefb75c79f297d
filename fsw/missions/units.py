"""The unit that a key of a mission file ends in, so that another beside its value can be refused."""

_BY_ENDING: dict[str, tuple[str, ...]] = {
    "au": ("au",),
    "baud": ("baud",),
    "bit_s": ("bit/s",),
    "days": ("d", "days"),
    "db": ("dB",),
    "dbi": ("dBi",),
    "dbm": ("dBm",),
    "deg": ("deg",),
    "deg_s": ("deg/s",),
    "deg_s2": ("deg/s2",),
    "electrons_s": ("electrons/s",),
    "h": ("h",),
    "hz": ("Hz",),
    "k": ("K",),
    "kbit_s": ("kbit/s",),
    "kg": ("kg",),
    "kg_m2": ("kg m2",),
    "km": ("km",),
    "km_s": ("km/s",),
    "m": ("m",),
    "m2": ("m2",),
    "m_h": ("m/h",),
    "m_s": ("m/s",),
    "minutes": ("min", "minutes"),
    "n": ("N",),
    "nm": ("nm",),
    "octets": ("octets",),
    "px": ("px",),
    "s": ("s",),
    "seconds": ("s", "seconds"),
    "um": ("um",),
    "urad": ("urad",),
    "us": ("us",),
    "w": ("W",),
    "wh": ("Wh",),
}
_OF_PARENT = ("limits", "mean", "deviation")  # of [dispersions.NAME]: in the unit of NAME


def units_of(path: str) -> tuple[str, ...]:
    """Units that may stand beside the figure at a dotted path; none where its key does not tell."""
    *tables, key = path.split(".")
    if key in _OF_PARENT and tables:
        key = tables[-1]
    words = key.split("_")
    # The longest ending that is known: deg_s before s.
    endings = ("_".join(words[n:]) for n in range(len(words)))
    return next((_BY_ENDING[ending] for ending in endings if ending in _BY_ENDING), ())
