"""Write a `LayerGraph` and its test batch as model.mat; export/README.md describes the format.

scipy.io.savemat decides much of it. Integers would become int64, which MATLAB computes with in
integer arithmetic, so numbers are float64. A list of strings would become a padded char matrix, so
lists are object arrays (cellstr). The header's time stamp is overwritten, so that the same network
gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from cifarx.export.mat.feature_order import feature_orders
from cifarx.export.network import layout
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output, format_of
from cifarx.export.network.layer import Layer, Shape, number
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models.errors import UserError

FORMAT = "cifarx"
VERSION = 2
_LARGEST = 2**31 - 1  # bytes per variable, MATLAB's limit for version 7 MAT-files
_EMPTY = np.empty((0, 0))
_CHUNK = 2**21  # elements that are copied to another order at a time
_HEADER = 116  # bytes of descriptive text at the start of a version 5 MAT-file


def write_mat(
    file: BinaryIO,
    graph: LayerGraph,
    card: ModelCard,
    batch: TestBatch,
    onnx_sha256: Callable[[], str],
) -> None:
    """Write the content of model.mat, a MAT-file; equal arguments give equal bytes.

    Args:
        file: open for writing and seeking.
        graph: the network.
        card: its identity and input contract.
        batch: its test batch.
        onnx_sha256: returns the digest of model.onnx, which another thread may still compute.

    Raises:
        UserError: a variable of 2 GiB or more.
    """
    _require_size("layers", sum(a.value.nbytes for a in graph.arrays().values()))
    layers, arrays_sha256 = matlab_layers(graph)
    shapes = graph.output_shapes()
    content = {
        "format": {
            "name": FORMAT,
            "version": float(VERSION),
            "producer": f"cifarx {version('cifarx')}",
            "model": _text(card.model),
            "recipe": _text(card.recipe),
            "checkpoint_sha256": card.checkpoint_sha256,
            "onnx_sha256": onnx_sha256(),
            "arrays_sha256": arrays_sha256,
            **({"ending": card.ending} if card.ending else {}),
        },
        "inputs": _structs([_input(given, card) for given in graph.inputs]),
        "layers": layers,
        "outputs": _structs(
            [_output(output, shape) for output, shape in zip(graph.outputs, shapes, strict=True)]
        ),
        "task": card.task,
        "classes": _cellstr(card.classes),
        "test": {
            "images": layout.to_matlab(batch.images) if card.mean else _EMPTY,
            "inputs": layout.arrays_to_matlab(batch.inputs),
            "labels": _labels(batch.labels),
            "outputs": layout.arrays_to_matlab(batch.outputs),
            "reference": layout.arrays_to_matlab(batch.references) if batch.references else _EMPTY,
        },
    }
    for name, value in content.items():
        _require_size(name, _size(value))
    start = file.tell()
    savemat(file, content, long_field_names=True)
    file.seek(start)
    text = f"MATLAB 5.0 MAT-file, written by cifarx {version('cifarx')}".encode("ascii")
    file.write(text.ljust(_HEADER))
    file.seek(0, io.SEEK_END)


def mat_bytes(graph: LayerGraph, card: ModelCard, batch: TestBatch, onnx_sha256: str) -> bytes:
    """The bytes that `write_mat` writes."""
    file = io.BytesIO()
    write_mat(file, graph, card, batch, lambda: onnx_sha256)
    return file.getvalue()


def matlab_layers(graph: LayerGraph) -> tuple[NDArray[Any], str]:
    """The `layers` struct array, (1, L), and the SHA-256 of its arrays.

    The digest runs over the bytes of every layer's arrays, little-endian single in column-major
    order, layer by layer and in the vocabulary's order of properties.
    """
    shapes = graph.shapes()
    orders = feature_orders(graph)
    keys = dict.fromkeys(key for kind in VOCABULARY.values() for key in (*kind.hyper, *kind.arrays))
    fields = ["Name", "Kind", "Inputs", *keys, "Source", "Module"]
    if any(array.exact is not None for array in graph.arrays().values()):
        fields.append("Exact")
    layers = np.empty((1, len(graph.layers)), [(field, object) for field in fields])
    digest = hashlib.sha256()
    for i, layer in enumerate(graph.layers):
        order = orders.get(layer.inputs[0])
        arrays = {
            key: array_to_matlab(layer, key, shapes[layer.name], order) for key in layer.arrays
        }
        for key, array in arrays.items():
            if not np.isfinite(array).all():
                raise UserError(
                    f"The {key} of the layer {layer.name!r} hold NaN or infinity, as after a "
                    "training that diverged, and no reader accepts them. Train again, for instance "
                    "with a smaller learning rate, and export that."
                )
            for part in _column_major(array):
                digest.update(part)
        values: dict[str, Any] = dict.fromkeys(fields, _EMPTY)
        values |= {
            key: value if isinstance(value, str) else _row(np.atleast_1d(value))
            for key, value in layer.hyper.items()
        }
        values |= arrays
        values |= {
            "Name": layer.name,
            "Kind": layer.kind,
            "Inputs": _cellstr(layer.inputs),
            "Module": _text(layer.module),
            "Source": {key: _text(array.source) for key, array in layer.arrays.items()} or _EMPTY,
        }
        if "Exact" in fields:
            values["Exact"] = _exact(layer, shapes[layer.name], order) or _EMPTY
        for field, value in values.items():
            layers[0, i][field] = value
    return layers, digest.hexdigest()


def _exact(layer: Layer, output: Shape, order: NDArray[np.int64] | None) -> dict[str, NDArray[Any]]:
    """What float64 gives for the layer's computed constants, in MATLAB's axes."""
    exact = {key: a.exact for key, a in layer.arrays.items() if a.exact is not None}
    return {
        key: array_to_matlab(layer, key, output, order, value=value) for key, value in exact.items()
    }


def array_to_matlab(
    layer: Layer,
    key: str,
    output: Shape,
    order: NDArray[np.int64] | None,
    *,
    value: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """One array of a layer in MATLAB's axes.

    Args:
        layer: the layer.
        key: the array's property.
        output: shape of the layer's output.
        order: of the features that it reads, if it reads any.
        value: numbers to use instead of the array's own.
    """
    value = layer.arrays[key].value if value is None else value
    if layer.kind == "FullyConnectedLayer":
        return layout.linear_to_matlab(value, order) if key == "Weights" else value.reshape(-1, 1)
    if "NumGroups" in layer.hyper and "Weights" in layer.arrays:
        groups = int(number(layer, "NumGroups"))
        if key == "Weights":
            return layout.grouped_kernels_to_matlab(value, groups)
        return layout.grouped_channels_to_matlab(value, groups)
    if key == "Weights":
        return layout.kernels_to_matlab(value)
    if value.ndim == 3:  # a scaling of each element
        return layout.image_to_matlab(value)
    if order is not None and value.size == order.size:
        value = value[order]
    return layout.channels_to_matlab(value, maps=len(output) == 3)


def _column_major(array: NDArray[np.float32]) -> Iterator[bytes | memoryview]:
    """An array's elements in column-major order, little-endian, some megabytes at a time."""
    rows = array.transpose()  # its C order is the array's column-major order
    step = max(1, _CHUNK * len(rows) // max(1, rows.size))
    if rows.flags.c_contiguous:
        yield rows.astype("<f4", copy=False).reshape(-1).view(np.uint8).data
        return
    for i in range(0, len(rows), step):
        yield rows[i : i + step].astype("<f4", copy=False).tobytes()


def _input(given: Input, card: ModelCard) -> dict[str, Any]:
    """One element of `inputs`; the card's mean and std are those of the only image."""
    known = bool(card.mean) and given.format == "SSCB"
    return {
        "Name": given.name,
        "Size": _row(layout.matlab_size(given.shape)),
        "Format": given.format,
        "Normalization": "zscore" if known else "none",
        "Mean": _by_channel(card.mean if known else ()),
        "StandardDeviation": _by_channel(card.std if known else ()),
    }


def _output(output: Output, shape: Shape) -> dict[str, Any]:
    """One element of `outputs`."""
    return {
        "Layer": output.layer,
        "Name": output.name,
        "Size": _row(layout.matlab_size(shape)) if shape else _EMPTY,
        "Format": format_of(shape),
    }


def _structs(items: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    """A 1 x n struct array."""
    array = np.empty((1, len(items)), [(field, object) for field in items[0]])
    for i, item in enumerate(items):
        for field, value in item.items():
            array[0, i][field] = value
    return array


def _labels(labels: NDArray[np.int64]) -> NDArray[Any]:
    """Classes from 1: 1 x N, or H x W x N of pixels, 0 where there is none."""
    if not labels.size:
        return _EMPTY
    if labels.ndim == 1:
        return _row(labels + 1)
    return (labels + 1).astype(np.float64).transpose(1, 2, 0)


def _row(values: Any) -> NDArray[np.float64]:
    return np.asarray(values, np.float64).reshape(1, -1)


def _by_channel(values: Sequence[float]) -> NDArray[Any]:
    return np.asarray(values, np.float32).reshape(1, 1, -1) if values else _EMPTY


def _text(text: str) -> Any:
    """Char, or UTF-8 bytes (1 x n uint8) if there are letters outside ASCII.

    Octave 7.3 cuts other encodings short; in MATLAB, native2unicode makes char of the bytes.
    """
    if text.isascii():
        return text
    return np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8).reshape(1, -1)


def _cellstr(strings: Sequence[str]) -> NDArray[Any]:
    cells = np.empty((1, len(strings)), object)
    for i, string in enumerate(strings):
        cells[0, i] = _text(string)
    return cells


def _require_size(variable: str, size: int) -> None:
    if size > _LARGEST:
        raise UserError(
            f"The variable {variable!r} of model.mat would take {size / 2**30:.1f} GiB; a MAT-file "
            "that every MATLAB reads holds less than 2 GiB per variable. Write only model.onnx "
            "instead: 'cifarx export --onnx'."
        )


def _size(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(_size(v) for v in value.values())
    if isinstance(value, np.ndarray) and value.dtype.names:
        return sum(_size(cell) for item in value.ravel() for cell in item.item())
    if isinstance(value, np.ndarray) and value.dtype == object:
        return sum(map(_size, value.ravel()))
    return value.nbytes if isinstance(value, np.ndarray) else len(str(value))
