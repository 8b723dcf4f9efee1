"""Resize and Upsample; ONNX Runtime is the independent reference."""

from __future__ import annotations

from typing import Any

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


def resized(
    by: str,
    values: list[float],
    *,
    opset: int = 18,
    operator: str = "Resize",
    **attributes: Any,
) -> onnx.ModelProto:
    dtype = np.int64 if by == "sizes" else np.float32
    if by == "sizes":
        attributes["axes"] = [2, 3]
    names = {"scales": ["in put", "", "n"], "sizes": ["in put", "", "", "n"]}[by]
    if opset < 11:
        names = ["in put", "n"]
    numbers = {"n": np.array(values, dtype)}
    node = N(operator, names, ["h"], "one", **attributes)
    size = 1  # where the model is refused before anything reads it
    if attributes.get("mode") != "cubic" and not attributes.get("antialias"):
        probe = foreign([node, N("Flatten", ["h"], ["y"])], numbers, opset=opset)
        size = run(probe, X).shape[1]
    last = [N("Flatten", ["h"], ["f"]), N("Gemm", ["f", "w", "b"], ["y"], transB=1)]
    return foreign([node, *last], {**numbers, "w": weights(4, size), "b": weights(4)}, opset=opset)


def compared(model: onnx.ModelProto) -> LayerGraph:
    """The graph; it and the file that is written of it give what ONNX Runtime gives."""
    graph, expected = read_onnx(model), run(model, X)
    np.testing.assert_allclose(run_graph(graph, X), expected, rtol=1e-4, atol=1e-5)
    ours = onnx_from_graph(graph, CARD).proto()
    np.testing.assert_allclose(run(ours, X), expected, rtol=1e-4, atol=1e-5)
    again = onnx_from_graph(read_onnx(ours), CARD).proto()
    assert again.SerializeToString() == ours.SerializeToString()
    return graph


@pytest.mark.parametrize(
    "mode", ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
)
@pytest.mark.parametrize("size", [[9, 11], [12, 16], [4, 3], [1, 20]])
def test_bilinear_to_sizes(mode: str, size: list[float]) -> None:
    model = resized("sizes", size, mode="linear", coordinate_transformation_mode=mode)
    assert "Resize2DLayer" in [layer.kind for layer in compared(model).layers]


@pytest.mark.parametrize("scales", [[1, 1, 2, 2], [1, 1, 1.3, 0.7], [1, 1, 1.5, 2.3]])
@pytest.mark.parametrize("mode", ["half_pixel", "asymmetric"])
def test_bilinear_by_scales(mode: str, scales: list[float]) -> None:
    model = resized("scales", scales, mode="linear", coordinate_transformation_mode=mode)
    assert compared(model).layers[0].kind == "Resize2DLayer"


@pytest.mark.parametrize("mode", ["half_pixel", "align_corners", "asymmetric"])
@pytest.mark.parametrize("rounding", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
@pytest.mark.parametrize("size", [[9, 11], [4, 5], [10, 20]])
def test_nearest_to_sizes(mode: str, rounding: str, size: list[float]) -> None:
    compared(resized("sizes", size, coordinate_transformation_mode=mode, nearest_mode=rounding))


def test_nearest_blocks_and_steps_need_no_resize_layer() -> None:
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    doubled = compared(resized("scales", [1, 1, 2, 2], **how))
    third = compared(resized("scales", [1, 1, 1 / 3, 1], **how))
    for graph in (doubled, third):
        assert "Resize2DLayer" not in [layer.kind for layer in graph.layers]


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scales", [[1, 1, 0.6, 0.6], [1, 1, 1.5, 3]])
def test_opset_10_as_onnx_runtime_takes_it(mode: str, scales: list[float]) -> None:
    compared(resized("scales", scales, opset=10, mode=mode))


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_upsample(mode: str) -> None:
    compared(resized("scales", [1, 1, 2, 1.5], opset=9, operator="Upsample", mode=mode))


def test_the_same_size_is_no_layer() -> None:
    graph = compared(resized("sizes", [6, 7], mode="linear"))
    assert graph.layers[0].kind == "FlattenLayer"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"mode": "cubic"}, "mode cubic, while Deep Learning Toolbox resizes to nearest pixels"),
        ({"mode": "linear", "antialias": 1}, "antialias=1"),
        (
            {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
            r"makes 11.4 pixels.* give the size",
        ),
        ({"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"}, "symmetric"),
    ],
)
def test_what_no_layer_computes_is_refused(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_onnx(resized("scales", [1, 1, 1.9, 2], opset=19, **attributes))
