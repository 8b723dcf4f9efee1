"""Single layers, computed by the MATLAB code in GNU Octave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.io import loadmat, savemat

from cifarx.export.network import layout

Octave = Callable[[str], str]
Case = tuple[dict[str, Any], list[np.ndarray]]
"""A layer as model.mat has it, and its inputs in PyTorch's axes."""

_RANDOM = np.random.RandomState(0)


def single(*shape: int) -> np.ndarray:
    return _RANDOM.standard_normal(shape).astype(np.float32)


def double(array: np.ndarray) -> torch.Tensor:
    """The same numbers, for PyTorch to compute with in float64."""
    return torch.tensor(array).double()


def row(*values: float) -> np.ndarray:
    """An option such as Stride."""
    return np.array([values], float)


def layer(kind: str, **fields: Any) -> dict[str, Any]:
    return {"Name": "a", "Kind": kind, **fields}


def apply(octave: Octave, folder: Path, *cases: Case) -> list[np.ndarray]:
    """The outputs of layers, in MATLAB's axes; one Octave runs them all.

    Each is within the bound of `localTruth`, which cifarx.verify judges it by, and that bound is
    narrow.
    """
    layers = np.empty((1, len(cases)), object)
    inputs = np.empty((1, len(cases)), object)
    for i, (fields, arrays) in enumerate(cases):
        layers[0, i] = fields
        inputs[0, i] = np.empty((1, len(arrays)), object)
        for k, array in enumerate(arrays):
            inputs[0, i][0, k] = to_matlab(array)
    savemat(folder / "in.mat", {"layers": layers, "inputs": inputs}, long_field_names=True)
    octave(
        """
        load('in.mat');
        Y = cell(1, numel(layers));
        for i = 1:numel(layers)
            Y{i} = cifarx.internal.applyLayer(layers{i}, inputs{i});
            assert(isa(Y{i}, 'single'));
            [truth, bound] = cifarx.internal.truth.localTruth(layers{i}, inputs{i});
            assert(size(truth), size(Y{i}));
            assert(size(bound), size(Y{i}));
            assert(all(abs(double(Y{i}(:)) - truth(:)) <= bound(:)));
            assert(all(bound(:) <= 1e-3 * max(abs(truth(:))) + realmin('single')));
        end
        save('-v6', 'out.mat', 'Y');
        """
    )
    return list(loadmat(folder / "out.mat")["Y"][0])


def roundings(y: np.ndarray, expected: torch.Tensor) -> float:
    """The largest error of an output, in roundings of the largest value expected."""
    return distance(from_matlab(y, expected.shape), expected)


def distance(found: np.ndarray, expected: torch.Tensor) -> float:
    """The same for an output in PyTorch's axes."""
    assert expected.dtype == torch.float64
    error = np.abs(found - expected.numpy()).max()
    return float(error / (2**-24 * expected.abs().max()))


def to_matlab(x: np.ndarray) -> np.ndarray:
    return layout.to_matlab(x)


def from_matlab(y: np.ndarray, shape: torch.Size) -> np.ndarray:
    """Octave's maps or features in PyTorch's axes; MAT-files drop trailing axes of length one."""
    if len(shape) == 2:
        assert y.shape == (shape[1], shape[0])
        return y.T
    n, c, h, w = shape
    kept = [h, w, c, n]
    while len(kept) > 2 and kept[-1] == 1:
        kept.pop()
    assert y.shape == tuple(kept)
    return layout.from_matlab(y, (c, h, w))


def channels(vector: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(C,) as it is stored for a layer that takes x."""
    return layout.channels_to_matlab(vector, maps=x.ndim == 4)
