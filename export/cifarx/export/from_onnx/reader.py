"""An ONNX graph -> `LayerGraph`, node by node."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import inliner

from cifarx.export.from_onnx.constants import Constants, constants_of, evaluated, is_constant
from cifarx.export.from_onnx.fusions import Wiring, fused
from cifarx.export.from_onnx.materialize import features_in_order, maps
from cifarx.export.from_onnx.module_path import module_of
from cifarx.export.from_onnx.node import READERS, Node, Reading
from cifarx.export.from_onnx.operators import operators
from cifarx.export.from_onnx.value import Index, Mixed, Value, is_permutation
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer
from cifarx.export.network.names import Namer
from cifarx.pytorch_models.errors import GraphError, UnreadableError, UnsupportedError, UserError

INPUT = "image"
OUTPUT = "logits"
_INPUT = "#0"
_BATCHES = (2, 3)  # stand for a symbolic one; networks that differ are refused
_NAMED = 8  # nodes that a line on an operator names
LARGEST_IMAGE = 2**26  # numbers, 256 MB in float32; some layers give many times as much
NO_KIND = "no layer kind for it"
_ADVICE = {
    "LogSoftmax": "end the network with its logits, or with Softmax: predictions are the same",
    "Softplus": "Mish and Softplus have no layer in the Deep Learning Toolbox; take SiLU and train",
}
_RANDOM = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}


@dataclass
class _Faults:
    """What cannot be read: reasons by operator, with the nodes that give them."""

    by_reason: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)

    def add(self, node: onnx.NodeProto, reason: str) -> None:
        operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        name = node.name or "without a name"
        if module := module_of(node):
            name += f" in the module {module}"
        self.by_reason.setdefault((operator, reason), []).append(name)
        self.nodes.append(node.name)

    def __str__(self) -> str:
        parts = []
        for (operator, reason), nodes in self.by_reason.items():
            more = f" and {len(nodes) - _NAMED} more" if len(nodes) > _NAMED else ""
            word = "node" if len(nodes) == 1 else "nodes"
            parts.append(f"{operator} ({word} {', '.join(nodes[:_NAMED])}{more}): {reason}")
        return "; ".join(parts)


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
    image, output = _interface(model.graph, constants)
    batch, size = _image_size(image)
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
    graph = model.graph
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    reading = Reading(batch, opset, constants, {}, {_INPUT: size})
    index = np.arange(int(np.prod(size)))
    features = len(image.type.tensor_type.shape.dim) == 2
    reading.values[image.name] = Value(
        _INPUT, size[:1] if features else size, index if features else None
    )
    faults = _Faults()
    lost: set[str] = set()  # what faulty nodes, and nodes behind them, would have given
    needed = list(_needed(graph, constants, opset, output))
    reading.read = frozenset({output, *(name for proto in needed for name in proto.input)})
    for proto in needed:
        entry = READERS.get((proto.domain, proto.op_type))
        try:
            given = [name for name in proto.input if name]
            if all(name in constants for name in given) and not proto.domain:
                constants.update(_evaluated(proto, constants, opset))
            elif entry is None:
                advice = _ADVICE.get(proto.op_type)
                raise UnsupportedError(f"{NO_KIND}; {advice}" if advice else NO_KIND)
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
    if faults.by_reason or output not in reading.values:
        what = "does not depend on the input" if output in constants else "comes from no layer"
        nothing = f"the output {output!r} {what}"
        unknown = any(reason.startswith(NO_KIND) for _, reason in faults.by_reason)
        listed = f" Operators that cifarx reads: {', '.join(operators())}." if unknown else ""
        raise UnreadableError(
            "The network has parts that cifarx cannot take to MATLAB: "
            f"{faults if faults.by_reason else nothing}. Replace those parts in PyTorch, or cut "
            f"the network before them with onnx.utils.extract_model.{listed}",
            faults.by_reason or [("", nothing)],
            faults.nodes,
        )
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


def as_classifier(graph: LayerGraph) -> LayerGraph:
    """The graph, its output flattened where it is maps of one pixel."""
    shape = graph.shapes()[graph.output]
    if len(shape) != 3 or shape[1:] != (1, 1):
        return graph
    namer = Namer(graph.input_name, *(layer.name for layer in graph.layers))
    flatten = Layer(namer("flatten"), "FlattenLayer", (graph.output,))
    return replace(graph, layers=(*graph.layers, flatten), output=flatten.name)


def require_classifier(graph: LayerGraph) -> int:
    """The number of classes.

    Raises:
        UserError: the network gives something other than one vector an image.
    """
    shape = graph.shapes()[graph.output]
    if len(shape) != 1:
        raise UserError(
            f"The network gives {' x '.join(map(str, shape))} numbers an image, not one vector of "
            "logits; cifarx takes classifiers. End the network with a pooling to 1x1 and a flatten."
        )
    return shape[0]


def _interface(
    graph: onnx.GraphProto, constants: Mapping[str, NDArray[Any]]
) -> tuple[onnx.ValueInfoProto, str]:
    images = [value for value in graph.input if value.name not in constants]
    if len(images) != 1 or len(graph.output) != 1:
        listed = "; ".join(
            f"{word} {', '.join(repr(v.name) for v in values) or 'none'}"
            for word, values in (("inputs", images), ("outputs", graph.output))
        )
        raise UserError(
            f"The network has {len(images)} inputs and {len(graph.output)} outputs ({listed}); "
            "cifarx takes classifiers with one image input and one output of logits. Cut out that "
            "part with onnx.utils.extract_model."
        )
    return images[0], graph.output[0].name


def _image_size(value: onnx.ValueInfoProto) -> tuple[int, tuple[int, int, int]]:
    """The batch, 0 if it is symbolic, and (C, H, W); features (F,) count as maps of one pixel."""
    if value.type.WhichOneof("value") != "tensor_type":
        kind = value.type.WhichOneof("value") or "nothing"
        raise UserError(
            f"The input {value.name!r} is a {kind.removesuffix('_type')}, not a tensor; cifarx "
            "takes networks with one input of float32 images N x C x H x W."
        )
    tensor = value.type.tensor_type
    dims = [d.dim_value for d in tensor.shape.dim]
    if tensor.elem_type != onnx.TensorProto.FLOAT or len(dims) not in (2, 4) or min(dims[1:]) < 1:
        shown = [d.dim_value or d.dim_param or "?" for d in tensor.shape.dim]
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise UserError(
            f"The input {value.name!r} must be float32 images N x C x H x W with fixed C, H and W; "
            f"the file gives it {kind} {' x '.join(map(str, shown)) or 'of unknown size'}. Export "
            "the network in float32 with fixed sizes but for the batch."
        )
    channels, height, width = (*dims[1:], 1, 1)[:3]
    require_image_size((channels, height, width))
    return max(dims[0], 0), (channels, height, width)


def require_image_size(size: tuple[int, int, int]) -> None:
    """Raise `UserError` for images (C, H, W) of more numbers than cifarx computes with."""
    if math.prod(size) > LARGEST_IMAGE:
        raise UserError(
            f"Images of {' x '.join(map(str, size))} (channels, height, width) are "
            f"{math.prod(size):,} numbers each; cifarx takes up to {LARGEST_IMAGE:,}, such as "
            "3 x 4096 x 4096. Export the network for smaller images."
        )


def _needed(
    graph: onnx.GraphProto, constants: Constants, opset: int, output: str
) -> Iterator[onnx.NodeProto]:
    """The nodes that the output needs, chains of them as one where they are known, in order."""
    producers = {name: node for node in graph.node for name in node.output if name}
    for node in graph.node:  # what fusions look for may be a constant in more than one step
        if node.input and all(name in constants for name in node.input if name) and not node.domain:
            try:
                constants.update(_evaluated(node, constants, opset))
            except UnsupportedError:
                continue  # said where it is needed
    wiring = Wiring(producers, constants)
    chosen: dict[str, onnx.NodeProto] = {}
    wanted = [output]
    while wanted:
        name = wanted.pop()
        node = producers.get(name)
        if node is None or name in constants or node.output[0] in chosen:
            continue
        one = fused(wiring, node) or node
        chosen[node.output[0]] = one
        wanted += [*one.input, *_captured(node)]
    for node in graph.node:
        if node.output and node.output[0] in chosen and not is_constant(node):
            yield chosen[node.output[0]]


def _captured(node: onnx.NodeProto) -> Iterator[str]:
    """What the subgraphs of a node read from outside."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield from (name for inner in attribute.g.node for name in inner.input)


def _evaluated(node: onnx.NodeProto, constants: Constants, opset: int) -> Constants:
    if node.op_type in _RANDOM or (node.op_type == "Dropout" and len(node.input) > 2):
        raise UnsupportedError("random numbers, others for each image")
    try:
        return evaluated(node, constants, opset)
    except Exception as error:  # the reference implementation raises what numpy and Python raise
        reason = " ".join(str(error).split())[:200]
        raise UnsupportedError(f"its constant value cannot be computed ({reason})") from error


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
