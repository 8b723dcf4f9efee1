"""Activations in float64 as Python's math computes them, and what their bounds let through."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from layers_by_hand import U, layer, maps, ratio, single

from cifarx.export.network.layer import Hyper
from cifarx.verify.ladder.layers.bounds import layer_truth

X = np.concatenate([np.linspace(-9, 9, 73), [1e-6, -1e-6, 0.0]]).astype(np.float32)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def gelu_by_tanh(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu(x: float) -> float:
    return x / 2 * math.erfc(-x / math.sqrt(2))


FUNCTIONS: dict[str, tuple[str, dict[str, Hyper], Callable[[float], float]]] = {
    "sigmoid": ("SigmoidLayer", {}, sigmoid),
    "tanh": ("TanhLayer", {}, math.tanh),
    "swish": ("SwishLayer", {}, lambda x: x * sigmoid(x)),
    "elu": ("ELULayer", {"Alpha": 0.7}, lambda x: x if x > 0 else 0.7 * math.expm1(x)),
    "gelu": (
        "GELULayer",
        {"Approximation": "none"},
        gelu,
    ),
    "gelu by tanh": ("GELULayer", {"Approximation": "tanh"}, gelu_by_tanh),
    "leaky": ("LeakyReLULayer", {"Scale": 0.2}, lambda x: x if x > 0 else 0.2 * x),
    "clipped": ("ClippedReLULayer", {"Ceiling": 0.3}, lambda x: min(max(x, 0.0), 0.3)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_truth_is_the_function_and_float32_is_within_its_bound(name: str) -> None:
    kind, hyper, function = FUNCTIONS[name]
    la, x = layer(kind, hyper), torch.from_numpy(X)[None]
    truth, bound = layer_truth(la, [x])
    expected = [function(value) for value in X.astype(float).tolist()]
    np.testing.assert_allclose(truth[0].numpy(), expected, rtol=1e-12, atol=1e-15)
    bound = bound.broadcast_to(truth.shape)
    assert ratio(single(la, [x]), truth, bound) <= 1
    assert ratio(truth + 1e-4 * (x != 0), truth, bound) > 1


@pytest.mark.parametrize(
    ("name", "other"), [("gelu", "gelu by tanh"), ("swish", "gelu"), ("sigmoid", "tanh")]
)
def test_a_similar_function_is_beyond_the_bound(name: str, other: str) -> None:
    kind, hyper, _ = FUNCTIONS[name]
    truth, bound = layer_truth(layer(kind, hyper), [torch.from_numpy(X)[None]])
    found = torch.tensor([[FUNCTIONS[other][2](value) for value in X.astype(float).tolist()]])
    assert ratio(found, truth, bound) > 100


def test_prelu_has_a_slope_per_channel_that_rounds_once() -> None:
    slopes = np.float32([0.1, -2, 0])
    la = layer("PReLULayer", Alpha=slopes)
    x = torch.tensor([[-1.0, -3, -5], [1, 2, 3]]).double()
    truth, bound = layer_truth(la, [x])
    expected = [[-float(slopes[0]), 6, 0], [1, 2, 3]]
    np.testing.assert_allclose(truth.numpy(), expected, rtol=1e-15)
    np.testing.assert_allclose(bound.numpy(), 1.01 * U * np.abs(expected) * [[1], [0]], rtol=1e-6)


def test_softmax_is_over_the_channels_and_its_bound_grows_with_their_spread() -> None:
    random = np.random.RandomState(0)
    x = random.standard_normal((2, 5, 3, 2)).astype(np.float32)
    la = layer("SoftmaxLayer")
    truth, bound = layer_truth(la, [torch.from_numpy(x)])
    powers = np.exp(x.astype(np.float64))
    np.testing.assert_allclose(truth.numpy(), powers / powers.sum(1, keepdims=True), rtol=1e-13)
    assert ratio(single(la, [torch.from_numpy(x)]), truth, bound) <= 1
    wide_truth, wide = layer_truth(la, [torch.from_numpy(10 * x)])
    assert float((wide / wide_truth).max()) > float((bound / truth).max())


def test_the_bounds_of_activations_by_hand() -> None:
    x = maps(-2, 0, 3)
    _, leaky = layer_truth(layer("LeakyReLULayer", {"Scale": 0.1}), [x])
    assert leaky.flatten().tolist() == pytest.approx([2.01 * U * 0.2, 0, 0])
    _, clipped = layer_truth(layer("ClippedReLULayer", {"Ceiling": 6.0}), [x])
    assert clipped.tolist() == 0
    _, odd = layer_truth(layer("ClippedReLULayer", {"Ceiling": 0.1}), [x])
    assert odd.tolist() == pytest.approx(float(np.float32(0.1)) - 0.1)
    _, tanh = layer_truth(layer("TanhLayer"), [x])
    expected = [8 * U * math.tanh(2), 0, 8 * U * math.tanh(3)]
    assert tanh.flatten().tolist() == pytest.approx(expected)


def test_swish_of_what_exp_cannot_hold_is_zero() -> None:
    x = torch.linspace(-110, -80, 3001).double()[None]
    x = x.float().double()
    la = layer("SwishLayer")
    found = single(la, [x])
    assert float(found[0, 1000]) == 0.0
    assert ratio(found, *layer_truth(la, [x])) <= 1
