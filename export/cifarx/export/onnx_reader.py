"""An ONNX graph -> `LayerGraph`, node by node."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from cifarx.export.graph import LayerGraph
from cifarx.export.layer import GraphError
from cifarx.export.names import Namer
from cifarx.export.onnx_node import READERS, Node, Reading, UnsupportedError
from cifarx.export.onnx_operators import operators
from cifarx.pytorch_models.errors import UserError


def read_onnx(model: onnx.ModelProto) -> LayerGraph:
    """Read a classifier with one image input and one output of logits.

    Raises:
        UserError: listing everything in the network that has no layer kind, with the nodes.
    """
    graph = model.graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.domain == "":
            constants[node.output[0]] = numpy_helper.to_array(_constant_tensor(node))
    images = [value for value in graph.input if value.name not in constants]
    if len(images) != 1 or len(graph.output) != 1:
        raise UserError(
            f"The network has {len(images)} inputs and {len(graph.output)} outputs; cifarx takes "
            "classifiers with one image input and one output of logits."
        )
    size = _image_size(images[0])
    namer = Namer()
    input_name = namer(images[0].name)
    reading = Reading(constants, namer, {images[0].name: input_name}, {input_name: size})
    faults: list[str] = []
    lost: set[str] = set()  # what faulty nodes, and nodes behind them, would have given
    for proto in graph.node:
        if proto.op_type == "Constant":
            continue
        if lost.intersection(proto.input):
            lost.update(proto.output)
            continue
        reader = READERS.get((proto.domain, proto.op_type))
        try:
            if reader is None:
                raise UnsupportedError("no such layer kind")
            reader(Node(proto, reading))
        except (UnsupportedError, GraphError) as error:
            faults.append(f"{proto.op_type} (node {proto.name or '?'}): {error}")
            lost.update(proto.output)
    output = graph.output[0].name
    if faults or output not in reading.value_layer:
        detail = "; ".join(faults) or f"nothing computes the output {output!r}"
        raise UserError(
            f"The network has parts that cifarx cannot take to MATLAB: {detail}. "
            f"Operators it reads: {', '.join(operators())}. Replace those parts in PyTorch."
        )
    try:
        result = LayerGraph(input_name, size, tuple(reading.layers), reading.value_layer[output])
    except GraphError as error:
        raise UserError(f"The network contradicts itself: {error}.") from error
    if len(result.shapes()[result.output]) != 1:
        raise UserError(
            f"The network's output is {result.shapes()[result.output]} an image, not one vector of "
            "logits; cifarx takes classifiers."
        )
    return result


def _constant_tensor(node: onnx.NodeProto) -> onnx.TensorProto:
    (attribute,) = node.attribute
    if attribute.name == "value":
        return attribute.t
    return numpy_helper.from_array(np.asarray(onnx.helper.get_attribute_value(attribute)))


def _image_size(value: onnx.ValueInfoProto) -> tuple[int, int, int]:
    tensor = value.type.tensor_type
    dims = [d.dim_value for d in tensor.shape.dim]
    if tensor.elem_type != onnx.TensorProto.FLOAT or len(dims) != 4 or min(dims[1:]) < 1:
        raise UserError(
            f"The input {value.name!r} must be float32 images N x C x H x W with fixed C, H and W; "
            f"the file gives it {[d.dim_value or d.dim_param or '?' for d in tensor.shape.dim]}."
        )
    return dims[1], dims[2], dims[3]
