"""The closed vocabulary of layer kinds, with the names of Deep Learning Toolbox's layer classes.

Options (hyper-parameters) have the toolbox's names and meanings: sizes are (height, width), Padding
is (top, bottom, left, right). Arrays keep PyTorch's axis order; only `layout` permutes.
https://www.mathworks.com/help/deeplearning/ug/list-of-deep-learning-layers.html
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cifarx.export.network.layer import Layer, Shape, maps_size, number, pair, sides
from cifarx.export.network.resampling import resize_lines
from cifarx.pytorch_models.errors import GraphError


@dataclass(frozen=True)
class Kind:
    """One row of the vocabulary."""

    inputs: int | None
    """Number of inputs; None for two or more. Sums and products have two, as in ONNX."""
    hyper: tuple[str, ...]
    arrays: tuple[str, ...]
    shape: Callable[[Layer, list[Shape]], Shape]
    """Shape of the output from those of the inputs; raises `GraphError` if they do not fit."""


def _maps(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise GraphError(f"needs maps (C, H, W), not {shape}")
    return shape[0], shape[1], shape[2]


def _expect(layer: Layer, key: str, *allowed: Shape) -> None:
    found = layer.arrays[key].value.shape
    if found not in allowed:
        raise GraphError(f"{key} is of {found}, expected {' or '.join(map(str, allowed))}")


def _same(layer: Layer, inputs: list[Shape]) -> Shape:
    return inputs[0]


def _slide(layer: Layer, size: Shape, window: Shape, dilation: tuple[int, int]) -> Shape:
    """(H, W) after a sliding window."""
    top, bottom, left, right = sides(layer, "Padding")
    out = tuple(
        (n + p - d * (k - 1) - 1) // s + 1
        for n, p, k, d, s in zip(
            size, (top + bottom, left + right), window, dilation, pair(layer, "Stride"), strict=True
        )
    )
    if min(out) < 1:
        raise GraphError(f"a window of {window} does not fit maps of {size}")
    return out


def _kernels(layer: Layer) -> Shape:
    shape = layer.arrays["Weights"].value.shape
    if len(shape) != 4:
        raise GraphError(f"Weights must have four axes, but are of {shape}")
    return shape


def _convolution(layer: Layer, inputs: list[Shape]) -> Shape:
    """Weights (F, C, kH, kW); (F, C / NumGroups, kH, kW) where there are groups."""
    channels, *size = _maps(inputs[0])
    filters, per_filter, *window = _kernels(layer)
    groups = int(number(layer, "NumGroups")) if "NumGroups" in layer.hyper else 1
    if groups < 1 or per_filter * groups != channels or filters % groups:
        apart = f" in {groups} groups" if groups != 1 else ""
        raise GraphError(
            f"has {filters} kernels for {per_filter} channels{apart} and gets {channels}"
        )
    _expect(layer, "Bias", (filters,))
    return (filters, *_slide(layer, tuple(size), tuple(window), pair(layer, "DilationFactor")))


def _transposed_convolution(layer: Layer, inputs: list[Shape]) -> Shape:
    """Weights (C, F, kH, kW), as ConvTranspose2d has them."""
    channels, *size = _maps(inputs[0])
    per_filter, filters, *window = _kernels(layer)
    if per_filter != channels:
        raise GraphError(f"has kernels for {per_filter} channels and gets {channels}")
    _expect(layer, "Bias", (filters,))
    top, bottom, left, right = sides(layer, "Cropping")
    out = tuple(
        (n - 1) * s + k - c
        for n, s, k, c in zip(
            size, pair(layer, "Stride"), window, (top + bottom, left + right), strict=True
        )
    )
    if min(out) < 1:
        raise GraphError(f"Cropping leaves nothing of {size}")
    return (filters, *out)


def _pooling(layer: Layer, inputs: list[Shape]) -> Shape:
    channels, *size = _maps(inputs[0])
    window, padding = pair(layer, "PoolSize"), sides(layer, "Padding")
    if max(padding[:2]) >= window[0] or max(padding[2:]) >= window[1]:
        raise GraphError(f"Padding {padding} must be below PoolSize {window}")
    if layer.hyper.get("PaddingValue", "mean") not in (0, "mean"):
        raise GraphError(f"PaddingValue must be 0 or 'mean', not {layer.hyper['PaddingValue']!r}")
    return (channels, *_slide(layer, tuple(size), window, (1, 1)))


def _global_pooling(layer: Layer, inputs: list[Shape]) -> Shape:
    return (_maps(inputs[0])[0], 1, 1)


def _resize(layer: Layer, inputs: list[Shape]) -> Shape:
    channels, height, width = _maps(inputs[0])
    rows, columns = resize_lines(layer, (height, width))
    return channels, rows.count, columns.count


def _by_channel(layer: Layer, inputs: list[Shape]) -> Shape:
    """Each array has one number per channel."""
    for key in layer.arrays:
        _expect(layer, key, inputs[0][:1])
    return inputs[0]


def _maps_by_channel(layer: Layer, inputs: list[Shape]) -> Shape:
    channels, _, _ = _maps(inputs[0])
    groups = number(layer, "NumGroups") if "NumGroups" in layer.hyper else 1
    if groups < 1 or channels % groups:
        raise GraphError(f"cannot divide {channels} channels into {groups:g} groups")
    return _by_channel(layer, inputs)


def _cross_channel(layer: Layer, inputs: list[Shape]) -> Shape:
    size = number(layer, "WindowChannelSize")
    if size < 1 or size % 2 != 1:
        raise GraphError(f"WindowChannelSize must be odd, not {size:g}")
    _maps(inputs[0])
    return inputs[0]


def _scaling(layer: Layer, inputs: list[Shape]) -> Shape:
    """One number for all, one per channel, or one per element."""
    for key in layer.arrays:
        _expect(layer, key, (1,), inputs[0][:1], inputs[0])
    return inputs[0]


def _expect_word(layer: Layer, key: str, allowed: tuple[str, ...]) -> None:
    if (word := layer.hyper[key]) not in allowed:
        words = ", ".join(map(repr, allowed[:-1]))
        raise GraphError(f"{key} must be {words} or {allowed[-1]!r}, not {word!r}")


def _gelu(layer: Layer, inputs: list[Shape]) -> Shape:
    _expect_word(layer, "Approximation", ("none", "tanh"))
    return inputs[0]


ONE_TO_ONE = (
    "abs",
    "ceil",
    "cos",
    "exp",
    "floor",
    "log",
    "reciprocal",
    "sign",
    "sin",
    "softplus",
    "sqrt",
)
"""What an ElementwiseLayer can compute of each element."""
TWO_TO_ONE = ("divide", "max", "min")
"""What a BinaryElementwiseLayer can compute of two elements."""


def _elementwise(layer: Layer, inputs: list[Shape]) -> Shape:
    _expect_word(layer, "Function", ONE_TO_ONE)
    return inputs[0]


def _power(layer: Layer, inputs: list[Shape]) -> Shape:
    """One exponent for all, or one per channel."""
    _expect(layer, "Exponent", (1,), inputs[0][:1])
    return inputs[0]


def _binary_elementwise(layer: Layer, inputs: list[Shape]) -> Shape:
    _expect_word(layer, "Function", TWO_TO_ONE)
    return _matched(inputs, "combines")


def _flatten(layer: Layer, inputs: list[Shape]) -> Shape:
    return (math.prod(inputs[0]),)


def _reshape(layer: Layer, inputs: list[Shape]) -> Shape:
    """Features to maps; OutputSize is MATLAB's (H, W, C)."""
    height, width, channels = maps_size(layer, "OutputSize")
    if inputs[0] != (height * width * channels,):
        raise GraphError(f"makes maps of {(height, width, channels)} of an input of {inputs[0]}")
    return channels, height, width


def _fully_connected(layer: Layer, inputs: list[Shape]) -> Shape:
    weights = layer.arrays["Weights"].value
    if len(inputs[0]) != 1 or weights.ndim != 2 or weights.shape[1:] != inputs[0]:
        raise GraphError(f"Weights of {weights.shape} do not fit an input of {inputs[0]}")
    _expect(layer, "Bias", weights.shape[:1])
    return weights.shape[:1]


def _addition(layer: Layer, inputs: list[Shape]) -> Shape:
    if len(set(inputs)) != 1:
        raise GraphError(f"adds inputs of different sizes: {inputs}")
    return inputs[0]


def _multiplication(layer: Layer, inputs: list[Shape]) -> Shape:
    """Sizes match if they are equal or one of them is 1, as in ONNX's Mul and MATLAB's `.*`.

    multiplicationLayer asks for inputs that are "same across all dimensions or same across at least
    one dimension with other dimensions as singleton dimensions"; the batch is such a dimension.
    https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.multiplicationlayer.html
    """
    return _matched(inputs, "multiplies")


def _matched(inputs: list[Shape], does: str) -> Shape:
    """The common size of inputs whose axes are equally long, or of length 1."""
    # ONNX lines up the last axes, MATLAB the first: they agree only on equally many
    alike = len({len(shape) for shape in inputs}) == 1
    if not alike or any(len({*axis} - {1}) > 1 for axis in zip(*inputs, strict=True)):
        raise GraphError(f"{does} inputs of sizes that do not match: {inputs}")
    return tuple(max(axis) for axis in zip(*inputs, strict=True))


def _depth_concatenation(layer: Layer, inputs: list[Shape]) -> Shape:
    return _joined(0, [_maps(shape) for shape in inputs])


def _concatenation(layer: Layer, inputs: list[Shape]) -> Shape:
    """Dim is MATLAB's: 1 height, 2 width, 3 channels of maps; 1 for features."""
    axes = {1: 0} if len(inputs[0]) == 1 else {1: 1, 2: 2, 3: 0}
    dim = number(layer, "Dim")
    if dim not in axes:
        raise GraphError(f"Dim must be one of {', '.join(map(str, axes))}, not {dim:g}")
    return _joined(axes[int(dim)], inputs)


def _joined(axis: int, inputs: list[Shape]) -> Shape:
    if len({(len(s), *s[:axis], *s[axis + 1 :]) for s in map(tuple, inputs)}) != 1:
        raise GraphError(f"joins inputs of sizes that do not match: {inputs}")
    joined = list(inputs[0])
    joined[axis] = sum(shape[axis] for shape in inputs)
    return tuple(joined)


_WINDOW = ("Stride", "Padding", "DilationFactor")
_POOL = ("PoolSize", "Stride", "Padding")
_AFFINE = ("Scale", "Offset")

VOCABULARY: dict[str, Kind] = {
    "Convolution2DLayer": Kind(1, _WINDOW, ("Weights", "Bias"), _convolution),
    "GroupedConvolution2DLayer": Kind(
        1, (*_WINDOW, "NumGroups"), ("Weights", "Bias"), _convolution
    ),
    "TransposedConvolution2DLayer": Kind(
        1, ("Stride", "Cropping"), ("Weights", "Bias"), _transposed_convolution
    ),
    "BatchNormalizationLayer": Kind(
        1, ("Epsilon",), (*_AFFINE, "TrainedMean", "TrainedVariance"), _by_channel
    ),
    "LayerNormalizationLayer": Kind(1, ("Epsilon",), _AFFINE, _by_channel),
    "GroupNormalizationLayer": Kind(1, ("Epsilon", "NumGroups"), _AFFINE, _maps_by_channel),
    "InstanceNormalizationLayer": Kind(1, ("Epsilon",), _AFFINE, _maps_by_channel),
    "CrossChannelNormalizationLayer": Kind(
        1, ("WindowChannelSize", "Alpha", "Beta", "K"), (), _cross_channel
    ),
    "ReLULayer": Kind(1, (), (), _same),
    "LeakyReLULayer": Kind(1, ("Scale",), (), _same),
    "ClippedReLULayer": Kind(1, ("Ceiling",), (), _same),
    "PReLULayer": Kind(1, (), ("Alpha",), _by_channel),
    "ELULayer": Kind(1, ("Alpha",), (), _same),
    "GELULayer": Kind(1, ("Approximation",), (), _gelu),
    "SwishLayer": Kind(1, (), (), _same),
    "SigmoidLayer": Kind(1, (), (), _same),
    "TanhLayer": Kind(1, (), (), _same),
    "SoftmaxLayer": Kind(1, (), (), _same),
    "LogSoftmaxLayer": Kind(1, (), (), _same),
    "ElementwiseLayer": Kind(1, ("Function",), (), _elementwise),
    "PowerLayer": Kind(1, (), ("Exponent",), _power),
    "ScalingLayer": Kind(1, (), _AFFINE, _scaling),
    "MaxPooling2DLayer": Kind(1, _POOL, (), _pooling),
    "AveragePooling2DLayer": Kind(1, (*_POOL, "PaddingValue"), (), _pooling),
    "GlobalAveragePooling2DLayer": Kind(1, (), (), _global_pooling),
    "GlobalMaxPooling2DLayer": Kind(1, (), (), _global_pooling),
    "Resize2DLayer": Kind(
        1,
        ("OutputSize", "Scale", "Method", "GeometricTransformMode", "NearestRoundingMode"),
        (),
        _resize,
    ),
    "DropoutLayer": Kind(1, ("Probability",), (), _same),
    "FlattenLayer": Kind(1, (), (), _flatten),
    "ReshapeLayer": Kind(1, ("OutputSize",), (), _reshape),
    "FullyConnectedLayer": Kind(1, (), ("Weights", "Bias"), _fully_connected),
    "AdditionLayer": Kind(2, (), (), _addition),
    "MultiplicationLayer": Kind(2, (), (), _multiplication),
    "BinaryElementwiseLayer": Kind(2, ("Function",), (), _binary_elementwise),
    "DepthConcatenationLayer": Kind(None, (), (), _depth_concatenation),
    "ConcatenationLayer": Kind(None, ("Dim",), (), _concatenation),
}
