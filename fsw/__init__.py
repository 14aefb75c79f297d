"""fsw: a spacecraft you can install with pip. `fsw --help` is the way in; fsw/DESIGN.md the map."""
