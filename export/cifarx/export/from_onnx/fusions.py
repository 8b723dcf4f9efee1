"""Recognise chains of nodes that exporters write for one operator, and fuse each into one node.

Each function follows the inputs back from the last node of a chain, and returns one node that
replaces the chain, with an operator that `operators` reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

_CLOSE = 1e-4  # relative; exporters round constants such as sqrt(2) differently
_DEPTH = 5  # of nested products; chains here have no more, and each square doubles the factors


@dataclass(frozen=True)
class Wiring:
    """The node that computes each value, and the constants."""

    producers: Mapping[str, onnx.NodeProto]
    constants: Mapping[str, NDArray[Any]]

    def made_by(self, name: str, *operators: str) -> onnx.NodeProto | None:
        """The node that computes a value, if it is one of these operators."""
        node = self.producers.get(name)
        known = node is not None and node.domain == "" and node.op_type in operators
        return node if known else None

    def number(self, name: str) -> float | None:
        """The value of a constant with one element, be it cast to the type of another value."""
        cast = self.made_by(name, "CastLike")
        value = self.constants.get(cast.input[0] if cast else name)
        return None if value is None or value.size != 1 else float(value.reshape(()))

    def is_number(self, name: str, wanted: float) -> bool:
        """Whether a value is this constant, up to rounding."""
        value = self.number(name)
        return value is not None and math.isclose(value, wanted, rel_tol=_CLOSE)

    def with_number(self, node: onnx.NodeProto) -> tuple[str, float] | None:
        """The other input and the number of a product, sum or quotient with a number."""
        first, second = node.input
        if (value := self.number(second)) is not None:
            return first, value
        if node.op_type != "Div" and (value := self.number(first)) is not None:
            return second, value
        return None

    def factors(self, name: str, leaf: str, depth: int = _DEPTH) -> tuple[float, list[str]]:
        """A value as a number times computed values; products are expanded, except `leaf`."""
        node = self.made_by(name, "Mul", "Div") if name != leaf and depth else None
        if node is None:
            return 1.0, [name]
        pair = self.with_number(node)
        if pair is not None:
            number, names = self.factors(pair[0], leaf, depth - 1)
            return (number / pair[1] if node.op_type == "Div" else number * pair[1]), names
        if node.op_type == "Div":
            return 1.0, [name]
        (a, left), (b, right) = (self.factors(given, leaf, depth - 1) for given in node.input)
        return a * b, left + right


Fusion = Callable[[Wiring, onnx.NodeProto], onnx.NodeProto | None]


def fused(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """The chain that a node ends, as one node with its name and output; None if there is none."""
    if node.domain == "":
        for fusion, _ in FUSIONS.get(node.op_type, ()):
            one = fusion(wiring, node)
            if one is not None:
                one.name = node.name
                one.output.append(node.output[0])
                one.metadata_props.extend(node.metadata_props)
                return one
    return None


def _swish(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`x * Sigmoid(x)`."""
    for x, other in (node.input, reversed(node.input)):
        sigmoid = wiring.made_by(other, "Sigmoid")
        if sigmoid is not None and sigmoid.input[0] == x:
            return helper.make_node("Swish", [x], [])
    return None


def _exact_gelu(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`0.5 * x * (1 + Erf(x / sqrt(2)))`, in any order."""
    for bracket, inside in _one_plus(wiring, node, "Erf"):
        scaled = wiring.made_by(inside, "Div", "Mul")
        pair = wiring.with_number(scaled) if scaled else None
        if scaled is None or pair is None:
            continue
        factor = 1 / pair[1] if scaled.op_type == "Div" else pair[1]
        if math.isclose(factor, math.sqrt(0.5), rel_tol=_CLOSE):
            one = _gelu(wiring, node, pair[0], bracket, "none")
            if one is not None:
                return one
    return None


def _tanh_gelu(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`0.5 * x * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`, in any order."""
    for bracket, inside in _one_plus(wiring, node, "Tanh"):
        number, names = wiring.factors(inside, "")
        total = wiring.made_by(names[0], "Add") if len(names) == 1 else None
        if total is None or not math.isclose(number, math.sqrt(2 / math.pi), rel_tol=_CLOSE):
            continue
        for x, cubic in (total.input, reversed(total.input)):
            if _is_cubic(wiring, cubic, x):
                one = _gelu(wiring, node, x, bracket, "tanh")
                if one is not None:
                    return one
    return None


def _is_cubic(wiring: Wiring, name: str, x: str) -> bool:
    """Whether a value is `0.044715 * x**3`."""
    number, names = wiring.factors(name, x)
    power = wiring.made_by(names[0], "Pow") if len(names) == 1 else None
    cube = power is not None and power.input[0] == x and wiring.is_number(power.input[1], 3)
    return math.isclose(number, 0.044715, rel_tol=_CLOSE) and (cube or names == [x, x, x])


def _one_plus(wiring: Wiring, node: onnx.NodeProto, operator: str) -> Iterator[tuple[str, str]]:
    """Each factor `1 + operator(z)` of a product, as its name and the name of z.

    There are several if x is itself such a product.
    """
    for name in wiring.factors(node.output[0], "")[1]:
        total = wiring.made_by(name, "Add")
        pair = wiring.with_number(total) if total else None
        if pair is not None and pair[1] == 1:
            inner = wiring.made_by(pair[0], operator)
            if inner is not None:
                yield name, inner.input[0]


def _gelu(
    wiring: Wiring, node: onnx.NodeProto, x: str, bracket: str, form: str
) -> onnx.NodeProto | None:
    number, names = wiring.factors(node.output[0], x)
    if sorted(names) != sorted([x, bracket]) or not math.isclose(number, 0.5, rel_tol=_CLOSE):
        return None
    return helper.make_node("Gelu", [x], [], approximate=form)


def _elu(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`1 * Elu(1 * x)`, as torch.onnx.export writes ELU."""
    elu = _once(wiring, node, "Elu")
    inner = wiring.made_by(elu.input[0], "Mul") if elu else None
    given = _times_one(wiring, inner) if inner else None
    if elu is None or given is None:
        return None
    one = helper.make_node("Elu", [given], [])
    one.attribute.extend(elu.attribute)
    return one


def _once(wiring: Wiring, node: onnx.NodeProto, operator: str) -> onnx.NodeProto | None:
    """The node of an operator whose result this product leaves as it is."""
    name = _times_one(wiring, node)
    return None if name is None else wiring.made_by(name, operator)


def _times_one(wiring: Wiring, node: onnx.NodeProto) -> str | None:
    """The value x of `x * 1`, where 1 is a scalar, as exporters write numbers."""
    first, second = node.input
    for x, number in ((first, second), (second, first)):
        constant = wiring.constants.get(number)
        if constant is not None and constant.shape == () and float(constant) == 1:
            return str(x)
    return None


def _reciprocal(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`1 * Reciprocal(x)`, as torch.onnx.export writes 1 / x."""
    inverse = _once(wiring, node, "Reciprocal")
    return helper.make_node("Reciprocal", [inverse.input[0]], []) if inverse else None


def _softplus(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`Where(s > threshold, x, Softplus(s) / beta)`, s = beta * x; the threshold has no effect."""
    condition, x, smooth = node.input
    greater = wiring.made_by(condition, "Greater")
    beta, names = wiring.factors(greater.input[0], x) if greater else (0.0, [])
    threshold = wiring.number(greater.input[1]) if greater else None
    if names != [x] or threshold is None or beta <= 0:
        return None
    # log(1 + exp(s)) is then s to within 2^-30 of it, which verify does not tell apart
    if threshold <= 0 or math.exp(-threshold) > 2**-30 * threshold:
        return None
    number, soft = wiring.factors(smooth, "")
    softplus = wiring.made_by(soft[0], "Softplus") if len(soft) == 1 else None
    inside, given = wiring.factors(softplus.input[0], x) if softplus else (0.0, [])
    if given != [x] or inside != beta or not math.isclose(number * beta, 1, rel_tol=_CLOSE):
        return None
    return helper.make_node("Softplus", [x], [], domain="cifarx", beta=beta)


def _log_sigmoid(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`Log(Sigmoid(x))`."""
    sigmoid = wiring.made_by(node.input[0], "Sigmoid")
    if sigmoid is None:
        return None
    return helper.make_node("LogSigmoid", [sigmoid.input[0]], [], domain="cifarx")


def _layer_normalization(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`(x - mean) / sqrt(variance + epsilon)`; scale and offset are read as usual."""
    centred = wiring.made_by(node.input[0], "Sub")
    root = wiring.made_by(node.input[1], "Sqrt")
    total = wiring.made_by(root.input[0], "Add") if root else None
    pair = wiring.with_number(total) if total else None
    if centred is None or pair is None:
        return None
    variance = wiring.made_by(pair[0], "ReduceMean")
    axes = _centred_over(wiring, centred)
    if variance is None or axes is None or _axes(wiring, variance) != axes:
        return None
    square = wiring.made_by(variance.input[0], "Pow", "Mul")
    if square is None:
        return None
    power = square.op_type == "Pow" and wiring.is_number(square.input[1], 2)
    if not power and square.input[0] != square.input[1]:
        return None
    again = wiring.made_by(square.input[0], "Sub")
    if again is None or again.input[0] != centred.input[0] or _centred_over(wiring, again) != axes:
        return None
    return helper.make_node(
        "LayerNormalization", [centred.input[0]], [], axes=axes, epsilon=pair[1]
    )


def _centred_over(wiring: Wiring, node: onnx.NodeProto) -> list[int] | None:
    """Axes of the mean in `x - ReduceMean(x)`."""
    mean = wiring.made_by(node.input[1], "ReduceMean")
    return _axes(wiring, mean) if mean and mean.input[0] == node.input[0] else None


def _axes(wiring: Wiring, mean: onnx.NodeProto) -> list[int] | None:
    """Axes of a ReduceMean that keeps them, counted from the last as -1."""
    attributes = {a.name: helper.get_attribute_value(a) for a in mean.attribute}
    given = attributes.get("axes")
    if len(mean.input) > 1:
        constant = wiring.constants.get(mean.input[1])
        given = None if constant is None else np.asarray(constant).tolist()
    if not given or not attributes.get("keepdims", 1):
        return None
    return [int(a) for a in given]


def _clip(wiring: Wiring, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """`Min(Max(x, low), high)` or `Max(Min(x, high), low)`, as float64 is clipped."""
    inner = "Max" if node.op_type == "Min" else "Min"
    outer = _with_bound(wiring, node)
    within = wiring.made_by(outer[0], inner) if outer else None
    limited = _with_bound(wiring, within) if within else None
    if outer is None or limited is None:
        return None
    low, high = (limited[1], outer[1]) if inner == "Max" else (outer[1], limited[1])
    ends = [wiring.number(low), wiring.number(high)]
    if None in ends or ends[0] > ends[1]:  # type: ignore[operator]
        return None
    return helper.make_node("Clip", [limited[0], low, high], [])


def _with_bound(wiring: Wiring, node: onnx.NodeProto) -> tuple[str, str] | None:
    """The computed input and the constant number of a Max or Min of these two."""
    if len(node.input) != 2:
        return None
    first, second = node.input
    for value, bound in ((first, second), (second, first)):
        if value not in wiring.constants and wiring.number(bound) is not None:
            return value, bound
    return None


FUSIONS: dict[str, list[tuple[Fusion, str]]] = {
    "Mul": [
        (_swish, "SwishLayer"),
        (_exact_gelu, "GELULayer"),
        (_tanh_gelu, "GELULayer"),
        (_elu, "ELULayer"),
        (_reciprocal, "ElementwiseLayer"),
    ],
    "Div": [(_layer_normalization, "LayerNormalizationLayer")],
    "Max": [(_clip, "as Clip")],
    "Min": [(_clip, "as Clip")],
    "Log": [(_log_sigmoid, "ElementwiseLayer between two ScalingLayers")],
    "Where": [(_softplus, "ElementwiseLayer, between two ScalingLayers where beta is not 1")],
}
"""By the operator of the last node: functions that look for a chain, and the layer it becomes."""
