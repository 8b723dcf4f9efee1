"""Bound the rounding error of float32 sums; the toolbox has the same in `gammaBound.m`."""

from __future__ import annotations

import math

from cifarx.verify.ladder.truth_of_output import UNIT

TINY = 2.0**-126
"""The smallest normal float32: the format is coarser below it, and some processors give 0."""
_ONCE_IN = 1e6  # one of so many layers may exceed the probabilistic bound by chance


def gamma(terms: int, sums: int = 1, unit: float = UNIT) -> float:
    """Bound the error of a sum of products, relative to the sum of their absolute values.

    The bound holds for every order of summation, with or without fused multiply-add. It is the
    smaller of `terms * u / (1 - terms * u)`, which always holds, and of
    `exp(lambda * sqrt(terms) * u + terms * u**2 / (1 - u)) - 1` for practically
    independent roundings (Higham and Mary 2019, SIAM J. Sci. Comput. 41, theorem 2.4: one sum
    exceeds it with a probability of at most `2 * terms * exp(-lambda**2 * (1 - u)**2 / 2)`).

    Args:
        terms: number of products in a sum, or of roundings in a row.
        sums: number of such sums. Lambda, about 8, is chosen so that one of them exceeds the
            probabilistic bound once in a million times.
        unit: u, the unit roundoff.

    >>> gamma(1) == 2**-24 / (1 - 2**-24), gamma(10_000) / 2**-24 < 1000
    (True, True)
    """
    spread = math.sqrt(2.0 * math.log(2.0 * terms * sums * _ONCE_IN)) / (1.0 - unit)
    likely = math.expm1(spread * math.sqrt(terms) * unit + terms * unit**2 / (1.0 - unit))
    if terms * unit >= 1.0:
        return likely
    return min(terms * unit / (1.0 - terms * unit), likely)
