"""Write each layer kind as ONNX nodes of opset 14, with one small function per kind.

A layer becomes one node if opset 14 has an operator for it. Operators that came later (Gelu,
LayerNormalization, GroupNormalization, Swish) are spelled out as several nodes, which
`from_onnx.fusions` reads as one again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cifarx.export.network import layout
from cifarx.export.network.interface import as_row
from cifarx.export.network.layer import Layer, number, pair, sides
from cifarx.export.network.resampling import resize_lines
from cifarx.export.to_onnx.graph_builder import Writing

Writer = Callable[[Layer, Writing], None]


def _one(operator: str, **attributes: str) -> Writer:
    """One node without arrays; its attributes are options of the layer."""

    def write(layer: Layer, writing: Writing) -> None:
        options: dict[str, Any] = {name: layer.hyper[key] for name, key in attributes.items()}
        writing.node(operator, layer, writing.inputs(layer), **options)

    return write


def _kernels(layer: Layer, writing: Writing) -> tuple[list[str], tuple[int, ...]]:
    """The layer's inputs with its kernels and biases, and the kernels' size."""
    shape = layer.arrays["Weights"].value.shape
    if writing.is_signal(layer.name):
        shape = (*shape[:2], shape[3])
    weights = writing.array(layer, "Weights", shape)
    return [*writing.inputs(layer), weights, writing.array(layer, "Bias")], shape[2:]


def _along(layer: Layer, writing: Writing, key: str) -> tuple[int, ...]:
    """A (height, width) option; of a layer of signals its last number."""
    both = pair(layer, key)
    return both[1:] if writing.is_signal(layer.name) else both


def _pads(layer: Layer, writing: Writing, key: str) -> tuple[int, ...]:
    """A (top, bottom, left, right) option as ONNX has it."""
    all_sides = sides(layer, key)
    return all_sides[2:] if writing.is_signal(layer.name) else layout.pads_to_onnx(all_sides)


def _convolution(layer: Layer, writing: Writing) -> None:
    inputs, window = _kernels(layer, writing)
    writing.node(
        "Conv",
        layer,
        inputs,
        kernel_shape=window,
        dilations=_along(layer, writing, "DilationFactor"),
        group=int(number(layer, "NumGroups")) if "NumGroups" in layer.hyper else 1,
        strides=_along(layer, writing, "Stride"),
        pads=_pads(layer, writing, "Padding"),
    )


def _transposed_convolution(layer: Layer, writing: Writing) -> None:
    inputs, window = _kernels(layer, writing)
    writing.node(
        "ConvTranspose",
        layer,
        inputs,
        kernel_shape=window,
        group=1,
        strides=_along(layer, writing, "Stride"),
        pads=_pads(layer, writing, "Cropping"),
    )


def _pooling(operator: str) -> Writer:
    def write(layer: Layer, writing: Writing) -> None:
        options: dict[str, Any] = {
            "kernel_shape": _along(layer, writing, "PoolSize"),
            "strides": _along(layer, writing, "Stride"),
            "pads": _pads(layer, writing, "Padding"),
        }
        if operator == "AveragePool":
            options["count_include_pad"] = int(layer.hyper["PaddingValue"] != "mean")
        writing.node(operator, layer, writing.inputs(layer), **options)

    return write


_TRANSFORMS = {
    "half-pixel": "half_pixel",
    "asymmetric": "asymmetric",
    "align-corners": "align_corners",
}
_ROUNDINGS = {
    "round": "round_prefer_ceil",
    "floor": "floor",
    "ceil": "ceil",
    "round-half-down": "round_prefer_floor",
}


def _resize(layer: Layer, writing: Writing) -> None:
    """By scales: sizes would fix the batch before opset 18."""
    _, height, width = as_row(writing.shapes[layer.inputs[0]])
    scales = [line.single_scale() for line in resize_lines(layer, (height, width))]
    given = writing.constant(f"{layer.name}_scales", np.array([1, 1, *scales], np.float32))
    nearest = layer.hyper["Method"] == "nearest"
    options = {
        "coordinate_transformation_mode": _TRANSFORMS[str(layer.hyper["GeometricTransformMode"])]
    }
    if nearest:
        options["nearest_mode"] = _ROUNDINGS[str(layer.hyper["NearestRoundingMode"])]
    mode = "nearest" if nearest else "linear"
    writing.node("Resize", layer, [*writing.inputs(layer), "", given], mode=mode, **options)


def _normalization(operator: str) -> Writer:
    def write(layer: Layer, writing: Writing) -> None:
        inputs = [*writing.inputs(layer), *writing.arrays_of(layer)]
        writing.node(operator, layer, inputs, epsilon=layer.hyper["Epsilon"])

    return write


def _scaled(layer: Layer, writing: Writing, value: str) -> None:
    """`value * Scale + Offset`, without a part that has no effect."""
    scale, offset = (layer.arrays[key] for key in ("Scale", "Offset"))
    # several equal numbers are written, too, or they would be read back as one number
    shifts = bool(offset.value.any()) or offset.value.size > 1
    if (scale.value != 1).any() or scale.value.size > 1 or not shifts:
        factor = writing.along_channels(layer, "Scale")
        value = writing.node("Mul", layer, [value, factor], "scaled" if shifts else "")
    if shifts:
        writing.node("Add", layer, [value, writing.along_channels(layer, "Offset")])


def _scaling(layer: Layer, writing: Writing) -> None:
    _scaled(layer, writing, writing.inputs(layer)[0])


def _layer_normalization(layer: Layer, writing: Writing) -> None:
    """Over the channels; ONNX's operator (opset 17) normalizes only over the last axes."""
    (x,) = writing.inputs(layer)
    mean = _mean(layer, writing, x, "mean")
    centred = writing.node("Sub", layer, [x, mean], "centred")
    square = writing.node("Mul", layer, [centred, centred], "square")
    variance = _mean(layer, writing, square, "variance")
    epsilon = writing.constant(f"{layer.name}_epsilon", number(layer, "Epsilon"))
    total = writing.node("Add", layer, [variance, epsilon], "shifted")
    deviation = writing.node("Sqrt", layer, [total], "deviation")
    normal = writing.node("Div", layer, [centred, deviation], "normal")
    _affine(layer, writing, normal)


def _mean(layer: Layer, writing: Writing, x: str, part: str) -> str:
    if writing.opset < 18:
        return writing.node("ReduceMean", layer, [x], part, axes=[1], keepdims=1)
    axes = writing.constant(f"{layer.name}_{part}_axes", np.array([1], np.int64))
    return writing.node("ReduceMean", layer, [x, axes], part, keepdims=1)


def _group_normalization(layer: Layer, writing: Writing) -> None:
    """As instance norm of maps reshaped to one channel per group, as PyTorch exports it."""
    (x,) = writing.inputs(layer)
    shape, groups = writing.shapes[layer.inputs[0]], int(number(layer, "NumGroups"))
    apart = writing.constant(f"{layer.name}_groups", np.array([0, groups, -1], np.int64))
    grouped = writing.node("Reshape", layer, [x, apart], "grouped")
    ones = writing.constant(f"{layer.name}_ones", np.ones(groups))
    zeros = writing.constant(f"{layer.name}_zeros", np.zeros(groups))
    normal = writing.node(
        "InstanceNormalization",
        layer,
        [grouped, ones, zeros],
        "normal",
        epsilon=layer.hyper["Epsilon"],
    )
    whole = writing.constant(f"{layer.name}_whole", np.array([0, *shape], np.int64))
    _affine(layer, writing, writing.node("Reshape", layer, [normal, whole], "together"))


def _affine(layer: Layer, writing: Writing, normal: str) -> None:
    """Scale and Offset of a normalization, always both, so that a reader finds them again."""
    scaled = writing.node("Mul", layer, [normal, writing.along_channels(layer, "Scale")], "scaled")
    writing.node("Add", layer, [scaled, writing.along_channels(layer, "Offset")])


def _cross_channel_normalization(layer: Layer, writing: Writing) -> None:
    writing.node(
        "LRN",
        layer,
        writing.inputs(layer),
        size=int(number(layer, "WindowChannelSize")),
        alpha=layer.hyper["Alpha"],
        beta=layer.hyper["Beta"],
        bias=layer.hyper["K"],
    )


def _clipped_relu(layer: Layer, writing: Writing) -> None:
    low = writing.constant(f"{layer.name}_min", 0.0)
    high = writing.constant(f"{layer.name}_max", number(layer, "Ceiling"))
    writing.node("Clip", layer, [*writing.inputs(layer), low, high])


def _prelu(layer: Layer, writing: Writing) -> None:
    slope = writing.along_channels(layer, "Alpha")
    writing.node("PRelu", layer, [*writing.inputs(layer), slope])


def _swish(layer: Layer, writing: Writing) -> None:
    (x,) = writing.inputs(layer)
    writing.node("Mul", layer, [x, writing.node("Sigmoid", layer, [x], "sigmoid")])


def _gelu(layer: Layer, writing: Writing) -> None:
    """As the operator Gelu from opset 20 on, else by Erf or Tanh."""
    (x,) = writing.inputs(layer)
    exact = layer.hyper["Approximation"] == "none"
    if writing.opset >= 20:
        writing.node("Gelu", layer, [x], approximate=layer.hyper["Approximation"])
        return

    def constant(part: str, value: float) -> str:
        return writing.constant(f"{layer.name}_{part}", value)

    if exact:
        inside = writing.node("Div", layer, [x, constant("root", math.sqrt(2))], "over_root")
        curve = writing.node("Erf", layer, [inside], "erf")
    else:
        cube = writing.node("Pow", layer, [x, constant("three", 3.0)], "cube")
        small = writing.node("Mul", layer, [cube, constant("cubic", 0.044715)], "small")
        total = writing.node("Add", layer, [x, small], "total")
        root = constant("root", math.sqrt(2 / math.pi))
        inside = writing.node("Mul", layer, [total, root], "inside")
        curve = writing.node("Tanh", layer, [inside], "tanh")
    bracket = writing.node("Add", layer, [curve, constant("one", 1.0)], "bracket")
    product = writing.node("Mul", layer, [x, bracket], "product")
    writing.node("Mul", layer, [product, constant("half", 0.5)])


_ONE_TO_ONE = {
    "abs": "Abs",
    "ceil": "Ceil",
    "cos": "Cos",
    "exp": "Exp",
    "floor": "Floor",
    "log": "Log",
    "reciprocal": "Reciprocal",
    "sign": "Sign",
    "sin": "Sin",
    "softplus": "Softplus",
    "sqrt": "Sqrt",
}
_TWO_TO_ONE = {"divide": "Div", "max": "Max", "min": "Min"}


def _elementwise(layer: Layer, writing: Writing) -> None:
    writing.node(_ONE_TO_ONE[str(layer.hyper["Function"])], layer, writing.inputs(layer))


def _power(layer: Layer, writing: Writing) -> None:
    exponent = writing.along_channels(layer, "Exponent")
    writing.node("Pow", layer, [*writing.inputs(layer), exponent])


def _binary_elementwise(layer: Layer, writing: Writing) -> None:
    writing.node(_TWO_TO_ONE[str(layer.hyper["Function"])], layer, writing.inputs(layer))


def _dropout(layer: Layer, writing: Writing) -> None:
    ratio = writing.constant(f"{layer.name}_ratio", number(layer, "Probability"))
    writing.node("Dropout", layer, [*writing.inputs(layer), ratio])


def _fully_connected(layer: Layer, writing: Writing) -> None:
    inputs = [*writing.inputs(layer), *writing.arrays_of(layer)]
    writing.node("Gemm", layer, inputs, alpha=1.0, beta=1.0, transA=0, transB=1)


def _flatten(layer: Layer, writing: Writing) -> None:
    writing.node("Flatten", layer, writing.inputs(layer), axis=1)


def _reshape(layer: Layer, writing: Writing) -> None:
    """Features are in PyTorch's order, as Reshape has them."""
    sizes = np.array([0, *writing.shapes[layer.name]], np.int64)
    shape = writing.constant(f"{layer.name}_shape", sizes)
    writing.node("Reshape", layer, [*writing.inputs(layer), shape])


def _over_channels(operator: str) -> Writer:
    def write(layer: Layer, writing: Writing) -> None:
        writing.node(operator, layer, writing.inputs(layer), axis=1)

    return write


def _concatenation(layer: Layer, writing: Writing) -> None:
    maps = len(writing.shapes[layer.inputs[0]]) > 1  # signals are given as maps
    axis = {1: 2, 2: 3, 3: 1}[int(number(layer, "Dim"))] if maps else 1
    writing.node("Concat", layer, writing.inputs(layer), axis=axis)


def _depth_concatenation(layer: Layer, writing: Writing) -> None:
    writing.node("Concat", layer, writing.inputs(layer), axis=1)


WRITERS: dict[str, Writer] = {
    "Convolution2DLayer": _convolution,
    "GroupedConvolution2DLayer": _convolution,
    "TransposedConvolution2DLayer": _transposed_convolution,
    "BatchNormalizationLayer": _normalization("BatchNormalization"),
    "LayerNormalizationLayer": _layer_normalization,
    "GroupNormalizationLayer": _group_normalization,
    "InstanceNormalizationLayer": _normalization("InstanceNormalization"),
    "CrossChannelNormalizationLayer": _cross_channel_normalization,
    "ReLULayer": _one("Relu"),
    "LeakyReLULayer": _one("LeakyRelu", alpha="Scale"),
    "ClippedReLULayer": _clipped_relu,
    "PReLULayer": _prelu,
    "ELULayer": _one("Elu", alpha="Alpha"),
    "GELULayer": _gelu,
    "SwishLayer": _swish,
    "SigmoidLayer": _one("Sigmoid"),
    "TanhLayer": _one("Tanh"),
    "SoftmaxLayer": _over_channels("Softmax"),
    "LogSoftmaxLayer": _over_channels("LogSoftmax"),
    "ElementwiseLayer": _elementwise,
    "PowerLayer": _power,
    "ScalingLayer": _scaling,
    "MaxPooling2DLayer": _pooling("MaxPool"),
    "AveragePooling2DLayer": _pooling("AveragePool"),
    "GlobalAveragePooling2DLayer": _one("GlobalAveragePool"),
    "GlobalMaxPooling2DLayer": _one("GlobalMaxPool"),
    "Resize2DLayer": _resize,
    "DropoutLayer": _dropout,
    "FlattenLayer": _flatten,
    "ReshapeLayer": _reshape,
    "FullyConnectedLayer": _fully_connected,
    "AdditionLayer": _one("Add"),
    "MultiplicationLayer": _one("Mul"),
    "BinaryElementwiseLayer": _binary_elementwise,
    "DepthConcatenationLayer": _depth_concatenation,
    "ConcatenationLayer": _concatenation,
}
