"""`fsw decode`: what the command line needs, without the command line."""

from fsw.ground.decode_report import EXIT_CODES, DecodeReport, render_report
from fsw.ground.decoding import decode_file, export_packets
from fsw.ground.formats import ALLOWED as ALLOWED_FORMATS

HELP = f"""Reads recorded frames, CADUs or soft symbols of this or of a real spacecraft.

Prints spacecraft and virtual channels, frames, gaps, APIDs with counts, first and last time, and what
was lost and why. After damage it goes on with the next good frame or packet.

formats: {ALLOWED_FORMATS}

{EXIT_CODES}"""

__all__ = [
    "ALLOWED_FORMATS",
    "EXIT_CODES",
    "HELP",
    "DecodeReport",
    "decode_file",
    "export_packets",
    "render_report",
]
