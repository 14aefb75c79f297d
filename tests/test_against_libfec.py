"""Karn's libfec judges our Reed-Solomon and convolutional codes, word for word."""

import numpy as np
import pytest

from fsw.bench.libfec import libfec
from fsw.core.channel_coding import ConvolutionalEncoder, rs_decode, rs_encode
from fsw.core.radio_channel import soft_symbols
from fsw.core.receiver import ViterbiDecoder

pytestmark = pytest.mark.skipif(libfec() is None, reason="libfec is not installed (Debian: libfec-dev)")


@pytest.fixture
def fec():
    return libfec()


@pytest.mark.parametrize("basis", ["conventional", "dual"])
@pytest.mark.parametrize("fill", [0, 3, 100, 222])
def test_libfec_makes_the_same_check_octets(fec, basis, fill):
    ffi, library = fec
    encode = library.encode_rs_8 if basis == "conventional" else library.encode_rs_ccsds
    frames = np.random.default_rng(fill).integers(0, 256, (20, 223 - fill), dtype=np.uint8)
    for codeblock in rs_encode(frames, basis=basis):
        check = ffi.new("unsigned char[32]")
        encode(ffi.from_buffer("unsigned char[]", codeblock), check, fill)
        assert bytes(ffi.buffer(check)) == codeblock[-32:].tobytes()


@pytest.mark.parametrize("basis", ["conventional", "dual"])
def test_libfec_corrects_what_we_correct_and_gives_up_where_we_do(fec, basis):
    ffi, library = fec
    decode = library.decode_rs_8 if basis == "conventional" else library.decode_rs_ccsds
    rng = np.random.default_rng(4)
    frames = rng.integers(0, 256, (400, 223), dtype=np.uint8)
    words = rs_encode(frames, basis=basis)
    for n, word in enumerate(words):
        count = n % 20
        word[rng.choice(255, count, replace=False)] ^= rng.integers(1, 256, count, dtype=np.uint8)
    ours, corrected = rs_decode(words, basis=basis)
    for n, word in enumerate(words):
        theirs = np.array(word)
        count = decode(ffi.from_buffer("unsigned char[]", theirs), ffi.NULL, 0, 0)
        assert max(count, -1) == corrected[n, 0]
        if count >= 0:
            assert (theirs[:223] == ours[n]).all()


@pytest.mark.parametrize(("es_n0_db", "most_extra"), [(6.0, 0.0), (-0.5, 0.1), (-1.0, 0.1)])
def test_our_viterbi_errs_hardly_more_than_libfec_s_with_all_eight_bits(fec, es_n0_db, most_extra):
    ffi, library = fec
    bits = 800_000
    data = np.random.default_rng(0).integers(0, 256, bits // 8, dtype=np.uint8)
    data[-2:] = 0  # it ends in state 0
    soft = soft_symbols(ConvolutionalEncoder(False).encode(data), es_n0_db=es_n0_db, seed=0, position=0)
    decoder = library.create_viterbi27(bits)
    library.set_viterbi27_polynomial(ffi.new("int[2]", [0x4F, 0x6D]))
    library.init_viterbi27(decoder, 0)
    library.update_viterbi27_blk(decoder, ffi.from_buffer("unsigned char[]", np.array(soft)), bits)
    octets = ffi.new("unsigned char[]", bits // 8)
    library.chainback_viterbi27(decoder, octets, bits - 6, 0)
    library.delete_viterbi27(decoder)
    theirs = np.frombuffer(ffi.buffer(octets), np.uint8)
    ours_decoder = ViterbiDecoder(False)
    ours = np.concatenate([ours_decoder.feed(soft)[0], ours_decoder.flush()[0]])
    used = slice(0, bits // 8 - 8)
    their_errors = int(np.unpackbits(theirs[used] ^ data[used]).sum())
    our_errors = int(np.unpackbits(ours[used] ^ data[used]).sum())
    assert their_errors < bits * 0.03, "the peer decodes the same code"
    assert our_errors <= their_errors * (1 + most_extra)
