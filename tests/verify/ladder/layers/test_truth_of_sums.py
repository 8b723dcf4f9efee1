"""Convolutions and linear layers: numpy sums them up one by one; bounds by hand and of Winograd."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from layers_by_hand import convolution, layer, maps, ratio, single
from torch import Tensor

from cifarx.export.network.compute import layer_tensors
from cifarx.export.network.layer import Hyper, Layer
from cifarx.verify.ladder.layers.bounds import layer_truth
from cifarx.verify.ladder.layers.rounding import gamma
from cifarx.verify.ladder.layers.truth_of_sums import (
    fast_convolution_bound,
    truth_of_convolution,
    truth_of_linear,
    truth_of_transposed,
)
from cifarx.verify.ladder.layers.winograd import convolve, make_winograd, transformed

RANDOM = np.random.RandomState(0)


def drawn(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def window_sums(
    x: np.ndarray, weights: np.ndarray, *, stride: tuple[int, int], dilation: tuple[int, int]
) -> np.ndarray:
    """Weights (F, C, kH, kW) at every place of padded maps (N, C, H, W), in float64."""
    (height, width), (s, t), (d, e) = weights.shape[2:], stride, dilation
    rows = range(0, x.shape[2] - d * (height - 1), s)
    columns = range(0, x.shape[3] - e * (width - 1), t)
    found = np.empty((len(x), len(weights), len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            seen = x[:, :, top : top + d * height : d, left : left + e * width : e]
            found[:, :, i, j] = np.einsum(
                "nchw,fchw->nf", seen[:, :, :height, :width], weights, dtype=np.float64
            )
    return found


OPTIONS: list[tuple[int, dict[str, Hyper]]] = [
    (1, {}),
    (2, {"NumGroups": 2.0}),
    (1, {"Stride": (2, 3), "Padding": (0, 2, 1, 3)}),
    (1, {"DilationFactor": (2, 1), "Padding": (2, 2, 0, 1)}),
]


@pytest.mark.parametrize(("groups", "options"), OPTIONS)
def test_a_convolution_is_its_windows_summed_and_its_bound_is_of_their_sizes(
    groups: int, options: dict[str, Hyper]
) -> None:
    weights, bias, x = drawn(6, 4 // groups, 3, 2), drawn(6), drawn(2, 4, 7, 9)
    la = convolution(weights, bias, **options)
    truth, bound = truth_of_convolution(la)([torch.from_numpy(x)])
    top, bottom, left, right = la.hyper["Padding"]
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))

    def sums(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        parts = zip(np.split(x, groups, 1), np.split(w, groups), strict=True)
        given = {"stride": la.hyper["Stride"], "dilation": la.hyper["DilationFactor"]}
        whole = [window_sums(part, kernels, **given) for part, kernels in parts]
        return np.concatenate(whole, 1) + b.astype(np.float64)[:, None, None]

    np.testing.assert_allclose(truth.numpy(), sums(padded, weights, bias), rtol=0, atol=1e-13)
    sizes = sums(abs(padded), abs(weights), abs(bias))
    allowed = gamma(weights[0].size + 1, truth.numel()) * sizes
    assert ((allowed <= bound.numpy()) & (bound.numpy() <= 1.001 * allowed)).all()


def test_a_transposed_convolution_adds_each_input_times_its_kernel() -> None:
    weights, bias, x = drawn(3, 2, 3, 2), drawn(2), drawn(2, 3, 4, 5)
    hyper: dict[str, Hyper] = {"Stride": (2, 1), "Cropping": (1, 0, 0, 2)}
    la = layer("TransposedConvolution2DLayer", hyper, Weights=weights, Bias=bias)
    truth, bound = truth_of_transposed(la)([torch.from_numpy(x).double()])

    def sums(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        whole = np.zeros((2, 2, 2 * 3 + 3, 4 + 2))
        for i in range(4):
            for j in range(5):
                place = whole[:, :, 2 * i : 2 * i + 3, j : j + 2]
                place += np.einsum("nc,cfhw->nfhw", x[:, :, i, j], w, dtype=np.float64)
        return whole[:, :, 1:, :-2] + b.astype(np.float64)[:, None, None]

    np.testing.assert_allclose(truth.numpy(), sums(x, weights, bias), rtol=0, atol=1e-13)
    terms = 3 * 2 * 2  # channels, and of a kernel of 3 x 2 what a stride of 2 x 1 lets meet
    allowed = gamma(terms + 1, truth.numel()) * sums(abs(x), abs(weights), abs(bias))
    assert ((allowed <= bound.numpy()) & (bound.numpy() <= 1.001 * allowed)).all()


def test_a_linear_layer_is_a_product_of_matrices() -> None:
    weights, bias, x = drawn(5, 300), drawn(5), drawn(7, 300)
    la = layer("FullyConnectedLayer", Weights=weights, Bias=bias)
    truth, bound = truth_of_linear(la)([torch.from_numpy(x).double()])
    expected = x.astype(np.float64) @ weights.T.astype(np.float64) + bias
    np.testing.assert_allclose(truth.numpy(), expected, rtol=0, atol=1e-12)
    allowed = gamma(301, 35) * (abs(x) @ abs(weights.T) + abs(bias)).astype(np.float64)
    np.testing.assert_allclose(bound.numpy(), allowed, rtol=1e-3)
    assert 0 < ratio(single(la, [torch.from_numpy(x)]), truth, bound) <= 1


def test_the_bound_of_a_convolution_by_hand() -> None:
    la = convolution(np.array([[[[1, -2, 3]]]]), np.array([-4]), Padding=(0, 0, 0, 0))
    truth, bound = layer_truth(la, [maps(1, 2, -1, 0)])
    assert truth.flatten().tolist() == [1 - 4 - 3 - 4, 2 + 2 - 4]
    expected = [gamma(4, 2) * (1 + 4 + 3 + 4), gamma(4, 2) * (2 + 2 + 4)]
    assert bound.flatten().tolist() == pytest.approx(expected, rel=2e-4)


def test_the_bound_of_a_transposed_convolution_counts_what_the_stride_lets_it_see() -> None:
    hyper: dict[str, Hyper] = {"Stride": (1, 2), "Cropping": (0, 0, 0, 0)}
    la = layer("TransposedConvolution2DLayer", hyper, Weights=[[[[1, -2, 3]]]], Bias=[0.5])
    truth, bound = layer_truth(la, [maps(1, 2)])
    assert truth.flatten().tolist() == [1.5, -1.5, 5.5, -3.5, 6.5]
    expected = [gamma(3, 5) * size for size in (1.5, 2.5, 5.5, 4.5, 6.5)]
    assert bound.flatten().tolist() == pytest.approx(expected, rel=2e-4)


def test_sizes_beyond_float32_are_summed_in_float64() -> None:
    la = convolution(np.array([[[[2, -2]]]]), Padding=(0, 0, 0, 0))
    truth, bound = layer_truth(la, [maps(3e38, 3e38)])
    assert truth.flatten().tolist() == [0.0]
    assert float(bound) == pytest.approx(gamma(3) * 12e38, rel=1e-2)


def test_winograd_in_float64_grants_what_it_loses_where_all_inputs_are_zero() -> None:
    """128 channels are computed that way, where a neighbour's tile may leave 1e-16 for a 0."""
    la = convolution(np.random.RandomState(0).standard_normal((128, 128, 3, 3)))
    x = torch.zeros(1, 128, 8, 8, dtype=torch.float64)
    x[:, :, 0, 0] = torch.randn(128)
    truth, bound = layer_truth(la, [x])
    plain = F.conv2d(x, layer_tensors(la)["Weights"], padding=1)
    assert float(plain[0, 0, 3, 3]) == 0.0
    assert ratio(plain, truth, bound.double()) <= 1
    assert 0 < bound[0, 0, 3, 3] < 1e-3 * bound[0, 0, 0, 0]


def winograd(la: Layer, x: Tensor, tile: int, half: bool = False) -> Tensor:
    """The layer in float32 by Winograd, and what half-precision weights make of it."""
    arrays = layer_tensors(la, torch.float32)
    weights = arrays["Weights"].half().float() if half else arrays["Weights"]
    algorithm = make_winograd(tile)
    groups = int(la.hyper.get("NumGroups", 1))
    kernels = transformed(weights, groups, algorithm)
    whole = convolve(F.pad(x.float(), (1, 1, 1, 1)), kernels, groups, algorithm)
    return whole + arrays["Bias"].view(-1, 1, 1)


@pytest.mark.parametrize("tile", [2, 4, 6])
@pytest.mark.parametrize(
    ("channels", "groups", "positive"), [(3, 1, True), (16, 4, False), (64, 1, True)]
)
def test_winograd_in_float32_is_within_the_fast_bound(
    tile: int, channels: int, groups: int, positive: bool
) -> None:
    random = np.random.RandomState(tile)
    hyper: dict[str, Hyper] = {"NumGroups": float(groups)} if groups > 1 else {}
    weights = random.standard_normal((32, channels // groups, 3, 3)) / math.sqrt(9 * channels)
    la = convolution(weights, random.standard_normal(32), **hyper)
    x = torch.from_numpy(random.standard_normal((4, channels, 13, 16))).float().double()
    if positive:
        x = x.relu()
    truth, direct = layer_truth(la, [x])
    fast = fast_convolution_bound(la, x)
    assert fast is not None
    assert bool((fast >= direct).all())
    found = winograd(la, x, tile)
    assert 0 < ratio(found, truth, fast) <= 1
    assert ratio(found, truth, direct) > ratio(single(la, [x]), truth, direct)
    assert ratio(winograd(la, x, tile, half=True), truth, fast) > 1 or channels > 16


def test_winograd_in_float32_can_exceed_the_direct_bound() -> None:
    """Small outputs beside large ones: their tiles add and subtract the large ones' inputs."""
    random = np.random.RandomState(0)
    la = convolution(random.standard_normal((8, 3, 3, 3)))
    x = torch.from_numpy(random.standard_normal((2, 3, 16, 16))).float().double()
    x[..., 9:] *= 1e-4
    truth, direct = layer_truth(la, [x])
    fast = fast_convolution_bound(la, x)
    assert fast is not None
    found = winograd(la, x, 4)
    assert ratio(found, truth, direct) > 2
    assert ratio(found, truth, fast) <= 1


def test_other_convolutions_have_no_fast_algorithm() -> None:
    x = torch.zeros(1, 4, 8, 8, dtype=torch.float64)
    three = np.ones((4, 4, 3, 3))
    assert fast_convolution_bound(convolution(three), x) is not None
    assert fast_convolution_bound(convolution(three, Stride=(1, 2)), x) is None
    assert fast_convolution_bound(convolution(three, DilationFactor=(2, 2)), x) is None
    assert fast_convolution_bound(convolution(np.ones((4, 4, 1, 3))), x) is None
