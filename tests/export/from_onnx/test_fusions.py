"""Chains of nodes are read as one layer."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import pytest
from foreign_onnx import CARD, N, foreign, run, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.compute import run_graph
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError


@pytest.mark.parametrize("forms", [("none", "none"), ("tanh", "none"), ("tanh", "tanh")])
def test_gelus_in_a_row_are_read_again(forms: tuple[str, str]) -> None:
    nodes = [
        N("Gelu", ["in put"], ["a"], approximate=forms[0]),
        N("Gelu", ["a"], ["y"], approximate=forms[1]),
    ]
    graph = read_onnx(foreign(nodes, {}, opset=20))
    again = read_onnx(onnx_from_graph(graph, CARD, 14).proto())
    assert [layer.hyper["Approximation"] for layer in again.layers] == list(forms)


def test_squares_of_squares_do_not_take_for_ever() -> None:
    names = ["in put", *(f"x{i}" for i in range(60)), "y"]
    nodes = [N("Mul", [x, x], [y]) for x, y in itertools.pairwise(names)]
    assert len(read_onnx(foreign(nodes, {})).layers) == 61


def layers_of(nodes: list[onnx.NodeProto], arrays: dict[str, np.ndarray]) -> list[str]:
    return [layer.kind for layer in read_onnx(foreign(nodes, arrays)).layers]


NUMBERS = {
    "root": np.float32(np.sqrt(2)),
    "half": np.float32(0.5),
    "one": np.float32(1),
    "two": np.float32(2),
}


def erf_gelu(**other: str) -> list[onnx.NodeProto]:
    """`x * (1 + Erf(x / root)) * half`, with other constants where they are named."""
    names = {name: name for name in NUMBERS} | other
    return [
        N("Div", ["in put", names["root"]], ["a"]),
        N("Erf", ["a"], ["b"]),
        N("Add", [names["one"], "b"], ["c"]),
        N("Mul", ["c", "in put"], ["d"]),
        N("Mul", [names["half"], "d"], ["y"]),
    ]


def test_a_gelu_by_erf_is_one_layer() -> None:
    assert layers_of(erf_gelu(), NUMBERS) == ["GELULayer"]


@pytest.mark.parametrize("other", [{"root": "two"}, {"half": "two"}, {"one": "two"}])
def test_a_chain_with_another_constant_is_no_gelu(other: dict[str, str]) -> None:
    with pytest.raises(UserError, match="Erf"):
        read_onnx(foreign(erf_gelu(**other), NUMBERS))


@pytest.mark.parametrize("inputs", [["in put", "s"], ["s", "in put"]])
def test_a_value_times_its_own_sigmoid_is_swish(inputs: list[str]) -> None:
    nodes = [N("Sigmoid", ["in put"], ["s"]), N("Mul", inputs, ["y"])]
    assert layers_of(nodes, {}) == ["SwishLayer"]


def test_a_value_times_another_ones_sigmoid_is_a_product() -> None:
    nodes = [
        N("Relu", ["in put"], ["r"]),
        N("Sigmoid", ["r"], ["s"]),
        N("Mul", ["in put", "s"], ["y"]),
    ]
    assert layers_of(nodes, {}) == ["ReLULayer", "SigmoidLayer", "MultiplicationLayer"]


@pytest.mark.parametrize(
    ("axes", "again", "read"), [([1], [1], True), ([1], [2], False), ([2], [1], False)]
)
def test_layer_norm_is_read_only_where_mean_and_variance_are_over_the_same_axes(
    axes: list[int], again: list[int], read: bool
) -> None:
    nodes = [
        N("ReduceMean", ["in put"], ["m"], axes=axes),
        N("Sub", ["in put", "m"], ["d"]),
        N("Mul", ["d", "d"], ["q"]),
        N("ReduceMean", ["q"], ["v"], axes=again),
        N("Add", ["v", "e"], ["t"]),
        N("Sqrt", ["t"], ["r"]),
        N("Div", ["d", "r"], ["y"]),
    ]
    arrays = {"e": np.float32(1e-5)}
    layers = layers_of(nodes, arrays)
    assert (layers == ["LayerNormalizationLayer"]) is read
    if not read:  # composed of what the nodes compute
        x = weights(2, 2, 6, 7)
        model = foreign(nodes, arrays)
        np.testing.assert_allclose(run_graph(read_onnx(model), x), run(model, x), atol=1e-5)


def elu(first: object, last: object) -> list[str]:
    nodes = [
        N("Mul", ["in put", "first"], ["a"]),
        N("Elu", ["a"], ["b"], alpha=0.75),
        N("Mul", ["last", "b"], ["y"]),
    ]
    return layers_of(nodes, {"first": np.float32(first), "last": np.float32(last)})


def test_elu_between_products_by_one_is_one_layer() -> None:
    assert elu(1, 1) == ["ELULayer"]


@pytest.mark.parametrize(("first", "last"), [(1, 2), (2, 1), (1, [1]), ([1], 1)])
def test_elu_between_other_products_keeps_them(first: object, last: object) -> None:
    """Parameters have axes, and stay layers also while they are 1."""
    assert elu(first, last) == ["ScalingLayer", "ELULayer", "ScalingLayer"]


def test_a_reciprocal_times_one_is_one_layer() -> None:
    nodes = [N("Reciprocal", ["in put"], ["a"]), N("Mul", ["a", "one"], ["y"])]
    assert layers_of(nodes, NUMBERS) == ["ElementwiseLayer"]


def softplus(beta: float, threshold: float, other: float | None = None) -> onnx.ModelProto:
    """As torch.onnx.export writes it; `other` in place of the second beta."""
    nodes = [
        N("Mul", ["in put", "beta"], ["s"]),
        N("Softplus", ["s"], ["p"]),
        N("Div", ["p", "other"], ["d"]),
        N("Greater", ["s", "threshold"], ["far"]),
        N("Where", ["far", "in put", "d"], ["y"]),
    ]
    numbers = {"beta": beta, "threshold": threshold, "other": beta if other is None else other}
    return foreign(nodes, {name: np.float32(value) for name, value in numbers.items()})


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        (softplus(1, 20), ["ElementwiseLayer"]),
        (softplus(2, 20), ["ScalingLayer", "ElementwiseLayer", "ScalingLayer"]),
    ],
)
def test_a_softplus_whose_threshold_has_no_effect_is_read_without_it(
    model: onnx.ModelProto, kinds: list[str]
) -> None:
    assert [layer.kind for layer in read_onnx(model).layers] == kinds
    x = 9 * weights(4, 2, 6, 7)
    np.testing.assert_allclose(run_graph(read_onnx(model), x), run(model, x), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("model", [softplus(1, 2), softplus(1, 20, 1.5), softplus(2, 10)])
def test_a_softplus_with_another_threshold_or_divisor_is_what_it_computes(
    model: onnx.ModelProto,
) -> None:
    graph, x = read_onnx(model), 9 * weights(4, 2, 6, 7)
    assert "sign" in [layer.hyper.get("Function") for layer in graph.layers]
    np.testing.assert_allclose(run_graph(graph, x), run(model, x), rtol=1e-6, atol=1e-7)


def bounded(operators: tuple[str, str], bounds: tuple[float, float]) -> onnx.ModelProto:
    """Two bounds, one after the other."""
    nodes = [N(operators[0], ["in put", "a"], ["t"]), N(operators[1], ["b", "t"], ["y"])]
    return foreign(nodes, {"a": np.float32(bounds[0]), "b": np.float32(bounds[1])})


@pytest.mark.parametrize(
    ("operators", "bounds"), [(("Max", "Min"), (-1.0, 0.5)), (("Min", "Max"), (0.5, -1.0))]
)
def test_bounds_one_after_the_other_are_read_as_a_clip(
    operators: tuple[str, str], bounds: tuple[float, float]
) -> None:
    model = bounded(operators, bounds)
    graph = read_onnx(model)
    x = weights(2, 2, 6, 7)
    np.testing.assert_array_equal(run_graph(graph, x).astype(np.float32), run(model, x))
    assert [la.hyper["Ceiling"] for la in graph.layers if la.kind == "ClippedReLULayer"] == [1, 0.5]


def test_bounds_that_cross_are_no_clip() -> None:
    model = bounded(("Max", "Min"), (0.5, -1.0))
    x = weights(2, 2, 6, 7)
    np.testing.assert_allclose(run_graph(read_onnx(model), x), run(model, x), atol=1e-6)
