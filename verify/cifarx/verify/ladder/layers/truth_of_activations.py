"""Compute activations in float64, and bound their errors.

exp, tanh and erf may be wrong by four units in the last place; the GNU C library documents at most
three in float32:
https://www.gnu.org/software/libc/manual/html_node/Errors-in-Math-Functions.html
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.layer import Layer, number
from cifarx.verify.ladder.layers.rounding import TINY, gamma
from cifarx.verify.ladder.layers.truth_of_normalizations import channelwise
from cifarx.verify.ladder.layers.truth_of_sums import LayerTruth
from cifarx.verify.ladder.truth_of_output import UNIT

_OWN = 8 * UNIT  # four units in the last place are at most eight times u

Bound = Callable[[Layer, Tensor, Tensor], Tensor]
"""(layer, its input, its output) -> the bound; 0 where float32 arithmetic is exact."""


def truth_of_activation(layer: Layer) -> LayerTruth:
    """Make the truth of an elementwise function, or of softmax over the channels."""
    arrays = layer_tensors(layer)
    bound_of = _BOUNDS[layer.kind]

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        y = compute_layer(layer, inputs, arrays)
        bound = bound_of(layer, x, y)
        return y, torch.where(bound > 0, bound + TINY, bound)

    return truth


def _clipped_relu(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    """Return 0 if the ceiling is a float32, such as 6, else the rounding of the ceiling."""
    ceiling = number(layer, "Ceiling")
    return x.new_tensor(abs(float(np.float32(ceiling)) - ceiling))


def _leaky_relu(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    """Count the rounding of the slope and that of the product."""
    return 2.01 * UNIT * abs(number(layer, "Scale")) * x.clamp(max=0).abs()


def _prelu(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    slopes = channelwise(layer_tensors(layer)["Alpha"], x)
    return 1.01 * UNIT * (slopes * x.clamp(max=0)).abs()


def _elu(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    return (_OWN + 3 * UNIT) * torch.where(x < 0, y.abs(), 0.0)


def _gelu(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    if layer.hyper["Approximation"] == "tanh":
        a = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        t = torch.tanh(a)
        of_sum = 7 * UNIT * a.abs() * (1 - t.square()) + _OWN * t.abs()
    else:
        z = x / math.sqrt(2)
        t = torch.erf(z)
        steepness = torch.exp(-z.square()) * 2 / math.sqrt(math.pi)
        of_sum = 3 * UNIT * z.abs() * steepness + _OWN * t.abs()
    return x.abs() / 2 * (of_sum + 3 * UNIT * (1 + t.abs()))


def _swish(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    """Allow a result of 0 below -88.7, where exp(-x) exceeds float32 and the sigmoid is tiny."""
    return (2 * _OWN + 4 * UNIT) * y.abs() + TINY * x.abs()


def _softmax(layer: Layer, x: Tensor, y: Tensor) -> Tensor:
    below = (x - x.amax(1, keepdim=True)).abs()
    of_sum = gamma(x.shape[1], x.numel() // x.shape[1])
    of_exponents = UNIT * (below + (y * below).sum(1, keepdim=True)) + 2 * _OWN
    return y * (of_exponents + of_sum + 2 * UNIT)


_BOUNDS: dict[str, Bound] = {
    "ClippedReLULayer": _clipped_relu,
    "LeakyReLULayer": _leaky_relu,
    "PReLULayer": _prelu,
    "ELULayer": _elu,
    "GELULayer": _gelu,
    "SwishLayer": _swish,
    "SigmoidLayer": lambda la, x, y: (2 * _OWN + 3 * UNIT) * y,
    "TanhLayer": lambda la, x, y: _OWN * y.abs(),
    "SoftmaxLayer": _softmax,
}
