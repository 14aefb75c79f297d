"""Runs gr-satellites' concatenated deframer over a file of float symbols; prints the frames found.

    /usr/bin/python3 gr_satellites_decoder.py SYMBOLS FRAME_OCTETS INTERLEAVE CONVOLUTIONAL

For the interpreter that Debian's GNU Radio belongs to, so nothing of fsw is imported here.
"""

import sys

import pmt
from gnuradio import blocks, gr, pdu

# Debian's gr-satellites 4.4 was written for GNU Radio 3.9 and meets 3.10, which moved these.
for name in ("byte_t", "float_t", "complex_t"):
    if not hasattr(blocks, name):
        setattr(blocks, name, getattr(gr.types, name))
for name in ("tagged_stream_to_pdu", "pdu_to_tagged_stream"):
    if not hasattr(blocks, name):
        setattr(blocks, name, getattr(pdu, name))

from satellites.components.deframers import ccsds_concatenated_deframer  # noqa: E402


class Frames(gr.basic_block):
    """Prints each frame as it comes; flushed when the flow graph has ended."""

    def __init__(self) -> None:
        gr.basic_block.__init__(self, "frames", [], [])
        self.message_port_register_in(pmt.intern("in"))
        self.set_msg_handler(pmt.intern("in"), self.show)

    def show(self, message: object) -> None:
        print(bytes(pmt.u8vector_elements(pmt.cdr(message))).hex(), flush=True)


def main(path: str, frame_octets: str, interleave: str, convolutional: str) -> None:
    top = gr.top_block()
    source = blocks.file_source(gr.sizeof_float, path, False)
    deframer = ccsds_concatenated_deframer(
        frame_size=int(frame_octets),
        rs_basis="conventional",
        rs_interleaving=int(interleave),
        scrambler="CCSDS",
        convolutional=convolutional,
    )
    frames = Frames()
    top.connect(source, deframer)
    top.msg_connect((deframer, "out"), (frames, "in"))
    top.start()
    top.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
