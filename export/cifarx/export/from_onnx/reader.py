"""Read an ONNX model as a `LayerGraph`, node by node."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import inliner

from cifarx.export.from_onnx.constants import Constants, constants_of, evaluated
from cifarx.export.from_onnx.faults import Faults, no_kind
from cifarx.export.from_onnx.interface import batch_and_size, one_input_and_output
from cifarx.export.from_onnx.materialize import features_in_order, maps
from cifarx.export.from_onnx.needed import needed_nodes
from cifarx.export.from_onnx.node import READERS, Node, Reading
from cifarx.export.from_onnx.value import Index, Mixed, Value, is_permutation
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer
from cifarx.export.network.names import INPUT, OUTPUT, Namer
from cifarx.pytorch_models.errors import GraphError, UnreadableError, UnsupportedError, UserError

_INPUT = "#0"
_BATCHES = (2, 3)  # stand for a symbolic batch; both must give the same network


@dataclass(frozen=True)
class Place:
    """Where an ONNX file computes the output of a layer."""

    value: str
    """Name of the ONNX value."""
    node: str
    """Name of the node that computes it."""
    order: Index | None
    """For each element of the value of one image, its position in the layer's flattened output;
    None for all in order."""


def read_onnx(
    model: onnx.ModelProto,
    arrays: Mapping[str, NDArray[Any]] | None = None,
    dtype: type[np.floating[Any]] = np.float32,
) -> LayerGraph:
    """Read a network with one input of images and one output.

    Args:
        model: opset 7 or newer; side files of weights loaded.
        arrays: initializers that the model lacks, by name.
        dtype: of the network's numbers, as the model declares them.

    Raises:
        UserError: the input or the output is not one that cifarx takes.
        UnreadableError: some parts have no layer kind; the text lists all, with their nodes.
    """
    return read_onnx_places(model, arrays, dtype)[0]


def read_onnx_places(
    model: onnx.ModelProto,
    arrays: Mapping[str, NDArray[Any]] | None = None,
    dtype: type[np.floating[Any]] = np.float32,
) -> tuple[LayerGraph, Mapping[str, Place]]:
    """Read a network as `read_onnx` does, and find its layers' outputs in the file.

    Returns:
        The graph, and by layer the ONNX value that holds its output. A layer is left out if no
        value of the file is its whole output.

    Raises:
        UserError: the input or the output is not one that cifarx takes.
        UnreadableError: some parts have no layer kind; the text lists all, with their nodes.
    """
    if model.functions:
        model = inliner.inline_local_functions(model)
    constants: Constants = {**(arrays or {}), **constants_of(model.graph)}
    image, output = one_input_and_output(model)
    batch, size = batch_and_size(image, dtype)
    if batch:
        return _read(model, _start(constants, image, size, batch, dtype), output, size)
    (graph, places), (other, _) = (
        _read(model, _start(constants, image, size, b, dtype), output, size) for b in _BATCHES
    )
    if not _equal(graph, other):
        raise UserError(
            "The network computes different results for different batch sizes, as in x / len(x) or "
            "x.reshape(2, -1); cifarx takes networks that treat every image in the same way. Where "
            "the batch is meant, write -1 or the batch's size."
        )
    return graph, places


def _start(
    constants: Constants,
    image: onnx.ValueInfoProto,
    size: tuple[int, int, int],
    batch: int,
    dtype: type[np.floating[Any]],
) -> Reading:
    """What is known before the first node: the constants and the input."""
    reading = Reading(batch, 0, dict(constants), {}, {_INPUT: size}, dtype=dtype)
    index = np.arange(int(np.prod(size)))
    features = len(image.type.tensor_type.shape.dim) == 2
    reading.values[image.name] = Value(
        _INPUT, size[:1] if features else size, index if features else None
    )
    return reading


def _read(
    model: onnx.ModelProto, reading: Reading, output: str, size: tuple[int, int, int]
) -> tuple[LayerGraph, Mapping[str, Place]]:
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    reading.opset, reading.output, constants = opset, output, reading.constants
    faults = Faults()
    lost: set[str] = set()  # outputs of faulty nodes, and of nodes that depend on them
    needed = list(needed_nodes(model.graph, constants, opset, output))
    reading.read = frozenset({output, *(name for proto in needed for name in proto.input)})
    for proto in needed:
        entry = READERS.get((proto.domain, proto.op_type))
        try:
            given = [name for name in proto.input if name]
            if all(name in constants for name in given) and not proto.domain:
                constants.update(evaluated(proto, constants, opset))
            elif entry is None:
                raise no_kind()
            elif lost.isdisjoint(given):
                node = Node(proto, reading)
                entry.read(node)
                node.require_all_asked()
            else:
                lost.update(proto.output)
        except (UnsupportedError, GraphError) as error:
            faults.add(
                proto, str(error.__cause__ or error)
            )  # the cause does not name a working layer
            lost.update(proto.output)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            faults.add(proto, f"its inputs or attributes do not fit it ({error})")
            lost.update(proto.output)
    if faults or output not in reading.values:
        what = "does not depend on the input" if output in constants else "comes from no layer"
        raise faults.error(f"the output {output!r} {what}")
    try:
        finished, names = _finished(reading, reading.values[output], size)
    except (UnsupportedError, GraphError) as error:
        text = f"The network's output cannot be converted for MATLAB: {error}."
        raise UnreadableError(text, [("", str(error))]) from error
    return finished, _places(reading, names, {v: node.name for node in needed for v in node.output})


def _places(
    reading: Reading, names: Mapping[str, str], nodes: Mapping[str, str]
) -> dict[str, Place]:
    """By layer, the first ONNX value that is its whole output.

    Args:
        reading: all layers and values.
        names: names of the layers, by working name.
        nodes: by ONNX value, the name of the node that computes it.
    """
    places: dict[str, Place] = {}
    for name, value in reading.values.items():
        if isinstance(value, Mixed) or value.layer not in names or name not in nodes:
            continue
        size = math.prod(reading.shapes[value.layer])
        if value.order is None or is_permutation(value.order, size):
            places.setdefault(names[value.layer], Place(name, nodes[name], value.order))
    return places


def _equal(graph: LayerGraph, other: LayerGraph) -> bool:
    def skeleton(of: LayerGraph) -> list[Layer]:
        return [replace(layer, arrays={}) for layer in of.layers]

    ours, theirs = graph.arrays(), other.arrays()
    return skeleton(graph) == skeleton(other) and all(
        np.array_equal(array.value, theirs[key].value, equal_nan=True)
        for key, array in ours.items()
    )


def _finished(
    reading: Reading, output: Value | Mixed, size: tuple[int, int, int]
) -> tuple[LayerGraph, dict[str, str]]:
    """The layers that the output needs with their final names, and these by working name."""
    last = _delivered(Node(onnx.NodeProto(name=OUTPUT), reading), output)
    if last == _INPUT:
        raise UnsupportedError("it is the input; nothing is computed")
    layers = {layer.name: layer for layer in reading.layers}
    used, wanted = set(), [last]
    while wanted:
        name = wanted.pop()
        if name in layers and name not in used:
            used.add(name)
            wanted += layers[name].inputs
    namer = Namer(INPUT, OUTPUT)
    names = {_INPUT: INPUT}
    kept: list[Layer] = []
    for layer in reading.layers:
        if layer.name in used:
            names[layer.name] = namer(reading.labels[layer.name])
            inputs = tuple(names[given] for given in layer.inputs)
            kept.append(replace(layer, name=names[layer.name], inputs=inputs))
    graph = LayerGraph(INPUT, size, tuple(kept), names[last], reading.ending)
    return graph, {working: name for working, name in names.items() if working != _INPUT}


def _delivered(node: Node, output: Value | Mixed) -> str:
    """The layer that gives the network's output."""
    if isinstance(output, Mixed):
        raise UnsupportedError(f"it does not keep the batch as first axis ({output.by})")
    if len(output.shape) == 3:
        return maps(node, output)
    return features_in_order(node, output)
