"""Check the classes and sizes of a result file of `cifarx.verify` before it is read."""

from __future__ import annotations

import math
from pathlib import Path

from scipy.io import whosmat

from cifarx.export.mat.reader import MatFile
from cifarx.export.network import layout
from cifarx.export.network.layer import Shape
from cifarx.export.network.model_card import CLASSIFICATION
from cifarx.pytorch_models.errors import OtherFilesError


def require_sizes(path: Path, mat: MatFile) -> None:
    """Check class and size of every variable before any is read.

    Raises:
        OtherFilesError: outputs or layers are not those of the model.mat here.
        ValueError: something else is not of its class and size, or is missing.
    """
    count, shapes = mat.batch.count, mat.graph.output_shapes()
    layers = len(mat.graph.layers)
    arrays = {
        output_name(mat, i): ("single", _written(shape, count)) for i, shape in enumerate(shapes)
    }
    row = ("char", ((1,),))  # of any length: scipy counts the rows of text
    expected: dict[str, tuple[str, tuple[tuple[int, ...], ...]]] = {
        "format": ("struct", ((1, 1),)),
        "runtime": row,
        "model_sha256": row,
        "arrays_sha256": row,
        "inputs_sha256": row,
        "normalized_sha256": ("char", ((1,), (0,))),
        **arrays,
        "layer_names": ("cell", ((1, layers),)),
        "layer_ratios": ("double", ((1, layers),)),
        "layer_images": ("double", ((1, 1),)),
    }
    numbers = count * sum(map(math.prod, shapes))
    largest = 2**20 + 2**12 * layers + 8 * numbers
    if (size := path.stat().st_size) > largest:
        raise ValueError(f"it has {size} bytes, but can have at most {largest}")
    variables = {name: (kind, shape) for name, shape, kind in whosmat(path)}
    for name, (kind, sizes) in expected.items():
        if name not in variables:
            raise ValueError(f"it has no variable {name}")
        actual, shape = variables[name]
        if actual != kind:
            raise ValueError(f"{name} is {actual}, not {kind}")
        if shape not in sizes and name in (*arrays, "layer_names", "layer_ratios"):
            raise OtherFilesError(f"its {name} are {_by(shape)}, not {_by(sizes[0])}")
        if shape not in sizes:
            raise ValueError(f"{name} is {_by(shape)}, not {_by(sizes[0])}")


def output_name(mat: MatFile, i: int) -> str:
    """Return the variable of an output; version 1 had the logits of a classifier alone."""
    return "logits" if mat.card.task == CLASSIFICATION else f"output{i + 1}"


def _written(shape: Shape, count: int) -> tuple[tuple[int, ...], ...]:
    """Return the size of an output in MATLAB, which drops trailing axes of length 1."""
    size = (*layout.matlab_size(shape), count) if shape else (1, count)
    while len(size) > 2 and size[-1] == 1:
        size = size[:-1]
    return (size,)


def _by(shape: tuple[int, ...]) -> str:
    return "-by-".join(map(str, shape))
