"""The MATLAB arithmetic, run in GNU Octave, against PyTorch in float64 and one case by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import loadmat, savemat
from torch.nn import functional

from cifarx.export import layout

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]
RANDOM = np.random.RandomState(0)


def single(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def call(octave: Octave, folder: Path, code: str, **variables: object) -> np.ndarray:
    """Run `Y = code` with these variables (arrays in MATLAB's axes)."""
    savemat(folder / "in.mat", {k: np.asarray(v) for k, v in variables.items()})
    octave(f"load('in.mat'); Y = {code}; assert(isa(Y, 'single')); save('-v6', 'out.mat', 'Y');")
    return np.asarray(loadmat(folder / "out.mat")["Y"])


def maps(y: np.ndarray, shape: torch.Size) -> np.ndarray:
    """Octave's maps in PyTorch's axes; MAT-files drop trailing axes of length one."""
    n, c, h, w = shape
    return layout.images_from_matlab(y.reshape(h, w, c, n, order="F"))


@pytest.mark.parametrize(
    ("size", "channels", "filters", "kernel", "stride", "padding", "dilation", "count"),
    [
        ((6, 7), 3, 4, (3, 2), (1, 1), (0, 0, 0, 0), (1, 1), 2),
        ((6, 7), 3, 4, (3, 3), (2, 3), (1, 1, 1, 1), (1, 1), 2),
        ((9, 8), 2, 5, (3, 2), (1, 2), (0, 2, 3, 1), (2, 3), 3),
        ((5, 5), 1, 1, (5, 5), (1, 1), (0, 0, 0, 0), (1, 1), 1),
        ((4, 4), 3, 2, (1, 1), (3, 3), (0, 0, 0, 0), (1, 1), 1),
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
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int],
    count: int,
) -> None:
    x, w, b = single(count, channels, *size), single(filters, channels, *kernel), single(filters)
    top, bottom, left, right = padding
    padded = functional.pad(torch.tensor(x).double(), (left, right, top, bottom))
    expected = functional.conv2d(
        padded, torch.tensor(w).double(), torch.tensor(b).double(), stride, 0, dilation
    )
    y = call(
        octave,
        tmp_path,
        "cifarx.layer.convolution2d(X, W, reshape(B, 1, 1, []), S, P, D)",
        X=layout.images_to_matlab(x),
        W=layout.kernels_to_matlab(w),
        B=b,
        S=np.array(stride, float),
        P=np.array(padding, float),
        D=np.array(dilation, float),
    )
    np.testing.assert_allclose(maps(y, expected.shape), expected.numpy(), rtol=0, atol=2e-5)


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


@pytest.mark.parametrize("features", [False, True])
def test_batch_normalization(octave: Octave, tmp_path: Path, features: bool) -> None:
    x = single(4, 3) if features else single(4, 3, 5, 6)
    scale, offset, mean, variance = single(3), single(3), single(3), np.abs(single(3))
    expected = functional.batch_norm(
        *(torch.tensor(v).double() for v in (x, mean, variance, scale, offset)), eps=1e-3
    )
    y = call(
        octave,
        tmp_path,
        "cifarx.layer.batchNormalization(X, S, O, M, V, 1e-3)",
        X=layout.features_to_matlab(x) if features else layout.images_to_matlab(x),
        **{
            name: layout.channels_to_matlab(v, maps=not features)
            for name, v in zip("SOMV", (scale, offset, mean, variance), strict=True)
        },
    )
    y = layout.features_from_matlab(y) if features else maps(y, expected.shape)
    np.testing.assert_allclose(y, expected.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 3), (1, 0))]
)
def test_pooling(
    octave: Octave,
    tmp_path: Path,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> None:
    x = single(2, 3, 7, 8)
    v, h = padding
    arguments = {
        "X": layout.images_to_matlab(x),
        "K": np.array(kernel, float),
        "S": np.array(stride, float),
        "P": np.array([v, v, h, h], float),
    }
    for name, function in (
        ("maxPooling2d", functional.max_pool2d),
        ("averagePooling2d", functional.avg_pool2d),
    ):
        expected = function(torch.tensor(x).double(), kernel, stride, padding)
        y = call(octave, tmp_path, f"cifarx.layer.{name}(X, K, S, P)", **arguments)
        np.testing.assert_allclose(maps(y, expected.shape), expected.numpy(), rtol=0, atol=1e-6)


def test_max_pooling_never_takes_the_padding(octave: Octave) -> None:
    octave(
        """
        Y = cifarx.layer.maxPooling2d(single(-[1 2; 3 4]), [2 2], [1 1], [1 0 0 0]);
        assert(Y, single([-1; -1]));
        """
    )


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
    y = call(
        octave,
        tmp_path,
        "cifarx.layer.multiplication({A, B})",
        A=layout.images_to_matlab(a),
        B=layout.images_to_matlab(b),
    )
    np.testing.assert_array_equal(maps(y, expected.shape), expected.numpy())  # rounded once


def test_the_small_layers(octave: Octave) -> None:
    octave(
        """
        X = reshape(single(1:24), [2 3 2 2]);
        assert(cifarx.layer.relu(single([-1 0 2])), single([0 0 2]));
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
