"""Turn a rearrangement of a layer's output into a layer that gives it, with built-in layers only.

Channels, rows and columns of maps are selected by a convolution whose kernels hold a single 1 among
zeros, blocks of pixels are made by a transposed convolution, and features are selected by a linear
layer with such weights. Rows or columns in another order, as at reflected edges, are selected run
by run and joined. All of these are exact in any precision, and every importer and editor knows
them. Features become maps of more than one pixel by a ReshapeLayer. A linear layer between a
flatten and maps made of its features is a convolution of the whole map.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from cifarx.export.from_onnx.node import Node, zeros
from cifarx.export.from_onnx.value import (
    Choice,
    Index,
    Mixed,
    Value,
    blocks_of,
    choice_of,
    is_all_in_order,
    is_permutation,
    lines_of,
    runs_of,
)
from cifarx.export.network.layer import Array, Hyper, Layer, Shape
from cifarx.pytorch_models.errors import UnsupportedError

_PIECES = 32  # runs of rows or of columns
_LARGEST = 2**26  # weights of a linear layer that only selects features
_LARGEST_SPREAD = 2**22  # weights of a layer that only repeats pixels
_KEEPS_ITS_SHAPE = {
    "BatchNormalizationLayer",
    "LayerNormalizationLayer",
    "ReLULayer",
    "LeakyReLULayer",
    "ClippedReLULayer",
    "PReLULayer",
    "ELULayer",
    "GELULayer",
    "SwishLayer",
    "SigmoidLayer",
    "TanhLayer",
    "SoftmaxLayer",
    "LogSoftmaxLayer",
    "ElementwiseLayer",
    "PowerLayer",
    "ScalingLayer",
    "DropoutLayer",
    "AdditionLayer",
    "MultiplicationLayer",
    "BinaryElementwiseLayer",
}


def maps(node: Node, value: Value) -> str:
    """The layer whose output is a value of (C, H, W), or of a signal (C, L) as maps of one row.

    It is added if there is none.

    Raises:
        UnsupportedError: the value is neither, or no layer gives it.
    """
    layer = _maps(node, value)
    node.reading.formed.setdefault(layer, value)
    return layer


def _maps(node: Node, value: Value) -> str:
    if len(value.shape) == 2:
        value = value.in_row()
    if len(value.shape) != 3:
        raise UnsupportedError(
            f"it works on N x {' x '.join(map(str, value.shape))} here, while MATLAB's layer works "
            "on images N x C x H x W or signals N x C x L"
        )
    layer, shape = value.layer, node.reading.shapes[value.layer]
    if len(shape) == 1:
        if not _of_single_pixels(node, layer) or value.shape[1:] != (1, 1):
            return _reshaped(node, value)
        layer = as_maps(node, layer)
        shape = node.reading.shapes[layer]
    if shape == value.shape and is_all_in_order(value.index, int(np.prod(shape))):
        return layer
    size = (shape[0], shape[1], shape[2])
    choice = choice_of(value.index, size)
    if choice is not None:
        return _chosen(node, layer, size, choice, value.shape)
    blocks = blocks_of(value.index, size)
    if blocks is not None:
        return _spread(node, layer, size[0], blocks)
    lines = lines_of(value.index, size)
    if lines is not None:
        return _pieced(node, layer, lines)
    last = " (are the file's images channels-last, N x H x W x C? Convert it with channels first, "
    last += "for instance by tf2onnx with --inputs-as-nchw)"
    raise UnsupportedError(
        "it needs pixels in an order that no MATLAB layer gives"
        f"{last if node.reading.layer(layer) is None else ''}"
    )


def _of_single_pixels(node: Node, name: str) -> bool:
    """Whether features come from maps, so that all layers between may be made for maps."""
    wanted, seen = [name], {name}
    while wanted:
        layer = node.reading.layer(wanted.pop())
        if layer is None:
            return False
        if layer.kind != "FlattenLayer":
            wanted += set(layer.inputs) - seen
            seen.update(layer.inputs)
    return True


def _reshaped(node: Node, value: Value) -> str:
    """Features in their order as maps, by a ReshapeLayer."""
    channels, height, width = value.shape
    flat = value.rearranged(value.index.reshape(-1))
    layer = node.reading.layer(value.layer)
    if layer is not None and layer.kind == "FlattenLayer":  # maps, by way of features
        return maps(node, Value(layer.inputs[0], value.shape, value.index))
    hyper: dict[str, Hyper] = {"OutputSize": (height, width, channels)}
    return node.add("ReshapeLayer", (features_in_order(node, flat),), hyper, suffix="_maps")


def delivered(node: Node, output: Value | Mixed) -> tuple[str, Shape]:
    """The layer that gives an output of the network, and the output's own shape.

    The elements of the layer's output are those of the network's output in order.
    """
    if isinstance(output, Mixed):
        raise UnsupportedError(f"it does not keep the batch as first axis ({output.by})")
    layer = node.reading.layer(output.layer)
    if layer is not None and layer.kind == "FlattenLayer":
        given = node.reading.shapes[layer.inputs[0]]
        if given[1:] != (1, 1):  # MATLAB flattens in another order
            output = Value(layer.inputs[0], output.shape, output.index)
    shape = node.reading.shapes[output.layer]
    in_order = is_all_in_order(output.index, math.prod(shape))
    one_pixel = len(output.shape) == 1 and shape[1:] == (1, 1)
    if in_order and not one_pixel:
        return output.layer, output.shape
    if len(output.shape) in (2, 3):
        return maps(node, output), output.shape
    flat = output.rearranged(output.index.reshape(-1))
    return features_in_order(node, flat), output.shape


def features(node: Node, value: Value) -> Value:
    """A value of (F,) as a rearrangement of a layer that gives features.

    Raises:
        UnsupportedError: the value is not features.
    """
    if len(value.shape) != 1:
        raise UnsupportedError(
            f"it works on N x {' x '.join(map(str, value.shape))} here, while MATLAB's layer works "
            "on features N x F"
        )
    layer = value.layer
    if len(node.reading.shapes[layer]) == 3:
        layer = node.add("FlattenLayer", (layer,), suffix="_flatten")
    in_order = is_all_in_order(value.index, node.reading.shapes[layer][0])
    return Value(layer, value.shape, None if in_order else value.index)


def all_features(node: Node, value: Value) -> Value:
    """Features that hold each feature of their layer once, in any order."""
    value = features(node, value)
    size = node.reading.shapes[value.layer][0]
    if value.order is None or is_permutation(value.order, size):
        return value
    return Value(features_in_order(node, value), value.shape)


def features_in_order(node: Node, value: Value) -> str:
    """The layer that gives the features in their order; it is added if there is none."""
    value = features(node, value)
    if value.order is None:
        return value.layer
    shape = (len(value.order), node.reading.shapes[value.layer][0])
    if shape[0] * shape[1] > _LARGEST:
        raise UnsupportedError(f"it takes {shape[0]} of {shape[1]} features in another order")
    weights = np.zeros(shape, np.float32)
    weights[np.arange(shape[0]), value.order] = 1
    arrays = {"Weights": Array(weights, ""), "Bias": zeros(shape[0])}
    return node.add("FullyConnectedLayer", (value.layer,), {}, arrays, suffix="_take")


def as_maps(node: Node, name: str) -> str:
    """The layer that gives features (F,) as maps (F, 1, 1), made anew for maps where needed."""
    reading = node.reading
    layer = reading.layer(name)
    assert layer is not None  # `maps` reshapes features that are an input
    if layer.kind == "FlattenLayer":
        if reading.shapes[layer.inputs[0]][1:] != (1, 1):
            raise UnsupportedError("it turns flattened maps of more than one pixel back into maps")
        return layer.inputs[0]
    if layer.kind == "FullyConnectedLayer":
        return _as_convolution(node, layer)
    if layer.kind not in (*_KEEPS_ITS_SHAPE, "ConcatenationLayer"):
        raise UnsupportedError(f"it makes maps of the features of a {layer.kind}")
    if layer.kind == "ConcatenationLayer":
        layer = replace(layer, kind="DepthConcatenationLayer", hyper={})
    inputs = tuple(as_maps(node, given) for given in layer.inputs)
    return reading.add(replace(layer, inputs=inputs), reading.labels[name])


def _as_convolution(node: Node, layer: Layer) -> str:
    """The linear layer as a convolution of the maps whose flattened features it reads."""
    before = node.reading.layer(layer.inputs[0])
    assert before is not None
    flat = before.kind == "FlattenLayer"
    given = before.inputs[0] if flat else as_maps(node, layer.inputs[0])
    weights = layer.arrays["Weights"]
    kernels = weights.value.reshape(len(weights.value), *node.reading.shapes[given])
    convolution = replace(
        layer,
        kind="Convolution2DLayer",
        inputs=(given,),
        hyper={"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)},
        arrays={**layer.arrays, "Weights": replace(weights, value=kernels)},
    )
    return node.reading.add(convolution, node.reading.labels[layer.name])


def _chosen(
    node: Node, layer: str, size: tuple[int, int, int], choice: Choice, shape: Shape
) -> str:
    """A layer that selects some of the channels, rows and columns."""
    all_channels = is_all_in_order(choice.channels, size[0])
    # the smallest windows that give this many rows and columns and reach the wanted ones
    window = tuple(
        max(int(start.max()) + 1, whole - wanted * step + 1)
        for start, step, whole, wanted in zip(
            choice.starts, choice.step, size[1:], shape[1:], strict=True
        )
    )
    if all_channels and window == (1, 1):
        hyper = {"PoolSize": (1, 1), "Stride": choice.step, "Padding": (0, 0, 0, 0)}
        return node.add("MaxPooling2DLayer", (layer,), hyper, suffix="_take")
    kernels = np.zeros((shape[0], 1 if all_channels else size[0], *window), np.float32)
    taken = np.zeros(shape[0], np.int64) if all_channels else choice.channels
    kernels[np.arange(shape[0]), taken, *choice.starts] = 1
    return made_up_convolution(
        node, layer, kernels, choice.step, (0, 0, 0, 0), by_channel=all_channels, suffix="_take"
    )


def _pieced(node: Node, layer: str, lines: tuple[Index, Index, Index]) -> str:
    """Layers that select and join runs of rows, then runs of columns, then channels."""
    for axis in (1, 2):
        channels, *rest = node.reading.shapes[layer]
        size = (channels, rest[0], rest[1])
        runs = runs_of(lines[axis])
        if len(runs) > _PIECES:
            raise UnsupportedError(f"it needs pixels in an order of {len(runs)} pieces")
        pieces = [_run(node, layer, size, axis, run) for run in runs]
        layer = pieces[0]
        if len(pieces) > 1:
            dim: dict[str, Hyper] = {"Dim": float(axis)}  # MATLAB's 1 is the height, 2 the width
            layer = node.add("ConcatenationLayer", tuple(pieces), dim, suffix="_join")
    shape = node.reading.shapes[layer]
    index = np.arange(int(np.prod(shape))).reshape(shape)[lines[0]]
    return maps(node, Value(layer, index.shape, index))


def _run(node: Node, layer: str, size: tuple[int, int, int], axis: int, run: Index) -> str:
    """A layer that selects rows (axis 1) or columns (axis 2) at one step."""
    index = np.take(np.arange(int(np.prod(size))).reshape(size), run, axis)
    return maps(node, Value(layer, index.shape, index))


def _spread(node: Node, layer: str, channels: int, blocks: Index) -> str:
    """A layer that makes a block of each pixel: depth to space, or a repeated pixel."""
    filters, *block = blocks.shape
    whole = filters == channels and (blocks == np.arange(channels)[:, None, None]).all()
    if whole and not repeats_by_convolution(channels, block[0] * block[1]):
        _, height, width = node.reading.shapes[layer]
        nearest: dict[str, Hyper] = {
            "OutputSize": (height * block[0], width * block[1]),
            "Scale": (float(block[0]), float(block[1])),
            "Method": "nearest",
            "GeometricTransformMode": "asymmetric",
            "NearestRoundingMode": "floor",
        }
        return node.add("Resize2DLayer", (layer,), nearest, suffix="_spread")
    kernels = np.zeros((channels, filters, *block), np.float32)
    kernels[blocks, *np.indices(blocks.shape)] = 1
    hyper: dict[str, Hyper] = {"Stride": (block[0], block[1]), "Cropping": (0, 0, 0, 0)}
    arrays = {"Weights": Array(kernels, ""), "Bias": zeros(filters)}
    return node.add("TransposedConvolution2DLayer", (layer,), hyper, arrays, suffix="_spread")


def repeats_by_convolution(channels: int, times: int) -> bool:
    """Whether repeated pixels are a transposed convolution; a Resize2DLayer if it is too large."""
    return channels**2 * times <= _LARGEST_SPREAD


def made_up_convolution(
    node: Node,
    layer: str,
    kernels: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    *,
    by_channel: bool,
    suffix: str,
) -> str:
    """A convolution with kernels made here, not read from a file.

    Args:
        node: that the layer is for.
        layer: that it reads.
        kernels: (F, C, kH, kW), or (C, 1, kH, kW) if `by_channel`.
        stride: vertical, horizontal.
        padding: top, bottom, left, right.
        by_channel: whether each channel has a kernel of its own.
        suffix: of the layer's name.
    """
    hyper: dict[str, Hyper] = {"Stride": stride, "Padding": padding, "DilationFactor": (1, 1)}
    arrays = {"Weights": Array(kernels, ""), "Bias": zeros(len(kernels))}
    channels = node.reading.shapes[layer][0]
    if by_channel and channels > 1:
        groups = {**hyper, "NumGroups": float(channels)}
        return node.add("GroupedConvolution2DLayer", (layer,), groups, arrays, suffix=suffix)
    return node.add("Convolution2DLayer", (layer,), hyper, arrays, suffix=suffix)
