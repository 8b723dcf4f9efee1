"""Rewrite a file of opset 6 as opset 7, which is read like every later one.

Opset 6 says with attributes how the second input of an operator is repeated, and whether batch norm
and dropout are in training. MATLAB R2018a and R2018b write it, with Gemm on maps, which ONNX does
not allow: the maps are flattened first.
https://github.com/onnx/onnx/blob/main/docs/Changelog.md
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from cifarx.pytorch_models.errors import UnsupportedError

_REPEATING = ("Add", "Sub", "Mul", "Div", "Pow", "PRelu")
_TRAINING = {
    "BatchNormalization": ("is_test", "consumed_inputs", "spatial"),
    "Dropout": ("is_test",),
}


def upgrade(model: onnx.ModelProto) -> None:
    """Make a model of opset 6 one of opset 7, in place.

    Raises:
        UnsupportedError: a node means something that opset 7 cannot say.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    names = {name for node in model.graph.node for name in (*node.input, *node.output)}
    nodes = []
    for node in model.graph.node:
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type in _REPEATING:
            _repeat(node, options, constants, model.graph)
        elif node.op_type == "Gemm":
            nodes += _flattened(node, options, names)
        elif node.op_type == "BatchNormalization" and options.get("spatial", 1) != 1:
            raise UnsupportedError(f"{node.name or node.op_type} has spatial 0")
        dropped = (*_TRAINING.get(node.op_type, ()), "broadcast", "axis" if _joins(node) else "")
        kept = [a for a in node.attribute if a.name not in dropped]
        del node.attribute[:]
        node.attribute.extend(kept)
        nodes.append(node)
    nodes = list(map(_copied, nodes))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _declare_flat(model.graph)
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = 7


def _declare_flat(graph: onnx.GraphProto) -> None:
    """Declare what a Gemm on maps gives as (N, F), where the file says (N, F, 1, 1)."""
    flat: set[str] = set()
    for node in graph.node:
        follows = node.op_type not in ("Reshape", "Unsqueeze") and node.input[0] in flat
        if node.op_type == "Gemm" or follows:
            flat.update(node.output)
    for value in (*graph.output, *graph.value_info):
        dims = value.type.tensor_type.shape.dim
        if value.name in flat and len(dims) == 4 and dims[2].dim_value == dims[3].dim_value == 1:
            del dims[2:]


def _joins(node: onnx.NodeProto) -> bool:
    return node.op_type in _REPEATING


def _copied(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy


def _repeat(
    node: onnx.NodeProto,
    options: dict[str, Any],
    constants: dict[str, onnx.TensorProto],
    graph: onnx.GraphProto,
) -> None:
    """Give the second input, which starts at an axis of the first, axes of length 1 behind it.

    Without an axis it ends where the first ends, as in later opsets.
    """
    if "axis" not in options or not options.get("broadcast"):
        return
    tensor = constants.get(node.input[1])
    if tensor is None:
        raise UnsupportedError(f"{node.name or node.op_type} repeats a value from an axis on")
    value = numpy_helper.to_array(tensor)
    behind = _rank(graph, node.input[0]) - options["axis"] - value.ndim
    if options["axis"] < 0 or behind < 0:
        raise UnsupportedError(f"{node.name or node.op_type} has axis {options['axis']}")
    name = f"{tensor.name}_at_axis_{options['axis']}_{behind}"
    if name not in constants:
        shaped = np.ascontiguousarray(value).reshape(value.shape + (1,) * behind)
        graph.initializer.append(numpy_helper.from_array(shaped, name))
        constants[name] = graph.initializer[-1]
    node.input[1] = name


def _rank(graph: onnx.GraphProto, name: str) -> int:
    """Of maps, unless the file says otherwise."""
    for value in (*graph.input, *graph.value_info):
        if value.name == name and value.type.tensor_type.HasField("shape"):
            return len(value.type.tensor_type.shape.dim)
    return 4


def _flattened(
    node: onnx.NodeProto, options: dict[str, Any], names: set[str]
) -> list[onnx.NodeProto]:
    """A Flatten before a Gemm, which changes nothing if its input is flat."""
    if options.get("transA"):
        return []
    name = f"{node.output[0]}_flat"
    while name in names:
        name += "_"
    names.add(name)
    flatten = helper.make_node("Flatten", [node.input[0]], [name], name, axis=1)
    node.input[0] = name
    return [flatten]
