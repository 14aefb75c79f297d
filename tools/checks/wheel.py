"""Looks into the wheel: `wheel.py FILE.whl`. One wheel must serve every Python, and hold only fsw."""

import sys
import zipfile
from pathlib import Path

LARGEST_WHEEL_OCTETS = 60_000_000
LARGEST_FILE_OCTETS = 40_000_000


def faults(wheel: Path) -> list[str]:
    """One line for each thing that does not belong, and for what is not there."""
    found = []
    if "-cp311-abi3-" not in wheel.name:
        found.append(f"{wheel.name}: the tag is not cp311-abi3")
    if wheel.stat().st_size > LARGEST_WHEEL_OCTETS:
        found.append(f"{wheel.stat().st_size} octets: allowed are {LARGEST_WHEEL_OCTETS}")
    with zipfile.ZipFile(wheel) as archive:
        entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if not any(name.startswith("fsw/core/_core.") for name in names):
        found.append("the compiled core is not in it")
    for entry in entries:
        top = entry.filename.split("/")[0]
        if top != "fsw" and not top.endswith(".dist-info"):
            found.append(f"{entry.filename}: outside fsw/")
        if entry.filename.endswith((".c", ".h", ".o", ".a", ".pyc", ".cdef")):
            found.append(f"{entry.filename}: not needed to run")
        if entry.file_size > LARGEST_FILE_OCTETS:
            found.append(f"{entry.filename}: {entry.file_size} octets: allowed are {LARGEST_FILE_OCTETS}")
    return found


if __name__ == "__main__":
    wheel = Path(sys.argv[1])
    broken = faults(wheel)
    print(*broken, f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(broken)} faults", sep="\n")
    sys.exit(bool(broken))
