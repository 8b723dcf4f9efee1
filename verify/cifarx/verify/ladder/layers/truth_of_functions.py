"""Compute functions, powers and log-softmax in float64, and bound their errors.

A library function may be wrong by four units in the last place, as in `truth_of_activations`; roots
and reciprocals by one, because not every library rounds them to the nearest (PyTorch's square root
on a CPU is off by up to 1.06 u).
"""

from __future__ import annotations

from torch import Tensor

from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.layer import Layer
from cifarx.verify.ladder.layers.rounding import TINY, gamma
from cifarx.verify.ladder.layers.truth_of_sums import LayerTruth
from cifarx.verify.ladder.truth_of_output import UNIT

_OWN = 8 * UNIT  # four units in the last place are at most eight times u

_IN_RESULT = {
    "abs": 0.0,
    "ceil": 0.0,
    "cos": _OWN,
    "divide": gamma(1),
    "exp": _OWN,
    "floor": 0.0,
    "log": _OWN,
    "max": 0.0,
    "min": 0.0,
    "reciprocal": gamma(2),
    "sign": 0.0,
    "sin": _OWN,
    "softplus": 2 * _OWN + 2 * UNIT,
    "sqrt": gamma(2),
}
"""By function, the largest error relative to the result; 0 where float32 arithmetic is exact."""


def truth_of_function(layer: Layer) -> LayerTruth:
    """Make the truth of a function of one element, or of two."""
    relative = _IN_RESULT[str(layer.hyper["Function"])]

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        y = compute_layer(layer, inputs, {})
        return y, relative * y.abs() + TINY if relative else y.new_zeros(())

    return truth


def truth_of_power(layer: Layer) -> LayerTruth:
    """Make the truth of a power with a constant exponent."""
    arrays = layer_tensors(layer)

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        y = compute_layer(layer, inputs, arrays)
        return y, 2 * (_OWN + UNIT) * y.abs() + TINY

    return truth


def truth_of_log_softmax(layer: Layer) -> LayerTruth:
    """Make the truth of x - max - log(sum(exp(x - max))) over the channels."""

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        y = compute_layer(layer, inputs, {})
        below = (x - x.amax(1, keepdim=True)).abs()
        of_sum = gamma(x.shape[1], x.numel() // x.shape[1]) + _OWN
        of_exponents = UNIT * (y.exp() * below).sum(1, keepdim=True)
        of_log = _OWN * (y.amax(1, keepdim=True)).abs()
        return y, of_sum + of_exponents + of_log + UNIT * (2 * below + y.abs()) + TINY

    return truth
