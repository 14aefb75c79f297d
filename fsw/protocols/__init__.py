"""Protocols: octets in, events out, no I/O, no clock."""
