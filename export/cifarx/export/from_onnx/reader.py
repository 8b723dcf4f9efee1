"""An ONNX graph -> `LayerGraph`, node by node."""

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
_BATCHES = (2, 3)  # stand for a symbolic one; networks that differ are refused


@dataclass(frozen=True)
class Place:
    """Where an ONNX file computes what a layer gives."""

    value: str
    """Name of the ONNX value."""
    node: str
    """Name of the node that gives it."""
    order: Index | None
    """Of an image's part of the value: positions in the layer's flattened output; None for all in
    order."""


def read_onnx(
    model: onnx.ModelProto, arrays: Mapping[str, NDArray[Any]] | None = None
) -> LayerGraph:
    """Read a network with one input of images and one output.

    Args:
        model: opset 7 or newer; side files of weights loaded.
        arrays: initializers that the model lacks, by name.

    Raises:
        UserError: the input or the output is no image or tensor that cifarx takes.
        UnreadableError: listing everything in the network that has no layer kind, with the nodes.
    """
    return read_onnx_places(model, arrays)[0]


def read_onnx_places(
    model: onnx.ModelProto, arrays: Mapping[str, NDArray[Any]] | None = None
) -> tuple[LayerGraph, Mapping[str, Place]]:
    """Read a network as `read_onnx` does, and find its layers' outputs in the file.

    Returns:
        The graph, and by layer the ONNX value that holds its output. A layer that the file spells
        by nodes none of which gives that output alone is left out.

    Raises:
        UserError: the input or the output is no image or tensor that cifarx takes.
        UnreadableError: listing everything in the network that has no layer kind, with the nodes.
    """
    if model.functions:
        model = inliner.inline_local_functions(model)
    constants: Constants = {**(arrays or {}), **constants_of(model.graph)}
    image, output = one_input_and_output(model)
    batch, size = batch_and_size(image)
    if batch:
        return _read(model, dict(constants), image, output, size, batch)
    (graph, places), (other, _) = (
        _read(model, dict(constants), image, output, size, b) for b in _BATCHES
    )
    if not _equal(graph, other):
        raise UserError(
            "The network computes something else for each number of images, as in x / len(x) or "
            "x.reshape(2, -1); cifarx takes networks that treat every image alike. Write -1, or "
            "the batch's size, where the batch is meant."
        )
    return graph, places


def _read(
    model: onnx.ModelProto,
    constants: Constants,
    image: onnx.ValueInfoProto,
    output: str,
    size: tuple[int, int, int],
    batch: int,
) -> tuple[LayerGraph, Mapping[str, Place]]:
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    reading = Reading(batch, opset, constants, {}, {_INPUT: size})
    index = np.arange(int(np.prod(size)))
    features = len(image.type.tensor_type.shape.dim) == 2
    reading.values[image.name] = Value(
        _INPUT, size[:1] if features else size, index if features else None
    )
    faults = Faults()
    lost: set[str] = set()  # what faulty nodes, and nodes behind them, would have given
    needed = list(needed_nodes(model.graph, constants, opset, output))
    reading.read = frozenset({output, *(name for proto in needed for name in proto.input)})
    for proto in needed:
        entry = READERS.get((proto.domain, proto.op_type))
        try:
            given = [name for name in proto.input if name]
            if all(name in constants for name in given) and not proto.domain:
                constants.update(evaluated(proto, constants, opset))
            elif entry is None:
                raise no_kind(proto.op_type)
            elif lost.isdisjoint(given):
                node = Node(proto, reading)
                entry.read(node)
                node.require_all_asked()
            else:
                lost.update(proto.output)
        except (UnsupportedError, GraphError) as error:
            faults.add(proto, str(error.__cause__ or error))  # the cause names no layer of ours
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
        text = f"The network's output cannot be taken to MATLAB: {error}."
        raise UnreadableError(text, [("", str(error))]) from error
    return finished, _places(reading, names, {v: node.name for node in needed for v in node.output})


def _places(
    reading: Reading, names: Mapping[str, str], nodes: Mapping[str, str]
) -> dict[str, Place]:
    """By layer, the first ONNX value that is its whole output.

    Args:
        names: by working name, what the layers are called.
        nodes: by ONNX value, the name of the node that gives it.
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
    """The layers that the output needs, under names of their own, and these by working name."""
    last = _delivered(Node(onnx.NodeProto(name=OUTPUT), reading), output)
    if last == _INPUT:
        raise UnsupportedError("it is the input, and nothing is computed")
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
    graph = LayerGraph(INPUT, size, tuple(kept), names[last])
    return graph, {working: name for working, name in names.items() if working != _INPUT}


def _delivered(node: Node, output: Value | Mixed) -> str:
    """The layer that gives the network's output."""
    if isinstance(output, Mixed):
        raise UnsupportedError(f"it does not keep the batch as first axis ({output.by})")
    if len(output.shape) == 3:
        return maps(node, output)
    return features_in_order(node, output)
