"""Random options of what slides windows: read rightly, or refused; ONNX Runtime is the judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

CARD = ModelCard("net", "recipe", (), (), (), "0" * 64)
RANDOM = np.random.RandomState(0)


def two(low: int, high: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(low, high), min_size=2, max_size=2)


@st.composite
def options(draw: st.DrawFn, *, stride: int = 3) -> dict[str, Any]:
    """Of any window: each may be absent."""
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["strides"] = draw(two(1, stride))
    automatic = draw(st.sampled_from(("", "", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")))
    if automatic:
        found["auto_pad"] = automatic
    if automatic in ("", "NOTSET") and draw(st.booleans()):
        found["pads"] = draw(st.lists(st.integers(0, 2), min_size=4, max_size=4))
    return found


@st.composite
def poolings(draw: st.DrawFn) -> dict[str, Any]:
    found = {**draw(options()), "kernel_shape": draw(two(1, 3))}
    if draw(st.booleans()):
        found["ceil_mode"] = draw(st.integers(0, 1))
    return found


def model_of(
    nodes: list[onnx.NodeProto],
    arrays: dict[str, np.ndarray],
    size: tuple[int, ...],
    opset: int,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    onnxruntime.set_default_logger_severity(4)  # what it cannot run is left out, without a word
    plain = onnxruntime.SessionOptions()  # its optimizer loses windows that begin in a Pad node's
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), plain, providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    return np.asarray(y)


def judge(
    nodes: list[onnx.NodeProto],
    arrays: dict[str, np.ndarray],
    size: tuple[int, ...],
    opset: int = 19,
) -> None:
    """Compare, unless ONNX Runtime itself cannot."""
    model = model_of(nodes, arrays, size, opset)
    x = np.random.RandomState(1).standard_normal((2, *size)).astype(np.float32)
    try:
        expected = run(model, x)
    except Exception:  # of its own families
        assume(False)
    try:
        graph = read_onnx(model)
    except UserError as error:
        event(f"refused: {str(error).partition('): ')[2].partition('. Operators')[0][:40]}")
        return
    event("read")
    found = run(onnx_from_graph(graph, CARD).proto(), x)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def assume_no_gaps(options: dict[str, Any], window: list[int]) -> None:
    """Where windows leave gaps, ONNX Runtime's SAME pads below 0, unlike its Conv's own."""
    automatic = options.get("auto_pad", "").startswith("SAME")
    strides = options.get("strides", [1, 1])
    assume(not automatic or all(s <= k for s, k in zip(strides, window, strict=True)))


sizes = st.tuples(st.sampled_from((1, 2, 4)), st.integers(1, 7), st.integers(1, 7))
often = settings(
    max_examples=100, deadline=None, derandomize=True, phases=(Phase.generate, Phase.shrink)
)
N = helper.make_node


@given(sizes, options(), two(1, 3), st.none() | two(1, 2), st.sampled_from((1, 2)), st.booleans())
@often
def test_convolution(
    size: tuple[int, int, int],
    given_options: dict[str, Any],
    window: list[int],
    dilations: list[int] | None,
    group: int,
    biased: bool,
) -> None:
    assume(size[0] % group == 0)
    if dilations:
        given_options["dilations"] = dilations
    arrays = {"k": RANDOM.standard_normal((4, size[0] // group, *window)).astype(np.float32)}
    if biased:
        arrays["b"] = RANDOM.standard_normal(4).astype(np.float32)
    judge([N("Conv", ["x", *arrays], ["y"], group=group, **given_options)], arrays, size)


@given(
    sizes,
    options(),
    two(1, 3),
    st.none() | two(1, 2),
    st.sampled_from((1, 2)),
    st.none() | two(0, 2),
    st.none() | two(1, 20),
)
@often
def test_transposed_convolution(
    size: tuple[int, int, int],
    given_options: dict[str, Any],
    window: list[int],
    dilations: list[int] | None,
    group: int,
    output_padding: list[int] | None,
    output_shape: list[int] | None,
) -> None:
    assume(size[0] % group == 0)
    assume_no_gaps(given_options, window)
    if dilations:
        given_options["dilations"] = dilations
    if output_padding:
        given_options["output_padding"] = output_padding
    if output_shape:
        given_options["output_shape"] = output_shape
    arrays = {"k": RANDOM.standard_normal((size[0], 2, *window)).astype(np.float32)}
    judge([N("ConvTranspose", ["x", "k"], ["y"], group=group, **given_options)], arrays, size)


@given(sizes, poolings(), st.none() | two(1, 2), st.sampled_from((12, 22)))
@often
def test_max_pooling(
    size: tuple[int, int, int],
    given_options: dict[str, Any],
    dilations: list[int] | None,
    opset: int,
) -> None:
    if dilations:
        given_options["dilations"] = dilations
    judge([N("MaxPool", ["x"], ["y"], **given_options)], {}, size, opset)


@given(sizes, poolings(), st.none() | st.integers(0, 1), st.sampled_from((11, 19)))
@often
def test_average_pooling(
    size: tuple[int, int, int], given_options: dict[str, Any], counts: int | None, opset: int
) -> None:
    assume_no_gaps(given_options, given_options["kernel_shape"])
    if counts is not None:
        given_options["count_include_pad"] = counts
    judge([N("AveragePool", ["x"], ["y"], **given_options)], {}, size, opset)


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool", "Conv"])
@given(
    sizes, poolings(), st.lists(st.integers(0, 2), min_size=4, max_size=4), st.sampled_from((0, 1))
)
@often
def test_a_pad_before_a_window(
    operator: str,
    size: tuple[int, int, int],
    given_options: dict[str, Any],
    pads: list[int],
    number: float,
) -> None:
    """Zeros go into the window's own padding where that is the same."""
    assume_no_gaps(given_options, given_options["kernel_shape"])
    top, left, bottom, right = pads
    arrays = {
        "p": np.array([0, 0, top, left, 0, 0, bottom, right]),
        "n": np.float32(number),
    }
    inputs = ["r"]
    if operator == "Conv":
        given_options.pop("ceil_mode", None)
        window = given_options["kernel_shape"]
        arrays["k"] = RANDOM.standard_normal((3, size[0], *window)).astype(np.float32)
        inputs.append("k")
    nodes = [
        N("Relu", ["x"], ["h"]),
        N("Pad", ["h", "p", "n"], ["r"]),
        N(operator, inputs, ["y"], **given_options),
    ]
    judge(nodes, arrays, size)
