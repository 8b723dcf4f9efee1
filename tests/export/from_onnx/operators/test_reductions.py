"""Means, sums and maxima over any axes, and stacked maps; ONNX Runtime is the reference."""

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
KERNELS = weights(6, 2, 2, 4)
SHAPE = (3, 6, 5, 4)


def network(nodes: list[onnx.NodeProto], size: int, **constants: np.ndarray) -> onnx.ModelProto:
    """Nodes that read 'x', maps (6, 5, 4), and give 'h', flattened, with a linear layer behind."""
    last = [N("Flatten", ["h"], ["f"]), N("Gemm", ["f", "w"], ["y"], transB=1)]
    first = N("Conv", ["in put", "k"], ["x"])
    arrays = {**constants, "k": KERNELS, "w": weights(4, size)}
    return foreign([first, *nodes, *last], arrays, opset=18)


def compared(model: onnx.ModelProto) -> LayerGraph:
    graph, expected = read_onnx(model), run(model, X)
    np.testing.assert_allclose(run_graph(graph, X), expected, rtol=1e-5, atol=1e-5)
    ours = onnx_from_graph(graph, CARD).proto()
    np.testing.assert_allclose(run(ours, X), expected, rtol=1e-5, atol=1e-5)
    again = onnx_from_graph(read_onnx(ours), CARD).proto()
    assert again.SerializeToString() == ours.SerializeToString()
    return graph


@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"])
@pytest.mark.parametrize("axes", [[1], [2], [3], [2, 3], [1, 2], [1, 3], [1, 2, 3], [-1, -3]])
def test_over_axes_of_maps(operator: str, axes: list[int]) -> None:
    kept = np.array([n for a, n in enumerate(SHAPE) if a and a not in [b % 4 for b in axes]])
    node = N(operator, ["x", "axes"], ["h"], keepdims=1)
    compared(network([node], int(kept.prod()), axes=np.array(axes, np.int64)))


@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceSum", "ReduceMax"])
def test_features(operator: str) -> None:
    nodes = [
        N("GlobalMaxPool", ["x"], ["p"]),
        N("Flatten", ["p"], ["v"]),
        N(operator, ["v", "one"], ["r"], keepdims=1),
        N("Sub", ["v", "r"], ["h"]),
    ]
    compared(network(nodes, 6, one=np.array([1], np.int64)))


def test_a_sum_over_channels_is_one_convolution_with_ones() -> None:
    node = N("ReduceSum", ["x", "axes"], ["h"], keepdims=0)
    graph = compared(network([node], 20, axes=np.array([1], np.int64)))
    _, sums = [layer for layer in graph.layers if layer.kind == "Convolution2DLayer"]
    assert (sums.arrays["Weights"].value == 1).all()


def stacked(axis: int, *behind: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Three maps stacked along an axis as 'v'."""
    parts = [N("Sigmoid", ["x"], ["a"]), N("Relu", ["x"], ["b"]), N("Neg", ["x"], ["c"])]
    wide = [N("Unsqueeze", [part, "axis"], [f"{part}1"]) for part in "abc"]
    return [*parts, *wide, N("Concat", ["a1", "b1", "c1"], ["v"], axis=axis), *behind]


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceSum", "ReduceMax"])
def test_over_stacked_maps(axis: int, operator: str) -> None:
    nodes = stacked(axis, N(operator, ["v", "axis"], ["h"], keepdims=0))
    graph = compared(network(nodes, 120, axis=np.array([axis], np.int64)))
    if axis == 1 and operator == "ReduceSum":
        assert [la.kind for la in graph.layers].count("AdditionLayer") == 2
        assert [la.kind for la in graph.layers].count("Convolution2DLayer") == 1


def test_softmax_over_two_parts_is_a_sigmoid() -> None:
    nodes = [
        N("GlobalMaxPool", ["x"], ["p"]),
        N("Reshape", ["p", "parts"], ["q"]),
        N("Softmax", ["q"], ["s"], axis=1),
        N("Reshape", ["x", "maps"], ["m"]),
        N("Mul", ["m", "s"], ["h"]),
    ]
    parts, maps = np.array([0, 2, 3, 1, 1], np.int64), np.array([0, 2, 3, 5, 4], np.int64)
    graph = compared(network(nodes, 120, parts=parts, maps=maps))
    kinds = [layer.kind for layer in graph.layers]
    assert kinds.count("SigmoidLayer") == 2
    assert "SoftmaxLayer" not in kinds


def test_over_the_batch_is_refused() -> None:
    node = N("ReduceSum", ["x", "axes"], ["h"], keepdims=1)
    with pytest.raises(UserError, match="over the batch"):
        read_onnx(network([node], 120, axes=np.array([0], np.int64)))
