"""Windows of time: when something holds, as lists of (begin, end) in mission time [ns].

Lists are in order, their windows apart and not empty; a window holds its begin and not its end.
"""

from collections.abc import Callable, Sequence

Window = tuple[int, int]


def windows(
    holds: Callable[[int], bool], from_ns: int, to_ns: int, step_ns: int, within_ns: int
) -> list[Window]:
    """When `holds` is true between two times: looked at every step, its changes then halved to within_ns.

    What comes and goes between two looks is not seen: let the step be shorter than what matters.
    """
    found: list[Window] = []
    at, true, begin = from_ns, holds(from_ns), from_ns
    while at < to_ns:
        ahead = min(at + step_ns, to_ns)
        if holds(ahead) is not true:
            low, high = at, ahead
            while high - low > within_ns:
                middle = (low + high) // 2
                low, high = (middle, high) if holds(middle) is true else (low, middle)
            if true and high > begin:
                found.append((begin, high))
            begin, true = high, not true
        at = ahead
    if true and to_ns > begin:
        found.append((begin, to_ns))
    return found


def both(first: Sequence[Window], second: Sequence[Window]) -> list[Window]:
    """When both hold."""
    found, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        begin, end = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if begin < end:
            found.append((begin, end))
        if first[i][1] <= second[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(first: Sequence[Window], second: Sequence[Window]) -> list[Window]:
    """When the first holds and the second does not."""
    if not first:
        return []
    gaps, at = [], first[0][0]
    for begin, end in second:
        if begin > at:
            gaps.append((at, begin))
        at = max(at, end)
    if at < first[-1][1]:
        gaps.append((at, first[-1][1]))
    return both(first, gaps)


def total_ns(all_windows: Sequence[Window]) -> int:
    """How long in all."""
    return sum(end - begin for begin, end in all_windows)
