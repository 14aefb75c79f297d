"""Holds the order of the C rooms: `c_includes.py` prints each include that breaks it and fails.

flight includes only flight; ground may include flight; world neither; host may include flight and
ground: it is the fast path's Python door.
Headers in angle brackets are not looked at: flight.sh compiles flight code where there are none.
"""

import re
import sys
from pathlib import Path

C_CORE = Path(__file__).resolve().parents[2] / "c_core"
ROOM_MAY_INCLUDE = {
    "flight": ("flight",),
    "ground": ("ground", "flight"),
    "world": ("world",),
    "host": ("host", "flight", "ground"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def faults(path: Path) -> list[str]:
    """One line for each include of this file that its room may not have."""
    shown = path.relative_to(C_CORE)
    allowed = ROOM_MAY_INCLUDE[shown.parts[0]]
    return [
        f"c_core/{shown}: #include {name}: {shown.parts[0]} may include {', '.join(allowed)}"
        for name in INCLUDE.findall(path.read_text(encoding="utf-8"))
        if name.split("/")[0] not in allowed
    ]


if __name__ == "__main__":
    files = [path for room in ROOM_MAY_INCLUDE for path in sorted((C_CORE / room).rglob("*.[ch]"))]
    broken = [line for path in files for line in faults(path)]
    print(*broken, f"{len(files)} C files, {len(broken)} forbidden includes", sep="\n")
    sys.exit(bool(broken))
