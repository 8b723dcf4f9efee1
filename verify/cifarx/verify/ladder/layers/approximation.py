"""Bound the error of functions that a runtime approximates with an absolute error.

A runtime may compute a function by a polynomial or as exp(x) - 1. The error is then absolute, in
units of the function's range, and does not shrink with the result: sigmoid(-15) is 3e-7, and the
error of ONNX Runtime there is 1e-7. This is correct float32 arithmetic, but it exceeds any bound
that is relative to the result.

The error allowed is

    a u |y| + b u span + 2^-126 max(1, span),    u = 2^-24,

where y is the result and `span` the factor of the function: 1 for sigmoid, |alpha| for ELU, |x| for
swish and GELU. `COEFFICIENTS` has a and b for the runtimes that need this class. They make the
bound at most twice the largest error measured over float32 inputs (benchmarks/activations.md has
the tables, 'Approximated functions' in verify/README.md the conclusions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from cifarx.export.network.layer import Layer, number
from cifarx.verify.ladder.layers.rounding import TINY
from cifarx.verify.ladder.truth_of_output import UNIT

COEFFICIENTS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    # MLAS: 0.5 + p(x) / q(x), and exp(x) - 1
    "onnxruntime": {"SigmoidLayer": (1, 5), "SwishLayer": (2, 5), "ELULayer": (3, 2)},
    # oneDNN, and erf of Abramowitz and Stegun
    "pytorch": {"GELULayer": (1, 8)},
}
"""(a, b) by library and layer kind."""

_SPANS: Mapping[str, Callable[[Layer, Tensor], Tensor]] = {
    "SigmoidLayer": lambda layer, x: torch.ones_like(x),
    "SwishLayer": lambda layer, x: x.abs(),
    "GELULayer": lambda layer, x: x.abs(),
    "ELULayer": lambda layer, x: abs(number(layer, "Alpha")) * (x < 0),
}


def approximation_bound(layer: Layer, x: Tensor, y: Tensor, library: str) -> Tensor | None:
    """Return the largest error of a layer whose function this library approximates.

    Args:
        layer: a layer of any kind.
        x: its input, (N, C, H, W) or (N, F).
        y: its output, of the shape of `x`.
        library: the one whose functions compute it; see `Engine.library`.

    Returns:
        float64 of the shape of `x`. None if the library does not approximate this kind, and for the
        tanh form of GELU, which all runtimes compute within the direct bound.
    """
    coefficients = COEFFICIENTS.get(library, {}).get(layer.kind)
    if coefficients is None or layer.hyper.get("Approximation") == "tanh":
        return None
    a, b = coefficients
    span = _SPANS[layer.kind](layer, x.double()).double()
    return UNIT * (a * y.double().abs() + b * span) + TINY * span.clamp(min=1.0)
