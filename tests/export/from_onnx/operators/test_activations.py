"""Clipping and log-softmax; ONNX Runtime is the independent reference."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign_onnx import CARD, N, foreign, run, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.compute import run_graph, with_ending
from cifarx.export.network.model_card import LOG_SOFTMAX
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

BOUNDS = [(-1, 2), (0, 6), (-1e9, 1e9), (0.5, 0.75), (-0.75, -0.5), (None, 0.3), (-0.3, None),
          (None, 0.0), (0.0, None), (-1.0, 0.0), (None, -0.2), (0.2, None)]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_clipping_is_exact_within_bounds_of_every_kind(
    low: float | None, high: float | None
) -> None:
    given = {k: np.array(v, np.float32) for k, v in (("low", low), ("high", high)) if v is not None}
    names = ["in put", *(k if k in given else "" for k in ("low", "high"))]
    model = foreign([N("Clip", names, ["h"]), N("Flatten", ["h"], ["y"])], given)
    x = np.concatenate([weights(4, 2, 6, 7), 1e-6 * weights(1, 2, 6, 7)])
    ours = run(onnx_from_graph(read_onnx(model), CARD).proto(), x)
    shifts = (low is not None and low > 0) or (high is not None and high < 0)
    np.testing.assert_allclose(ours, run(model, x), rtol=1e-6 if shifts else 0, atol=0)


def log_softmax(*after: onnx.NodeProto, **attributes: int) -> onnx.ModelProto:
    """A linear layer and a log-softmax, whose result is 'y' or is read by the nodes after it."""
    end = N("LogSoftmax", ["logits"], ["s" if after else "y"], **attributes)
    nodes = [N("Flatten", ["in put"], ["f"]), N("Gemm", ["f", "w", "b"], ["logits"], transB=1)]
    return foreign([*nodes, end, *after], {"w": weights(4, 84), "b": weights(4)})


@pytest.mark.parametrize("axis", [{}, {"axis": 1}, {"axis": -1}])
def test_a_final_log_softmax_is_left_out_and_told(axis: dict[str, int]) -> None:
    model = log_softmax(**axis)
    graph = read_onnx(model)
    assert graph.ending == LOG_SOFTMAX
    assert graph.layers[-1].kind == "FullyConnectedLayer"
    x = weights(3, 2, 6, 7)
    logits = run_graph(graph, x)
    np.testing.assert_allclose(with_ending(logits, graph.ending), run(model, x), atol=1e-5)
    assert np.abs(logits - run(model, x)).max() > 0.1


def test_a_file_without_one_has_no_ending() -> None:
    nodes = [N("Flatten", ["in put"], ["f"]), N("Gemm", ["f", "w", "b"], ["y"], transB=1)]
    assert read_onnx(foreign(nodes, {"w": weights(4, 84), "b": weights(4)})).ending == ""


def test_a_log_softmax_that_others_read_or_that_is_over_maps_is_a_layer() -> None:
    """`test_functions` compares their values."""
    inside = read_onnx(log_softmax(N("Add", ["s", "s"], ["y"])))
    maps = read_onnx(foreign([N("LogSoftmax", ["in put"], ["y"], axis=1)], {}))
    for graph in (inside, maps):
        assert graph.ending == ""
        assert "LogSoftmaxLayer" in [layer.kind for layer in graph.layers]


def test_a_log_softmax_over_rows_is_refused() -> None:
    with pytest.raises(UserError, match=r"LogSoftmax.*over the axis 2"):
        read_onnx(foreign([N("LogSoftmax", ["in put"], ["y"], axis=2)], {}))
