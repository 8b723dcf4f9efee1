"""A bias before a batch norm goes into the norm's mean, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cifarx.export.network.layer import Array, Layer
from cifarx.verify.from_matlab.absorbed_biases import absorb_biases

RANDOM = np.random.RandomState(3)
KEYS = ("Scale", "Offset", "TrainedMean", "TrainedVariance")


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.uniform(0.5, 2, shape).astype(np.float32)


def linear(bias: np.ndarray, source: str = "") -> Layer:
    arrays = {"Weights": Array(np.eye(4, dtype=np.float32), "w"), "Bias": Array(bias, source)}
    return Layer("fc", "FullyConnectedLayer", ("image",), {}, arrays)


def norm(name: str = "bn") -> Layer:
    arrays = {key: Array(numbers(4), f"{name}.{key}") for key in KEYS}
    return Layer(name, "BatchNormalizationLayer", ("fc",), {"Epsilon": 1e-5}, arrays)


def output(fc: Layer, bn: Layer, x: np.ndarray) -> np.ndarray:
    """(N, 4) -> (N, 4) in float64."""
    a = {k: v.value.astype(np.float64) for of in (fc, bn) for k, v in of.arrays.items()}
    centred = x @ a["Weights"].T + a["Bias"] - a["TrainedMean"]
    return a["Scale"] * centred / np.sqrt(a["TrainedVariance"] + 1e-5) + a["Offset"]


ZERO = np.zeros(4, np.float32)


def test_the_network_computes_the_same_without_the_bias() -> None:
    found, behind = linear(numbers(4)), norm()
    pairs, names = absorb_biases([(found, linear(ZERO)), (behind, behind)])
    assert names == ["fc"]
    (new, _), (new_norm, wanted_norm) = pairs
    assert not new.arrays["Bias"].value.any()
    assert wanted_norm is behind
    assert all(new_norm.arrays[k] is behind.arrays[k] for k in KEYS if k != "TrainedMean")
    assert new_norm.arrays["TrainedMean"].value.dtype == np.float32
    x = RANDOM.standard_normal((5, 4))
    assert output(new, new_norm, x) == pytest.approx(output(found, behind, x), rel=1e-6, abs=1e-6)


def test_a_bias_that_pytorch_has_stays() -> None:
    before = [(linear(ZERO + 1, "fc.bias"), linear(ZERO, "fc.bias")), (norm(), norm())]
    assert absorb_biases(before) == (before, [])


def test_a_bias_that_did_not_change_leaves_the_mean_bit_for_bit() -> None:
    before = [(linear(ZERO), linear(ZERO)), (norm(), norm())]
    assert absorb_biases(before) == (before, [])


def test_a_layer_that_two_others_read_keeps_its_bias() -> None:
    before = [(linear(ZERO + 1), linear(ZERO)), (norm(), norm()), (norm("other"), norm("other"))]
    assert absorb_biases(before) == (before, [])


def test_what_is_no_batch_norm_takes_no_bias() -> None:
    relu = Layer("relu", "ReLULayer", ("fc",))
    before = [(linear(ZERO + 1), linear(ZERO)), (relu, relu)]
    assert absorb_biases(before) == (before, [])
    grouped = replace(norm(), kind="InstanceNormalizationLayer")
    before = [(linear(ZERO + 1), linear(ZERO)), (grouped, grouped)]
    assert absorb_biases(before) == (before, [])
