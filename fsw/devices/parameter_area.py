"""The protected parameter area: words of 64 bits, each with 8 check bits that mend one wrong bit.

A Hsiao code (72,64): every data bit has its own check column of odd weight, so that one wrong bit gives
an odd syndrome that names it, and two give an even one that names nothing (M. Y. Hsiao, "A class of
optimal minimum odd-weight-column SEC-DED codes", IBM J. Res. Dev. 14, 1970). Non-volatile: it outlives
every boot.
"""

from collections.abc import Mapping, Sequence

from fsw.devices.cells import Cells

WORD_OCTETS = 8
CELL_OCTETS = WORD_OCTETS + 1  # data, then check bits
CELL_BITS = 8 * CELL_OCTETS

_COLUMNS = [n for n in range(256) if n.bit_count() == 3] + [n for n in range(256) if n.bit_count() == 5][:8]
_BIT_OF_SYNDROME = {column: bit for bit, column in enumerate(_COLUMNS)} | {1 << k: 64 + k for k in range(8)}
assert len(_BIT_OF_SYNDROME) == CELL_BITS


def _check_of(octet_at: int, octet: int) -> int:
    check = 0
    for bit in range(8):
        if octet >> bit & 1:
            check ^= _COLUMNS[8 * octet_at + bit]
    return check


# Linear, so the check bits of a word are those of its octets, added.
_CHECKS = [[_check_of(at, octet) for octet in range(256)] for at in range(WORD_OCTETS)]


def check_bits(word: bytes) -> int:
    """The 8 check bits of 8 octets."""
    check = 0
    for checks, octet in zip(_CHECKS, word, strict=True):
        check ^= checks[octet]
    return check


class ParameterArea(Cells):
    """words: what it holds at first, 8 octets each. Check bits are cells, too."""

    def __init__(self, words: Sequence[bytes]) -> None:
        super().__init__(bytes(CELL_OCTETS * len(words)))
        self.write(dict(enumerate(words)))

    def write(self, words: Mapping[int, bytes]) -> None:
        """Words by address. Addresses outside the area are ignored, as no cell answers."""
        for address, octets in words.items():
            start = CELL_OCTETS * address
            if 0 <= start < len(self._cells):
                self._cells[start : start + CELL_OCTETS] = octets + bytes([check_bits(octets)])

    def read(self) -> tuple[tuple[bytes | None, ...], int]:
        """All words, None where more than one bit is wrong, and how many had one: those are mended."""
        words: list[bytes | None] = []
        mended = 0
        for start in range(0, len(self._cells), CELL_OCTETS):
            octets = bytes(self._cells[start : start + WORD_OCTETS])
            syndrome = check_bits(octets) ^ self._cells[start + WORD_OCTETS]
            if syndrome:
                bit = _BIT_OF_SYNDROME.get(syndrome)
                if bit is None:
                    words.append(None)
                    continue
                self.flip(8 * start + bit)
                mended += 1
                octets = bytes(self._cells[start : start + WORD_OCTETS])
            words.append(octets)
        return tuple(words), mended
