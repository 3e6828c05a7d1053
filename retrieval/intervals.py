"""Intervals of shares: how far chance alone reaches."""

import math

Z95 = 1.959964
Z99 = 2.575829

Interval = tuple[float, float]


def wilson(count: int, of: int, z: float = Z95) -> Interval:
    """Wilson's score interval of the share `count / of` (Wilson 1927); (0, 1) when there is nothing to count."""
    if of == 0:
        return 0.0, 1.0
    share, spread = count / of, z * z / of
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def difference(count: int, of: int, count_before: int, of_before: int, z: float = Z95) -> Interval:
    """Interval of the difference of two independent shares, now less before (Newcombe 1998, method 10)."""
    if of == 0 or of_before == 0:
        return -1.0, 1.0
    now, before = count / of, count_before / of_before
    low, high = wilson(count, of, z)
    low_before, high_before = wilson(count_before, of_before, z)
    down = math.hypot(now - low, high_before - before)
    up = math.hypot(high - now, before - low_before)
    return now - before - down, now - before + up
