"""The class of bound for functions that a runtime approximates with an absolute error.

A runtime may compute a function by a polynomial or as exp(x) - 1. The error of that is absolute, in
units of the function's range, and does not shrink where the result vanishes: sigmoid(-15) is 3e-7,
and ONNX Runtime is off by 1e-7 there. Such an error is lawful float32 arithmetic, but it is beyond
any bound that is relative to the result.

The error allowed is

    a u |y| + b u span + 2^-126 max(1, span),    u = 2^-24,

where y is the result and `span` what the function is multiplied by: 1 for sigmoid, |alpha| for ELU,
|x| for swish and GELU. `COEFFICIENTS` has a and b of the runtimes that need the class, so that the
bound is at most twice the largest error measured over float32 inputs (benchmarks/activations.md has
the tables, verify/README.md, 'Approximated functions', what follows from them).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from cifarx.export.network.layer import Layer, number
from cifarx.verify.ladder.layers.rounding import TINY
from cifarx.verify.ladder.logits import UNIT

COEFFICIENTS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    # MLAS: 0.5 + p(x) / q(x), and exp(x) - 1
    "onnxruntime": {"SigmoidLayer": (1, 5), "SwishLayer": (2, 5), "ELULayer": (3, 2)},
    # oneDNN, and erf of Abramowitz and Stegun
    "pytorch": {"GELULayer": (1, 8)},
}
"""(a, b) by the library whose functions compute a layer, and by kind."""

_SPANS: Mapping[str, Callable[[Layer, Tensor], Tensor]] = {
    "SigmoidLayer": lambda layer, x: torch.ones_like(x),
    "SwishLayer": lambda layer, x: x.abs(),
    "GELULayer": lambda layer, x: x.abs(),
    "ELULayer": lambda layer, x: abs(number(layer, "Alpha")) * (x < 0),
}


def approximation_bound(layer: Layer, x: Tensor, y: Tensor, library: str) -> Tensor | None:
    """The largest error of a layer whose function this library approximates.

    Args:
        layer: a layer of any kind.
        x: its input, (N, C, H, W) or (N, F).
        y: its output, of the shape of `x`.
        library: whose functions compute it, as the engine says.

    Returns:
        float64 of the shape of `x`; None where the library does not approximate this kind, or where
        GELU is the form by tanh, which all runtimes compute within the direct bound.
    """
    coefficients = COEFFICIENTS.get(library, {}).get(layer.kind)
    if coefficients is None or layer.hyper.get("Approximation") == "tanh":
        return None
    a, b = coefficients
    span = _SPANS[layer.kind](layer, x.double()).double()
    return UNIT * (a * y.double().abs() + b * span) + TINY * span.clamp(min=1.0)
