"""Cuts the ephemeris excerpts of fsw/world/assets out of JPL's DE421.

    pip install skyfield-data jplephem
    python tools/make_ephemeris_excerpt.py

The source is `de421.bsp` inside the PyPI package `skyfield-data`; its SHA-256 is checked first, and
the results' against the ones in fsw/world/assets/README.md by eye.
"""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

SOURCE_SHA256 = "a20a7139da04cbc462454634918e9a9ca69127044e2cc9d4f9c16e238d2deedc"
ASSETS = Path(__file__).parent.parent / "fsw" / "world" / "assets"
SPANS = {
    "de421_excerpt.bsp": ("2020/7/1", "2028/1/1"),
    "de421_2005.bsp": ("2005/3/1", "2005/6/1"),
    "de421_2035.bsp": ("2034/12/1", "2035/3/1"),
}
TARGETS = "1,2,3,4,5,6,7,8,9,10,301,399"


def main() -> int:
    found = importlib.util.find_spec("skyfield_data")
    if found is None or found.origin is None:
        sys.exit("skyfield-data is not installed: pip install skyfield-data")
    source = Path(found.origin).parent / "data" / "de421.bsp"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if digest != SOURCE_SHA256:
        sys.exit(f"{source}: SHA-256 is {digest}, not {SOURCE_SHA256}")
    for name, (start, end) in SPANS.items():
        output = ASSETS / name
        command = ["excerpt", "--targets", TARGETS, start, end, str(source), str(output)]
        subprocess.run([sys.executable, "-m", "jplephem", *command], check=True)
        print(name, hashlib.sha256(output.read_bytes()).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
