"""Convolutions of the MATLAB toolbox, run in GNU Octave, against PyTorch in float64 and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matlab_layers import Case, Octave, apply, double, layer, roundings, row, single
from torch.nn import functional

from cifarx.export.network import layout

pytestmark = pytest.mark.octave

Sides = tuple[int, int, int, int]


@pytest.mark.parametrize(
    ("size", "channels", "filters", "kernel", "stride", "padding", "dilation", "count"),
    [
        ((6, 7), 3, 4, (3, 2), (1, 1), (0, 0, 0, 0), (1, 1), 2),
        ((6, 7), 3, 4, (3, 3), (2, 3), (1, 1, 1, 1), (1, 1), 2),
        ((9, 8), 2, 5, (3, 2), (1, 2), (0, 2, 3, 1), (2, 3), 3),
        ((5, 5), 1, 1, (5, 5), (1, 1), (0, 0, 0, 0), (1, 1), 1),
        ((4, 4), 3, 2, (1, 1), (3, 3), (0, 0, 0, 0), (1, 1), 1),
        ((4, 5), 3, 6, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 2),
        ((4, 5), 3, 6, (1, 1), (1, 1), (1, 0, 2, 0), (1, 1), 2),
        ((1, 1), 4, 3, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 5),
        ((64, 60), 8, 3, (5, 5), (1, 1), (2, 2, 2, 2), (1, 1), 12),  # five images at a time
    ],
)
def test_convolution(
    octave: Octave,
    tmp_path: Path,
    size: tuple[int, int],
    channels: int,
    filters: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Sides,
    dilation: tuple[int, int],
    count: int,
) -> None:
    x, w, b = single(count, channels, *size), single(filters, channels, *kernel), single(filters)
    top, bottom, left, right = padding
    padded = functional.pad(double(x), (left, right, top, bottom))
    expected = functional.conv2d(padded, double(w), double(b), stride, 0, dilation)
    fields = layer(
        "Convolution2DLayer",
        Weights=layout.kernels_to_matlab(w),
        Bias=b.reshape(1, 1, -1),
        Stride=row(*stride),
        Padding=row(*padding),
        DilationFactor=row(*dilation),
    )
    (y,) = apply(octave, tmp_path, (fields, [x]))
    assert roundings(y, expected) < max(8, np.sqrt(w[0].size))


def test_convolution_by_hand(octave: Octave) -> None:
    octave(
        """
        X = single([1 2 3; 4 5 6; 7 8 9]);
        W = single([1 0; 0 -2]);                 % not turned by 180 degrees, as conv2 would
        Y = cifarx.layer.convolution2d(X, W, single(10), [1 1], [0 0 0 0], [1 1]);
        assert(Y, single([10 + 1 - 10, 10 + 2 - 12; 10 + 4 - 16, 10 + 5 - 18]));
        % padded:  0 0 0 0; 1 2 3 0; 4 5 6 0; 7 8 9 0
        Y = cifarx.layer.convolution2d(X, W, single(0), [2 2], [1 0 0 1], [1 1]);
        assert(Y, single([0 - 2 * 2, 0; 4 - 2 * 8, 6]));
        """
    )


def grouped(x: np.ndarray, w: np.ndarray, b: np.ndarray, groups: int, **options: Any) -> Case:
    """Weights (F, C/g, kH, kW) as h-by-w-by-(C/g)-by-(F/g)-by-g."""
    parts = w.reshape(groups, -1, *w.shape[1:])
    fields = layer(
        "GroupedConvolution2DLayer",
        Weights=parts.transpose(3, 4, 2, 1, 0),
        Bias=b.reshape(groups, -1).T[None, None],
        NumGroups=row(groups),
        **{"Stride": row(1, 1), "Padding": row(0, 0, 0, 0), "DilationFactor": row(1, 1)} | options,
    )
    return fields, [x]


@pytest.mark.parametrize(
    ("channels", "filters", "groups"),
    [(6, 9, 3), (6, 4, 2), (6, 6, 6), (6, 18, 6), (6, 5, 1), (1, 1, 1), (1, 3, 1)],
)
@pytest.mark.parametrize("count", [1, 2])
def test_grouped_convolution(
    octave: Octave, tmp_path: Path, channels: int, filters: int, groups: int, count: int
) -> None:
    x, b = single(count, channels, 9, 8), single(filters)
    cases, expected = [], []
    for kernel, stride, padding, dilation in (
        ((3, 2), (1, 1), (0, 0, 0, 0), (1, 1)),
        ((3, 3), (2, 1), (1, 1, 1, 1), (1, 1)),
        ((5, 3), (2, 3), (2, 1, 0, 3), (1, 2)),
        ((1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    ):
        w = single(filters, channels // groups, *kernel)
        options = {"Stride": row(*stride), "Padding": row(*padding)}
        cases.append(grouped(x, w, b, groups, **options, DilationFactor=row(*dilation)))
        top, bottom, left, right = padding
        padded = functional.pad(double(x), (left, right, top, bottom))
        expected.append(
            functional.conv2d(padded, double(w), double(b), stride, 0, dilation, groups)
        )
    for y, truth in zip(apply(octave, tmp_path, *cases), expected, strict=True):
        assert roundings(y, truth) < 8


def test_grouped_convolution_by_hand(octave: Octave) -> None:
    octave(
        """
        X = cat(3, single([1 2]), single([10 20]), single([100 200]), single([1000 2000]));
        W = reshape(single(1:4), 1, 1, 2, 1, 2);          % two groups of two channels
        Y = cifarx.layer.groupedConvolution2d(X, W, reshape(single([0 5]), 1, 1, 1, 2), ...
                                              [1 1], [0 0 0 0], [1 1], 2);
        assert(Y, cat(3, single([21 42]), single([4305 8605])));
        W = reshape(single(1:8), 1, 1, 1, 2, 4);          % channel-wise, two kernels a channel
        Y = cifarx.layer.groupedConvolution2d(X, W, zeros(1, 1, 2, 4, 'single'), ...
                                              [1 1], [0 0 0 0], [1 1], 4);
        assert(squeeze(Y(1, 1, :)), single([1 2 30 40 500 600 7000 8000].'));
        """
    )


@pytest.mark.parametrize(
    ("kernel", "stride", "cropping"),
    [
        ((2, 2), (2, 2), (0, 0, 0, 0)),
        ((3, 2), (1, 1), (0, 0, 0, 0)),
        ((4, 3), (2, 3), (1, 1, 1, 1)),
        ((3, 4), (2, 1), (1, 0, 2, 1)),
        ((1, 2), (3, 2), (0, 0, 0, 0)),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_transposed_convolution(
    octave: Octave,
    tmp_path: Path,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    cropping: Sides,
    count: int,
) -> None:
    x, w, b = single(count, 3, 5, 6), single(3, 4, *kernel), single(4)
    expected = functional.conv_transpose2d(double(x), double(w), double(b), stride)
    top, bottom, left, right = cropping
    _, _, height, width = expected.shape
    expected = expected[:, :, top : height - bottom, left : width - right]
    fields = layer(
        "TransposedConvolution2DLayer",
        Weights=w.transpose(2, 3, 1, 0),
        Bias=b.reshape(1, 1, -1),
        Stride=row(*stride),
        Cropping=row(*cropping),
    )
    (y,) = apply(octave, tmp_path, (fields, [x]))
    assert roundings(y, expected) < 8


def test_transposed_convolution_by_hand(octave: Octave) -> None:
    octave(
        """
        W = single([1 2 3]);
        Y = cifarx.layer.transposedConvolution2d(single([1 10]), W, single(100), [1 2], [0 0 0 0]);
        assert(Y, single([101 102 113 120 130]));
        Y = cifarx.layer.transposedConvolution2d(single([1 10]), W, single(100), [1 2], [0 0 1 2]);
        assert(Y, single([102 113]));
        """
    )
