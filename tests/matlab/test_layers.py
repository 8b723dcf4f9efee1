"""Pooling, joins and plain layers of the MATLAB toolbox, run in GNU Octave, against PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matlab_layers import Octave, apply, double, from_matlab, layer, roundings, row, single
from torch.nn import functional

pytestmark = pytest.mark.octave

Pair = tuple[int, int]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 3), (1, 0)), ((5, 7), (3, 1), (2, 3))],
)
@pytest.mark.parametrize("shape", [(2, 3, 7, 8), (1, 3, 7, 8), (1, 1, 8, 7)])
def test_pooling(
    octave: Octave,
    tmp_path: Path,
    shape: tuple[int, ...],
    kernel: Pair,
    stride: Pair,
    padding: Pair,
) -> None:
    x = single(*shape)
    v, h = padding
    options = {"PoolSize": row(*kernel), "Stride": row(*stride), "Padding": row(v, v, h, h)}
    most, zeros, left_out = apply(
        octave,
        tmp_path,
        (layer("MaxPooling2DLayer", **options), [x]),
        (layer("AveragePooling2DLayer", **options, PaddingValue=row(0)), [x]),
        (layer("AveragePooling2DLayer", **options, PaddingValue="mean"), [x]),
    )
    window = (double(x), kernel, stride, padding)
    assert roundings(most, functional.max_pool2d(*window)) == 0
    assert roundings(zeros, functional.avg_pool2d(*window)) < 4
    assert roundings(left_out, functional.avg_pool2d(*window, count_include_pad=False)) < 4


def test_padding_of_unequal_sides(octave: Octave) -> None:
    octave(
        """
        X = single([1 2; 3 4]);
        Y = cifarx.layer.maxPooling2d(-X, [2 2], [1 1], [1 0 0 0]);
        assert(Y, single([-1; -1]));                             % padding never wins
        Y = cifarx.layer.averagePooling2d(X, [2 2], [1 1], [1 0 0 1], 0);
        assert(Y, single([3 2; 10 6] / 4));
        Y = cifarx.layer.averagePooling2d(X, [2 2], [1 1], [1 0 0 1], 'mean');
        assert(Y, single([1.5 2; 2.5 3]));
        """
    )


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 3, 5, 7), (1, 1, 5, 7), (2, 3, 1, 1)])
def test_global_pooling(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = single(*shape)
    most, mean = apply(
        octave,
        tmp_path,
        (layer("GlobalMaxPooling2DLayer"), [x]),
        (layer("GlobalAveragePooling2DLayer"), [x]),
    )
    assert roundings(most, double(x).amax((2, 3), keepdim=True)) == 0
    assert roundings(mean, double(x).mean((2, 3), keepdim=True)) <= 1


@pytest.mark.parametrize("count", [1, 2])
def test_concatenation(octave: Octave, tmp_path: Path, count: int) -> None:
    size = (3, 5, 7)
    joined = {1: (2, (3, 4, 7)), 2: (3, (3, 5, 6)), 3: (1, (4, 5, 7))}  # Dim: axis, another size
    first, third = single(count, *size), single(count, *size)
    cases, expected = [], []
    for dim, (axis, other) in joined.items():
        parts = [first, single(count, *other), third]
        cases.append((layer("ConcatenationLayer", Dim=row(dim)), parts))
        expected.append(torch.cat([double(p) for p in parts], axis))
        if dim == 3:
            cases.append((layer("DepthConcatenationLayer"), parts))
            expected.append(expected[-1])
    features = [single(count, 4), single(count, 3)]
    cases.append((layer("ConcatenationLayer", Dim=row(1)), features))
    expected.append(torch.cat([double(p) for p in features], 1))
    for y, truth in zip(apply(octave, tmp_path, *cases), expected, strict=True):
        assert roundings(y, truth) == 0


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3, 5, 6), (3, 5, 6)),
        ((1, 1, 1), (3, 5, 6)),
        ((3, 1, 1), (3, 5, 6)),
        ((3, 5, 6), (1, 5, 6)),
        ((3, 1, 6), (1, 5, 1)),
    ],
)
def test_multiplication(
    octave: Octave,
    tmp_path: Path,
    count: int,
    first: tuple[int, int, int],
    second: tuple[int, int, int],
) -> None:
    a, b = single(count, *first), single(count, *second)
    expected = torch.tensor(a) * torch.tensor(b)
    (y,) = apply(octave, tmp_path, (layer("MultiplicationLayer"), [a, b]))
    np.testing.assert_array_equal(from_matlab(y, expected.shape), expected.numpy())  # rounded once


def test_the_small_layers(octave: Octave) -> None:
    octave(
        """
        X = reshape(single(1:24), [2 3 2 2]);
        assert(cifarx.layer.dropout(X), X);
        assert(cifarx.layer.flatten(X), reshape(single(1:24), 12, 2));
        assert(squeeze(cifarx.layer.globalAveragePooling2d(X)), single([3.5 15.5; 9.5 21.5]));
        assert(cifarx.layer.addition({X, X, X}), 3 * X);
        assert(cifarx.layer.multiplication({X, X, single(2)}), 2 * X .^ 2);
        Y = cifarx.layer.multiplication({single([10 100]), single([1 2; 3 4])});  % features
        assert(Y, single([10 200; 30 400]));
        W = single([1 10; 2 20; 3 30]);
        Y = cifarx.layer.fullyConnected(single([1; 2]), W, single([5; 6; 7]));
        assert(Y, single([26; 48; 70]));
        """
    )


def test_a_fully_connected_layer_of_any_size_is_as_good_as_pytorchs(octave: Octave) -> None:
    octave(
        """
        for outputs = [10 2049]                    % sums in double, and in single above 2^22
            X = randn(2048, 3, 'single');
            W = randn(outputs, 2048, 'single');
            B = randn(outputs, 1, 'single');
            Y = cifarx.layer.fullyConnected(X, W, B);
            assert(isa(Y, 'single'));
            truth = double(W) * double(X) + double(B);
            error = sqrt(mean((double(Y)(:) - truth(:)).^2) / mean(truth(:).^2)) / 2^-24;
            assert(error < 1 || (outputs > 2048 && error < 10));
        end
        """
    )
