"""Functions in float64 as Python's math computes them, and what their bounds let through."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from layers_by_hand import layer, ratio, single

from cifarx.export.network.vocabulary import ONE_TO_ONE
from cifarx.verify.ladder.layers.bounds import layer_truth

X = np.concatenate([np.linspace(-9, 9, 73), [1e-6, -1e-6, 0.0]]).astype(np.float32)
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "reciprocal": lambda x: 1 / x,
    "sign": lambda x: (x > 0) - (x < 0),
    "sin": math.sin,
    "softplus": lambda x: math.log1p(math.exp(x)),
    "sqrt": math.sqrt,
}
ABOVE_ZERO = ("log", "reciprocal", "sqrt")


def test_all_functions_are_here() -> None:
    assert sorted(FUNCTIONS) == sorted(ONE_TO_ONE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_truth_is_the_function_and_float32_is_within_its_bound(name: str) -> None:
    x = torch.from_numpy(X[X > 0] if name in ABOVE_ZERO else X)[None]
    la = layer("ElementwiseLayer", {"Function": name})
    truth, bound = layer_truth(la, [x])
    expected = [FUNCTIONS[name](value) for value in x[0].double().tolist()]
    np.testing.assert_allclose(truth[0].numpy(), expected, rtol=1e-12, atol=1e-15)
    assert ratio(single(la, [x]), truth, bound.broadcast_to(truth.shape)) <= 1
    assert ratio(truth * (1 + 2**-18), truth, bound.broadcast_to(truth.shape)) > 3


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("softplus", lambda x: x.clamp(min=0)),
        ("softplus", lambda x: torch.nn.functional.softplus(x, 1.001)),
        ("softplus", lambda x: torch.log(1 + torch.exp(x)) + 1e-5),
        ("exp", lambda x: torch.exp(1.00001 * x)),
        ("sin", lambda x: x),
        ("log", lambda x: torch.log1p(x)),
    ],
)
def test_a_similar_function_is_beyond_the_bound(
    name: str, other: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    x = torch.from_numpy(X[X > 0] if name in ABOVE_ZERO else X)[None].double()
    truth, bound = layer_truth(layer("ElementwiseLayer", {"Function": name}), [x])
    assert ratio(other(x), truth, bound.broadcast_to(truth.shape)) > 10


def test_an_exponent_that_is_off_by_a_thousandth_is_beyond_the_bound() -> None:
    x = torch.from_numpy(X[X > 0])[None].double()
    la = layer("PowerLayer", Exponent=np.float32([2.75]))
    truth, bound = layer_truth(la, [x])
    np.testing.assert_allclose(truth, x**2.75, rtol=1e-13)
    assert ratio(single(la, [x]), truth, bound) <= 1
    assert ratio(x**2.751, truth, bound) > 100


def test_an_exponent_per_channel() -> None:
    x = torch.rand(2, 3, 4, 5).double() + 0.1
    la = layer("PowerLayer", Exponent=np.float32([2, 0.5, -1]))
    truth, _ = layer_truth(la, [x])
    expected = torch.stack([x[:, 0] ** 2, x[:, 1].sqrt(), 1 / x[:, 2]], 1)
    np.testing.assert_allclose(truth, expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["divide", "max", "min"])
def test_functions_of_two_elements_with_broadcasting(name: str) -> None:
    a, b = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 1, 1)
    la = layer("BinaryElementwiseLayer", {"Function": name})
    truth, bound = layer_truth(la, [a, b])
    function = {"divide": torch.div, "max": torch.maximum, "min": torch.minimum}[name]
    np.testing.assert_array_equal(truth, function(a.double(), b.double()))
    assert ratio(function(a, b), truth, bound.broadcast_to(truth.shape)) <= 1
    assert ratio(function(b, a) + 1e-3, truth, bound.broadcast_to(truth.shape)) > 10


def test_log_softmax_is_over_the_channels_and_its_bound_grows_with_their_spread() -> None:
    la = layer("LogSoftmaxLayer")
    for spread in (1, 30):
        x = spread * torch.randn(4, 7, 3, 2, generator=torch.Generator().manual_seed(0))
        truth, bound = layer_truth(la, [x])
        np.testing.assert_allclose(truth.exp().sum(1), 1, rtol=1e-12)
        assert ratio(torch.log_softmax(x, 1), truth, bound) <= 1
        assert ratio(torch.log_softmax(x + 1e-4 * spread * torch.randn(1, 7, 1, 1), 1), truth,
                     bound) > 10  # fmt: skip
        assert ratio(torch.softmax(x, 1), truth, bound) > 1000
