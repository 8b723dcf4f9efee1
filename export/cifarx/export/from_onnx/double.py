"""Read an ONNX model with its computed constants as float64 gives them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, inliner, numpy_helper

from cifarx.export.from_onnx.constants import constants_of
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.exact_constants import computed_constants, with_exact
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.errors import UserError


def read_onnx_exactly(model: onnx.ModelProto) -> LayerGraph:
    """Read a network as `read_onnx` does, its computed constants rounded from float64.

    Such constants are 1/std of a division, or what nodes compute from initializers alone.

    Raises:
        UserError: as `read_onnx` does.
    """
    graph = read_onnx(model)
    flat = inliner.inline_local_functions(model) if model.functions else model
    places = computed_constants(graph, constants_of(flat.graph).keys())
    if not places:
        return graph
    try:
        wide = read_onnx(as_double(flat), dtype=np.float64)
    except UserError:  # an operator that takes float32 alone
        return graph
    return with_exact(graph, wide, places)


def as_double(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model that declares and holds float64 wherever the model has float32.

    Args:
        model: without functions; side files of weights loaded.
    """
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    for graph in _graphs(wide.graph):
        del graph.value_info[:]
        for value in (*graph.input, *graph.output):
            if value.type.tensor_type.elem_type == TensorProto.FLOAT:
                value.type.tensor_type.elem_type = TensorProto.DOUBLE
        for tensor in graph.initializer:
            _widen(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                _widen_attribute(node, attribute)
    return wide


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _graphs(inner)


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT:
        values = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _widen_attribute(node: onnx.NodeProto, attribute: onnx.AttributeProto) -> None:
    if attribute.HasField("t"):
        _widen(attribute.t)
    elif attribute.name in ("value_float", "value_floats") and node.op_type == "Constant":
        values = attribute.f if attribute.name == "value_float" else list(attribute.floats)
        wide = numpy_helper.from_array(np.asarray(values, np.float64))
        attribute.CopyFrom(onnx.helper.make_attribute("value", wide))
    elif attribute.name in ("to", "dtype") and attribute.i == TensorProto.FLOAT:
        attribute.i = TensorProto.DOUBLE
