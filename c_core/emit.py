"""Writes the C source of one extension module: `emit.py MODULE OUTPUT`. Run by CMake."""

import sys
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent


def main(module: str, output: str) -> None:
    headers = sorted(
        path.relative_to(HERE).as_posix()
        for room in ("flight", "ground", "world", "host")
        for path in (HERE / room).glob("*.h")
    )
    ffi = FFI()
    ffi.cdef((HERE / "core.cdef").read_text())
    ffi.set_source(
        f"fsw.core.{module}",
        "".join(f'#include "{header}"\n' for header in headers),
        py_limited_api=True,
    )
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
