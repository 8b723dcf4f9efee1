"""Normalisations in float64 as numpy computes them from their definitions, and their bounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from layers_by_hand import layer, maps, ratio, single

from cifarx.verify.ladder.layers.bounds import layer_truth
from cifarx.verify.ladder.layers.rounding import gamma
from cifarx.verify.ladder.layers.truth_of_normalizations import channelwise

RANDOM = np.random.RandomState(0)
SCALE, OFFSET = np.float32([0.5, -1.5, 2, 1, 0.25, -3]), np.float32([0.1, 0, -0.2, 3, 1, -1])


def drawn(*shape: int, mean: float = 0.0) -> np.ndarray:
    return (RANDOM.standard_normal(shape) + mean).astype(np.float32)


def affine(z: np.ndarray) -> np.ndarray:
    shape = (-1, *[1] * (z.ndim - 2))
    return z * SCALE.astype(float).reshape(shape) + OFFSET.astype(float).reshape(shape)


def standardized(x: np.ndarray, axes: int | tuple[int, ...], epsilon: float) -> np.ndarray:
    x = x.astype(np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def check(kind: str, hyper: dict[str, float], x: np.ndarray, expected: np.ndarray) -> None:
    """Truth as expected; float32 within the bound; a wrong epsilon or a lost affine part not."""
    la = layer(kind, hyper, Scale=SCALE, Offset=OFFSET)
    truth, bound = layer_truth(la, [torch.from_numpy(x)])
    np.testing.assert_allclose(truth.numpy(), expected, rtol=0, atol=1e-12)
    assert ratio(single(la, [torch.from_numpy(x)]), truth, bound) <= 1
    other = layer(kind, {**hyper, "Epsilon": hyper["Epsilon"] * 1.1}, Scale=SCALE, Offset=OFFSET)
    assert ratio(layer_truth(other, [torch.from_numpy(x)])[0], truth, bound) > 1


@pytest.mark.parametrize("shape", [(3, 6), (3, 6, 4, 5)])
def test_layer_norm_is_over_the_channels(shape: tuple[int, ...]) -> None:
    x = drawn(*shape, mean=0.5)
    check("LayerNormalizationLayer", {"Epsilon": 1e-2}, x, affine(standardized(x, 1, 1e-2)))


def test_group_norm_is_over_groups_of_channels_and_their_maps() -> None:
    x = drawn(3, 6, 4, 5, mean=-0.5)
    sets = standardized(x.reshape(3, 2, -1), 2, 1e-2).reshape(x.shape)
    hyper = {"NumGroups": 2.0, "Epsilon": 1e-2}
    check("GroupNormalizationLayer", hyper, x, affine(sets))


def test_instance_norm_is_over_each_map() -> None:
    x = drawn(3, 6, 4, 5, mean=2)
    check("InstanceNormalizationLayer", {"Epsilon": 1e-2}, x, affine(standardized(x, (2, 3), 1e-2)))


def test_means_far_from_zero_widen_the_bound() -> None:
    """What cancels in x - mean leaves the rounding of the mean."""
    la = layer("LayerNormalizationLayer", {"Epsilon": 1e-5}, Scale=SCALE, Offset=0 * OFFSET)
    x = drawn(8, 6)
    near, far = (
        layer_truth(la, [torch.from_numpy(x + shift)])[1] for shift in (0, np.float32(100))
    )
    assert float(far.mean()) > 20 * float(near.mean())


def test_cross_channel_norm_divides_by_a_power_of_the_squares_around() -> None:
    hyper = {"WindowChannelSize": 3.0, "Alpha": 0.6, "Beta": 0.75, "K": 1.5}
    la, x = layer("CrossChannelNormalizationLayer", hyper), drawn(2, 6, 2, 3)
    truth, bound = layer_truth(la, [torch.from_numpy(x)])
    wide = x.astype(np.float64)
    for c in range(6):
        near = wide[:, max(c - 1, 0) : c + 2]
        expected = wide[:, c] / (1.5 + 0.6 / 3 * (near**2).sum(1)) ** 0.75
        np.testing.assert_allclose(truth[:, c].numpy(), expected, rtol=1e-13)
    assert ratio(single(la, [torch.from_numpy(x)]), truth, bound) <= 1
    assert float((bound / truth.abs()).max()) < 40 * 2**-24


def test_batch_norm_uses_its_stored_statistics() -> None:
    mean, variance, x = drawn(6), np.float32([0.5, 1, 2, 0.1, 3, 1]), drawn(2, 6, 3, 4)
    arrays = {"Scale": SCALE, "Offset": OFFSET, "TrainedMean": mean, "TrainedVariance": variance}
    la = layer("BatchNormalizationLayer", {"Epsilon": 1e-3}, **arrays)
    truth, bound = layer_truth(la, [torch.from_numpy(x)])
    z = (x.astype(float) - mean[:, None, None]) / np.sqrt(variance.astype(float) + 1e-3)[
        :, None, None
    ]
    np.testing.assert_allclose(truth.numpy(), affine(z), rtol=0, atol=1e-12)
    assert 0 < ratio(single(la, [torch.from_numpy(x)]), truth, bound) <= 1


def test_the_bound_of_batch_norm_by_hand() -> None:
    la = layer(
        "BatchNormalizationLayer",
        {"Epsilon": 0.25},
        Scale=[-1],
        Offset=[0.5],
        TrainedMean=[2],
        TrainedVariance=[0],
    )
    truth, bound = layer_truth(la, [maps(2, 3)])
    assert truth.flatten().tolist() == [0.5, -1.5]
    expected = [gamma(7) * (4 + 4 + 0.5), gamma(7) * (6 + 4 + 0.5)]
    assert bound.flatten().tolist() == pytest.approx(expected)


def test_one_number_per_channel_goes_along_the_second_axis() -> None:
    vector, each = torch.arange(3.0), torch.ones(3, 4, 5)
    assert channelwise(vector, torch.zeros(2, 3, 4, 5)).shape == (3, 1, 1)
    assert channelwise(vector, torch.zeros(2, 3)).shape == (3,)
    assert channelwise(each, torch.zeros(2, 3, 4, 5)) is each
