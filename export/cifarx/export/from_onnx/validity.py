"""Explain what is wrong with an ONNX file by ONNX's own rules, in one line."""

from __future__ import annotations

import onnx

from cifarx.export.from_onnx.interface import Dims
from cifarx.export.from_onnx.light_graph import LightGraph

_LONGEST = 300  # characters of a reason
_SIDE_FILE = "should be stored in"  # onnx.checker's words for a missing side file
CHECKS = (
    onnx.checker.ValidationError,
    onnx.shape_inference.InferenceError,
    ValueError,
    RuntimeError,
)
"""What onnx.checker raises for a file that is not valid."""


def one_line(error: Exception) -> str:
    """An exception's text on one line, shortened if it is very long."""
    return " ".join(str(error).split())[:_LONGEST]


AGAIN = "Export it again, or get it again from its source."
_MEANINGS = (
    (
        "Field 'shape' of 'type' is required",
        "an input or output has no shape, which ONNX requires",
        "Let onnx add it: onnx.save(onnx.shape_inference.infer_shapes(onnx.load('in.onnx')), "
        "'out.onnx').",
    ),
    (
        "topologically sorted",
        "its nodes form a cycle, are not in the order of computation, or read a value that no node "
        "computes",
        AGAIN,
    ),
    (
        "No Op registered for",
        "it uses an operator that ONNX does not have in the file's opset",
        "Export it with standard operators, or give the node the domain of its operator.",
    ),
    (
        "is deprecated in domain_version",
        "it uses an operator that ONNX no longer has in the file's opset",
        "Export it with an older opset, or with the operator that replaced it.",
    ),
    (
        "No opset import for domain",
        "it uses operators of a domain without giving the domain's version",
        "Add the domain to the model's opset_import, or export it again.",
    ),
    (
        "is higher than the checker's",
        f"its IR version is newer than {onnx.IR_VERSION}, the newest that the installed onnx "
        "package knows",
        "Install a newer onnx, or export it with an older IR version.",
    ),
)


def explained(reason: str) -> tuple[str, str]:
    """The meaning of onnx.checker's reason, and what to do; '' and '' if unknown."""
    return next(((text, do) for sign, text, do in _MEANINGS if sign in reason), ("", ""))


def invalidity(graph: LightGraph) -> str:
    """The first thing that is wrong with a model, '' if nothing is found.

    Side files with weights are not opened. onnx.checker checks every node and the shapes, but not
    the channels of a convolution or of batch norm; these are compared here.
    """
    try:
        onnx.checker.check_model(_without_side_files(graph.model), full_check=True)
    except CHECKS as error:
        reason = one_line(error)
        return "" if _SIDE_FILE in reason else reason
    return next(filter(None, (_channels(graph, node) for node in graph.model.graph.node)), "")


def _without_side_files(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with tensors that are stored in side files as inputs."""
    external = [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    if not external:
        return model
    light = onnx.ModelProto()
    light.CopyFrom(model)
    kept = [t for t in light.graph.initializer if t.data_location != onnx.TensorProto.EXTERNAL]
    del light.graph.initializer[:]
    light.graph.initializer.extend(kept)
    given = {value.name for value in light.graph.input}
    light.graph.input.extend(
        onnx.helper.make_tensor_value_info(t.name, t.data_type, list(t.dims))
        for t in external
        if t.name not in given
    )
    return light


def _channels(graph: LightGraph, node: onnx.NodeProto) -> str:
    if node.domain or len(node.input) < 2:
        return ""
    maps, weights = (_dims(graph, name) for name in node.input[:2])
    if len(maps) < 2 or not weights:
        return ""
    groups = next((a.i for a in node.attribute if a.name == "group"), 1)
    if node.op_type == "Conv" and len(weights) > 1 and weights[1] is not None:
        wanted: int | None = weights[1] * groups
    elif node.op_type in ("ConvTranspose", "BatchNormalization"):
        wanted = weights[0]
    else:
        return ""
    if wanted is None or maps[1] in (None, wanted):
        return ""
    return (
        f"the {node.op_type} {node.name or node.output[0]!r} gets {maps[1]} channels, but its "
        f"weights are for {wanted}"
    )


def _dims(graph: LightGraph, name: str) -> Dims:
    tensor = graph.tensors.get(name)
    return tuple(tensor.dims) if tensor is not None else graph.shapes.get(name) or ()
