"""How far float32 arithmetic may lawfully be off; `gammaBound.m` has the same numbers."""

from __future__ import annotations

import math

from cifarx.verify.ladder.logits import UNIT

TINY = 2.0**-126
"""The smallest normal float32: below it the format is coarser, and some processors give 0."""
_ONCE_IN = 1e6  # so many layers, one may exceed the probabilistic bound by chance


def gamma(terms: int, sums: int = 1, unit: float = UNIT) -> float:
    """Error of a sum of products over the sum of their absolute values.

    It holds for every order of summation, with or without fused multiplications, and is the lesser
    of `terms * u / (1 - terms * u)`, which has no exceptions, and of
    `exp(lambda * sqrt(terms) * u + terms * u**2 / (1 - u)) - 1` for roundings as good as
    independent (Higham and Mary 2019, SIAM J. Sci. Comput. 41, theorem 2.4, which leaves one sum a
    chance of `2 * terms * exp(-lambda**2 * (1 - u)**2 / 2)` to exceed it).

    Args:
        terms: products in a sum, or roundings that a number goes through.
        sums: how many are computed; lambda, 8 or so, is such that one of them exceeds the second
            bound once in a million times.
        unit: u, the unit roundoff.
    """
    spread = math.sqrt(2.0 * math.log(2.0 * terms * sums * _ONCE_IN)) / (1.0 - unit)
    likely = math.expm1(spread * math.sqrt(terms) * unit + terms * unit**2 / (1.0 - unit))
    if terms * unit >= 1.0:
        return likely
    return min(terms * unit / (1.0 - terms * unit), likely)
