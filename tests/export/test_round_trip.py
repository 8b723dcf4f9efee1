"""Random networks of all kinds of layers: both files give the same network back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from drawn_networks import CARD, SIZE, STEPS, batch_of, drawn, drawn_freely, no_batch, often
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from cifarx.export.from_onnx.answers import outputs_float32
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.compute import run_graph, run_network
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError


def assert_equal(found: LayerGraph, graph: LayerGraph, *, names: bool) -> None:
    """Bit for bit; where a layer is several ONNX nodes, it may come back under another name."""
    assert found.inputs == graph.inputs
    called = {given.name: given.name for given in graph.inputs}
    for mine, theirs in zip(found.layers, graph.layers, strict=True):
        called[mine.name] = theirs.name
        assert mine.name == theirs.name or not names
        assert mine.kind == theirs.kind
        assert [called[name] for name in mine.inputs] == list(theirs.inputs)
        assert mine.hyper == theirs.hyper
        assert list(mine.arrays) == list(theirs.arrays)
        for key, array in theirs.arrays.items():
            assert mine.arrays[key].value.shape == array.value.shape
            assert mine.arrays[key].value.tobytes() == array.value.tobytes()
            assert mine.arrays[key].source == array.source or not names
    assert [replace(one, layer=called[one.layer]) for one in found.outputs] == list(graph.outputs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round_trip")


def test_every_kind_is_drawn() -> None:
    assert set(STEPS) == set(VOCABULARY)


@given(st.data(), st.sampled_from(sorted(VOCABULARY)), st.sampled_from((14, 18, 20)))
@settings(often, max_examples=300)
def test_an_onnx_file_gives_the_same_network(data: st.DataObject, kind: str, opset: int) -> None:
    graph = drawn(data, kind)
    assert_equal(read_onnx(onnx_from_graph(graph, CARD, opset).proto()), graph, names=False)


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
@settings(often, max_examples=200)
def test_a_mat_file_gives_the_same_network(folder: Path, data: st.DataObject, kind: str) -> None:
    graph = drawn(data, kind)
    try:
        content = mat_bytes(graph, CARD, no_batch(), "")
    except UserError as error:
        if "joins features that were flattened" not in str(error):
            raise
        event("refused: two orders of features meet")
        return
    file = folder / "model.mat"
    file.write_bytes(content)
    assert_equal(read_mat(file).graph, graph, names=True)


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
@settings(often, max_examples=150)
def test_pytorch_computes_of_a_graph_what_onnx_runtime_does(data: st.DataObject, kind: str) -> None:
    graph = drawn(data, kind)
    x = np.random.RandomState(0).standard_normal((3, *SIZE)).astype(np.float32)
    (expected,) = outputs_float32(onnx_from_graph(graph, CARD).proto(), [x])
    found = run_graph(graph, x)
    assert found.dtype == np.float64
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * scale)


CARD_OF_NUMBERS = replace(CARD, classes=(), task="regression")


@given(st.data(), st.sampled_from(sorted(VOCABULARY)), st.sampled_from((14, 18, 20)))
@settings(often, max_examples=150)
def test_an_onnx_file_gives_inputs_and_outputs_of_any_shape_back(
    data: st.DataObject, kind: str, opset: int
) -> None:
    graph = drawn_freely(data, kind)
    shapes_of = graph.shapes()
    assume(  # instance norm of a signal is read as group norm of as many groups, which is the same
        not any(
            la.kind == "InstanceNormalizationLayer" and shapes_of[la.inputs[0]][1] == 1
            for la in graph.layers
        )
    )
    file = onnx_from_graph(graph, CARD_OF_NUMBERS, opset)
    model = file.proto()
    shapes = {value.name: dims(value) for value in (*model.graph.input, *model.graph.output)}
    assert shapes == {
        **{given.name: ["N", *given.shape] for given in graph.inputs},
        **{
            output.name: ["N", *shape]
            for output, shape in zip(graph.outputs, graph.output_shapes(), strict=True)
        },
    }
    assert_equal(read_onnx(model), graph, names=False)
    again = onnx_from_graph(read_onnx(model), CARD_OF_NUMBERS, opset)
    assert_equal(read_onnx(again.proto()), graph, names=False)


def dims(value: onnx.ValueInfoProto) -> list[str | int]:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
@settings(often, max_examples=100)
def test_a_mat_file_gives_inputs_and_outputs_of_any_shape_back(
    folder: Path, data: st.DataObject, kind: str
) -> None:
    graph = drawn_freely(data, kind)
    batch = batch_of(graph)
    try:
        content = mat_bytes(graph, CARD_OF_NUMBERS, batch, "")
    except UserError as error:
        if "joins features that were flattened" not in str(error):
            raise
        event("refused: two orders of features meet")
        return
    file = folder / "model.mat"
    file.write_bytes(content)
    found = read_mat(file)
    assert_equal(found.graph, graph, names=True)
    assert found.card == CARD_OF_NUMBERS
    assert found.unaccounted == ()
    assert mat_bytes(found.graph, found.card, found.batch, "") == content


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
@settings(often, max_examples=80)
def test_pytorch_computes_of_any_network_what_onnx_runtime_does(
    data: st.DataObject, kind: str
) -> None:
    graph = drawn_freely(data, kind)
    inputs = batch_of(graph, 3).inputs
    expected = outputs_float32(onnx_from_graph(graph, CARD_OF_NUMBERS).proto(), inputs)
    found = run_network(graph, inputs)
    for ours, theirs, shape in zip(found, expected, graph.output_shapes(), strict=True):
        assert ours.dtype == np.float64
        assert ours.shape == theirs.shape == (3, *shape)
        scale = max(1.0, np.abs(theirs).max())
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * scale)
