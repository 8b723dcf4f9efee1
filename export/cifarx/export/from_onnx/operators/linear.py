"""Gemm and MatMul."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.materialize import features
from cifarx.export.from_onnx.node import Node, reads, zeros
from cifarx.export.from_onnx.operators.arithmetic import product
from cifarx.export.from_onnx.operators.reductions import reduced
from cifarx.export.from_onnx.value import Value, channels_last
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError


@reads("Gemm", "FullyConnectedLayer", "constant B and C, transA 0")
def linear(node: Node) -> None:
    """`alpha * x * B + beta * C`."""
    if node.attribute("transA", 0):
        raise UnsupportedError("transA=1")
    weights = node.array(1)
    if not node.attribute("transB", 0):
        weights = Array(weights.value.T, weights.source)
    weights = _times(weights, node.attribute("alpha", 1.0))
    bias = zeros(len(weights.value))
    if node.given(2):
        given = _times(node.array(2), node.attribute("beta", 1.0))
        if given.value.size not in (1, len(weights.value)) or given.value.shape[:-1] not in (
            (),
            (1,),
        ):
            raise UnsupportedError(
                f"C of {given.value.shape}, but a bias has one number per output"
            )
        whole = np.broadcast_to(given.value.reshape(-1), (len(weights.value),))
        bias = Array(np.ascontiguousarray(whole), given.source)
    node.give(fully_connected(node, node.value(0), weights, bias))


def _times(array: Array, factor: float) -> Array:
    return array if factor == 1 else Array(array.value * array.value.dtype.type(factor), "")


@reads(
    "MatMul",
    "FullyConnectedLayer; 1x1 Convolution2DLayer on maps with channels last; by a computed vector "
    "MultiplicationLayer and GlobalAveragePooling2DLayer",
    "x * B with a constant matrix B, or of maps and weights of their pixels",
)
def matrix_product(node: Node) -> None:
    """Over the last axis: features, or the channels of maps; or all pixels, with weights."""
    if node.constant(0) is None and node.constant(1) is None:
        node.give(_weighted_sum(node, node.value(0), node.value(1)))
        return
    value, matrix = node.value(0), node.array(1)
    if matrix.value.ndim != 2:
        raise UnsupportedError(f"by a constant of {matrix.value.shape}, which is not a matrix")
    weights = Array(matrix.value.T, matrix.source)
    if value.shape[-1:] != matrix.value.shape[:1]:
        raise UnsupportedError(
            f"by {matrix.value.shape} of N x {' x '.join(map(str, value.shape))}"
        )
    if math.prod(value.shape[:-1]) == 1:
        flat = value.rearranged(value.index.reshape(-1))
        given = fully_connected(node, flat, weights, zeros(len(weights.value)))
        node.give(given.rearranged(given.index.reshape(*value.shape[:-1], -1)))
        return
    size = node.reading.shapes[value.layer]
    pixels = channels_last(value.index, (size[0], size[1], size[2])) if len(size) == 3 else None
    if pixels is None:
        raise UnsupportedError("along an axis that is neither the features nor the channels")
    kernels = Array(weights.value[:, :, None, None], weights.source)
    layer = node.add(
        "Convolution2DLayer",
        (value.layer,),
        {"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)},
        {"Weights": kernels, "Bias": zeros(len(kernels.value))},
    )
    filters = np.arange(len(kernels.value)) * (size[1] * size[2])
    index = pixels[..., None] + filters
    node.give(Value(layer, index.shape, index))


def _weighted_sum(node: Node, value: Value, vector: Value) -> Value:
    """The sum over the pixels of maps (..., C, HW), each times its number in (..., HW, 1)."""
    lengths = {n for v in (value, vector) for n in v.shape[:-2]} - {1}
    if len(value.shape) < 2 or lengths or vector.shape[-1:] != (1,):
        raise UnsupportedError("of two computed matrices, as in attention; cifarx has no layer")
    matrix = value.rearranged(value.index.reshape(value.shape[-2:]))
    weights = vector.rearranged(vector.index.reshape(1, -1))
    total = reduced(node, product(node, matrix, weights), [1], "sum", keep=True)
    return total.rearranged(total.index.reshape(*value.shape[:-1], 1))


def fully_connected(node: Node, value: Value, weights: Array, bias: Array) -> Value:
    """A linear layer on features in any order; the columns of its weights follow that order."""
    value = features(node, value)
    if weights.value.shape[1:] != value.shape:
        raise UnsupportedError(f"weights of {weights.value.shape} for features of {value.shape}")
    matrix: NDArray[np.float32] = weights.value
    source = weights.source
    if value.order is not None:
        matrix = np.zeros((len(matrix), node.reading.shapes[value.layer][0]), matrix.dtype)
        np.add.at(matrix.T, value.order, weights.value.T)
        source = ""
    arrays = {"Weights": Array(matrix, source), "Bias": bias}
    layer = node.add("FullyConnectedLayer", (value.layer,), {}, arrays)
    return Value(layer, node.reading.shapes[layer])
