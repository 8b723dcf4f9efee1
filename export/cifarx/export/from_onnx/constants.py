"""Collect the constants of an ONNX graph, and compute what depends on constants only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from cifarx.pytorch_models.errors import UnsupportedError

_QUANTIZED, _QUANTIZED_SINCE = ("QuantizeLinear", "DequantizeLinear"), 19
_RANDOM = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}
Constants = dict[str, NDArray[Any]]


def constants_of(graph: onnx.GraphProto) -> Constants:
    """Initializers and Constant nodes by name."""
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if is_constant(node):
            found[node.output[0]] = _value(node)
    return found


def is_constant(node: onnx.NodeProto) -> bool:
    """Whether it is a Constant node."""
    return bool(node.op_type == "Constant" and node.domain == "")


def _value(node: onnx.NodeProto) -> NDArray[Any]:
    (attribute,) = node.attribute
    value = helper.get_attribute_value(attribute)
    if attribute.name == "value":
        return np.asarray(numpy_helper.to_array(value))
    kind = np.float32 if attribute.name.startswith("value_float") else None
    return np.asarray(value, kind)


def evaluated(node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]], opset: int) -> Constants:
    """The outputs of a node whose inputs are all constant, by `onnx.reference`.

    Raises:
        UnsupportedError: they are random, or the reference implementation cannot compute them.
    """
    if node.op_type in _RANDOM or (node.op_type == "Dropout" and len(node.input) > 2):
        raise UnsupportedError("random numbers, different for each image")
    try:
        return _run(node, constants, opset)
    except Exception as error:  # the reference implementation raises what numpy and Python raise
        reason = " ".join(str(error).split())[:200]
        raise UnsupportedError(f"its constant value cannot be computed ({reason})") from error


def _run(node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]], opset: int) -> Constants:
    names = [name for name in node.input if name]
    outputs = [name for name in node.output if name]
    if (
        node.op_type in _QUANTIZED
    ):  # the reference implements them from here on, with the same meaning
        opset = max(opset, _QUANTIZED_SINCE)
    graph = helper.make_graph(
        [node],
        "constant",
        [helper.make_tensor_value_info(name, _type(constants[name]), None) for name in names],
        [onnx.ValueInfoProto(name=name) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    results = ReferenceEvaluator(model).run(None, {name: constants[name] for name in names})
    return {name: np.asarray(value) for name, value in zip(outputs, results, strict=True)}


def _type(array: NDArray[Any]) -> int:
    return int(helper.np_dtype_to_tensor_dtype(array.dtype))
