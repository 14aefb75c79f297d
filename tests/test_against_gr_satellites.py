"""Debian's gr-satellites judges our coded downlink, with the settings its author uses for Tianwen-1."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from fsw.core.channel_coding import ChannelCode, ConvolutionalEncoder, encode_cadus
from fsw.core.radio_channel import soft_symbols

SYSTEM_PYTHON = Path("/usr/bin/python3")
DECODER = Path(__file__).parent / "gr_satellites_decoder.py"
FRAMES = 12


def gr_satellites_is_here() -> bool:
    if not SYSTEM_PYTHON.exists():
        return False
    probe = subprocess.run([SYSTEM_PYTHON, "-c", "import pmt, satellites"], capture_output=True, cwd="/")
    return probe.returncode == 0


pytestmark = pytest.mark.skipif(
    not gr_satellites_is_here(), reason="gr-satellites is not installed (Debian: gr-satellites)"
)


@pytest.mark.parametrize(
    ("code", "length", "convolutional"),
    [
        (ChannelCode("tm255", 32, "conventional", 1, "g2-inverted"), 220, "CCSDS"),
        (ChannelCode("tm255", 32, "conventional", 4, "plain"), 892, "CCSDS uninverted"),
    ],
    ids=["low rate", "high rate"],
)
def test_gr_satellites_decodes_our_noisy_symbols(tmp_path, code, length, convolutional):
    frames = np.random.default_rng(1).integers(0, 256, (FRAMES, length), dtype=np.uint8)
    # Its decoders hold back what they have not seen the end of: noise follows the frames.
    sent = np.concatenate([np.full(64, 0x55, np.uint8), encode_cadus(frames, code).reshape(-1)])
    sent = np.concatenate([sent, np.random.default_rng(2).integers(0, 256, 40_000, dtype=np.uint8)])
    packed = ConvolutionalEncoder(code.convolutional == "g2-inverted").encode(sent)
    soft = soft_symbols(packed, es_n0_db=2.0, seed=3, position=0)
    symbols = tmp_path / "symbols.f32"
    ((soft.astype(np.float32) - 127.5) / 64).tofile(symbols)
    run = subprocess.run(
        [SYSTEM_PYTHON, DECODER, symbols, str(length), str(code.interleave), convolutional],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert run.returncode == 0, run.stderr
    found = [line for line in run.stdout.split() if len(line) == 2 * length]
    sent_frames = [frame.tobytes().hex() for frame in frames]
    assert [line for line in found if line in sent_frames] == sent_frames, run.stderr[-2000:]
