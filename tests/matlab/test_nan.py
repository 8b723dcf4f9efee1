"""A NaN goes through every layer of the MATLAB toolbox as it does through PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matlab_layers import channels, from_matlab, layer, row, single, to_matlab
from scipy.io import loadmat, savemat
from torch.nn import functional

from cifarx.export.bundle import Bundle, Formats, write_bundle

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]
Function = Callable[[torch.Tensor], torch.Tensor]
ALPHA = single(5)
POOL = {"PoolSize": row(3, 2), "Stride": row(2, 1), "Padding": row(1, 0, 1, 1)}
TILES = {"PoolSize": row(2, 2), "Stride": row(2, 2), "Padding": row(0, 0, 0, 0)}


def pooled(x: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(functional.pad(x, (1, 1, 1, 0), value=-np.inf), (3, 2), (2, 1))


KINDS: dict[str, tuple[dict[str, Any], Function]] = {
    "ReLULayer": ({}, functional.relu),
    "LeakyReLULayer": ({"Scale": row(0.25)}, lambda x: functional.leaky_relu(x, 0.25)),
    "ClippedReLULayer": ({"Ceiling": row(6)}, functional.relu6),
    "PReLULayer": (
        {"Alpha": channels(ALPHA, np.empty((3, 5, 6, 7)))},
        lambda x: functional.prelu(x, torch.tensor(ALPHA)),
    ),
    "ELULayer": ({"Alpha": row(1.5)}, lambda x: functional.elu(x, 1.5)),
    "GELULayer": ({"Approximation": "none"}, functional.gelu),
    "SigmoidLayer": ({}, torch.sigmoid),
    "SwishLayer": ({}, functional.silu),
    "TanhLayer": ({}, torch.tanh),
    "SoftmaxLayer": ({}, lambda x: functional.softmax(x, 1)),
    "MaxPooling2DLayer": (POOL, pooled),
    "MaxPooling2DLayer, side by side": (TILES, lambda x: functional.max_pool2d(x, 2)),
    "GlobalMaxPooling2DLayer": ({}, lambda x: functional.adaptive_max_pool2d(x, 1)),
    "GlobalAveragePooling2DLayer": ({}, lambda x: functional.adaptive_avg_pool2d(x, 1)),
}


def test_every_layer_gives_nan_where_pytorch_does(octave: Octave, tmp_path: Path) -> None:
    x = single(3, 5, 6, 7)
    x[0, 2, 1, 3] = x[1, 0, 0, 0] = x[1, 4, 5, 6] = np.nan
    x[2, 3, 2, 2] = 1e30  # no NaN, though its square overflows
    layers = np.empty((1, len(KINDS)), object)
    for i, (name, (fields, _)) in enumerate(KINDS.items()):
        layers[0, i] = layer(name.split(",")[0], **fields)
    savemat(tmp_path / "in.mat", {"layers": layers, "X": to_matlab(x)}, long_field_names=True)
    octave(
        """
        load('in.mat');
        apply = @(layer) cifarx.internal.applyLayer(layer, {X});
        Y = cellfun(apply, layers, 'UniformOutput', false);
        save('-v6', 'out.mat', 'Y');
        """
    )
    for y, (name, (_, function)) in zip(loadmat(tmp_path / "out.mat")["Y"][0], KINDS.items(),
                                        strict=True):  # fmt: skip
        expected = function(torch.tensor(x)).numpy()
        found = from_matlab(y, expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_an_image_with_a_nan_has_no_class(octave: Octave, bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    octave(
        """
        net = cifarx.load('model.mat');
        X = net.test.inputs(:, :, :, 1:3);
        X(5, 6, 2, 2) = NaN;
        [labels, scores] = cifarx.classify(net, X);
        assert(isequal(isnan(scores(:, 1)), [false; true; false]));
        assert(isequal(cellfun(@isempty, labels), [false; true; false]));
        """
    )
