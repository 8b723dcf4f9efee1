"""Functions, powers, quotients, extremes and norms; ONNX Runtime is the independent reference."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign_onnx import CARD, N, foreign, run, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.compute import run_graph
from cifarx.export.network.graph import LayerGraph
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

X = weights(3, 2, 6, 7)
MAPS = [N("Flatten", ["h"], ["f"]), N("Gemm", ["f", "w"], ["y"], transB=1)]


def compared(model: onnx.ModelProto, x: np.ndarray = X) -> LayerGraph:
    """The graph; it and the file that is written of it give what the model gives."""
    graph = read_onnx(model)
    expected = run(model, x)
    np.testing.assert_allclose(run_graph(graph, x), expected, rtol=2e-5, atol=2e-6)
    ours = onnx_from_graph(graph, CARD).proto()
    np.testing.assert_allclose(run(ours, x), expected, rtol=2e-5, atol=2e-6)
    again = read_onnx(ours)
    assert [(la.kind, la.inputs, la.hyper) for la in again.layers] == [
        (la.kind, la.inputs, la.hyper) for la in graph.layers
    ]
    return graph


def of_maps(*nodes: onnx.NodeProto, size: int = 84, **constants: object) -> onnx.ModelProto:
    """A network of nodes that read 'in put' and 'pos', which is above 0, and give the maps 'h'."""
    arrays = {key: np.array(value, np.float32) for key, value in constants.items()}
    arrays |= {"half": np.array(0.5, np.float32), "w": weights(4, size)}
    first = [N("Sigmoid", ["in put"], ["s"]), N("Add", ["s", "half"], ["pos"])]
    return foreign([*first, *nodes, *MAPS], arrays)


def words(graph: LayerGraph) -> list[str]:
    return [str(la.hyper.get("Function", la.kind)) for la in graph.layers]


@pytest.mark.parametrize(
    ("operator", "function"),
    [("Abs", "abs"), ("Ceil", "ceil"), ("Cos", "cos"), ("Exp", "exp"), ("Floor", "floor"),
     ("Log", "log"), ("Reciprocal", "reciprocal"), ("Sign", "sign"), ("Sin", "sin"),
     ("Softplus", "softplus"), ("Sqrt", "sqrt")],
)  # fmt: skip
def test_functions_of_one_element(operator: str, function: str) -> None:
    x = "pos" if function in ("log", "reciprocal", "sqrt") else "in put"
    assert function in words(compared(of_maps(N(operator, [x], ["h"]))))


@pytest.mark.parametrize(
    ("exponent", "kinds"),
    [
        (2.0, ["MultiplicationLayer"]),
        (3.0, ["MultiplicationLayer"] * 2),
        (0.5, ["sqrt"]),
        (-1.0, ["reciprocal"]),
        (1.5, ["PowerLayer"]),
        ([2.0], ["PowerLayer"]),
        (np.reshape([2.0, 0.7], (2, 1, 1)), ["PowerLayer"]),
    ],
)
def test_powers_with_constant_exponents(exponent: object, kinds: list[str]) -> None:
    graph = compared(of_maps(N("Pow", ["pos", "e"], ["h"]), e=exponent))
    assert words(graph)[2 : 2 + len(kinds)] == kinds


def test_an_exponent_that_is_computed_is_refused() -> None:
    with pytest.raises(UserError, match="an exponent that is computed from the image"):
        read_onnx(of_maps(N("Pow", ["pos", "in put"], ["h"])))


@pytest.mark.parametrize("operator", ["Div", "Max", "Min"])
@pytest.mark.parametrize("turned", [False, True])
def test_functions_of_two_values_with_broadcasting(operator: str, turned: bool) -> None:
    for pooling in ("Identity", "GlobalAveragePool"):
        given = ["in put", "small"] if not turned else ["small", "in put"]
        if operator == "Div":
            given = ["in put", "small"] if not turned else ["in put", "pos"]
        nodes = [N(pooling, ["pos"], ["small"]), N(operator, given, ["h"])]
        graph = compared(of_maps(*nodes))
        assert {"Div": "divide", "Max": "max", "Min": "min"}[operator] in words(graph)


def test_extremes_of_several_values_and_numbers() -> None:
    nodes = [N("Neg", ["in put"], ["n"]), N("Max", ["in put", "c", "n", "pos"], ["h"])]
    assert words(compared(of_maps(*nodes, c=0.8))).count("max") == 2


def test_bounds_that_are_computed() -> None:
    nodes = [
        N("GlobalAveragePool", ["pos"], ["high"]),
        N("Neg", ["high"], ["low"]),
        N("Max", ["in put", "low"], ["m"]),
        N("Min", ["m", "high"], ["h"]),
    ]
    assert words(compared(of_maps(*nodes)))[4:6] == ["max", "min"]


def test_a_constant_over_a_value() -> None:
    assert words(compared(of_maps(N("Div", ["c", "pos"], ["h"]), c=1.0)))[2] == "reciprocal"
    found = words(compared(of_maps(N("Div", ["c", "pos"], ["h"]), c=3.0)))
    assert found[2:4] == ["reciprocal", "ScalingLayer"]


def test_an_expanded_divisor_is_divided_by_as_it_is() -> None:
    """As F.normalize is exported; the norm is not repeated by a layer of its own."""
    shape = np.array([1, 2, 1, 1], np.int64)
    nodes = [
        N("ReduceL2", ["in put"], ["n"], axes=[1], keepdims=1),
        N("Expand", ["n", "shape"], ["wide"]),
        N("Div", ["in put", "wide"], ["h"]),
    ]
    model = of_maps(*nodes)
    model.graph.initializer.append(onnx.numpy_helper.from_array(shape, "shape"))
    kinds = [la.kind for la in compared(model).layers]
    assert "TransposedConvolution2DLayer" not in kinds
    assert kinds[-3] == "BinaryElementwiseLayer"


@pytest.mark.parametrize("axes", [[1], [2, 3], [1, 2, 3], [-3]])
@pytest.mark.parametrize(
    "operator", ["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"]
)
def test_norms_and_sums_of_functions(operator: str, axes: list[int]) -> None:
    given = "pos" if operator == "ReduceLogSum" else "in put"
    nodes = [
        N(operator, [given], ["n"], axes=axes, keepdims=1),
        N("Div", ["in put", "n"], ["h"]),
    ]
    if operator == "ReduceLogSumExp" and axes not in ([1], [-3]):
        with pytest.raises(UserError, match="other than channels or features"):
            read_onnx(of_maps(*nodes))
    else:
        compared(of_maps(*nodes))


@pytest.mark.parametrize("operator", ["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"])
@pytest.mark.parametrize("keep", [0, 1])
def test_norms_of_features(operator: str, keep: int) -> None:
    nodes = [N("Flatten", ["in put"], ["f"]), N(operator, ["f"], ["n"], axes=[1], keepdims=keep)]
    ends = [N("Div", ["f", "n"], ["q"]), N("Gemm", ["q", "w"], ["y"], transB=1)]
    if not keep:
        nodes.append(N("Unsqueeze", ["n", "one"], ["n1"]))
        ends[0] = N("Div", ["f", "n1"], ["q"])
    compared(foreign([*nodes, *ends], {"w": weights(4, 84), "one": np.array([1], np.int64)}))


def test_norms_of_channels_last() -> None:
    nodes = [
        N("Transpose", ["in put"], ["t"], perm=[0, 2, 3, 1]),
        N("ReduceL2", ["t"], ["n"], axes=[3], keepdims=1),
        N("Div", ["t", "n"], ["q"]),
        N("Transpose", ["q"], ["h"], perm=[0, 3, 1, 2]),
    ]
    compared(of_maps(*nodes))


def test_a_norm_over_the_batch_is_refused() -> None:
    with pytest.raises(UserError, match="over the batch"):
        read_onnx(of_maps(N("ReduceL2", ["in put"], ["n"]), N("Div", ["in put", "n"], ["h"])))


@pytest.mark.parametrize("operator", ["Mish", "Softsign"])
def test_activations_that_are_composed(operator: str) -> None:
    model = of_maps(N(operator, ["in put"], ["h"]))
    if operator == "Mish":
        model.opset_import[0].version = 18
    compared(model)


def test_a_log_of_a_sigmoid_does_not_overflow() -> None:
    model = of_maps(N("Sigmoid", ["in put"], ["p"]), N("Log", ["p"], ["h"]))
    graph = compared(model)
    far = np.full((1, 2, 6, 7), -200, np.float32)
    assert np.isfinite(run_graph(graph, far)).all()
    assert np.isfinite(run(onnx_from_graph(graph, CARD).proto(), far)).all()
    assert not np.isfinite(run(model, far)).all()


COMPARISONS = {
    "Greater": lambda a, b: a > b,
    "Less": lambda a, b: a < b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "LessOrEqual": lambda a, b: a <= b,
}


@pytest.mark.parametrize("operator", COMPARISONS)
@pytest.mark.parametrize("inputs", [("in put", "c"), ("c", "in put"), ("in put", "pos")])
def test_choices_by_comparisons(operator: str, inputs: tuple[str, str]) -> None:
    nodes = [N(operator, [*inputs], ["b"]), N("Where", ["b", "in put", "pos"], ["h"])]
    x = X.copy()
    x[:, :, :2] = 0.25  # equal to the constant
    compared(of_maps(*nodes, c=0.25), x)


def test_choices_of_constants_and_of_several_conditions() -> None:
    nodes = [
        N("Greater", ["in put", "c"], ["a"]),
        N("Less", ["pos", "one"], ["b"]),
        N("Not", ["b"], ["nb"]),
        N("And", ["a", "nb"], ["both"]),
        N("Where", ["both", "c", "in put"], ["h"]),
    ]
    compared(of_maps(*nodes, c=0.25, one=1.0))


def test_a_log_softmax_inside_the_network() -> None:
    graph = compared(of_maps(N("LogSoftmax", ["in put"], ["h"], axis=1)))
    assert graph.ending == ""
    assert graph.layers[0].kind == "LogSoftmaxLayer"
    nodes = [
        N("Flatten", ["in put"], ["f"]),
        N("Gemm", ["f", "w"], ["l"], transB=1),
        N("LogSoftmax", ["l"], ["s"], axis=-1),
        N("Exp", ["s"], ["y"]),
    ]
    graph = compared(foreign(nodes, {"w": weights(4, 84)}))
    assert words(graph)[-2:] == ["LogSoftmaxLayer", "exp"]
