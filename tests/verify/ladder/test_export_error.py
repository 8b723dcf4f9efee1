"""Rung 2: a file's network in float64 against the original's logits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.export.network.model_card import LOG_SOFTMAX
from cifarx.verify.ladder.export_error import export_error

RANDOM = np.random.RandomState(0)
WEIGHTS = RANDOM.standard_normal((4, 6)).astype(np.float32)
BIAS = RANDOM.standard_normal(4).astype(np.float32)
X = RANDOM.standard_normal((5, 6, 1, 1)).astype(np.float32)
REFERENCE = X.reshape(5, 6).astype(np.float64) @ WEIGHTS.T.astype(np.float64) + BIAS


def network(weights: np.ndarray = WEIGHTS, exact: np.ndarray | None = None) -> LayerGraph:
    arrays = {"Weights": Array(weights, "w", exact), "Bias": Array(BIAS, "b")}
    layers = (
        Layer("flat", "FlattenLayer", ("image",)),
        Layer("fc", "FullyConnectedLayer", ("flat",), {}, arrays),
    )
    return LayerGraph((Input("image", (6, 1, 1)),), layers, (Output("fc"),))


def relative(
    graph: LayerGraph | None, reference: np.ndarray = REFERENCE, ending: str = ""
) -> float:
    found = export_error("model.onnx", graph, [X], [reference], against="pytorch", ending=ending)
    assert (found.file, found.images, found.against) == ("model.onnx", 5, "pytorch")
    return found.relative


def test_the_same_network_differs_by_float64s_rounding_alone() -> None:
    assert relative(network()) <= 1e-15


def test_an_error_is_relative_to_the_size_of_the_logits() -> None:
    assert relative(network(), 1.5 * REFERENCE) == pytest.approx(1 / 3)
    assert export_error("f", network(), [X], [1.5 * REFERENCE], against="").passed is False


def test_one_bit_of_one_weight_is_far_beyond_it() -> None:
    weights = WEIGHTS.copy()
    weights.view(np.uint32)[0, 0] ^= 1
    assert 1e-9 < relative(network(weights)) < 1e-6


def test_computed_constants_are_taken_as_float64_gives_them() -> None:
    exact = WEIGHTS.astype(np.float64) * (1 + 1e-8)
    reference = X.reshape(5, 6).astype(np.float64) @ exact.T + BIAS
    assert relative(network(exact=exact), reference) <= 1e-15
    assert relative(network(), reference) > 1e-9


def test_after_an_ending_the_values_after_it_are_compared() -> None:
    after = torch.log_softmax(torch.from_numpy(REFERENCE), 1).numpy()
    assert relative(network(), after, LOG_SOFTMAX) <= 1e-15
    assert relative(network(), after) > 0.1


def test_what_cannot_be_computed_is_infinitely_wrong() -> None:
    assert relative(None) == np.inf
    assert relative(replace(network(), inputs=(Input("image", (6,)),))) == np.inf
    assert relative(network(), REFERENCE[:, :3]) == np.inf
    assert relative(network(np.full_like(WEIGHTS, np.inf))) == np.inf


def test_logits_of_zero_are_right_only_if_they_are_zero() -> None:
    nothing = replace(network(np.zeros_like(WEIGHTS)))
    assert relative(nothing, np.zeros_like(REFERENCE)) == np.inf  # the bias is left
    with_bias = np.broadcast_to(BIAS.astype(np.float64), (5, 4))
    assert relative(nothing, with_bias) <= 1e-15
