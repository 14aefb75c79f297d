"""Local mean solar time on Mars, by counting: what the rover's tasks promise something by."""

SOL_NS = 88_775_244_000_000  # Allison and McEwen, Planet. Space Sci. 48, 2000
MINUTE_NS = SOL_NS // 1440  # a sol has 1440 of these


def next_local_ns(midnight_ns: int, minutes: int, now_ns: int) -> int:
    """When it is so many minutes after midnight next, later than now. midnight_ns: any one midnight."""
    return now_ns + SOL_NS - (now_ns - midnight_ns - minutes * MINUTE_NS) % SOL_NS
