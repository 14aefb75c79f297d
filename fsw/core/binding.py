"""Loads the widest build of the C core that this processor runs.

`FSW_CORE=portable|v3|v4` in the environment forces one (tests compare them). Everything else in
`fsw.core` takes `ffi` and `lib` from here.
"""

import importlib
import os
from typing import Any

from fsw.core.errors import FswError

_MODULE_OF = {"portable": "_core", "v3": "_core_v3", "v4": "_core_v4"}
_LEVEL_OF = {"portable": 0, "v3": 3, "v4": 4}


def _load() -> tuple[str, Any]:
    try:
        portable = importlib.import_module("fsw.core._core")
    except ImportError as error:
        raise ImportError(
            "the C core of fsw is not built here: run 'pip install .' (or '-e .') and leave the "
            f"source folder, or install in editable mode ({error})"
        ) from error
    level = portable.lib.host_processor_level()
    wanted = os.environ.get("FSW_CORE", "")
    if wanted:
        if wanted not in _MODULE_OF:
            raise FswError(f"FSW_CORE={wanted!r}: allowed are {', '.join(_MODULE_OF)}")
        if _LEVEL_OF[wanted] > level:
            raise FswError(f"FSW_CORE={wanted!r}: this processor runs level {level} at most")
        return wanted, importlib.import_module(f"fsw.core.{_MODULE_OF[wanted]}")
    for name in ("v4", "v3"):
        if _LEVEL_OF[name] <= level:
            try:
                return name, importlib.import_module(f"fsw.core.{_MODULE_OF[name]}")
            except ImportError:
                continue  # built without variants
    return "portable", portable


variant, _module = _load()
ffi = _module.ffi
lib = _module.lib
