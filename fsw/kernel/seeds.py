"""Named seeded random streams: one seed drives everything, and no stream disturbs another.

A stream is xoshiro256** (Blackman and Vigna, 2018) over plain integers, seeded by SHA-256 of the
mission's seed and the stream's name. Drawing from one stream never changes what another gives, so
that a new device does not change the flight of the old ones.
"""

import hashlib

_MASK = (1 << 64) - 1


def _rotate_left(x: int, k: int) -> int:
    return ((x << k) | (x >> (64 - k))) & _MASK


class Stream:
    """One source of random numbers; the same on every machine."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._s = [int.from_bytes(digest[k : k + 8], "little") for k in range(0, 32, 8)]

    def u64(self) -> int:
        """The next 64 bits."""
        s = self._s
        result = (_rotate_left((s[1] * 5) & _MASK, 7) * 9) & _MASK
        t = (s[1] << 17) & _MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = _rotate_left(s[3], 45)
        return result

    def uniform(self) -> float:
        """In [0, 1), a multiple of 2**-53."""
        return (self.u64() >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.uniform()

    def below(self, bound: int) -> int:
        """An integer in [0, bound), every one as likely. Raises ValueError for bound < 1."""
        if bound < 1:
            raise ValueError(f"bound {bound}: allowed are integers from 1")
        limit = (1 << 64) - (1 << 64) % bound
        while (draw := self.u64()) >= limit:
            pass
        return draw % bound

    def normal(self) -> float:
        """Mean 0, variance 1, within +-6: the sum of twelve uniforms, so that no logarithm, whose
        last bit differs between C libraries, decides a flight."""
        return sum(self.uniform() for _ in range(12)) - 6.0

    def unit_vector(self) -> tuple[float, float, float]:
        """A direction, uniform on the sphere (by rejection: + - * / and sqrt only)."""
        while True:
            x, y, z = (2.0 * self.uniform() - 1.0 for _ in range(3))
            square = x * x + y * y + z * z
            if 1e-4 < square <= 1.0:
                length = square**0.5
                return x / length, y / length, z / length

    def save(self) -> list[int]:
        return list(self._s)

    def load(self, saved: list[int]) -> None:
        self._s = list(saved)


class Streams:
    """All streams of one simulation, by name."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, Stream] = {}

    def stream(self, name: str) -> Stream:
        """The stream of that name, always the same object."""
        if name not in self._streams:
            self._streams[name] = Stream(self.seed, name)
        return self._streams[name]

    def seed_of(self, name: str) -> int:
        """A 63-bit seed for counter-based noise elsewhere (sensor, radio); draws nothing."""
        digest = hashlib.sha256(f"{self.seed}/{name}/counter".encode()).digest()
        return int.from_bytes(digest[:8], "little") >> 1

    def save(self) -> dict[str, list[int]]:
        return {name: stream.save() for name, stream in sorted(self._streams.items())}

    def load(self, saved: dict[str, list[int]]) -> None:
        """Also streams drawn from since: one that the saved flight had not begun begins again."""
        for name, stream in self._streams.items():
            if name not in saved:
                stream.load(Stream(self.seed, name).save())
        for name, state in saved.items():
            self.stream(name).load(state)
