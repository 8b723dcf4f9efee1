"""Random networks of all kinds of layers, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Hyper, Layer, Shape
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.network.vocabulary import VOCABULARY

SIZE = (4, 6, 5)
CLASSES = 3
CARD = ModelCard("net", "recipe", tuple("abc"), (), (), "0" * 64)


@dataclass
class Drawing:
    """A network while it is drawn, layer by layer, each on the one before it."""

    data: st.DataObject
    layers: list[Layer] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=lambda: {"image": SIZE})
    last: str = "image"
    """The layer, or the input, that the next layer reads."""

    @property
    def shape(self) -> Shape:
        return self.shapes[self.last]

    def number(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))

    def choose(self, *options: Any) -> Any:
        return self.data.draw(st.sampled_from(options))

    def decimal(self) -> float:
        """What single precision and its shortest decimal both give back."""
        return self.number(1, 999) / 1000

    def array(self, *shape: int) -> np.ndarray:
        """Random, and neither 0 nor 1 anywhere."""
        random = np.random.RandomState(self.number(0, 2**16))
        return random.uniform(0.1, 0.9, shape).astype(np.float32)

    def another(self) -> str:
        """A layer of the same shape as the last."""
        return self.choose(*(name for name, shape in self.shapes.items() if shape == self.shape))

    def add(
        self, kind: str, hyper: dict[str, Hyper], arrays: dict[str, np.ndarray], *others: str
    ) -> None:
        name = f"layer{len(self.layers)}"
        named = {key: Array(value, f"{name}.{key}") for key, value in arrays.items()}
        layer = Layer(name, kind, (self.last, *others), hyper, named)
        self.shapes[name] = VOCABULARY[kind].shape(layer, [self.shapes[i] for i in layer.inputs])
        self.layers.append(layer)
        self.last = name


Step = Callable[[Drawing], None]
STEPS: dict[str, Step] = {}
MAPS_ONLY = set()


def step(kind: str, *, maps: bool = False) -> Callable[[Step], Step]:
    """A function that draws a layer of a kind; `maps` where features have no such layer."""

    def enter(function: Step) -> Step:
        STEPS[kind] = function
        if maps:
            MAPS_ONLY.add(kind)
        return function

    return enter


def in_row(drawing: Drawing) -> bool:
    """Whether a window over a signal's one row has nothing along the height, as in Conv1d."""
    return drawing.shape[1] == 1 and drawing.choose(True, True, False)


def window(drawing: Drawing, *, row: bool) -> dict[str, Hyper]:
    if row:
        return {
            "Stride": (1, drawing.number(1, 2)),
            "Padding": (0, 0, drawing.number(1, 2), drawing.number(1, 2)),
            "DilationFactor": (1, drawing.number(1, 2)),
        }
    return {
        "Stride": (drawing.number(1, 2), drawing.number(1, 2)),
        "Padding": tuple(drawing.number(1, 2) for _ in range(4)),
        "DilationFactor": (drawing.number(1, 2), drawing.number(1, 2)),
    }


@step("Convolution2DLayer", maps=True)
def convolution(drawing: Drawing) -> None:
    row = in_row(drawing)
    height = 1 if row else drawing.number(1, 2)
    kernels = drawing.array(4, drawing.shape[0], height, drawing.number(1, 2))
    arrays = {"Weights": kernels, "Bias": drawing.array(4)}
    drawing.add("Convolution2DLayer", window(drawing, row=row), arrays)


@step("GroupedConvolution2DLayer", maps=True)
def grouped_convolution(drawing: Drawing) -> None:
    channels = drawing.shape[0]
    groups = drawing.choose(*(g for g in (2, 4, 8) if channels % g == 0))
    row = in_row(drawing)
    height = 1 if row else drawing.number(1, 2)
    kernels = drawing.array(2 * groups, channels // groups, height, 2)
    arrays = {"Weights": kernels, "Bias": drawing.array(2 * groups)}
    hyper = {**window(drawing, row=row), "NumGroups": float(groups)}
    drawing.add("GroupedConvolution2DLayer", hyper, arrays)


@step("TransposedConvolution2DLayer", maps=True)
def transposed_convolution(drawing: Drawing) -> None:
    row = in_row(drawing)
    height = 1 if row else drawing.number(2, 3)
    kernels = drawing.array(drawing.shape[0], 4, height, drawing.number(2, 3))
    hyper = {
        "Stride": (1 if row else drawing.number(1, 2), drawing.number(1, 2)),
        "Cropping": (0, 0 if row else drawing.number(0, 1), drawing.number(0, 1), 0),
    }
    arrays = {"Weights": kernels, "Bias": drawing.array(4)}
    drawing.add("TransposedConvolution2DLayer", hyper, arrays)


def affine(drawing: Drawing) -> dict[str, np.ndarray]:
    return {key: drawing.array(drawing.shape[0]) for key in ("Scale", "Offset")}


@step("BatchNormalizationLayer")
def batch_normalization(drawing: Drawing) -> None:
    statistics = {
        key: drawing.array(drawing.shape[0]) for key in ("TrainedMean", "TrainedVariance")
    }
    arrays = {**affine(drawing), **statistics}
    drawing.add("BatchNormalizationLayer", {"Epsilon": drawing.decimal()}, arrays)


@step("LayerNormalizationLayer")
def layer_normalization(drawing: Drawing) -> None:
    drawing.add("LayerNormalizationLayer", {"Epsilon": drawing.decimal()}, affine(drawing))


@step("InstanceNormalizationLayer", maps=True)
def instance_normalization(drawing: Drawing) -> None:
    drawing.add("InstanceNormalizationLayer", {"Epsilon": drawing.decimal()}, affine(drawing))


@step("GroupNormalizationLayer", maps=True)
def group_normalization(drawing: Drawing) -> None:
    groups = drawing.choose(*(g for g in (1, 2, 4) if drawing.shape[0] % g == 0))
    hyper = {"Epsilon": drawing.decimal(), "NumGroups": float(groups)}
    drawing.add("GroupNormalizationLayer", hyper, affine(drawing))


@step("CrossChannelNormalizationLayer", maps=True)
def cross_channel_normalization(drawing: Drawing) -> None:
    keys = ("Alpha", "Beta", "K")
    size = {"WindowChannelSize": float(drawing.choose(1, 3, 5))}
    hyper = {**size, **{key: drawing.decimal() for key in keys}}
    drawing.add("CrossChannelNormalizationLayer", hyper, {})


@step("PReLULayer")
def prelu(drawing: Drawing) -> None:
    drawing.add("PReLULayer", {}, {"Alpha": drawing.array(drawing.shape[0])})


@step("GELULayer")
def gelu(drawing: Drawing) -> None:
    drawing.add("GELULayer", {"Approximation": drawing.choose("none", "tanh")}, {})


@step("ElementwiseLayer")
def elementwise(drawing: Drawing) -> None:
    """The functions that any number has, without a jump."""
    drawing.add(
        "ElementwiseLayer", {"Function": drawing.choose("abs", "cos", "sin", "softplus")}, {}
    )


@step("PowerLayer")
def power(drawing: Drawing) -> None:
    exponents = np.float32(drawing.choose((3,), [2 + i % 2 for i in range(drawing.shape[0])]))
    drawing.add("PowerLayer", {}, {"Exponent": exponents})


@step("ScalingLayer")
def scaling(drawing: Drawing) -> None:
    """By one number, by one a channel, by one an element."""
    shape = drawing.shape
    shapes = [(1,), shape[:1], *([shape] if np.prod(shape[1:]) > 1 else [])]
    arrays = {key: drawing.array(*drawing.choose(*shapes)) for key in ("Scale", "Offset")}
    drawing.add("ScalingLayer", {}, arrays)


def pooling(drawing: Drawing) -> dict[str, Hyper]:
    if drawing.shape[1] == 1:
        pads = (0, 0, drawing.number(0, 1), drawing.number(0, 1))
        return {"PoolSize": (1, 3), "Stride": (1, drawing.number(1, 2)), "Padding": pads}
    pads = tuple(drawing.number(0, 1) for _ in range(4))
    stride = (drawing.number(1, 2), drawing.number(1, 2))
    return {"PoolSize": (2, 3), "Stride": stride, "Padding": pads}


@step("MaxPooling2DLayer", maps=True)
def max_pooling(drawing: Drawing) -> None:
    drawing.add("MaxPooling2DLayer", pooling(drawing), {})


@step("AveragePooling2DLayer", maps=True)
def average_pooling(drawing: Drawing) -> None:
    hyper = pooling(drawing)
    # without padding both values mean the same, and 0 is read
    hyper["PaddingValue"] = drawing.choose(0.0, "mean") if any(hyper["Padding"]) else 0.0
    drawing.add("AveragePooling2DLayer", hyper, {})


@step("Resize2DLayer", maps=True)
def resize(drawing: Drawing) -> None:
    """Bilinear; of the options for nearest pixels several mean the same, and one is read."""
    _, *size = drawing.shape
    counts = [drawing.number(n + 1, n + 5) for n in size]
    hyper: dict[str, Hyper] = {
        "OutputSize": (counts[0], counts[1]),
        "Scale": (counts[0] / size[0], counts[1] / size[1]),
        "Method": "bilinear",
        "GeometricTransformMode": drawing.choose("half-pixel", "asymmetric", "align-corners"),
        "NearestRoundingMode": "round",
    }
    drawing.add("Resize2DLayer", hyper, {})


@step("FlattenLayer", maps=True)
def flatten(drawing: Drawing) -> None:
    drawing.add("FlattenLayer", {}, {})


@step("FullyConnectedLayer")
def linear(drawing: Drawing) -> None:
    if len(drawing.shape) == 3:
        flatten(drawing)
    arrays = {"Weights": drawing.array(5, *drawing.shape), "Bias": drawing.array(5)}
    drawing.add("FullyConnectedLayer", {}, arrays)


@step("ReshapeLayer")
def reshape(drawing: Drawing) -> None:
    """Of features that a linear layer gives, before a convolution; flattened maps, or maps that are
    flattened or delivered at once, would come back without it.
    """
    if len(drawing.shape) == 3:
        flatten(drawing)
    arrays = {"Weights": drawing.array(12, *drawing.shape), "Bias": drawing.array(12)}
    drawing.add("FullyConnectedLayer", {}, arrays)
    size = drawing.choose((2, 3, 2), (3, 1, 4), (1, 4, 3), (1, 12, 1))
    drawing.add("ReshapeLayer", {"OutputSize": size}, {})
    convolution(drawing)


@step("AdditionLayer")
def addition(drawing: Drawing) -> None:
    drawing.add("AdditionLayer", {}, {}, drawing.another())


@step("MultiplicationLayer")
def multiplication(drawing: Drawing) -> None:
    fits = [
        name
        for name, shape in drawing.shapes.items()
        if len(shape) == len(drawing.shape)
        and all(a == b or 1 in (a, b) for a, b in zip(shape, drawing.shape, strict=True))
    ]
    before = drawing.layers[-1] if drawing.layers else None
    if before is not None and (before.name, before.kind) == (drawing.last, "SigmoidLayer"):
        fits.remove(before.inputs[0])  # x * sigmoid(x) comes back as a SwishLayer
    drawing.add("MultiplicationLayer", {}, {}, drawing.choose(*fits))


@step("BinaryElementwiseLayer")
def binary_elementwise(drawing: Drawing) -> None:
    hyper: dict[str, Hyper] = {"Function": drawing.choose("max", "min")}
    drawing.add("BinaryElementwiseLayer", hyper, {}, drawing.another())


@step("DepthConcatenationLayer", maps=True)
def depth_concatenation(drawing: Drawing) -> None:
    others = (drawing.another() for _ in range(drawing.number(1, 2)))
    drawing.add("DepthConcatenationLayer", {}, {}, *others)


@step("ConcatenationLayer")
def concatenation(drawing: Drawing) -> None:
    dim = float(drawing.number(1, 2)) if len(drawing.shape) == 3 else 1.0
    drawing.add("ConcatenationLayer", {"Dim": dim}, {}, drawing.another())


def _plain(kind: str, *options: str, maps: bool = False) -> None:
    def draw(drawing: Drawing) -> None:
        drawing.add(kind, {key: drawing.decimal() for key in options}, {})

    step(kind, maps=maps)(draw)


_plain("ReLULayer")
_plain("LeakyReLULayer", "Scale")
_plain("ClippedReLULayer", "Ceiling")
_plain("ELULayer", "Alpha")
_plain("SwishLayer")
_plain("SigmoidLayer")
_plain("TanhLayer")
_plain("SoftmaxLayer")
_plain("LogSoftmaxLayer")
_plain("DropoutLayer", "Probability")
_plain("GlobalAveragePooling2DLayer", maps=True)
_plain("GlobalMaxPooling2DLayer", maps=True)


def drawn(data: st.DataObject, first: str = "") -> LayerGraph:
    """A classifier; of the kinds, `first` is certain to be in it."""
    drawing = Drawing(data)
    if first:
        STEPS[first](drawing)
    _some_layers(drawing, 6)
    _classified(drawing)
    return LayerGraph((Input("image", SIZE),), tuple(drawing.layers), (Output(drawing.last),))


def _some_layers(drawing: Drawing, most: int) -> None:
    for _ in range(drawing.number(0, most)):
        size = int(np.prod(drawing.shape))
        few = [k for k in STEPS if len(drawing.shape) == 3 or k not in MAPS_ONLY]
        few = [k for k in few if "Grouped" not in k or drawing.shape[0] % 2 == 0]
        # with one channel it is a GroupNormalizationLayer as well
        few = [k for k in few if "Instance" not in k or drawing.shape[0] > 1]
        if len(drawing.shape) == 3:
            height, width = drawing.shape[1:]
            few = [k for k in few if "Pooling2D" not in k or (width > 2 and height != 2)]
            few = [k for k in few if not ("onvolution" in k or "Resize" in k) or size < 2000]
        STEPS[drawing.choose(*few)](drawing)


def _classified(drawing: Drawing) -> None:
    linear(drawing)
    weights = drawing.array(CLASSES, 5)
    drawing.add("FullyConnectedLayer", {}, {"Weights": weights, "Bias": drawing.array(CLASSES)})


_NOT_LAST = ("FlattenLayer", "ReshapeLayer", "LogSoftmaxLayer")
"""As an output, these are the layer before them."""
INPUTS = {1: "features", 2: "signal", 3: "image"}
SHAPES: tuple[Shape, ...] = ((10,), (1,), (4, 9), (1, 12), SIZE, (2, 1, 7))


def drawn_freely(data: st.DataObject, first: str = "") -> LayerGraph:
    """A network with inputs of any rank, one to three of them, and one to three outputs of any
    shape; each layer is needed for one of these.
    """
    drawing = Drawing(data, shapes={})
    maps = [shape for shape in SHAPES if len(shape) > 1 and shape[0] % 2 == 0]
    shapes = [drawing.choose(*(maps if first in MAPS_ONLY else SHAPES))]
    shapes += [drawing.choose(*SHAPES) for _ in range(drawing.number(0, 2))]
    names = [f"x{i}" for i in range(len(shapes))] if len(shapes) > 1 else [INPUTS[len(shapes[0])]]
    inputs = tuple(map(Input, names, shapes))
    drawing.shapes.update((given.name, given.carried) for given in inputs)
    ends = []
    for i, given in enumerate(inputs):
        drawing.last = given.name
        if first and not i:
            STEPS[first](drawing)
        _some_layers(drawing, 5)
        bare = given.name == drawing.last or drawing.layers[-1].kind in _NOT_LAST
        if bare or drawing.choose(True, False):
            _classified(drawing)
        ends.append(drawing.last)
    if len(ends) > 1 and drawing.choose(True, False):  # the branches meet
        vectors = [_vector(drawing, name) for name in ends]
        drawing.last = vectors[0]
        drawing.add("ConcatenationLayer", {"Dim": 1.0}, {}, *vectors[1:])
        _classified(drawing)
        ends = [drawing.last]
    if drawing.choose(True, False):
        ends.append(drawing.choose(*(la.name for la in drawing.layers if la.kind not in _NOT_LAST)))
    return _with_outputs(drawing, inputs, ends)


def _vector(drawing: Drawing, name: str) -> str:
    drawing.last = name
    if len(drawing.shape) == 3:
        flatten(drawing)
    return drawing.last


def _with_outputs(drawing: Drawing, inputs: tuple[Input, ...], ends: list[str]) -> LayerGraph:
    """The layers that lead to the ends; an end that holds flattened maps gets a linear layer."""
    of = {layer.name: layer for layer in drawing.layers}
    outputs: list[Output] = []
    for name in dict.fromkeys(ends):
        if _holds_flattened_maps(of, drawing.shapes, name):
            drawing.last = name
            linear(drawing)
            name = drawing.last
        shape = drawing.shapes[name]
        own = drawing.choose(None, *_other_shapes(shape))
        outputs.append(Output(name, f"y{len(outputs)}", None if own == shape else own))
    if len(outputs) == 1:
        own = outputs[0].shape
        rank = len(drawing.shapes[outputs[0].layer] if own is None else own)
        outputs = [replace(outputs[0], name="logits" if rank == 1 else "output")]
    needed = {output.layer for output in outputs}
    kept = []
    for layer in reversed(drawing.layers):
        if layer.name in needed:
            needed.update(layer.inputs)
            kept.append(layer)
    return LayerGraph(inputs, tuple(reversed(kept)), tuple(outputs))


def _holds_flattened_maps(of: dict[str, Layer], shapes: dict[str, Shape], name: str) -> bool:
    layer = of.get(name)
    if layer is None or layer.kind in ("FullyConnectedLayer", "ReshapeLayer"):
        return False
    return len(shapes[name]) == 1 and (
        layer.kind == "FlattenLayer"
        or any(_holds_flattened_maps(of, shapes, given) for given in layer.inputs)
    )


def _other_shapes(shape: Shape) -> list[Shape]:
    """Of a source whose elements are those of a layer's output."""
    if shape == (1,):
        return [()]
    if len(shape) == 1:
        return [(1, *shape)]  # maps made of features are a ReshapeLayer's
    channels, height, width = shape
    if (height, width) == (1, 1):
        return []  # MATLAB's flattened maps of one pixel are a layer
    return [(channels, height * width), (channels * height * width,), (1, *shape)]


often = settings(
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def batch_of(graph: LayerGraph, count: int = 2) -> TestBatch:
    """Noise for every input and output, for a file that must have a test batch."""
    random = np.random.RandomState(0)

    def noise(shape: Shape) -> np.ndarray:
        return random.standard_normal((count, *shape))

    outputs = [noise(shape) for shape in graph.output_shapes()]
    return TestBatch(
        np.empty((0, *graph.inputs[0].shape), np.uint8),
        tuple(noise(given.shape).astype(np.float32) for given in graph.inputs),
        np.empty(0, np.int64),
        tuple(values.astype(np.float32) for values in outputs),
        tuple(outputs),
    )


def no_batch(size: tuple[int, int, int] = SIZE) -> TestBatch:
    """One black image and no answers, for a file that must have a test batch."""
    numbers = np.zeros((1, CLASSES))
    images = np.zeros((1, *size))
    return TestBatch(
        images.astype(np.uint8),
        (images.astype(np.float32),),
        numbers[:, 0].astype(np.int64),
        (numbers.astype(np.float32),),
        (numbers,),
    )
