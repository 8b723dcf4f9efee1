"""Compute a `LayerGraph` with PyTorch in float64, with one small function per layer kind.

This is the truth for a network of which only an ONNX file exists. `onnx.reference` (1.23) cannot
replace it: it computes some operators of older opsets wrongly (batch norm with momentum, LRN),
lacks others, and needs minutes where PyTorch needs a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from numpy.typing import NDArray
from torch import Tensor

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Layer, maps_size, number, pair, sides
from cifarx.export.network.model_card import LOG_SOFTMAX
from cifarx.export.network.resampling import Line, resize_lines

_AT_ONCE = 64 * 3 * 32 * 32  # numbers in a mini-batch
_DIMS = {4: {1: 2, 2: 3, 3: 1}, 2: {1: 1}}  # MATLAB's dimension of maps and features -> PyTorch's


def run_network(
    graph: LayerGraph, inputs: Sequence[NDArray[np.float32]], *, exact: bool = False
) -> tuple[NDArray[np.float64], ...]:
    """Every output (N, ...) of a network in float64, in the shape that its source has.

    Args:
        graph: the network.
        inputs: one array (N, ...) per input, as the source takes it; computed with in float64.
        exact: take computed constants as float64 gives them, where the graph knows that.
    """
    return _in_parts(graph, [torch.from_numpy(x).double() for x in inputs], exact)


def run_network_float32(
    graph: LayerGraph, inputs: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], ...]:
    """The same with all numbers and arithmetic in float32."""
    return _in_parts(graph, [torch.from_numpy(x) for x in inputs], False)


def run_graph(
    graph: LayerGraph, inputs: NDArray[np.float32], *, exact: bool = False
) -> NDArray[np.float64]:
    """`run_network` of a network with one input and one output."""
    (output,) = run_network(graph, [inputs], exact=exact)
    return output


def with_ending(logits: NDArray[Any], ending: str) -> NDArray[Any]:
    """What a source gives for its logits (N, K): these, or float64 after a log-softmax."""
    if ending != LOG_SOFTMAX:
        return logits
    values = torch.from_numpy(np.asarray(logits, np.float64))
    return np.asarray(torch.log_softmax(values, 1).numpy())


@torch.no_grad()
def _in_parts(graph: LayerGraph, inputs: Sequence[Tensor], exact: bool) -> tuple[Any, ...]:
    step = max(1, _AT_ONCE // max(1, sum(x[0].numel() for x in inputs)))
    count = len(inputs[0])
    parts = [
        _run(graph, [x[first : first + step] for x in inputs], exact)
        for first in range(0, count, step)
    ]
    return tuple(torch.cat(values).numpy() for values in zip(*parts, strict=True))


def _run(graph: LayerGraph, inputs: Sequence[Tensor], exact: bool) -> list[Tensor]:
    last = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    values = {
        given.name: x.reshape(len(x), *given.carried)
        for given, x in zip(graph.inputs, inputs, strict=True)
    }
    kept = {output.layer for output in graph.outputs}
    for i, layer in enumerate(graph.layers):
        given = [values[name] for name in layer.inputs]
        values[layer.name] = compute_layer(
            layer, given, layer_tensors(layer, inputs[0].dtype, exact=exact)
        )
        for name in set(layer.inputs) - kept:
            if last[name] == i:
                del values[name]
    shapes = graph.output_shapes()
    return [
        values[output.layer].reshape(len(inputs[0]), *shape)
        for output, shape in zip(graph.outputs, shapes, strict=True)
    ]


Arrays = dict[str, Tensor]


def layer_tensors(
    layer: Layer, dtype: torch.dtype = torch.float64, *, exact: bool = False
) -> Arrays:
    """The arrays of a layer by name, as tensors; `exact` as in `run_graph`."""
    return {key: _tensor(array, dtype, exact) for key, array in layer.arrays.items()}


def _tensor(array: Array, dtype: torch.dtype, exact: bool) -> Tensor:
    if exact and array.exact is not None:
        return torch.from_numpy(array.exact.astype(np.float64, order="C")).to(dtype)
    return torch.from_numpy(array.value.astype(np.float32, order="C")).to(dtype)


def compute_layer(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    """Compute one layer, in the precision of its inputs.

    Args:
        layer: of any kind of the vocabulary.
        inputs: (N, C, H, W) maps or (N, F) features.
        arrays: those of `layer_tensors`, of the dtype of the inputs.

    >>> layer = Layer("clip", "ClippedReLULayer", ("x",), {"Ceiling": 6.0})
    >>> compute_layer(layer, [torch.tensor([[-1.0, 2.0, 9.0]])], layer_tensors(layer))
    tensor([[0., 2., 6.]])
    """
    return _COMPUTE[layer.kind](layer, inputs, arrays)


Compute = Callable[[Layer, list[Tensor], Arrays], Tensor]


def _one(function: Callable[[Tensor], Tensor]) -> Compute:
    return lambda layer, inputs, arrays: function(inputs[0])


def _padded(layer: Layer, x: Tensor, value: float = 0.0) -> Tensor:
    top, bottom, left, right = sides(layer, "Padding")
    return F.pad(x, (left, right, top, bottom), value=value)


def _along(vector: Tensor, x: Tensor) -> Tensor:
    """One number per channel, or one per element, shaped to broadcast over a batch."""
    return vector.reshape(-1, *[1] * (x.ndim - 2)) if vector.ndim == 1 else vector


def _affine(arrays: Arrays, x: Tensor) -> Tensor:
    return x * _along(arrays["Scale"], x) + _along(arrays["Offset"], x)


def _convolution(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    return F.conv2d(
        _padded(layer, inputs[0]),
        arrays["Weights"],
        arrays["Bias"],
        stride=pair(layer, "Stride"),
        dilation=pair(layer, "DilationFactor"),
        groups=int(number(layer, "NumGroups")) if "NumGroups" in layer.hyper else 1,
    )


def _transposed_convolution(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    whole = F.conv_transpose2d(
        inputs[0], arrays["Weights"], arrays["Bias"], stride=pair(layer, "Stride")
    )
    top, bottom, left, right = sides(layer, "Cropping")
    height, width = whole.shape[2:]
    return whole[:, :, top : height - bottom, left : width - right]


def _batch_normalization(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    return F.batch_norm(
        inputs[0],
        arrays["TrainedMean"],
        arrays["TrainedVariance"],
        arrays["Scale"],
        arrays["Offset"],
        eps=number(layer, "Epsilon"),
    )


def _layer_normalization(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    (x,) = inputs
    variance, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
    return _affine(arrays, (x - mean) / torch.sqrt(variance + number(layer, "Epsilon")))


def _group_normalization(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    (x,) = inputs
    groups = int(number(layer, "NumGroups")) if "NumGroups" in layer.hyper else x.shape[1]
    return F.group_norm(x, groups, arrays["Scale"], arrays["Offset"], number(layer, "Epsilon"))


def _cross_channel(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    (x,) = inputs
    size = int(number(layer, "WindowChannelSize"))
    squares = F.pad(x.square(), (0, 0, 0, 0, size // 2, size // 2)).unfold(1, size, 1).sum(-1)
    base = number(layer, "K") + number(layer, "Alpha") / size * squares
    return x / base ** number(layer, "Beta")


def _max_pooling(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    padded = _padded(layer, inputs[0], -torch.inf)
    return F.max_pool2d(padded, pair(layer, "PoolSize"), pair(layer, "Stride"))


def _average_pooling(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    (x,) = inputs

    def sums(of: Tensor) -> Tensor:
        window, stride = pair(layer, "PoolSize"), pair(layer, "Stride")
        return F.avg_pool2d(_padded(layer, of), window, stride, divisor_override=1)

    if layer.hyper["PaddingValue"] == "mean":
        return sums(x) / sums(torch.ones_like(x[:1, :1]))
    height, width = pair(layer, "PoolSize")
    return sums(x) / (height * width)


def _resize(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    (x,) = inputs
    for axis, line in enumerate(resize_lines(layer, (x.shape[2], x.shape[3])), start=2):
        if layer.hyper["Method"] == "nearest":
            rounding = str(layer.hyper["NearestRoundingMode"])
            x = x.index_select(axis, torch.from_numpy(line.nearest(rounding)))
        else:
            x = interpolated(x, axis, line)
    return x


def interpolated(x: Tensor, axis: int, line: Line) -> Tensor:
    """Maps (N, C, H, W) resized along one axis, 2 or 3, by linear interpolation."""
    low, high, weight = (torch.from_numpy(part) for part in line.between())
    w = weight.to(x.dtype).view(-1, 1) if axis == 2 else weight.to(x.dtype)
    return x.index_select(axis, low) * (1 - w) + x.index_select(axis, high) * w


def _prelu(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    return F.prelu(inputs[0], arrays["Alpha"])


def _softplus(x: Tensor) -> Tensor:
    """Without the threshold of F.softplus, from which on the result is x."""
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


_ONE_TO_ONE: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "exp": torch.exp,
    "floor": torch.floor,
    "log": torch.log,
    "reciprocal": torch.reciprocal,
    "sign": torch.sign,
    "sin": torch.sin,
    "softplus": _softplus,
    "sqrt": torch.sqrt,
}
_TWO_TO_ONE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "divide": torch.div,
    "max": torch.maximum,
    "min": torch.minimum,
}


def _concatenation(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    return torch.cat(inputs, _DIMS[inputs[0].ndim][int(number(layer, "Dim"))])


def _reshape(layer: Layer, inputs: list[Tensor], arrays: Arrays) -> Tensor:
    (x,) = inputs
    height, width, channels = maps_size(layer, "OutputSize")
    return x.reshape(len(x), channels, height, width)


_COMPUTE: dict[str, Compute] = {
    "Convolution2DLayer": _convolution,
    "GroupedConvolution2DLayer": _convolution,
    "TransposedConvolution2DLayer": _transposed_convolution,
    "BatchNormalizationLayer": _batch_normalization,
    "LayerNormalizationLayer": _layer_normalization,
    "GroupNormalizationLayer": _group_normalization,
    "InstanceNormalizationLayer": _group_normalization,
    "CrossChannelNormalizationLayer": _cross_channel,
    "ReLULayer": _one(torch.relu),
    "LeakyReLULayer": lambda la, xs, _: F.leaky_relu(xs[0], number(la, "Scale")),
    "ClippedReLULayer": lambda la, xs, _: xs[0].clamp(0, number(la, "Ceiling")),
    "PReLULayer": _prelu,
    "ELULayer": lambda la, xs, _: F.elu(xs[0], number(la, "Alpha")),
    "GELULayer": lambda la, xs, _: F.gelu(xs[0], approximate=str(la.hyper["Approximation"])),
    "SwishLayer": _one(F.silu),
    "SigmoidLayer": _one(torch.sigmoid),
    "TanhLayer": _one(torch.tanh),
    "SoftmaxLayer": _one(lambda x: torch.softmax(x, 1)),
    "LogSoftmaxLayer": _one(lambda x: torch.log_softmax(x, 1)),
    "ElementwiseLayer": lambda la, xs, _: _ONE_TO_ONE[str(la.hyper["Function"])](xs[0]),
    "PowerLayer": lambda la, xs, arrays: xs[0] ** _along(arrays["Exponent"], xs[0]),
    "ScalingLayer": lambda la, xs, arrays: _affine(arrays, xs[0]),
    "MaxPooling2DLayer": _max_pooling,
    "AveragePooling2DLayer": _average_pooling,
    "GlobalAveragePooling2DLayer": _one(lambda x: x.mean((2, 3), keepdim=True)),
    "GlobalMaxPooling2DLayer": _one(lambda x: x.amax((2, 3), keepdim=True)),
    "Resize2DLayer": _resize,
    "DropoutLayer": _one(lambda x: x),
    "FlattenLayer": _one(lambda x: x.flatten(1)),
    "ReshapeLayer": _reshape,
    "FullyConnectedLayer": lambda la, xs, a: F.linear(xs[0], a["Weights"], a["Bias"]),
    "AdditionLayer": lambda la, xs, _: xs[0] + xs[1],
    "MultiplicationLayer": lambda la, xs, _: xs[0] * xs[1],
    "BinaryElementwiseLayer": lambda la, xs, _: _TWO_TO_ONE[str(la.hyper["Function"])](*xs),
    "DepthConcatenationLayer": lambda la, xs, _: torch.cat(xs, 1),
    "ConcatenationLayer": _concatenation,
}
