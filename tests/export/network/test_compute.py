"""Every layer kind against sums written out in numpy, which share nothing with PyTorch."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cifarx.export.network.compute import compute_layer, layer_tensors, run_graph
from cifarx.export.network.graph import LayerGraph, output_shape
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Hyper, Layer
from cifarx.export.network.vocabulary import VOCABULARY

Numbers = NDArray[np.float64]
Case = tuple[str, dict[str, Hyper], dict[str, Numbers], list[Numbers], Numbers]
"""Kind, options, arrays, inputs, and what numpy computes."""
RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((2, 4, 5, 6))
Y = RANDOM.standard_normal((2, 4, 5, 6))
FEATURES = RANDOM.standard_normal((2, 7))
WINDOW: dict[str, Hyper] = {"Stride": (2, 1), "Padding": (1, 0, 2, 1), "DilationFactor": (1, 2)}
POOL: dict[str, Hyper] = {"PoolSize": (3, 2), "Stride": (2, 1), "Padding": (2, 1, 0, 1)}


def drawn(*shape: int) -> Numbers:
    """Numbers that float32 holds, in float64."""
    return RANDOM.standard_normal(shape).astype(np.float32).astype(np.float64)


def padded(x: Numbers, sides: tuple[int, ...], value: float) -> Numbers:
    top, bottom, left, right = sides
    edges = ((0, 0), (0, 0), (top, bottom), (left, right))
    return np.pad(x, edges, constant_values=value)


def windows(
    x: Numbers, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...] = (1, 1)
) -> Numbers:
    """(N, C, rows, columns, height, width)."""
    rows, columns = (
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(x.shape[2:], size, stride, dilation, strict=True)
    )
    out = np.empty((*x.shape[:2], rows, columns, *size))
    for i, j, a, b in itertools.product(*map(range, out.shape[2:])):
        out[:, :, i, j, a, b] = x[
            :, :, i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]
        ]
    return out


def convolved(x: Numbers, kernels: Numbers, bias: Numbers, groups: int) -> Numbers:
    slid = windows(padded(x, (1, 0, 2, 1), 0), kernels.shape[2:], (2, 1), (1, 2))
    share, filters = x.shape[1] // groups, len(kernels) // groups
    parts = []
    for f, kernel in enumerate(kernels):
        first = f // filters * share
        parts.append(np.einsum("ncijab,cab->nij", slid[:, first : first + share], kernel) + bias[f])
    return np.stack(parts, 1)


def transposed(x: Numbers, kernels: Numbers, bias: Numbers) -> Numbers:
    """Stride (2, 3); cropped by 1 at the top and 2 at the right."""
    height, width = 2 * (x.shape[2] - 1) + kernels.shape[2], 3 * (x.shape[3] - 1) + kernels.shape[3]
    whole = np.zeros((len(x), kernels.shape[1], height, width))
    for i, j in itertools.product(range(x.shape[2]), range(x.shape[3])):
        part = np.einsum("nc,cfab->nfab", x[:, :, i, j], kernels)
        whole[:, :, 2 * i : 2 * i + kernels.shape[2], 3 * j : 3 * j + kernels.shape[3]] += part
    return whole[:, :, 1:, :-2] + bias[:, None, None]


def normalized(x: Numbers, axes: tuple[int, ...]) -> Numbers:
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + 0.01)


def by_channel(vector: Numbers) -> Numbers:
    return vector[:, None, None]


def cross_channel(x: Numbers) -> Numbers:
    sums = [(x[:, max(0, c - 1) : c + 2] ** 2).sum(1) for c in range(x.shape[1])]
    return x / (2 + 0.3 / 3 * np.stack(sums, 1)) ** 0.75


def mean_without_padding(x: Numbers) -> Numbers:
    sums = windows(padded(x, (2, 1, 0, 1), 0), (3, 2), (2, 1)).sum((4, 5))
    return sums / windows(padded(np.ones_like(x), (2, 1, 0, 1), 0), (3, 2), (2, 1)).sum((4, 5))


ERF = np.vectorize(math.erf)
K, G, T, B = drawn(6, 4, 2, 2), drawn(6, 2, 2, 2), drawn(4, 3, 2, 3), drawn(6)
S, A, M, V = drawn(4), drawn(4), drawn(4), np.abs(drawn(4))
W, C = drawn(3, 7), drawn(3)
AFFINE = {"Scale": S, "Offset": A}
POWERS = np.array([0.5, 2.0, -1.0, 3.0])
FUNCTIONS = [
    ("abs", X, lambda x: np.sqrt(x * x)),
    ("ceil", X, lambda x: -np.floor(-x)),
    ("cos", X, lambda x: np.exp(1j * x).real),
    ("exp", X, lambda x: np.cosh(x) + np.sinh(x)),
    ("floor", X, lambda x: -np.ceil(-x)),
    ("log", np.abs(X), lambda x: np.log2(x) * np.log(2)),
    ("reciprocal", X, lambda x: x**-1),
    ("sign", X, lambda x: x / np.abs(x)),
    ("sin", X, lambda x: np.exp(1j * x).imag),
    ("softplus", X, lambda x: np.log1p(np.exp(x))),
    ("sqrt", np.abs(X), lambda x: x**0.5),
]
RESIZED: dict[str, Hyper] = {
    "OutputSize": (8, 4),
    "Scale": (8 / 5, 4 / 6),
    "Method": "bilinear",
    "GeometricTransformMode": "",
    "NearestRoundingMode": "round",
}


def interpolated(x: Numbers, rows: Numbers, columns: Numbers) -> Numbers:
    """Linear between the pixels at these places; before the first and behind the last, these."""
    for axis, places in ((2, rows), (3, columns)):
        x = np.apply_along_axis(
            lambda line, at: np.interp(at, range(len(line)), line), axis, x, places
        )
    return x


CASES: list[Case] = [
    ("Convolution2DLayer", WINDOW, {"Weights": K, "Bias": B}, [X], convolved(X, K, B, 1)),
    ("GroupedConvolution2DLayer", {**WINDOW, "NumGroups": 2.0}, {"Weights": G, "Bias": B}, [X],
     convolved(X, G, B, 2)),
    ("TransposedConvolution2DLayer", {"Stride": (2, 3), "Cropping": (1, 0, 0, 2)},
     {"Weights": T, "Bias": B[:3]}, [X], transposed(X, T, B[:3])),
    ("BatchNormalizationLayer", {"Epsilon": 0.01},
     {**AFFINE, "TrainedMean": M, "TrainedVariance": V}, [X],
     by_channel(S) * (X - by_channel(M)) / np.sqrt(by_channel(V) + 0.01) + by_channel(A)),
    ("LayerNormalizationLayer", {"Epsilon": 0.01}, AFFINE, [X],
     by_channel(S) * normalized(X, (1,)) + by_channel(A)),
    ("GroupNormalizationLayer", {"Epsilon": 0.01, "NumGroups": 2.0}, AFFINE, [X],
     by_channel(S) * np.concatenate([normalized(X[:, :2], (1, 2, 3)),
                                     normalized(X[:, 2:], (1, 2, 3))], 1) + by_channel(A)),
    ("InstanceNormalizationLayer", {"Epsilon": 0.01}, AFFINE, [X],
     by_channel(S) * normalized(X, (2, 3)) + by_channel(A)),
    ("CrossChannelNormalizationLayer",
     {"WindowChannelSize": 3.0, "Alpha": 0.3, "Beta": 0.75, "K": 2.0}, {}, [X], cross_channel(X)),
    ("ReLULayer", {}, {}, [X], np.maximum(X, 0)),
    ("LeakyReLULayer", {"Scale": 0.2}, {}, [X], np.where(X < 0, 0.2 * X, X)),
    ("ClippedReLULayer", {"Ceiling": 0.5}, {}, [X], np.clip(X, 0, 0.5)),
    ("PReLULayer", {}, {"Alpha": S}, [X], np.where(X < 0, by_channel(S) * X, X)),
    ("ELULayer", {"Alpha": 0.7}, {}, [X], np.where(X < 0, 0.7 * (np.exp(X) - 1), X)),
    ("GELULayer", {"Approximation": "none"}, {}, [X], X * (1 + ERF(X / np.sqrt(2))) / 2),
    ("GELULayer", {"Approximation": "tanh"}, {}, [X],
     X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))) / 2),
    ("SwishLayer", {}, {}, [X], X / (1 + np.exp(-X))),
    ("SigmoidLayer", {}, {}, [X], 1 / (1 + np.exp(-X))),
    ("TanhLayer", {}, {}, [X], np.sinh(X) / np.cosh(X)),
    ("SoftmaxLayer", {}, {}, [X], np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    ("LogSoftmaxLayer", {}, {}, [X], np.log(np.exp(X) / np.exp(X).sum(1, keepdims=True))),
    *(("ElementwiseLayer", {"Function": name}, {}, [of], function(of))
      for name, of, function in FUNCTIONS),
    ("PowerLayer", {}, {"Exponent": POWERS}, [np.abs(X)], np.abs(X) ** by_channel(POWERS)),
    ("BinaryElementwiseLayer", {"Function": "max"}, {}, [X, Y], np.where(X > Y, X, Y)),
    ("BinaryElementwiseLayer", {"Function": "min"}, {}, [X, Y], np.where(X < Y, X, Y)),
    ("BinaryElementwiseLayer", {"Function": "divide"}, {}, [X, Y], X * Y**-1),
    ("ScalingLayer", {}, AFFINE, [X], by_channel(S) * X + by_channel(A)),
    ("MaxPooling2DLayer", POOL, {}, [X],
     windows(padded(X, (2, 1, 0, 1), -np.inf), (3, 2), (2, 1)).max((4, 5))),
    ("AveragePooling2DLayer", {**POOL, "PaddingValue": 0.0}, {}, [X],
     windows(padded(X, (2, 1, 0, 1), 0), (3, 2), (2, 1)).mean((4, 5))),
    ("AveragePooling2DLayer", {**POOL, "PaddingValue": "mean"}, {}, [X], mean_without_padding(X)),
    ("GlobalAveragePooling2DLayer", {}, {}, [X], X.mean((2, 3), keepdims=True)),
    ("GlobalMaxPooling2DLayer", {}, {}, [X], X.max((2, 3), keepdims=True)),
    ("DropoutLayer", {"Probability": 0.5}, {}, [X], X),
    ("FlattenLayer", {}, {}, [X], X.reshape(2, -1)),
    ("Resize2DLayer", {**RESIZED, "GeometricTransformMode": "align-corners"}, {}, [X],
     interpolated(X, np.linspace(0, 4, 8), np.linspace(0, 5, 4))),
    ("Resize2DLayer", {**RESIZED, "GeometricTransformMode": "half-pixel"}, {}, [X],
     interpolated(X, (np.arange(8) + 0.5) * 5 / 8 - 0.5, (np.arange(4) + 0.5) * 6 / 4 - 0.5)),
    ("Resize2DLayer", {**RESIZED, "GeometricTransformMode": "asymmetric", "Method": "nearest",
                       "NearestRoundingMode": "floor"}, {}, [X],
     X[:, :, [0, 0, 1, 1, 2, 3, 3, 4]][..., [0, 1, 3, 4]]),
    ("ReshapeLayer", {"OutputSize": (5, 6, 4)}, {}, [X.reshape(2, -1)], X),
    ("FullyConnectedLayer", {}, {"Weights": W, "Bias": C}, [FEATURES], FEATURES @ W.T + C),
    ("AdditionLayer", {}, {}, [X, Y], X + Y),
    ("MultiplicationLayer", {}, {}, [X, Y[:, :, :1, :1]], X * Y[:, :, :1, :1]),
    ("DepthConcatenationLayer", {}, {}, [X, Y[:, :3]], np.concatenate([X, Y[:, :3]], 1)),
    ("ConcatenationLayer", {"Dim": 1.0}, {}, [X, Y[:, :, :2]],
     np.concatenate([X, Y[:, :, :2]], 2)),
    ("ConcatenationLayer", {"Dim": 2.0}, {}, [X, Y[..., :2]], np.concatenate([X, Y[..., :2]], 3)),
    ("ConcatenationLayer", {"Dim": 3.0}, {}, [X, Y], np.concatenate([X, Y], 1)),
    ("ConcatenationLayer", {"Dim": 1.0}, {}, [FEATURES, FEATURES],
     np.concatenate([FEATURES, FEATURES], 1)),
]  # fmt: skip


def layer_of(
    case: tuple[str, dict[str, Hyper], dict[str, Numbers], list[Numbers], Numbers],
) -> Layer:
    kind, hyper, arrays, inputs, _ = case
    names = tuple(f"x{i}" for i in range(len(inputs)))
    return Layer(
        "y", kind, names, hyper, {k: Array(a.astype(np.float32), k) for k, a in arrays.items()}
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)])
def test_a_layer_computes_what_numpy_computes(case: Case) -> None:
    layer, inputs, expected = layer_of(case), case[3], case[4]
    found = compute_layer(layer, [torch.from_numpy(x) for x in inputs], layer_tensors(layer))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12)
    shapes = {name: x.shape[1:] for name, x in zip(layer.inputs, inputs, strict=True)}
    assert output_shape(layer, shapes) == expected.shape[1:]


def test_every_kind_is_compared() -> None:
    assert {case[0] for case in CASES} == set(VOCABULARY)


def test_a_graph_is_computed_image_by_image_whatever_the_batch() -> None:
    layers = (
        Layer("r", "ReLULayer", ("image",)),
        Layer("s", "AdditionLayer", ("r", "image")),
        Layer("p", "GlobalAveragePooling2DLayer", ("s",)),
        Layer("f", "FlattenLayer", ("p",)),
    )
    graph = LayerGraph((Input("image", (3, 64, 64)),), layers, (Output("f"),))
    images = RANDOM.standard_normal((40, 3, 64, 64)).astype(np.float32)  # several mini-batches
    wide = images.astype(np.float64)
    expected = (np.maximum(wide, 0) + wide).mean((2, 3))
    np.testing.assert_allclose(run_graph(graph, images), expected, rtol=1e-12, atol=1e-12)
