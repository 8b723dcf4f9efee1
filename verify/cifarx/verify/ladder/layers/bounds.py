"""Compute a layer in float64 and bound the error of float32, with one row per layer kind.

The toolbox has the same bounds in `+internal/+truth/localTruth.m`, and 'Local layer check' in
README.md lists them. Every bound other than 0 includes the smallest normal float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.layer import Layer, pair
from cifarx.verify.ladder.layers.rounding import TINY, gamma
from cifarx.verify.ladder.layers.truth_of_activations import truth_of_activation
from cifarx.verify.ladder.layers.truth_of_functions import (
    truth_of_function,
    truth_of_log_softmax,
    truth_of_power,
)
from cifarx.verify.ladder.layers.truth_of_normalizations import (
    channelwise,
    truth_of_batch_norm,
    truth_of_cross_channel,
    truth_of_group_norm,
    truth_of_layer_norm,
)
from cifarx.verify.ladder.layers.truth_of_resizing import truth_of_resizing
from cifarx.verify.ladder.layers.truth_of_sums import (
    LayerTruth,
    truth_of_convolution,
    truth_of_linear,
    truth_of_transposed,
)

EXACT = frozenset(
    {
        "ReLULayer",
        "MaxPooling2DLayer",
        "GlobalMaxPooling2DLayer",
        "DropoutLayer",
        "FlattenLayer",
        "ReshapeLayer",
        "DepthConcatenationLayer",
        "ConcatenationLayer",
    }
)
"""Kinds that only move or select numbers, which every precision does alike."""
_ANY_PRECISION = EXACT | {
    "Convolution2DLayer",
    "GroupedConvolution2DLayer",
    "BatchNormalizationLayer",
}
"""Kinds whose truths convert float32 to float64 themselves, where they need it: most of the time
goes into moving numbers, not into computing with them."""


def layer_truth(layer: Layer, inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Compute a layer in float64, and the largest error of a correct float32 computation.

    Args:
        layer: of any kind of the vocabulary.
        inputs: (N, C, H, W) or (N, F), float32 or float64: what the float32 computation got.

    Returns:
        The output, in float64, except that kinds of `EXACT` keep the dtype; and the bound, which
        has or broadcasts to its shape, in float32 for convolutions.

    >>> add = Layer("add", "AdditionLayer", ("a", "b"))
    >>> y, bound = layer_truth(add, [torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, -2.0]])])
    >>> y.tolist(), (bound / 2**-24).round(decimals=3).tolist()
    ([[1.5, 0.0]], [[1.5, 0.0]])
    """
    return prepare_truth(layer)(inputs)


def prepare_truth(layer: Layer) -> LayerTruth:
    """Prepare `layer_truth` for one layer and any number of mini-batches."""
    truth = TRUTHS[layer.kind](layer)
    if layer.kind in _ANY_PRECISION:
        return truth
    return lambda inputs: truth([x.double() for x in inputs])


def _exact(layer: Layer) -> LayerTruth:
    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        y = compute_layer(layer, inputs, {})
        return y, y.new_zeros(())

    return truth


def _scaling(layer: Layer) -> LayerTruth:
    arrays = layer_tensors(layer)

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        offset = channelwise(arrays["Offset"], x)
        scaled = channelwise(arrays["Scale"], x) * x
        return scaled + offset, gamma(2) * (scaled.abs() + offset.abs()) + TINY

    return truth


def _one_rounding(layer: Layer) -> LayerTruth:
    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        y = compute_layer(layer, inputs, {})
        return y, torch.where(y != 0, gamma(1) * y.abs() + TINY, 0.0)

    return truth


def _average(layer: Layer) -> LayerTruth:
    """Bound a mean as a sum, divided."""

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        window = pair(layer, "PoolSize") if "PoolSize" in layer.hyper else x.shape[2:]
        y, absolute = compute_layer(layer, [x], {}), compute_layer(layer, [x.abs()], {})
        return y, gamma(math.prod(window) + 1, y.numel()) * absolute + TINY

    return truth


TRUTHS: dict[str, Callable[[Layer], LayerTruth]] = {
    **dict.fromkeys(EXACT, _exact),
    "Convolution2DLayer": truth_of_convolution,
    "GroupedConvolution2DLayer": truth_of_convolution,
    "TransposedConvolution2DLayer": truth_of_transposed,
    "FullyConnectedLayer": truth_of_linear,
    "BatchNormalizationLayer": truth_of_batch_norm,
    "LayerNormalizationLayer": truth_of_layer_norm,
    "GroupNormalizationLayer": truth_of_group_norm,
    "InstanceNormalizationLayer": truth_of_group_norm,
    "CrossChannelNormalizationLayer": truth_of_cross_channel,
    "ClippedReLULayer": truth_of_activation,
    "LeakyReLULayer": truth_of_activation,
    "PReLULayer": truth_of_activation,
    "ELULayer": truth_of_activation,
    "GELULayer": truth_of_activation,
    "SwishLayer": truth_of_activation,
    "SigmoidLayer": truth_of_activation,
    "TanhLayer": truth_of_activation,
    "SoftmaxLayer": truth_of_activation,
    "LogSoftmaxLayer": truth_of_log_softmax,
    "ElementwiseLayer": truth_of_function,
    "PowerLayer": truth_of_power,
    "BinaryElementwiseLayer": truth_of_function,
    "ScalingLayer": _scaling,
    "AveragePooling2DLayer": _average,
    "GlobalAveragePooling2DLayer": _average,
    "Resize2DLayer": truth_of_resizing,
    "AdditionLayer": _one_rounding,
    "MultiplicationLayer": _one_rounding,
}
