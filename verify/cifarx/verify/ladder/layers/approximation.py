"""The wider bound of functions that a runtime computes by an approximation of absolute error.

A runtime may compute a function by a polynomial or by exp(x) - 1. The error of that is absolute,
in units of the function's range, and does not shrink where the result vanishes: sigmoid(-15) is
3e-7, and ONNX Runtime is off by 5e-8 there. Such an error is lawful float32 arithmetic, but it is
beyond any bound that is relative to the result.

`COEFFICIENTS` has what each runtime needs, from the errors measured over float32 inputs
(benchmarks/activations.py; verify/README.md, 'Approximated functions', has the tables).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from cifarx.export.network.layer import Layer, number
from cifarx.verify.ladder.logits import UNIT

COEFFICIENTS: Mapping[str, Mapping[str, float]] = {
    "onnxruntime": {"SigmoidLayer": 3.5, "SwishLayer": 3.5, "ELULayer": 2.0},
    "pytorch": {"GELULayer": 10.0},
}
"""By whose functions a layer is computed, and by kind: units of u = 2^-24 of the range, at most
twice the largest error measured."""

_RANGES: Mapping[str, Callable[[Layer, Tensor], Tensor]] = {
    "SigmoidLayer": lambda layer, x: x.new_ones(()),
    "SwishLayer": lambda layer, x: x.abs(),
    "GELULayer": lambda layer, x: x.abs(),
    "ELULayer": lambda layer, x: x.new_tensor(abs(number(layer, "Alpha"))) * (x < 0),
}
"""What the function in a layer is multiplied by."""


def approximation_bound(layer: Layer, x: Tensor, bound: Tensor, library: str) -> Tensor | None:
    """The bound of a layer, with the error of an approximated function added.

    Args:
        layer: an activation, or any other layer.
        x: its input, (N, C, H, W) or (N, F).
        bound: the bound of the accurate function, of the shape of `x` or to be broadcast to it.
        library: whose functions compute it, as the engine says.

    Returns:
        None where this runtime does not approximate layers of this kind.
    """
    coefficient = COEFFICIENTS.get(library, {}).get(layer.kind)
    if coefficient is None:
        return None
    return bound + coefficient * UNIT * _RANGES[layer.kind](layer, x.double())
