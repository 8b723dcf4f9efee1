"""Combine channels of maps, which stacked maps are, too: one set of channels behind the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.materialize import made_up_convolution
from cifarx.export.from_onnx.node import Node, zeros
from cifarx.export.from_onnx.operators.arithmetic import scaled
from cifarx.export.from_onnx.value import Value
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError


def combined_channels(node: Node, layer: str, kernels: NDArray[Any], suffix: str) -> str:
    """Sums and differences of the channels of maps, or of features: (F, C) numbers to multiply."""
    weights = kernels.astype(node.reading.dtype)
    if len(node.reading.shapes[layer]) == 3:
        weights = weights[:, :, None, None]
        edges = (0, 0, 0, 0)
        return made_up_convolution(
            node, layer, weights, (1, 1), edges, by_channel=False, suffix=suffix
        )
    arrays = {"Weights": Array(weights, ""), "Bias": zeros(len(weights))}
    return node.add("FullyConnectedLayer", (layer,), {}, arrays, suffix=suffix)


def softmax_of_two(node: Node, value: Value, axis: int) -> Value:
    """Softmax over an axis of length 2: the sigmoid of the difference, and of its negation.

    Args:
        node: that the layers are for.
        value: of any shape, made of whole maps or of features.
        axis: of the value, without the batch.
    """
    index = np.moveaxis(value.index, axis, 0)
    channels, *size = node.reading.shapes[value.layer]
    pixels = np.arange(int(np.prod(size)))
    if index[0].size % pixels.size:
        raise UnsupportedError("over two parts of maps")
    taken = index.reshape(2, -1, pixels.size)
    chosen = taken[:, :, 0] // pixels.size
    if not np.array_equal(taken, chosen[:, :, None] * pixels.size + pixels):
        raise UnsupportedError("over two parts of maps")
    kernels = np.zeros((chosen.shape[1], channels), np.int64)
    rows = np.arange(len(kernels))
    kernels[rows, chosen[0]], kernels[rows, chosen[1]] = 1, -1
    layer = combined_channels(node, value.layer, kernels, "_difference")
    first = Value(layer, node.reading.shapes[layer])
    second = scaled(node, first, -1.0, 0.0, "_negated")
    both = tuple(node.elementwise("SigmoidLayer", v).layer for v in (first, second))
    if size:
        layer = node.add("DepthConcatenationLayer", both, suffix="_both")
    else:
        layer = node.add("ConcatenationLayer", both, {"Dim": 1.0}, suffix="_both")
    order = np.moveaxis(np.arange(index.size).reshape(index.shape), 0, axis)
    return Value(layer, order.shape, order)
