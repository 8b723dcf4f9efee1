"""The bound of resized maps: it holds for runtimes, and is below what a wrong mode changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper
from torch.nn import functional

from cifarx.export.network.layer import Layer
from cifarx.export.network.resampling import Line
from cifarx.verify.ladder.layers.bounds import layer_truth
from cifarx.verify.ladder.layers.local_check import worst_ratio

SIZES = [(n, m) for n in (2, 5, 8, 13, 64, 224) for m in (3, 7, 16, 29, 100, 321)]
MODES = {"half-pixel": "half_pixel", "asymmetric": "asymmetric", "align-corners": "align_corners"}


def bilinear(mode: str, size: tuple[int, int], output: tuple[int, int]) -> Layer:
    hyper: dict[str, Any] = {
        "OutputSize": output,
        "Scale": (output[0] / size[0], output[1] / size[1]),
        "Method": "bilinear",
        "GeometricTransformMode": mode,
        "NearestRoundingMode": "round",
    }
    return Layer("resize", "Resize2DLayer", ("x",), hyper)


def maps(size: tuple[int, int]) -> torch.Tensor:
    """Noise, steps beside zeros, and a ramp."""
    x = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    x[0, 1] = (x[0, 1] > 1) * 1e3
    x[0, 2] = torch.arange(x[0, 2].numel()).view(size) / 7
    return x


def ratio(layer: Layer, x: torch.Tensor, y: np.ndarray | torch.Tensor) -> float:
    truth, bound = layer_truth(layer, [x])
    return worst_ratio((truth - torch.as_tensor(y)).abs(), bound)


def by_onnx_runtime(layer: Layer, x: torch.Tensor, *, by_sizes: bool) -> np.ndarray:
    rows, columns = layer.hyper["OutputSize"]
    mode = str(layer.hyper["GeometricTransformMode"])
    if by_sizes:
        given = helper.make_tensor("z", onnx.TensorProto.INT64, [4], [*x.shape[:2], rows, columns])
        names = ["x", "", "", "z"]
    else:
        scales = [
            Line(n, o, o / n, mode).single_scale()
            for n, o in zip(x.shape[2:], (rows, columns), strict=True)
        ]
        given = helper.make_tensor("z", onnx.TensorProto.FLOAT, [4], [1, 1, *scales])
        names = ["x", "", "z"]
    node = helper.make_node(
        "Resize", names, ["y"], mode="linear", coordinate_transformation_mode=MODES[mode]
    )
    float32 = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("x", float32, list(x.shape))],
        [helper.make_tensor_value_info("y", float32, None)],
        [given],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=7)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {"x": x.numpy()})[0])


def pairs() -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for (n, m), (h, w) in zip(SIZES, [*SIZES[7:], *SIZES[:7]], strict=True):
        yield (n, h), (m, w)


@pytest.mark.parametrize("mode", MODES)
def test_sound_runtimes_are_within_the_bound(mode: str) -> None:
    worst = 0.0
    for size, output in pairs():
        layer, x = bilinear(mode, size, output), maps(size)
        found = [by_onnx_runtime(layer, x, by_sizes=by_sizes) for by_sizes in (False, True)]
        if mode != "asymmetric":
            align = mode == "align-corners"
            y = functional.interpolate(x, output, mode="bilinear", align_corners=align)
            found.append(y.numpy())
        worst = max(worst, *(ratio(layer, x, y) for y in found))
    assert 0.02 < worst <= 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("other", MODES)
def test_another_mode_is_far_outside(mode: str, other: str) -> None:
    if mode == other:
        return
    for size, output in [((5, 7), (11, 9)), ((64, 64), (128, 128)), ((9, 9), (4, 5))]:
        x = maps(size)
        wrong = bilinear(other, size, output)
        assert (
            ratio(bilinear(mode, size, output), x, by_onnx_runtime(wrong, x, by_sizes=True)) > 1e3
        )


def test_a_place_off_by_a_thousandth_of_a_pixel_is_found() -> None:
    size, output = (16, 16), (31, 29)
    layer, x = bilinear("half-pixel", size, output), maps(size)
    moved = layer.hyper | {"Scale": (31 / 16 * (1 + 1e-4), 29 / 16)}
    wrong, _ = layer_truth(Layer("resize", "Resize2DLayer", ("x",), moved), [x])
    assert ratio(layer, x, wrong.float()) > 10


def test_powers_of_two_are_exact_up_to_the_sum() -> None:
    x = maps((8, 4))
    layer = bilinear("half-pixel", (8, 4), (16, 16))
    _, bound = layer_truth(layer, [x])
    assert float(bound.max()) <= 8.1 * 2**-24 * float(x.abs().max())


@pytest.mark.parametrize("rounding", ["round", "floor", "ceil", "round-half-down"])
def test_nearest_pixels_have_no_room_for_errors(rounding: str) -> None:
    hyper = bilinear("half-pixel", (6, 4), (9, 2)).hyper
    hyper = {**hyper, "Method": "nearest", "NearestRoundingMode": rounding}
    layer = Layer("resize", "Resize2DLayer", ("x",), hyper)
    x = maps((6, 4))
    y, bound = layer_truth(layer, [x])
    assert float(bound) == 0
    assert ratio(layer, x, y) == 0
    assert ratio(layer, x, y.roll(1, 3)) == float("inf")
