"""What exportONNXNetwork of each release makes of a network, after public files of these releases.

`matlab_export` writes the layers; here come what differs between releases: opset and IR version,
initializers among the inputs, the batch, the mean of a whole image, padding 'same' as a chain of
nodes that compute it, and dropout. Written from descriptions; no file of MATLAB was copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from matlab_export import INPUT, as_matlab_exports
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class Release:
    """What a release writes."""

    opset: int
    ir: int
    linear: str
    """Of `matlab_export.ALL_LINEAR`."""
    whole_mean: bool = False
    """Whether the input layer subtracts a mean per element, called AvgImg."""
    fixed_batch: bool = False
    listed: bool = False
    """Whether initializers are inputs of the graph too."""
    same_chain: bool = False


RELEASES = {
    "R2018a": Release(6, 3, "gemm", whole_mean=True, fixed_batch=True, listed=True),
    "R2018b": Release(8, 3, "matmul", whole_mean=True, fixed_batch=True, listed=True),
    "R2019b": Release(8, 3, "convolutions", whole_mean=True, fixed_batch=True, listed=True),
    "R2020a": Release(8, 5, "convolutions", fixed_batch=True, listed=True),
    "R2020b": Release(8, 6, "convolutions", listed=True),
    "R2022a": Release(8, 7, "convolutions"),
    "R2024b": Release(14, 9, "convolutions", same_chain=True),
    "R2025a": Release(13, 7, "transposed", same_chain=True),
}


def as_release_exports(
    model: onnx.ModelProto, release: str, *, mean: Sequence[float] = (), softmax: bool = True
) -> onnx.ModelProto:
    """The network of a model.onnx of cifarx as a release of MATLAB might write it.

    Args:
        model: as `cifarx export` writes it, with images as input.
        release: of `RELEASES`.
        mean: what the input layer subtracts per channel; nothing for an empty one.
        softmax: whether one comes last.
    """
    how = RELEASES[release]
    made = as_matlab_exports(model, mean=mean, linear=how.linear, softmax=softmax)
    size = [d.dim_value for d in made.graph.input[0].type.tensor_type.shape.dim][1:]
    if how.same_chain:
        _compute_padding(made, how.opset)
    if how.whole_mean and mean:
        _mean_of_the_whole_image(made, size)
    if how.opset < 11:
        _clip_by_attributes(made)
    if how.opset == 6:
        _as_opset_6(made)
    batch = 1 if how.fixed_batch else "BatchSize"
    _set_batch(made.graph.input[0], batch)
    _set_batch(made.graph.output[0], batch)
    made.graph.name = "Network"
    made.opset_import[0].version, made.ir_version = how.opset, how.ir
    if how.opset == 6:  # what a Gemm on maps gives, by MATLAB's own account
        for _ in range(2):
            made.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
    if how.listed:
        made.graph.input.extend(
            helper.make_tensor_value_info(t.name, t.data_type, t.dims)
            for t in made.graph.initializer
        )
    if how.opset > 6:
        onnx.checker.check_model(made, full_check=True)
    return made


def _set_batch(value: onnx.ValueInfoProto, batch: int | str) -> None:
    dim = value.type.tensor_type.shape.dim[0]
    dim.Clear()
    if isinstance(batch, int):
        dim.dim_value = batch
    else:
        dim.dim_param = batch


def _mean_of_the_whole_image(model: onnx.ModelProto, size: Sequence[int]) -> None:
    for tensor in model.graph.initializer:
        if tensor.name == f"{INPUT}_Mean":
            mean = np.broadcast_to(numpy_helper.to_array(tensor), (1, *size))
            # as the mean of many images, it is not the same at every pixel
            mean = mean + np.linspace(0, 0.01, mean.size, dtype=np.float32).reshape(mean.shape)
            name = f"{INPUT}_AvgImg"
            tensor.CopyFrom(numpy_helper.from_array(mean.astype(np.float32), name))
    for node in model.graph.node:
        node.input[:] = [n.replace(f"{INPUT}_Mean", f"{INPUT}_AvgImg") for n in node.input]


def _clip_by_attributes(model: onnx.ModelProto) -> None:
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Clip":
            for key, name in zip(("min", "max"), list(node.input)[1:], strict=False):
                node.attribute.append(helper.make_attribute(key, float(values[name])))
            del node.input[1:]
    _drop_unused(model)


def _as_opset_6(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        if node.op_type in ("Add", "Sub", "Mul", "Div", "Gemm"):
            node.attribute.append(helper.make_attribute("broadcast", 1))
        if node.op_type == "BatchNormalization":
            node.attribute.append(helper.make_attribute("is_test", 1))
            node.attribute.append(helper.make_attribute("spatial", 1))


def _drop_unused(model: onnx.ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [t for t in model.graph.initializer if t.name in used]
    copies = [onnx.TensorProto.FromString(t.SerializeToString()) for t in kept]
    del model.graph.initializer[:]
    model.graph.initializer.extend(copies)


def _compute_padding(model: onnx.ModelProto, opset: int) -> None:
    """Convolutions whose padding is 'same' get it from nodes that compute it from the shape."""
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (
            *model.graph.input,
            *onnx.shape_inference.infer_shapes(model).graph.value_info,
        )
    }
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv" and _is_same(options, shapes[node.input[0]]):
            nodes += _chain(model, node, options, opset)
            for a in node.attribute:
                if a.name == "pads":
                    a.ints[:] = [0, 0, 0, 0]
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        nodes.append(copy)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _is_same(options: dict[str, list[int]], shape: Sequence[int]) -> bool:
    pads, wanted = options.get("pads", [0] * 4), []
    windows = (options["kernel_shape"], options.get("strides", [1, 1]))
    dilations = options.get("dilations", [1, 1])
    for size, kernel, stride, dilation in zip(shape[2:], *windows, dilations, strict=True):
        whole = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
        wanted.append((whole // 2, whole - whole // 2))
    return any(pads) and list(pads) == [w[0] for w in wanted] + [w[1] for w in wanted]


def _chain(
    model: onnx.ModelProto, node: onnx.NodeProto, options: dict[str, list[int]], opset: int
) -> list[onnx.NodeProto]:
    """Shape, Cast, Split, Div, Ceil, Sub, Mul, Add, Relu, Floor, Concat, Cast, Pad."""
    nodes: list[onnx.NodeProto] = []
    kernel, dilation = options["kernel_shape"], options.get("dilations", [1, 1])

    def constant(word: str, value: np.ndarray) -> str:
        name = f"{node.name}_{word}"
        model.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def numbers(word: str, values: Sequence[float]) -> str:
        return constant(word, np.asarray(values, np.float32))

    def add(operator: str, inputs: list[str], word: str, count: int = 1, **how: int) -> str:
        names = [f"{node.name}_{word}{i or ''}" for i in range(count)]
        nodes.append(helper.make_node(operator, inputs, names, names[0], **how))
        return names[-1]

    shape = add("Cast", [add("Shape", [node.input[0]], "Shape")], "Cast", to=TensorProto.FLOAT)
    split = [constant("SplitSizes", np.array([2, 2], np.int64))] if opset >= 13 else []
    size = add("Split", [shape, *split], "Split", 2, axis=0)
    stride = numbers("Stride", options.get("strides", [1, 1]))
    count = add("Ceil", [add("Div", [size, stride], "Div")], "Ceil")
    steps = add("Sub", [count, numbers("One", [1, 1])], "Sub")
    reach = add("Mul", [steps, stride], "Mul")
    window = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    reach = add("Add", [reach, numbers("Window", window)], "Add")
    whole = add("Relu", [add("Sub", [reach, size], "Sub_1")], "Relu")
    half = add("Mul", [whole, numbers("Half", [0.5, 0.5])], "Mul_1")
    first = add("Floor", [half], "Floor")
    last = add("Sub", [whole, first], "Sub_2")
    none = numbers("None", [0, 0])
    pads = add("Concat", [none, first, none, last], "Concat", axis=0)
    pads = add("Cast", [pads], "Cast_1", to=TensorProto.INT64)
    node.input[0] = add("Pad", [node.input[0], pads], "Pad")
    return nodes
