"""Read an ONNX model as a `LayerGraph`, node by node."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import inliner

from cifarx.export.from_onnx.constants import Constants, constants_of, evaluated
from cifarx.export.from_onnx.faults import NO_KIND, Faults
from cifarx.export.from_onnx.interface import inputs_of, outputs_of
from cifarx.export.from_onnx.materialize import delivered
from cifarx.export.from_onnx.needed import needed_nodes
from cifarx.export.from_onnx.node import READERS, Node, Reading
from cifarx.export.from_onnx.sequences import sequence_layers
from cifarx.export.from_onnx.value import Index, Mixed, Value, is_permutation, whole
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Layer, Shape
from cifarx.export.network.names import INPUTS, NUMBERS, OUTPUT, Namer
from cifarx.pytorch_models.errors import GraphError, UnreadableError, UnsupportedError, UserError

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
    """Read a network.

    Args:
        model: opset 7 or newer (`load_onnx` upgrades opset 6); side files of weights loaded.
        arrays: initializers that the model lacks, by name.
        dtype: of the network's numbers, as the model declares them.

    Raises:
        UserError: an input or an output is not one that cifarx takes.
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
        UserError: an input or an output is not one that cifarx takes.
        UnreadableError: some parts have no layer kind; the text lists all, with their nodes.
    """
    if model.functions:
        model = inliner.inline_local_functions(model)
    constants: Constants = {**(arrays or {}), **constants_of(model.graph)}
    outputs = outputs_of(model)
    batch, inputs = inputs_of(model, dtype)
    if batch:
        return _read(model, _start(constants, inputs, batch, dtype), outputs, inputs)
    (graph, places), (other, _) = (
        _read(model, _start(constants, inputs, b, dtype), outputs, inputs) for b in _BATCHES
    )
    if not _equal(graph, other):
        raise UserError(
            "The network computes different results for different batch sizes, as in x / len(x) or "
            "x.reshape(2, -1); cifarx takes networks that treat every input of a batch in the same "
            "way. Where the batch is meant, write -1 or the batch's size."
        )
    return graph, places


def _start(
    constants: Constants,
    inputs: Sequence[Input],
    batch: int,
    dtype: type[np.floating[Any]],
) -> Reading:
    """What is known before the first node: the constants and the inputs."""
    reading = Reading(batch, 0, dict(constants), {}, {}, dtype=dtype)
    for i, given in enumerate(inputs, start=1):
        reading.shapes[f"@{i}"] = given.carried
        reading.values[given.name] = whole(f"@{i}", given.shape, given.carried)
    return reading


def _read(
    model: onnx.ModelProto, reading: Reading, outputs: Sequence[str], inputs: Sequence[Input]
) -> tuple[LayerGraph, Mapping[str, Place]]:
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    reading.opset, reading.outputs, constants = opset, tuple(outputs), reading.constants
    faults = Faults()
    lost: set[str] = set()  # outputs of faulty nodes, and of nodes that depend on them
    needed = list(needed_nodes(model.graph, constants, opset, outputs))
    reading.read = frozenset({*outputs, *(name for proto in needed for name in proto.input)})
    for proto in needed:
        entry = READERS.get((proto.domain, proto.op_type))
        try:
            given = [name for name in proto.input if name]
            if all(name in constants for name in given) and not proto.domain:
                constants.update(evaluated(proto, constants, opset))
            elif entry is None:
                raise UnsupportedError(NO_KIND)
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
    missing = [name for name in outputs if name not in reading.values]
    if faults or missing:
        name = missing[0] if missing else outputs[0]
        what = "does not depend on the inputs" if name in constants else "comes from no layer"
        otherwise = f"the output {name!r} {what}"
        raise faults.error(otherwise, sequence_layers(needed, constants))
    try:
        finished, names = _finished(reading, outputs, inputs)
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
    for layer, formed in reading.formed.items():  # from a value that ONNX only views as maps
        if layer in names and names[layer] not in places:
            alike = (name for name in nodes if _are_same(reading.values.get(name), formed))
            if (found := next(alike, None)) is not None:
                places[names[layer]] = Place(found, nodes[found], None)
    return places


def _are_same(value: Value | Mixed | None, formed: Value) -> bool:
    """Whether two values are the same elements in the same order."""
    if not isinstance(value, Value) or value.layer != formed.layer:
        return False
    return np.array_equal(value.index.ravel(), formed.index.ravel())


def _equal(graph: LayerGraph, other: LayerGraph) -> bool:
    def skeleton(of: LayerGraph) -> list[Layer]:
        return [replace(layer, arrays={}) for layer in of.layers]

    ours, theirs = graph.arrays(), other.arrays()
    return skeleton(graph) == skeleton(other) and all(
        np.array_equal(array.value, theirs[key].value, equal_nan=True)
        for key, array in ours.items()
    )


def _finished(
    reading: Reading, outputs: Sequence[str], inputs: Sequence[Input]
) -> tuple[LayerGraph, dict[str, str]]:
    """The layers that the outputs need with their final names, and these by working name."""
    given = {f"@{i}": one for i, one in enumerate(inputs, start=1)}
    ends = [
        delivered(Node(onnx.NodeProto(name=OUTPUT), reading), reading.values[name])
        for name in outputs
    ]
    if any(layer in given for layer, _ in ends):
        raise UnsupportedError("it is the input; nothing is computed")
    input_names, output_names = _names(inputs), _output_names(outputs, ends)
    layers = {layer.name: layer for layer in reading.layers}
    used, wanted = set(), [layer for layer, _ in ends]
    while wanted:
        name = wanted.pop()
        if name in layers and name not in used:
            used.add(name)
            wanted += layers[name].inputs
    namer = Namer(*input_names, *({OUTPUT, *output_names} if len(ends) > 1 else {OUTPUT}))
    names = dict(zip(given, input_names, strict=True))
    kept: list[Layer] = []
    for layer in reading.layers:
        if layer.name in used:
            names[layer.name] = namer(reading.labels[layer.name])
            kept.append(
                replace(
                    layer,
                    name=names[layer.name],
                    inputs=tuple(names[name] for name in layer.inputs),
                )
            )
    graph = LayerGraph(
        tuple(
            Input(name, one.shape) for name, one in zip(input_names, given.values(), strict=True)
        ),
        tuple(kept),
        tuple(
            Output(names[layer], name, None if shape == reading.shapes[layer] else shape)
            for name, (layer, shape) in zip(output_names, ends, strict=True)
        ),
        reading.ending,
    )
    return graph, {working: name for working, name in names.items() if working not in given}


def _names(inputs: Sequence[Input]) -> list[str]:
    """The only input is named after its kind, several keep their own names."""
    if len(inputs) == 1:
        return [INPUTS[len(inputs[0].shape)]]
    namer = Namer()
    return [namer(given.name) for given in inputs]


def _output_names(outputs: Sequence[str], ends: Sequence[tuple[str, Shape]]) -> list[str]:
    if len(outputs) == 1:
        return [OUTPUT if len(ends[0][1]) == 1 else NUMBERS]
    namer = Namer()
    return [namer(name) for name in outputs]
