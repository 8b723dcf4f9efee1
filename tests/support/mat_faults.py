"""Spoilt model.mat files as data, as `fault_cases` has them of model.onnx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import numpy as np
from fault_cases import MIXED, RESIDUAL, Fault

Content = dict[str, Any]


def _layer(
    name: str, field: str, edit: Callable[[np.ndarray], np.ndarray]
) -> Callable[[Path], None]:
    return lambda folder: faults.edit_layer(folder, name, field, edit)


def _content(edit: Callable[[Content], object]) -> Callable[[Path], None]:
    return lambda folder: faults.edit_mat(folder, edit)


def _part(variable: str, field: str, edit: Callable[[Any], Any]) -> Callable[[Path], None]:
    """A field of a struct."""

    def change(content: Content) -> None:
        content[variable][field][0, 0] = edit(content[variable][field][0, 0].copy())

    return _content(change)


def _exchanged(layer: str, *pairs: tuple[str, str]) -> Callable[[Path], None]:
    """Arrays of a layer exchanged, and what the file says of their source as well."""

    def change(content: Content) -> None:
        (found,) = (i for i in content["layers"].ravel() if i["Name"].item() == layer)
        source = found["Source"][0, 0]
        for a, b in pairs:
            found[a], found[b] = found[b].copy(), found[a].copy()
            source[a], source[b] = source[b].copy(), source[a].copy()

    return _content(change)


def _more(variable: str, field: str) -> Callable[[Path], None]:
    """A struct with one field more."""

    def change(content: Content) -> None:
        old = content[variable]
        new = np.empty(old.shape, [*((name, object) for name in old.dtype.names), (field, object)])
        for place in np.ndindex(old.shape):
            new[place] = (*old[place], np.zeros((0, 0)))
        new[0, 0][field] = np.ones((5, 5), np.float32)
        content[variable] = new

    return _content(change)


def _twice(variable: str) -> Callable[[Path], None]:
    """A struct of two elements, the second other numbers."""

    def change(content: Content) -> None:
        content[variable] = np.concatenate([content[variable], content[variable]], axis=1)

    return _content(change)


def _sources(layer: str, edit: Callable[[Any], object]) -> Callable[[Path], None]:
    """What the file says of where the arrays of a layer come from."""

    def change(content: Content) -> None:
        (found,) = (i for i in content["layers"].ravel() if i["Name"].item() == layer)
        edit(found["Source"])

    return _content(change)


def _scale_and_variance(source: Any) -> None:
    one = source[0, 0]
    one["Scale"], one["TrainedVariance"] = one["TrainedVariance"].copy(), one["Scale"].copy()


def _renamed(source: Any) -> None:
    source[0, 0]["Bias"] = np.array(["fc2.bias"])


def _turned(kernels: np.ndarray) -> np.ndarray:
    """The kernel of one pair of channels transposed, of (h, w, C, F)."""
    kernels[:, :, 1, 2] = kernels[:, :, 1, 2].T
    return kernels


def _in_order_of_pytorch(weights: np.ndarray) -> np.ndarray:
    """Columns (h, w, C) of 2x2 maps of 8 channels, as the exporter found them: (C, h, w)."""
    return weights.reshape(-1, 8, 2, 2).transpose(0, 2, 3, 1).reshape(weights.shape)


MAT_FAULTS: dict[str, Fault] = {
    "one bit of one weight": Fault(
        _layer("conv3", "Weights", faults.flip_bit),
        "conv3",
        "differing: conv3.Weights (1 of 432 values",
        numbers=False,
    ),
    "one kernel transposed": Fault(
        _layer("conv2", "Weights", _turned), "conv2", "differing: conv2.Weights ("
    ),
    "kernels and maps of a layer transposed": Fault(
        _layer("conv3", "Weights", lambda w: w.swapaxes(0, 1)), "conv3"
    ),
    "batch norm's mean and variance exchanged": Fault(
        _exchanged("norm1", ("TrainedMean", "TrainedVariance")), "norm1", "norm1.TrainedMean"
    ),
    "scale and variance exchanged, whatever their source says": Fault(
        _exchanged("norm2", ("Scale", "TrainedVariance")), "norm2", "norm2.Scale"
    ),
    "epsilon a thousand times larger": Fault(
        _layer("norm2", "Epsilon", lambda e: e * 1e3), "norm2", "norm2 has Epsilon"
    ),
    "epsilon off by less than shows": Fault(
        _layer("norm2", "Epsilon", lambda e: e * 1.0003),
        "norm2",
        "norm2 has Epsilon 1.0003",
        numbers=False,
    ),
    "another stride": Fault(
        _layer("conv1", "Stride", lambda s: s * 0 + 2),
        "conv1",
        "conv1 has Stride (2, 2), not (1, 1)",
        RESIDUAL,
    ),
    "padding shifted": Fault(
        _layer("conv3", "Padding", lambda p: p + np.array([[1, -1, 0, 0]])),
        "conv3",
        "conv3 has Padding (2, 0, 1, 1)",
    ),
    "another rate of dropout": Fault(
        _layer("drop3", "Probability", lambda p: p + 0.5),
        "drop3",
        "drop3 has Probability 0.7, not 0.2",
        numbers=False,
    ),
    "features in PyTorch's order": Fault(
        _layer("fc1", "Weights", _in_order_of_pytorch), "fc1", "the same in another order"
    ),
    "half precision": Fault(_layer("fc2", "Weights", faults.half), "fc2", "fc2.Weights"),
    "class names swapped": Fault(
        _content(faults.swap_cells), None, "model.mat has classes 'ring, disc,"
    ),
    "labels in reverse": Fault(
        _part("test", "labels", lambda a: a[:, ::-1]),
        None,
        "model.mat has wrong labels for",
    ),
    "labels from 0": Fault(_part("test", "labels", lambda a: a % 10 + 1), None, "wrong labels"),
    "digest of the arrays changed": Fault(
        _part("format", "arrays_sha256", lambda _: np.array(["0" * 64])),
        None,
        "model.mat's arrays_sha256 is not that of its arrays",
        numbers=False,
    ),
    "test images changed": Fault(
        _part("test", "images", lambda a: a + 1),
        None,
        "model.mat's test inputs are not its test images normalised",
    ),
    "test inputs changed": Fault(
        _part("test", "inputs", lambda a: a * np.float32(1 + 2**-20)),
        None,
        "model.mat's test inputs are not its test images normalised",
    ),
    "mean changed": Fault(
        _part("inputs", "Mean", lambda a: a + np.float32(1)), None, "model.mat has mean"
    ),
    "standard deviation changed": Fault(
        _part("inputs", "StandardDeviation", lambda a: a / np.float32(255)), None, "has std"
    ),
    "reference changed": Fault(
        _part("test", "reference", lambda a: a + 1e-6),
        None,
        "FAILED | reference | model.mat's outputs for its 60 test images are not those of",
    ),
    "logits of the reference in another order": Fault(
        _part("test", "outputs", lambda a: a[::-1]),
        None,
        "FAILED | reference | model.mat's outputs",
    ),
    "labels in reverse, fewer images compared": Fault(
        _part("test", "labels", lambda a: a[:, ::-1]),
        None,
        "model.mat has wrong labels for",
        numbers=False,
        images=20,
    ),
    "a variable more": Fault(
        _content(lambda content: content.update(extra_weights=np.ones((5, 5), np.float32))),
        None,
        "model.mat 22/22 tensors equal the checkpoint bit for bit; unaccounted for: extra_weights",
        numbers=False,
    ),
    "a field more in inputs": Fault(
        _more("inputs", "Extra"), None, "unaccounted for: inputs.Extra", numbers=False
    ),
    "a field more in test": Fault(
        _more("test", "extra"), None, "unaccounted for: test.extra", numbers=False
    ),
    "a field more in format": Fault(
        _more("format", "extra"), None, "unaccounted for: format.extra", numbers=False
    ),
    "numbers for the producer's name": Fault(
        _part("format", "producer", lambda _: np.ones((5, 5), np.float32)),
        None,
        "unaccounted for: format.producer",
        numbers=False,
    ),
    "a test batch more": Fault(_twice("test"), None, "unaccounted for: test(2)", numbers=False),
    "a field more in layers": Fault(
        _more("layers", "Extra"), None, "unaccounted for: conv1.Extra", numbers=False
    ),
    "an array that the layer's kind does not have": Fault(
        _layer("relu1", "Weights", lambda _: np.ones((5, 5), np.float32)),
        None,
        "unaccounted for: relu1.Weights",
        numbers=False,
    ),
    "a source for a layer without arrays": Fault(
        _layer("relu1", "Source", lambda _: np.ones((5, 5), np.float32)),
        None,
        "unaccounted for: relu1.Source",
        numbers=False,
    ),
    "sources of scale and variance exchanged": Fault(
        _sources("norm1", _scale_and_variance),
        "norm1",
        "norm1.Scale (Source 'norm1.running_var', not 'norm1.weight')",
        numbers=False,
    ),
    "another source": Fault(
        _sources("fc1", _renamed), "fc1", "fc1.Bias (Source 'fc2.bias'", numbers=False
    ),
    "another module": Fault(
        _layer("conv2", "Module", lambda _: np.array(["conv3"])),
        "conv2",
        "conv2 has Module 'conv3', not 'conv2'",
        numbers=False,
    ),
    "coefficients of another kernel": Fault(
        _layer("block2_mixed_coefficients_1", "Weights", np.negative),
        "block2_mixed_coefficients_1",
        network=MIXED,
    ),
}
