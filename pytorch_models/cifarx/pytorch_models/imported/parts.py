"""What each layer kind is in PyTorch: a submodule, and an expression of forward.

Both the module that cifarx builds and the source that it writes come from here, so a kind is one
function. The expression is given twice, as text and as a function; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn

from cifarx.pytorch_models.errors import GraphError
from cifarx.pytorch_models.imported.modules import CLASSES
from cifarx.pytorch_models.imported.plan import LayerPlan, Shape

Run = Callable[[Callable[..., Tensor], Sequence[Tensor]], Tensor]
"""Called with the submodule and the inputs."""


@dataclass(frozen=True)
class Call:
    """The construction of a submodule."""

    name: str
    """'nn.Conv2d', or a class of `modules`."""
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def made(self) -> nn.Module:
        """The submodule."""
        maker = getattr(nn, self.name[3:]) if self.name.startswith("nn.") else CLASSES[self.name]
        made: nn.Module = maker(*self.args, **self.kwargs)
        return made

    def __str__(self) -> str:
        words = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in self.kwargs.items())]
        return f"{self.name}({', '.join(words)})"


@dataclass(frozen=True)
class LayerPart:
    """One layer in PyTorch."""

    text: str
    """Of forward: {m} is the submodule, {0}, {1} the inputs, {all} all of them."""
    run: Run
    call: Call | None = None
    state: Mapping[str, str] = field(default_factory=dict)
    """By the layer's array, the submodule's parameter or buffer."""


_PLAIN: Run = lambda m, x: m(x[0])  # noqa: E731
_AFFINE = {"Scale": "weight", "Offset": "bias"}
_SUMS = {"Weights": "weight", "Bias": "bias"}


def part_of(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    """The layer in PyTorch.

    Args:
        layer: of any kind.
        inputs: shapes of its inputs, without the batch.

    Raises:
        GraphError: the kind is unknown, or an option is of another type.
        LookupError, ValueError: options or arrays are missing or do not fit.
    """
    if layer.kind not in PARTS:
        raise GraphError("the kind is unknown")
    return PARTS[layer.kind](layer, inputs)


def _called(call: Call, state: Mapping[str, str] | None = None) -> LayerPart:
    return LayerPart("{m}({0})", _PLAIN, call, state or {})


def _module(name: str, *args: Any, **kwargs: Any) -> Callable[..., LayerPart]:
    return lambda layer, inputs: _called(Call(name, args, kwargs))


def _whole(layer: LayerPlan, key: str) -> tuple[int, ...]:
    value = layer.options[key]
    if not isinstance(value, tuple):
        raise GraphError(f"{key} is {value!r}, expected whole numbers")
    return tuple(int(n) for n in value)


def _number(layer: LayerPlan, key: str) -> float:
    value = layer.options[key]
    if not isinstance(value, float | int):
        raise GraphError(f"{key} is {value!r}, expected a number")
    return float(value)


def _short(pair: tuple[int, ...]) -> int | tuple[int, ...]:
    return pair[0] if len(set(pair)) == 1 else pair


def _padded(part: LayerPart, sides: tuple[int, ...], value: float = 0.0) -> LayerPart:
    """The part behind a padding that the submodule itself cannot do."""
    top, bottom, left, right = sides
    ends = (left, right, top, bottom)
    fill = "" if value == 0 else f", value={value!r}"
    if value == float("-inf"):
        fill = ', value=float("-inf")'
    text = part.text.replace("{0}", f"F.pad({{0}}, {ends}{fill})")
    run = part.run
    return LayerPart(
        text,
        lambda m, x: run(m, [F.pad(x[0], ends, value=value), *x[1:]]),
        part.call,
        part.state,
    )


def _even(sides: tuple[int, ...]) -> bool:
    return sides[0] == sides[1] and sides[2] == sides[3]


def _convolution(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    filters, _, *window = layer.arrays["Weights"]
    sides = _whole(layer, "Padding")
    options: dict[str, Any] = {}
    if set(stride := _whole(layer, "Stride")) != {1}:
        options["stride"] = _short(stride)
    if _even(sides) and any(sides):
        options["padding"] = _short((sides[0], sides[2]))
    if set(dilation := _whole(layer, "DilationFactor")) != {1}:
        options["dilation"] = _short(dilation)
    if "NumGroups" in layer.options:
        options["groups"] = int(_number(layer, "NumGroups"))
    call = Call("nn.Conv2d", (inputs[0][0], filters, _short(tuple(window))), options)
    part = _called(call, _SUMS)
    return part if _even(sides) else _padded(part, sides)


def _transposed(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    channels, filters, *window = layer.arrays["Weights"]
    cropping = _whole(layer, "Cropping")
    top, left = cropping[0], cropping[2]
    stride = _whole(layer, "Stride")
    options: dict[str, Any] = {"stride": _short(stride)}
    if _even(cropping):
        if any(cropping):
            options["padding"] = _short((top, left))
        return _called(
            Call("nn.ConvTranspose2d", (channels, filters, _short(tuple(window))), options), _SUMS
        )
    call = Call("nn.ConvTranspose2d", (channels, filters, _short(tuple(window))), options)
    _, height, width = layer.shape
    rows, columns = slice(top, top + height), slice(left, left + width)
    return LayerPart(
        f"{{m}}({{0}})[:, :, {top}:{top + height}, {left}:{left + width}]",
        lambda m, x: m(x[0])[:, :, rows, columns],
        call,
        _SUMS,
    )


def _linear(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    outputs, given = layer.arrays["Weights"]
    return _called(Call("nn.Linear", (given, outputs)), _SUMS)


def _batch_norm(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    name = "nn.BatchNorm2d" if len(inputs[0]) == 3 else "nn.BatchNorm1d"
    state = {**_AFFINE, "TrainedMean": "running_mean", "TrainedVariance": "running_var"}
    return _called(Call(name, (inputs[0][0],), {"eps": _number(layer, "Epsilon")}), state)


def _layer_norm(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    name = "ChannelNorm" if len(inputs[0]) == 3 else "nn.LayerNorm"
    return _called(Call(name, (inputs[0][0],), {"eps": _number(layer, "Epsilon")}), _AFFINE)


def _group_norm(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    channels = inputs[0][0]
    groups = int(_number(layer, "NumGroups")) if "NumGroups" in layer.options else channels
    call = Call("nn.GroupNorm", (groups, channels), {"eps": _number(layer, "Epsilon")})
    return _called(call, _AFFINE)


def _cross_channel(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    options = {"alpha": _number(layer, "Alpha"), "beta": _number(layer, "Beta")}
    size = int(_number(layer, "WindowChannelSize"))
    return _called(Call("nn.LocalResponseNorm", (size,), {**options, "k": _number(layer, "K")}))


def _scaling(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    channels = inputs[0][0]

    def size(key: str) -> tuple[int, ...]:
        given = layer.arrays[key]
        beside_maps = given == (channels,) and len(inputs[0]) == 3
        return (channels, 1, 1) if beside_maps else given

    state = {"Scale": "scale", "Offset": "offset"}
    return _called(Call("Scaling", (size("Scale"), size("Offset"))), state)


def _prelu(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    return _called(Call("nn.PReLU", (inputs[0][0],)), {"Alpha": "weight"})


def _max_pool(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    window, stride, sides = (_whole(layer, key) for key in ("PoolSize", "Stride", "Padding"))
    options: dict[str, Any] = {"stride": _short(stride)}
    fits = _even(sides) and 2 * sides[0] <= window[0] and 2 * sides[2] <= window[1]
    if fits and any(sides):
        options["padding"] = _short((sides[0], sides[2]))
    part = _called(Call("nn.MaxPool2d", (_short(window),), options))
    return part if fits else _padded(part, sides, float("-inf"))


def _average_pool(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    window, stride, sides = (_whole(layer, key) for key in ("PoolSize", "Stride", "Padding"))
    mean = layer.options["PaddingValue"] == "mean"
    options: dict[str, Any] = {"stride": _short(stride)}
    fits = _even(sides) and 2 * sides[0] <= window[0] and 2 * sides[2] <= window[1]
    if fits and any(sides):
        options["padding"] = _short((sides[0], sides[2]))
        if mean:
            options["count_include_pad"] = False
    part = _called(Call("nn.AvgPool2d", (_short(window),), options))
    if fits:
        return part
    if not mean:
        return _padded(part, sides)
    top, bottom, left, right = sides
    ends = (left, right, top, bottom)
    text = f"{{m}}(F.pad({{0}}, {ends})) / {{m}}(F.pad(torch.ones_like({{0}}[:1, :1]), {ends}))"
    return LayerPart(
        text,
        lambda m, x: m(F.pad(x[0], ends)) / m(F.pad(torch.ones_like(x[0][:1, :1]), ends)),
        part.call,
    )


def _clipped(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    return _called(Call("nn.Hardtanh", (0.0, _number(layer, "Ceiling"))))


def _gelu(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    return _called(Call("nn.GELU", (), {"approximate": str(layer.options["Approximation"])}))


def _with(name: str, key: str) -> Callable[..., LayerPart]:
    return lambda layer, inputs: _called(Call(name, (_number(layer, key),)))


def _reshape(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    shape = layer.shape
    sizes = ", ".join(map(str, shape))
    return LayerPart(f"{{0}}.reshape(-1, {sizes})", lambda m, x: x[0].reshape(-1, *shape))


def _resize(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    scales = layer.options["Scale"]
    assert isinstance(scales, tuple)
    words = ("Method", "GeometricTransformMode", "NearestRoundingMode")
    size, scale = _whole(layer, "OutputSize"), tuple(float(n) for n in scales)
    return _called(Call("Resize2d", (size, scale, *(str(layer.options[key]) for key in words))))


def _concatenation(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    dim = int(_number(layer, "Dim")) if "Dim" in layer.options else 3
    axis = {1: 2, 2: 3, 3: 1}[dim] if len(inputs[0]) == 3 else 1
    return LayerPart(f"torch.cat([{{all}}], {axis})", lambda m, x: torch.cat(list(x), axis))


def _elementwise(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    word = str(layer.options["Function"])
    if word == "softplus":
        text = "{0}.clamp(min=0) + torch.log1p(torch.exp(-{0}.abs()))"
        return LayerPart(text, lambda m, x: x[0].clamp(min=0) + torch.log1p(torch.exp(-x[0].abs())))
    function = _FUNCTIONS.get(word)
    if function is None:
        raise GraphError(f"the Function {word!r} is unknown")
    return LayerPart(f"torch.{word}({{0}})", lambda m, x: function(x[0]))


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    word: getattr(torch, word)
    for word in ("abs", "ceil", "cos", "exp", "floor", "log", "reciprocal", "sign", "sin", "sqrt")
}
_OF_TWO: dict[str, Callable[..., Tensor]] = {
    "divide": torch.div,
    "max": torch.maximum,
    "min": torch.minimum,
}


def _of_two(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    word = str(layer.options["Function"])
    function = _OF_TWO.get(word)
    if function is None:
        raise GraphError(f"the Function {word!r} is unknown")
    return LayerPart(f"torch.{function.__name__}({{0}}, {{1}})", lambda m, x: function(x[0], x[1]))


def _power(layer: LayerPlan, inputs: Sequence[Shape]) -> LayerPart:
    size = layer.arrays["Exponent"]
    beside_maps = size == inputs[0][:1] and len(inputs[0]) == 3
    sizes = (*size, 1, 1) if beside_maps else size
    return _called(Call("Power", (sizes,)), {"Exponent": "exponent"})


PARTS: dict[str, Callable[[LayerPlan, Sequence[Shape]], LayerPart]] = {
    "Convolution2DLayer": _convolution,
    "GroupedConvolution2DLayer": _convolution,
    "TransposedConvolution2DLayer": _transposed,
    "BatchNormalizationLayer": _batch_norm,
    "LayerNormalizationLayer": _layer_norm,
    "GroupNormalizationLayer": _group_norm,
    "InstanceNormalizationLayer": _group_norm,
    "CrossChannelNormalizationLayer": _cross_channel,
    "ReLULayer": _module("nn.ReLU"),
    "LeakyReLULayer": _with("nn.LeakyReLU", "Scale"),
    "ClippedReLULayer": _clipped,
    "PReLULayer": _prelu,
    "ELULayer": _with("nn.ELU", "Alpha"),
    "GELULayer": _gelu,
    "SwishLayer": _module("nn.SiLU"),
    "SigmoidLayer": _module("nn.Sigmoid"),
    "TanhLayer": _module("nn.Tanh"),
    "SoftmaxLayer": _module("nn.Softmax", dim=1),
    "LogSoftmaxLayer": _module("nn.LogSoftmax", dim=1),
    "ElementwiseLayer": _elementwise,
    "PowerLayer": _power,
    "ScalingLayer": _scaling,
    "MaxPooling2DLayer": _max_pool,
    "AveragePooling2DLayer": _average_pool,
    "GlobalAveragePooling2DLayer": _module("nn.AdaptiveAvgPool2d", 1),
    "GlobalMaxPooling2DLayer": _module("nn.AdaptiveMaxPool2d", 1),
    "DropoutLayer": _with("nn.Dropout", "Probability"),
    "FlattenLayer": _module("nn.Flatten"),
    "ReshapeLayer": _reshape,
    "Resize2DLayer": _resize,
    "FullyConnectedLayer": _linear,
    "AdditionLayer": lambda layer, inputs: LayerPart("{0} + {1}", lambda m, x: x[0] + x[1]),
    "MultiplicationLayer": lambda layer, inputs: LayerPart("{0} * {1}", lambda m, x: x[0] * x[1]),
    "BinaryElementwiseLayer": _of_two,
    "DepthConcatenationLayer": _concatenation,
    "ConcatenationLayer": _concatenation,
}
