"""A disk for the mass memory's log that does what disks do on bad days."""

import errno

import pytest


class Disk:
    """room: octets that fit on it. now: what a program reads; stable: what outlives a loss of power.

    Between the two are the changes since the last sync, each of which a loss of power may keep, lose, or
    tear: of a torn write, the first octets are there.
    """

    def __init__(self, now=b"", room=1 << 30):
        self.now, self.stable, self.changes = bytearray(now), bytearray(now), []
        self.room, self.syncs_fail, self.syncs = room, False, 0

    # ---- as the log uses it

    def size(self):
        return len(self.now)

    def read(self, at, octets):
        return bytes(self.now[at : at + octets])

    def write(self, at, parts):
        octets = b"".join(parts)
        fits = max(0, min(len(octets), self.room - at))
        self._change(("write", at, octets[:fits]))
        if fits < len(octets):
            raise OSError(errno.ENOSPC, "full")

    def truncate(self, size):
        self._change(("truncate", size))

    def sync(self):
        if self.syncs_fail:
            raise OSError(errno.EIO, "broken")
        self.syncs += 1
        self.stable, self.changes = bytearray(self.now), []

    def fresh(self):
        return Disk(room=self.room)

    def become(self, other):
        other.sync()
        self.now, self.stable, self.changes = other.now, other.stable, []

    def close(self):
        pass

    # ---- bad days

    def _change(self, change):
        _apply(self.now, change)
        self.changes.append(change)

    def killed(self, torn=None):
        """The disk after the program's death: all of it, but for the octets from `torn` on of the last
        write, if that is where it was. What was not synced is not on the disk for that."""
        after = Disk(self.now, self.room)
        after.stable, after.changes = self.stable, list(self.changes)
        if torn is not None and self.changes and self.changes[-1][0] == "write":
            _, at, written = after.changes.pop()
            after.changes.append(("write", at, written[:torn]))
            del after.now[at + min(torn, len(written)) :]
        return after

    def after_power_loss(self, kept):
        """kept: for each change since the last sync how much of it came through, 0 to 1."""
        octets = bytearray(self.stable)
        for change, share in zip(self.changes, kept, strict=True):
            if change[0] == "write":
                part = change[2][: round(share * len(change[2]))]
                if part:
                    _apply(octets, ("write", change[1], part))
            elif share == 1:
                _apply(octets, change)
        return Disk(octets, self.room)

    def flip(self, bit):
        self.now[bit // 8] ^= 1 << bit % 8


def _apply(octets, change):
    if change[0] == "truncate":
        size = change[1]
        octets[size:] = bytes(max(0, size - len(octets)))
        return
    _, at, written = change
    octets.extend(bytes(max(0, at - len(octets))))
    octets[at : at + len(written)] = written


@pytest.fixture(scope="session")
def disk():
    return Disk
