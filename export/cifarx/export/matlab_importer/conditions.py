"""The conditions that the rules in rules.toml name, with one function per condition.

A condition does not hold if a shape that it depends on is unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from cifarx.export.from_onnx.light_graph import LightNode
from cifarx.export.from_onnx.metadata import is_of_matlab
from cifarx.export.matlab_importer.knowledge import always_generated

Condition = Callable[[LightNode], bool]
CONDITIONS: dict[str, Condition] = {}


def _condition(name: str) -> Callable[[Condition], Condition]:
    def enter(holds: Condition) -> Condition:
        CONDITIONS[name] = holds
        return holds

    return enter


@_condition("computes a constant")
def _constant(node: LightNode) -> bool:
    """All its inputs are constants."""
    return bool(node.inputs) and all(name in node.graph.constants for name in node.inputs)


@_condition("computes a shape")
def _shape(node: LightNode) -> bool:
    """Its result depends only on the shape of the input, as in x.size(0) * 2."""
    return any(name in node.graph.shape_values for name in node.proto.output)


@_condition("function of the file")
def _function(node: LightNode) -> bool:
    """It calls a function that the file defines."""
    return (node.proto.domain, node.proto.op_type) in node.graph.functions


@_condition("foreign domain")
def _foreign(node: LightNode) -> bool:
    """Its operator is not one of ONNX's own."""
    return node.proto.domain not in ("", "ai.onnx")


@_condition("MATLAB's domain")
def _of_matlab(node: LightNode) -> bool:
    """Its domain is com.mathworks: MATLAB's exporter wrote it."""
    return is_of_matlab(node.proto)


@_condition("free image size")
def _free_size(node: LightNode) -> bool:
    """An input of the network has an open height or width."""
    shapes = (node.graph.shapes.get(value.name) for value in node.graph.inputs)
    return any(shape is not None and len(shape) > 2 and None in shape[2:] for shape in shapes)


@_condition("opset above 17")
def _newer_exporter(node: LightNode) -> bool:
    """The file's opset is 18 or newer, as torch's newer exporter writes."""
    return (node.graph.opset or 0) > 17


@_condition("computed weights")
def _computed_weights(node: LightNode) -> bool:
    """A weight is the result of a node, not an initializer."""
    return any(name and name not in node.graph.stored for name in node.proto.input[1:])


@_condition("behind MatMul")
def _behind_matmul(node: LightNode) -> bool:
    """One input comes from a MatMul, the other is a constant."""
    producers = [node.graph.producers.get(name) for name in node.inputs]
    fixed = any(name in node.graph.constants for name in node.inputs)
    return fixed and any(p is not None and p.op_type == "MatMul" for p in producers)


@_condition("behind a generated layer")
def _behind_generated(node: LightNode) -> bool:
    """Only elementwise arithmetic lies between it and a node that is always generated."""
    wake = node.graph.wake(always_generated())
    return any(name in wake for name in node.inputs)


@_condition("2-D")
def _two_dimensional(node: LightNode) -> bool:
    """It works on height and width."""
    if node.operator in ("Conv", "ConvTranspose"):
        weights = node.shape(1)
        return weights is not None and len(weights) == 4 and node.is_constant(1)
    return len(node.attribute("kernel_shape", ())) == 2


@_condition("explicit padding")
def _explicit_padding(node: LightNode) -> bool:
    """auto_pad is NOTSET."""
    return bool(node.attribute("auto_pad", b"NOTSET") == b"NOTSET")


@_condition("automatic padding")
def _automatic_padding(node: LightNode) -> bool:
    """auto_pad is SAME_UPPER, SAME_LOWER or VALID."""
    return not _explicit_padding(node)


@_condition("no padding")
def _no_padding(node: LightNode) -> bool:
    """All pads are zero."""
    return not any(node.attribute("pads", ())) and _explicit_padding(node)


@_condition("no output padding")
def _no_output_padding(node: LightNode) -> bool:
    """output_padding is zero, and output_shape is not given."""
    return not any(node.attribute("output_padding", ())) and not node.attribute("output_shape")


@_condition("undilated")
def _undilated(node: LightNode) -> bool:
    """All dilations are 1."""
    return all(step == 1 for step in node.attribute("dilations", ()))


@_condition("one group")
def _one_group(node: LightNode) -> bool:
    """Every output channel sees all input channels."""
    return bool(node.attribute("group", 1) == 1)


@_condition("whole windows")
def _whole_windows(node: LightNode) -> bool:
    """ceil_mode is 0."""
    return not node.attribute("ceil_mode", 0)


@_condition("broken windows")
def _broken_windows(node: LightNode) -> bool:
    """ceil_mode is 1."""
    return not _whole_windows(node)


@_condition("one output")
def _one_output(node: LightNode) -> bool:
    """No second output, such as indices."""
    return sum(bool(name) for name in node.proto.output) == 1


@_condition("inference form")
def _inference(node: LightNode) -> bool:
    """One output, and no training mode."""
    if node.operator == "Dropout" and len(node.proto.input) > 2 and node.proto.input[2]:
        training = node.numbers(2) != [0.0]
    else:
        training = bool(node.attribute("training_mode", 0))
    return _one_output(node) and not training


@_condition("plain product")
def _plain_product(node: LightNode) -> bool:
    """alpha = beta = 1, transA = 0, stored weights."""
    plain = node.attribute("alpha", 1.0) == 1 and node.attribute("beta", 1.0) == 1
    bias = len(node.inputs) < 3 or node.is_constant(2)
    return plain and not node.attribute("transA", 0) and node.is_constant(1) and bias


@_condition("of layers")
def _of_layers(node: LightNode) -> bool:
    """No input is a constant."""
    return len(node.inputs) > 1 and not any(name in node.graph.constants for name in node.inputs)


@_condition("of one size")
def _of_one_size(node: LightNode) -> bool:
    """Its inputs have the same dimensions."""
    shapes = {node.shape(i) for i in range(len(node.proto.input))}
    return len(shapes) == 1 and None not in shapes


@_condition("scalar or by channel")
def _by_channel(node: LightNode) -> bool:
    """The constant is one number or one per channel: [C,1,1], [1,C,1,1], or [C] with [N,C]."""
    if node.operator == "Neg":
        return True
    fixed = [i for i in range(2) if node.is_constant(i)]
    shape = node.shape(fixed[0]) if len(fixed) == 1 else None
    if shape is None:
        return False
    if all(length == 1 for length in shape):
        return True
    other = node.shape(1 - fixed[0])
    if other is None or len(shape) > len(other):
        return False
    padded = (1,) * (len(other) - len(shape)) + shape
    return len(padded) > 1 and all(length == 1 for i, length in enumerate(padded) if i != 1)


@_condition("of maps")
def _of_maps(node: LightNode) -> bool:
    """Its input is [N,C,H,W]."""
    shape = node.shape(0)
    return shape is not None and len(shape) == 4


@_condition("of features")
def _of_features(node: LightNode) -> bool:
    """Its input is [N,K]."""
    shape = node.shape(0)
    return shape is not None and len(shape) == 2


@_condition("axis 1")
def _axis_one(node: LightNode) -> bool:
    """All dimensions except the batch become one."""
    return bool(node.attribute("axis", 1) == 1)


@_condition("flattens")
def _flattens(node: LightNode) -> bool:
    """The new shape has two dimensions."""
    target = node.shape(1)
    return target == (2,) or len(node.attribute("shape", ())) == 2


@_condition("along channels")
def _along_channels(node: LightNode) -> bool:
    """Along dimension 1."""
    shape, axis = node.shape(0), node.attribute("axis", 1)
    return bool(axis == 1 or (shape is not None and axis + len(shape) == 1))


@_condition("along features")
def _along_features(node: LightNode) -> bool:
    """Along dimension 1 of [N,K]."""
    default = 1 if (node.graph.opset or 0) < 13 else -1
    return _of_features(node) and node.attribute("axis", default) in (1, -1)


@_condition("from zero to a constant")
def _from_zero(node: LightNode) -> bool:
    """min is 0 and max a number."""
    if node.attribute("max") is not None:  # before opset 11
        return bool(node.attribute("min") == 0)
    return node.numbers(1) == [0.0] and node.numbers(2) is not None


@_condition("computed size")
def _computed_size(node: LightNode) -> bool:
    """Its sizes or scales are computed by other nodes."""
    return any(name not in node.graph.constants for name in node.inputs[1:])


@_condition("antialias")
def _antialias(node: LightNode) -> bool:
    """It has the attribute antialias, on or off."""
    return node.attribute("antialias") is not None
