"""Random networks of all kinds of layers, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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

    @property
    def last(self) -> str:
        return self.layers[-1].name if self.layers else "image"

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


def window(drawing: Drawing) -> dict[str, Hyper]:
    return {
        "Stride": (drawing.number(1, 2), drawing.number(1, 2)),
        "Padding": tuple(drawing.number(1, 2) for _ in range(4)),
        "DilationFactor": (drawing.number(1, 2), drawing.number(1, 2)),
    }


@step("Convolution2DLayer", maps=True)
def convolution(drawing: Drawing) -> None:
    kernels = drawing.array(4, drawing.shape[0], drawing.number(1, 2), drawing.number(1, 2))
    arrays = {"Weights": kernels, "Bias": drawing.array(4)}
    drawing.add("Convolution2DLayer", window(drawing), arrays)


@step("GroupedConvolution2DLayer", maps=True)
def grouped_convolution(drawing: Drawing) -> None:
    channels = drawing.shape[0]
    groups = drawing.choose(*(g for g in (2, 4, 8) if channels % g == 0))
    kernels = drawing.array(2 * groups, channels // groups, drawing.number(1, 2), 2)
    arrays = {"Weights": kernels, "Bias": drawing.array(2 * groups)}
    hyper = {**window(drawing), "NumGroups": float(groups)}
    drawing.add("GroupedConvolution2DLayer", hyper, arrays)


@step("TransposedConvolution2DLayer", maps=True)
def transposed_convolution(drawing: Drawing) -> None:
    kernels = drawing.array(drawing.shape[0], 4, drawing.number(2, 3), drawing.number(2, 3))
    hyper = {
        "Stride": (drawing.number(1, 2), drawing.number(1, 2)),
        "Cropping": (0, drawing.number(0, 1), drawing.number(0, 1), 0),
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


@step("ScalingLayer")
def scaling(drawing: Drawing) -> None:
    """By one number, by one a channel, by one an element."""
    shape = drawing.shape
    shapes = [(1,), shape[:1], *([shape] if np.prod(shape[1:]) > 1 else [])]
    arrays = {key: drawing.array(*drawing.choose(*shapes)) for key in ("Scale", "Offset")}
    drawing.add("ScalingLayer", {}, arrays)


def pooling(drawing: Drawing) -> dict[str, Hyper]:
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


@step("FlattenLayer", maps=True)
def flatten(drawing: Drawing) -> None:
    drawing.add("FlattenLayer", {}, {})


@step("FullyConnectedLayer")
def linear(drawing: Drawing) -> None:
    if len(drawing.shape) == 3:
        flatten(drawing)
    arrays = {"Weights": drawing.array(5, *drawing.shape), "Bias": drawing.array(5)}
    drawing.add("FullyConnectedLayer", {}, arrays)


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
    if before is not None and before.kind == "SigmoidLayer":
        fits.remove(before.inputs[0])  # x * sigmoid(x) comes back as a SwishLayer
    drawing.add("MultiplicationLayer", {}, {}, drawing.choose(*fits))


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
_plain("DropoutLayer", "Probability")
_plain("GlobalAveragePooling2DLayer", maps=True)
_plain("GlobalMaxPooling2DLayer", maps=True)


def drawn(data: st.DataObject, first: str = "") -> LayerGraph:
    """A classifier; of the kinds, `first` is certain to be in it."""
    drawing = Drawing(data)
    if first:
        STEPS[first](drawing)
    for _ in range(data.draw(st.integers(0, 6))):
        size = int(np.prod(drawing.shape))
        few = [k for k in STEPS if len(drawing.shape) == 3 or k not in MAPS_ONLY]
        few = [k for k in few if "Grouped" not in k or drawing.shape[0] % 2 == 0]
        if len(drawing.shape) == 3:
            few = [k for k in few if "Pooling2D" not in k or min(drawing.shape[1:]) > 2]
            few = [k for k in few if "onvolution" not in k or size < 2000]
        STEPS[drawing.choose(*few)](drawing)
    linear(drawing)
    weights = drawing.array(CLASSES, 5)
    drawing.add("FullyConnectedLayer", {}, {"Weights": weights, "Bias": drawing.array(CLASSES)})
    return LayerGraph((Input("image", SIZE),), tuple(drawing.layers), (Output(drawing.last),))


often = settings(
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
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
