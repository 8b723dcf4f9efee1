"""Normalisations of the MATLAB toolbox, run in GNU Octave, against PyTorch in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matlab_layers import Octave, apply, channels, double, layer, roundings, row, single
from torch.nn import functional

pytestmark = pytest.mark.octave

FEATURES = (4, 3)
MAPS = [(4, 6, 5, 7), (1, 6, 5, 7), (2, 1, 5, 7), (1, 1, 5, 7), (3, 6, 1, 1)]


def allowed(x: np.ndarray, sets: torch.Tensor, epsilon: float) -> float:
    """Roundings, for sets of numbers along the last axis that are normalised together.

    Their mean is rounded, which shows where they are far from zero and near each other.
    """
    deviation = (sets.var(-1, unbiased=False) + epsilon).sqrt().min()
    return 4 * (1 + np.abs(x).max() / float(deviation))


@pytest.mark.parametrize("shape", [FEATURES, *MAPS])
def test_batch_normalization(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = single(*shape)
    scale, offset, mean, variance = (single(shape[1]) for _ in range(4))
    variance = np.abs(variance)
    expected = functional.batch_norm(
        *map(double, (x, mean, variance, scale, offset)), training=False, eps=1e-3
    )
    fields = layer(
        "BatchNormalizationLayer",
        Scale=channels(scale, x),
        Offset=channels(offset, x),
        TrainedMean=channels(mean, x),
        TrainedVariance=channels(variance, x),
        Epsilon=row(1e-3),
    )
    (y,) = apply(octave, tmp_path, (fields, [x]))
    assert roundings(y, expected) < 4


@pytest.mark.parametrize("shape", [FEATURES, (1, 3), (4, 1), *MAPS])
def test_layer_normalization(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = single(*shape) + np.float32(3)
    scale, offset = single(shape[1]), single(shape[1])
    last = double(x).movedim(1, -1)
    expected = functional.layer_norm(last, shape[1:2], double(scale), double(offset), 1e-3)
    fields = layer(
        "LayerNormalizationLayer",
        Scale=channels(scale, x),
        Offset=channels(offset, x),
        Epsilon=row(1e-3),
    )
    (y,) = apply(octave, tmp_path, (fields, [x]))
    assert roundings(y, expected.movedim(-1, 1)) < allowed(x, last, 1e-3)


@pytest.mark.parametrize("shape", MAPS)
def test_group_and_instance_normalization(
    octave: Octave, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    x = single(*shape) + np.float32(3)
    scale, offset = single(shape[1]), single(shape[1])
    options = {
        "Scale": channels(scale, x),
        "Offset": channels(offset, x),
        "Epsilon": row(1e-3),
    }
    kinds = [("InstanceNormalizationLayer", {}, shape[1])]
    for groups in {1, 2, 3, shape[1]}:
        if shape[1] % groups == 0:
            kinds.append(("GroupNormalizationLayer", {"NumGroups": row(groups)}, groups))
    outputs = apply(octave, tmp_path, *((layer(k, **options, **o), [x]) for k, o, _ in kinds))
    for y, (_, _, groups) in zip(outputs, kinds, strict=True):
        expected = functional.group_norm(double(x), groups, double(scale), double(offset), 1e-3)
        assert roundings(y, expected) < allowed(x, double(x).reshape(len(x), groups, -1), 1e-3)


def test_statistics_of_large_maps_far_from_zero(octave: Octave, tmp_path: Path) -> None:
    """Sums of 12,544 singles are taken in double: in single they would be off by 80 roundings."""
    x = single(1, 2, 112, 112) + np.float32(8)
    ones, zeros = np.ones(2, np.float32), np.zeros(2, np.float32)
    fields = layer(
        "InstanceNormalizationLayer",
        Scale=channels(ones, x),
        Offset=channels(zeros, x),
        Epsilon=row(1e-5),
    )
    normalized, mean = apply(
        octave, tmp_path, (fields, [x]), (layer("GlobalAveragePooling2DLayer"), [x])
    )
    assert roundings(normalized, functional.instance_norm(double(x))) < 8
    assert roundings(mean, double(x).mean((2, 3), keepdim=True)) <= 1


@pytest.mark.parametrize("size", [1, 3, 5, 15])
@pytest.mark.parametrize("shape", MAPS)
def test_cross_channel_normalization(
    octave: Octave, tmp_path: Path, shape: tuple[int, ...], size: int
) -> None:
    x = 5 * single(*shape)
    fields = layer(
        "CrossChannelNormalizationLayer",
        WindowChannelSize=row(size),
        Alpha=row(0.3),
        Beta=row(0.75),
        K=row(2),
    )
    (y,) = apply(octave, tmp_path, (fields, [x]))
    assert roundings(y, functional.local_response_norm(double(x), size, 0.3, 0.75, 2)) < 8


def test_normalizations_by_hand(octave: Octave) -> None:
    octave(
        """
        scale = single([1; 10]); offset = single([0; 5]);
        Y = cifarx.layer.layerNormalization(single([1 2; 3 8]), scale, offset, 0);
        assert(Y, single([-1 -1; 15 15]));                      % each column by itself
        X = cat(3, single([1 3]), single([5 9]));
        scale = reshape(scale, 1, 1, []); offset = reshape(offset, 1, 1, []);
        Y = cifarx.layer.instanceNormalization(X, scale, offset, 0);
        assert(Y, cat(3, single([-1 1]), single([-5 15])));
        X = cat(3, single([1 1]), single([1 1]), single([3 3]), single([3 3]));
        Y = cifarx.layer.groupNormalization(X, ones(1, 1, 4), zeros(1, 1, 4), 0, 1);
        assert(Y, X - 2);
        Y = cifarx.layer.groupNormalization(X, ones(1, 1, 4), zeros(1, 1, 4), 1, 2);
        assert(Y, zeros(1, 2, 4, 'single'));
        Y = cifarx.layer.crossChannelNormalization(X(1, 1, :), 3, 3, 1, 1);
        assert(squeeze(Y), single([1 / 3; 1 / 12; 3 / 20; 3 / 19]), -eps('single'));
        """
    )


@pytest.mark.parametrize("shape", [FEATURES, (1, 3), *MAPS])
def test_scaling(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = single(*shape)
    cases, expected = [], []
    for size in ((1,), shape[1:2], shape[1:]):
        scale, offset = single(*size), single(*size)
        stored = [v.transpose(1, 2, 0) if v.ndim == 3 else channels(v, x) for v in (scale, offset)]
        cases.append((layer("ScalingLayer", Scale=stored[0], Offset=stored[1]), [x]))
        axes = (-1, *[1] * (len(shape) - 2)) if len(size) == 1 else size
        expected.append(double(x) * double(scale).reshape(axes) + double(offset).reshape(axes))
    for y, truth in zip(apply(octave, tmp_path, *cases), expected, strict=True):
        assert roundings(y, truth) < 3
