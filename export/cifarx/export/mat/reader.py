"""Read a model.mat without trusting its contents: `LayerGraph`, card and test batch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from cifarx.export.mat.feature_order import feature_orders
from cifarx.export.mat.leftovers import unaccounted
from cifarx.export.mat.safety import require_plain
from cifarx.export.mat.version_1 import from_version_1
from cifarx.export.mat.writer import FORMAT, VERSION
from cifarx.export.network import layout
from cifarx.export.network.graph import LayerGraph, output_shape
from cifarx.export.network.interface import Input, Output, format_of
from cifarx.export.network.layer import Array, Hyper, Layer, Shape
from cifarx.export.network.model_card import CLASSIFICATION, SEGMENTATION, ModelCard
from cifarx.export.network.task import require_task
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models.errors import GraphError, UserError


@dataclass(frozen=True)
class MatFile:
    """What a model.mat holds."""

    graph: LayerGraph
    card: ModelCard
    batch: TestBatch
    onnx_sha256: str
    arrays_sha256: str
    base_sha256: str
    """In a file of MATLAB's cifarx.save, checkpoint_sha256 of the file loaded there; else ''."""
    unaccounted: tuple[str, ...] = ()
    """Variables, fields and elements that the format has no place for."""


def read_mat(path: Path) -> MatFile:
    """Read a model.mat, the inverse of `writer.write_mat`.

    Raises:
        UserError: it is not a MAT-file, cut short, not cifarx's, of a newer version, inconsistent,
            or holds something that Octave or MATLAB could run (`safety.require_plain`).
    """
    if not path.is_file():
        state = "is a folder" if path.is_dir() else "is not there"
        raise UserError(f"{path} {state}. Give a MAT-file, as 'cifarx export --mat' writes it.")
    require_plain(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            content = loadmat(path, chars_as_strings=True)
    except Exception as error:  # scipy's parser raises exceptions of many types
        raise UserError(
            f"{path} cannot be read as a MAT-file, or was cut short "
            f"({type(error).__name__}: {error}). Export it again: 'cifarx export --mat'."
        ) from error
    try:
        return _interpret(content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
        raise UserError(
            f"{path} is a MAT-file, but not a valid cifarx model "
            f"({type(error).__name__}: {error}). {_again(content)}."
        ) from error


def _again(content: Mapping[str, Any]) -> str:
    """How to make the file again; weights tuned in MATLAB are in no run to export again."""
    with suppress(Exception):  # the file is known to be damaged
        if _text(_struct(content, "format"), "producer").startswith("cifarx.save"):
            return "Save it again with cifarx.save of the toolbox that 'cifarx matlab-path' names"
    return "Export it again: 'cifarx export --mat'"


def _interpret(content: Mapping[str, Any]) -> MatFile:
    if "format" not in content or _text(_struct(content, "format"), "name") != FORMAT:
        names = ", ".join(name for name in content if not name.startswith("__"))
        raise UserError(
            "it is not a cifarx model: it has no format.name 'cifarx', but the variables "
            f"{names[:200] or '(none)'}. Weights alone do not say how layers are connected. Write "
            "the network with 'cifarx export --mat', with cifarx.save of the toolbox, or in MATLAB "
            "as ONNX with exportONNXNetwork."
        )
    form = _struct(content, "format")
    if (found := float(form["version"].item())) > VERSION:
        raise UserError(
            f"its format is version {found:g}; this cifarx reads up to {VERSION}. Update cifarx."
        )
    for name in ("input" if found < 2 else "inputs", "layers", "outputs", "classes", "test"):
        if name not in content:
            raise UserError(
                f"it has no variable {name!r}; it was damaged or edited. {_again(content)}."
            )
    if found < 2:
        content = from_version_1(content)
    inputs = [_input(item) for item in content["inputs"].ravel()]
    graph = _graph(content, [given for given, _, _ in inputs])
    normalized = [(mean, std) for _, mean, std in inputs if mean]
    if len(normalized) > 1:
        raise UserError("it normalises several inputs; this cifarx knows one image per network.")
    mean, std = normalized[0] if normalized else ((), ())
    card = ModelCard(
        _text(form, "model"),
        _text(form, "recipe"),
        tuple(_strings(content["classes"])),
        mean,
        std,
        _text(form, "checkpoint_sha256"),
        ending=_text(form, "ending") if "ending" in form.dtype.names else "",
        task=_string(content["task"]),
    )
    require_task(card, graph)
    batch = _batch(_struct(content, "test"), graph, card)
    base = _text(form, "base_sha256") if "base_sha256" in form.dtype.names else ""
    return MatFile(
        graph=graph,
        card=card,
        batch=batch,
        onnx_sha256=_text(form, "onnx_sha256"),
        arrays_sha256=_text(form, "arrays_sha256"),
        base_sha256=base,
        unaccounted=unaccounted(content),
    )


def _input(item: Any) -> tuple[Input, tuple[float, ...], tuple[float, ...]]:
    """An input with its mean and standard deviation, empty where they are unknown."""
    if (form := _text(item, "Normalization")) not in ("zscore", "none"):
        raise UserError(f"its input.Normalization is {form!r}; only 'zscore' and 'none' are known.")
    given = Input(_text(item, "Name"), layout.shape_of_matlab(_sizes(item["Size"])))
    if _text(item, "Format") != given.format:
        raise GraphError(f"the input {given.name!r} of {given.shape} is not {given.format}")
    mean, std = (tuple(map(float, item[key].ravel())) for key in ("Mean", "StandardDeviation"))
    wanted = given.shape[0] if form == "zscore" else 0
    if not len(mean) == len(std) == wanted or (wanted and given.format != "SSCB"):
        raise GraphError(f"Mean and StandardDeviation are not 1x1x{given.shape[0]}")
    return given, mean, std


def _sizes(value: NDArray[Any]) -> Shape:
    sizes = tuple(int(n) for n in value.ravel())
    if any(n < 1 for n in sizes):
        raise GraphError(f"a size of {sizes}")
    return sizes


def _graph(content: Mapping[str, Any], inputs: Sequence[Input]) -> LayerGraph:
    layers = []
    shapes: dict[str, Shape] = {given.name: given.carried for given in inputs}
    for item in content["layers"].ravel():
        name, kind = _text(item, "Name"), _text(item, "Kind")
        if kind not in VOCABULARY:
            raise GraphError(f"unknown layer kind {kind!r}")
        row = VOCABULARY[kind]
        given_by = tuple(_strings(item["Inputs"]))
        hyper = {key: _hyper(item[key]) for key in row.hyper}
        arrays: dict[str, Array] = {}
        if row.arrays:
            source = item["Source"][0, 0]
            given = shapes[given_by[0]]
            for key in row.arrays:
                value = _single(item[key], f"layer {name!r}: {key}")
                exact = _exact(item, key, value)
                arrays[key] = Array(
                    _array(kind, key, value, hyper, given),
                    _text(source, key),
                    None if exact is None else _array(kind, key, exact, hyper, given),
                )
        _require_finite(name, arrays)
        layer = Layer(name, kind, given_by, hyper, arrays, _text(item, "Module"))
        shapes[layer.name] = output_shape(layer, shapes)
        layers.append(layer)
    outputs = [_output(item, shapes) for item in content["outputs"].ravel()]
    return _in_torch_order(LayerGraph(tuple(inputs), tuple(layers), tuple(outputs)))


def _output(item: Any, shapes: Mapping[str, Shape]) -> Output:
    layer, shape = _text(item, "Layer"), layout.shape_of_matlab(_sizes(item["Size"]))
    if _text(item, "Format") != format_of(shape):
        raise GraphError(f"the output {layer!r} of {shape} is not {format_of(shape)!r}")
    own = shapes.get(layer) == shape
    return Output(layer, _text(item, "Name"), None if own else shape)


def _exact(item: Any, key: str, value: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """What float64 gives for a computed constant, None where the file does not say.

    Args:
        item: the layer.
        key: the array's property.
        value: the array, in the file's axes as the result is.
    """
    if "Exact" not in item.dtype.names or not item["Exact"].size:
        return None
    if key not in (item["Exact"].dtype.names or ()):
        return None
    exact = item["Exact"][0, 0][key]
    if exact.dtype != np.float64 or exact.shape != value.shape or not np.isfinite(exact).all():
        raise GraphError(f"layer {item['Name'].item()!r}: Exact.{key} is not double as {key}")
    return np.ascontiguousarray(exact)


def _array(
    kind: str,
    key: str,
    value: NDArray[Any],
    hyper: Mapping[str, Hyper],
    given: Shape,
) -> NDArray[Any]:
    """Undo `writer.array_to_matlab`, except for the order of features.

    Args:
        kind: of the layer.
        key: of the array.
        value: the file's array, trailing axes of length 1 missing.
        hyper: the layer's options.
        given: shape of the layer's input.
    """
    if kind == "FullyConnectedLayer":
        return value if key == "Weights" else layout.channels_from_matlab(value)
    if kind == "GroupedConvolution2DLayer":
        groups = hyper["NumGroups"]
        assert isinstance(groups, float)
        if key == "Weights":
            whole = value.reshape(value.shape + (1,) * (5 - value.ndim))
            return layout.grouped_kernels_from_matlab(whole)
        return layout.grouped_channels_from_matlab(value, int(groups))
    if key == "Weights":
        return layout.kernels_from_matlab(value.reshape(value.shape + (1,) * (4 - value.ndim)))
    each = kind == "ScalingLayer" and len(given) == 3 and value.size not in (1, given[0])
    if each:
        channels, height, width = given
        return layout.image_from_matlab(value.reshape(height, width, channels))
    return layout.channels_from_matlab(value)


def _require_finite(layer: str, arrays: Mapping[str, Array]) -> None:
    for key, array in arrays.items():
        if not np.isfinite(array.value).all():
            raise GraphError(f"layer {layer!r}: {key} holds NaN or infinite numbers")


def _in_torch_order(graph: LayerGraph) -> LayerGraph:
    """Undo the order of flattened features of `writer.array_to_matlab`."""
    orders = feature_orders(graph)

    def restored(layer: Layer) -> Layer:
        order = orders.get(layer.inputs[0])
        if order is None:
            return layer
        back = np.argsort(order)
        features = [k for k in layer.arrays if (layer.kind, k) != ("FullyConnectedLayer", "Bias")]
        arrays = {
            key: Array(
                array.value[..., back],
                array.source,
                None if array.exact is None else array.exact[..., back],
            )
            if key in features and array.value.shape[-1] == len(back)
            else array
            for key, array in layer.arrays.items()
        }
        return replace(layer, arrays=arrays)

    return replace(graph, layers=tuple(map(restored, graph.layers)))


def _batch(test: Any, graph: LayerGraph, card: ModelCard) -> TestBatch:
    image = next((given for given in graph.inputs if card.mean and given.format == "SSCB"), None)
    inputs = _arrays(test["inputs"], [given.shape for given in graph.inputs], np.float32)
    n, wanted = len(inputs[0]), graph.output_shapes()
    images = np.empty((0, *(image or graph.inputs[0]).shape), np.uint8)
    if image is None and test["images"].size:
        raise GraphError("test images of a network without normalised pixels")
    if image is not None and test["images"].size:
        images = np.ascontiguousarray(layout.from_matlab(test["images"], image.shape))
    references: tuple[NDArray[np.float64], ...] = ()
    if test["reference"].size:  # else the network was changed since PyTorch ran it
        references = _arrays(test["reference"], wanted, np.float64)
    batch = TestBatch(
        images,
        inputs,
        _labels(test["labels"], wanted[0], card.task),
        _arrays(test["outputs"], wanted, np.float32),
        references,
    )
    found = {"images": len(images), "labels": len(batch.labels)}
    found |= {f"input {i}": len(x) or -1 for i, x in enumerate(inputs, start=1)}
    found |= {f"output {i}": len(y) or -1 for i, y in enumerate(batch.outputs, start=1)}
    found |= {f"reference {i}": len(y) for i, y in enumerate(references, start=1)}
    if not n or not set(found.values()) <= {0, n} or images.dtype != np.uint8:
        raise GraphError(f"a test batch of {found} for {n} inputs")
    low = 0 if card.task == CLASSIFICATION else -1
    if batch.labels.size and not low <= batch.labels.min() <= batch.labels.max() < len(
        card.classes
    ):
        raise GraphError("test labels outside the classes")
    return batch


_arrays = partial(layout.arrays_from_matlab, what="test arrays")


def _labels(value: NDArray[Any], output: Shape, task: str) -> NDArray[np.int64]:
    """Classes from 0, (N,) or (N, H, W); empty where they are unknown."""
    if not value.size:
        return np.empty(0, np.int64)
    if task != SEGMENTATION:
        return value.ravel().astype(np.int64) - 1
    _, height, width = output
    pixels = value.reshape(height, width, -1, order="F").transpose(2, 0, 1)
    return np.ascontiguousarray(pixels).astype(np.int64) - 1


def _struct(content: Mapping[str, Any], name: str) -> Any:
    return content[name][0, 0]


def _text(struct: Any, field: str) -> str:
    return _string(struct[field])


def _string(value: NDArray[Any]) -> str:
    """Text from a char array or from UTF-8 bytes."""
    if value.dtype == np.uint8:
        return value.tobytes().decode("utf-8", "surrogateescape")
    return str(value.item()) if value.size else ""


def _strings(cells: NDArray[Any]) -> list[str]:
    return [_string(cell) for cell in cells.ravel()]


def _single(value: NDArray[Any], what: str) -> NDArray[np.float32]:
    if value.dtype != np.float32:
        raise GraphError(f"{what} is {value.dtype}, expected single")
    return np.ascontiguousarray(value)


def _hyper(value: NDArray[Any]) -> Hyper:
    if value.dtype.kind == "U":
        return _string(value)
    if value.size == 1:
        return float(value.item())
    numbers = [float(v) for v in value.ravel()]
    if not np.array_equal(value, np.floor(value)):
        return tuple(numbers)
    return tuple(int(v) for v in numbers)
