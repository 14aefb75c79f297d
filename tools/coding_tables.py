"""Writes the constant tables of the channel coding headers, from the standard's definitions.

    python tools/coding_tables.py          writes c_core/flight/{randomizer,reed_solomon}_tables.inc
    python tools/coding_tables.py --check  exit code 1 if a committed table differs

The flight code has no initialisation at run time: tables live in read-only memory and are right
from the first instruction. A test runs the check, so what is committed is what is computed here.
"""

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

FLIGHT = Path(__file__).parents[1] / "c_core" / "flight"

FIELD_POLYNOMIAL = 0x187  # CCSDS 131.0-B, 4.3.2: x^8+x^7+x^2+x+1
# Annex F: what each conventional bit, least significant first, contributes in the dual basis.
DUAL_OF_BIT = (0x7B, 0xAF, 0x99, 0xFA, 0x86, 0xEC, 0xEF, 0x8D)


def shift_register(seed: list[int], taps: tuple[int, ...]) -> Iterable[int]:
    """The bits of s[n + len(seed)] = xor of s[n + tap]."""
    state = list(seed)
    while True:
        yield state[0]
        state = [*state[1:], sum(state[t] for t in taps) & 1]


def packed(bits: Iterable[int], octets: int) -> list[int]:
    """Octets of a bit sequence, first bit most significant."""
    flat = list(islice(bits, 8 * octets))
    return [int("".join(map(str, flat[8 * k : 8 * k + 8])), 2) for k in range(octets)]


def antilogarithms() -> list[int]:
    """alpha^0 .. alpha^254 of the field."""
    out, value = [], 1
    for _ in range(255):
        out.append(value)
        value <<= 1
        if value & 0x100:
            value ^= FIELD_POLYNOMIAL
    return out


ALPHA = antilogarithms()
LOG = {value: k for k, value in enumerate(ALPHA)}


def product(a: int, b: int) -> int:
    return ALPHA[(LOG[a] + LOG[b]) % 255] if a and b else 0


def generator(parity: int) -> list[int]:
    """Coefficients of the generator, highest power first: roots alpha^(11 j), 131.0-B, 4.3.2."""
    g = [1]
    for j in range(128 - parity // 2, 128 + parity // 2):
        root = ALPHA[11 * j % 255]
        g = [a ^ product(b, root) for a, b in zip([*g, 0], [0, *g], strict=True)]
    return g


def feedback_words(parity: int, feedback: int) -> list[int]:
    """The parity register's change for one feedback octet: octet i in bits 8 (i % 8) of word i // 8."""
    change = [product(feedback, c) for c in generator(parity)[1:]]
    return [int.from_bytes(bytes(change[k : k + 8]), "little") for k in range(0, parity, 8)]


def octet_table(name: str, values: list[int], what: str) -> str:
    rows = [", ".join(f"0x{v:02x}" for v in values[k : k + 16]) for k in range(0, len(values), 16)]
    return (
        f"/// {what}\nstatic const uint8_t {name}[{len(values)}] = {{\n    " + ",\n    ".join(rows) + "};\n"
    )


def word_table(name: str, parity: int) -> str:
    halves = []
    for shift in (0, 4):
        rows = [
            "{" + ", ".join(f"UINT64_C(0x{w:016x})" for w in feedback_words(parity, nibble << shift)) + "}"
            for nibble in range(16)
        ]
        halves.append("{\n     " + ",\n     ".join(rows) + "}")
    return (
        f"/// [half][nibble]: what a feedback octet's low (0) and high (1) nibble add to the {parity} check\n"
        f"/// octets; octet i stands in bits 8 (i % 8) up of word i / 8, on any machine.\n"
        f"static const uint64_t {name}[2][16][{parity // 8}] = {{\n    " + ",\n    ".join(halves) + "};\n"
    )


def linear_table(images: list[int]) -> list[int]:
    out = []
    for value in range(256):
        total = 0
        for bit, image in enumerate(images):
            if value >> bit & 1:
                total ^= image
        out.append(total)
    return out


HEADING = "/// {name} - written by tools/coding_tables.py; do not edit.\n\n"


def randomizer_tables() -> str:
    ones = [1] * 8
    preset_131071 = [int(bit) for bit in reversed("11000111000111000")]
    return HEADING.format(name="randomizer_tables.inc") + "\n".join(
        (
            octet_table(
                "telemetry_255",
                packed(shift_register(ones, (0, 3, 5, 7)), 255),
                "One period of x^8+x^7+x^5+x^3+1 from all ones (131.0-B-3, 10.4).",
            ),
            octet_table(
                "telecommand_255",
                packed(shift_register(ones, (0, 1, 2, 3, 4, 6)), 255),
                "One period of x^8+x^6+x^4+x^3+x^2+x+1 from all ones (231.0-B-4, 6.3).",
            ),
            octet_table(
                "telemetry_131071",
                packed(shift_register(preset_131071, (0, 14)), 17 * 8),
                "First 17 words of x^17+x^14+1 from its preset (131.0-B-6, 10.4.3).",
            ),
        )
    )


def reed_solomon_tables() -> str:
    dual = linear_table(list(DUAL_OF_BIT))
    conventional = [dual.index(value) for value in range(256)]
    return HEADING.format(name="reed_solomon_tables.inc") + "\n".join(
        (
            word_table("feedback_32", 32),
            word_table("feedback_16", 16),
            octet_table("dual_of_conventional", dual, "131.0-B, annex F."),
            octet_table("conventional_of_dual", conventional, "Its inverse."),
        )
    )


def main() -> int:
    wrong = 0
    for name, text in (
        ("randomizer_tables.inc", randomizer_tables()),
        ("reed_solomon_tables.inc", reed_solomon_tables()),
    ):
        if "--check" in sys.argv:
            wrong |= (FLIGHT / name).read_text() != text
        else:
            (FLIGHT / name).write_text(text)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
