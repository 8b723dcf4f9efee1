"""A model of what MATLAB's exportONNXNetwork writes of a network that came from our model.onnx.

A model, for no MATLAB is at hand. That initializers are called LAYER_W, LAYER_B, LAYER_scale,
LAYER_mean, LAYER_var and INPUT_Mean stands in two public programs that read such files; that the
input layer's normalisation is a subtraction and a division in front, that nothing tells the
classes, that a softmax may come last and dropout be gone, is assumed, and so is how a linear layer
behind maps is spelled. So several spellings are made, and the importer must take all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LINEAR = ("flatten", "reshape", "matmul", "convolution", "transposed")
"""Spellings of a linear layer that valid ONNX has for maps and for features alike."""
ALL_LINEAR = (*LINEAR, "convolutions", "gemm")
"""Also: convolutions up to one Flatten at the end; Gemm on maps, which is not valid ONNX."""
INPUT = "imageinput"
_ENDINGS = {
    "Conv": ("W", "B"),
    "Gemm": ("W", "B"),
    "BatchNormalization": ("scale", "B", "mean", "var"),
}

Edit = Callable[[np.ndarray], np.ndarray]


def as_matlab_exports(
    model: onnx.ModelProto,
    *,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    linear: str = "flatten",
    softmax: bool = True,
    tuned: Mapping[str, Edit] | None = None,
) -> onnx.ModelProto:
    """The network of a model.onnx as MATLAB might write it.

    Args:
        model: as `cifarx export` writes it.
        mean: what the input layer subtracts; nothing for an empty one.
        std: what it divides by.
        linear: how linear layers are spelled, of `ALL_LINEAR`.
        softmax: whether one comes last.
        tuned: changes of weights, by their names in the new file.
    """
    old = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    arrays: dict[str, np.ndarray] = {}
    nodes: list[onnx.NodeProto] = []
    same = {model.graph.input[0].name: INPUT}
    maps = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*model.graph.input, *onnx.shape_inference.infer_shapes(model).graph.value_info)
    }

    def add(operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    for word, operator, values in (("Mean", "Sub", mean), ("StdDev", "Div", std)):
        if len(values):
            arrays[f"{INPUT}_{word}"] = np.asarray(values, np.float32).reshape(1, -1, 1, 1)
            given = same[model.graph.input[0].name]
            name = add(operator, [given, f"{INPUT}_{word}"], f"{INPUT}_{operator}")
            same[model.graph.input[0].name] = name
    flattened: dict[str, str] = {}  # a Flatten's output -> the maps
    for node in model.graph.node:
        if node.op_type in ("Dropout", "Flatten"):
            same[node.output[0]] = same[node.input[0]]
            if node.op_type == "Flatten":
                flattened[same[node.output[0]]] = node.input[0]
            continue
        given = [same.get(name, name) for name in node.input]
        endings = iter(_ENDINGS.get(node.op_type, ()))
        for i, name in enumerate(given):
            if name in old:
                given[i] = f"{node.name}_{next(endings)}" if node.op_type in _ENDINGS else name
                arrays[given[i]] = old[name]
        same[node.output[0]] = node.name
        if node.op_type == "Gemm":
            shape = maps.get(flattened.get(given[0], ""), [])
            _linear(add, arrays, node.name, given[0], shape if len(shape) == 4 else [], linear)
            continue
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        add(node.op_type, given, node.name, **attributes)
    for name, edit in (tuned or {}).items():
        arrays[name] = np.ascontiguousarray(edit(arrays[name].copy()))
        assert arrays[name].dtype == np.float32
    last = nodes[-1].output[0]
    if linear == "convolutions":
        last = add("Flatten", [last], "flatten_last", axis=1)
    if softmax:
        last = add("Softmax", [last], "softmax", axis=1)
    sizes = [d.dim_value or "BatchSize" for d in model.graph.input[0].type.tensor_type.shape.dim]
    classes = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, sizes)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["BatchSize", classes])],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 14)],
        producer_name="MATLAB Deep Learning Toolbox Converter for ONNX Model Format",
        ir_version=7,
    )
    if linear != "gemm":
        onnx.checker.check_model(made, full_check=True)
    return made


def _linear(
    add: Callable[..., str],
    arrays: dict[str, np.ndarray],
    name: str,
    given: str,
    maps: Sequence[int],
    spelling: str,
) -> None:
    """A fully connected layer, on maps (N, C, H, W) or, where `maps` is empty, on features."""
    weights, bias = f"{name}_W", f"{name}_B"
    out, features = arrays[weights].shape
    if spelling == "convolution" and maps:
        arrays[weights] = arrays[weights].reshape(out, *maps[1:])
        add("Conv", [given, weights, bias], f"{name}_Conv", kernel_shape=list(maps[2:]))
        add("Flatten", [f"{name}_Conv"], name, axis=1)
        return
    if spelling == "convolutions":
        kernel = list(maps[2:]) or [1, 1]
        arrays[weights] = arrays[weights].reshape(out, -1, *kernel)
        add("Conv", [given, weights, bias], name, kernel_shape=kernel)
        return
    if maps and spelling == "transposed":  # MATLAB's own order of features: height first
        index = np.arange(features).reshape(maps[1:]).transpose(0, 2, 1).ravel()
        arrays[weights] = np.ascontiguousarray(arrays[weights][:, index])
        given = add("Transpose", [given], f"{name}_Transpose", perm=[0, 1, 3, 2])
    if maps and spelling in ("reshape", "transposed", "matmul"):
        arrays[f"{name}_shape"] = np.array([-1, features], np.int64)
        given = add("Reshape", [given, f"{name}_shape"], f"{name}_Reshape")
    elif maps and spelling != "gemm":
        given = add("Flatten", [given], f"{name}_Flatten", axis=1)
    if spelling == "matmul":
        arrays[weights] = np.ascontiguousarray(arrays[weights].T)
        product = add("MatMul", [given, weights], f"{name}_MatMul")
        add("Add", [product, bias], name)
    else:
        add("Gemm", [given, weights, bias], name, transB=1)
