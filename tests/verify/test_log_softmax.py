"""A final log-softmax: files end in the logits and say so, and are judged by its values."""

from __future__ import annotations

from pathlib import Path

import computed_constants
import faults
import numpy as np
import onnx
import pytest
import torch
from onnx import helper

from cifarx.export.from_onnx.load import load_onnx
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.mat.reader import read_mat
from cifarx.export.model_contract import SourceOptions
from cifarx.export.network.compute import run_graph
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import LOG_SOFTMAX
from cifarx.export.sources import open_source
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    computed_constants.write("log-softmax", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*engines: str) -> Result:
    asked = engines or ("onnxruntime", "onnxruntime-unoptimized")
    return verify(VerifyOptions(Path("model.onnx"), asked, layer_images=4))


def append_log_softmax(model: onnx.ModelProto) -> None:
    (output,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["before" if name == output.name else name for name in node.output]
    model.graph.node.append(
        helper.make_node("LogSoftmax", ["before"], [output.name], "end", axis=1)
    )


def test_both_files_end_in_the_logits_and_say_what_follows(folder: Path) -> None:
    model = load_onnx(folder / "model.onnx")
    assert "LogSoftmax" not in {node.op_type for node in model.graph.node}
    assert metadata(model)["ending"] == LOG_SOFTMAX
    file = read_mat(folder / "model.mat")
    assert file.card.ending == LOG_SOFTMAX
    assert file.graph.layers[-1].kind == "FullyConnectedLayer"
    sums = np.exp(file.batch.reference).sum(1)
    assert np.abs(sums - 1).max() > 0.1  # logits, not logarithms of probabilities


@pytest.mark.octave
def test_octave_judges_the_logits(folder: Path, octave_program: str) -> None:
    result = checked("octave")
    assert result.verdict is Verdict.EQUIVALENT


def test_the_files_are_equivalent_with_and_without_it(folder: Path) -> None:
    assert checked().verdict is Verdict.EQUIVALENT
    faults.edit_onnx(folder, append_log_softmax)
    result = checked()
    assert result.verdict is Verdict.EQUIVALENT, [c.line() for c in result.checks()]
    assert all(e.relative <= 1e-14 for e in result.export)


def test_logits_all_moved_alike_have_the_same_log_softmax_and_are_named(folder: Path) -> None:
    """Predictions and probabilities stay; weights and layers show it."""
    faults.edit_initializer(folder, "fc_bias", lambda bias: bias + np.float32(1))
    result = checked()
    assert result.verdict is Verdict.SAME_PREDICTIONS
    assert result.first_divergence is not None
    assert result.first_divergence.layer == "fc"


def test_a_wrong_weight_before_it_is_found(folder: Path) -> None:
    faults.edit_onnx(folder, append_log_softmax)
    faults.edit_initializer(folder, "fc_weight", faults.swap_rows)
    result = checked()
    assert result.verdict is not Verdict.EQUIVALENT
    assert not all(e.passed for e in result.export)


def test_a_file_whose_log_softmax_is_somewhere_else_is_not_equivalent(folder: Path) -> None:
    def twice(model: onnx.ModelProto) -> None:
        append_log_softmax(model)
        (output,) = model.graph.output
        model.graph.node[-1].output[0] = "once"
        model.graph.node.append(helper.make_node("Add", ["once", "once"], [output.name], "twice"))

    faults.edit_onnx(folder, twice)
    assert checked().verdict is not Verdict.EQUIVALENT


def test_an_onnx_file_with_it_is_exported_as_the_module_is(folder: Path) -> None:
    faults.edit_onnx(folder, append_log_softmax)
    source = open_source("model.onnx", SourceOptions())
    assert source.bundle.card.ending == source.bundle.graph.ending == LOG_SOFTMAX
    assert any("ends in a log-softmax" in note for note in source.notes)
    assert source.bundle.graph.layers[-1].kind == "FullyConnectedLayer"


def test_inside_a_module_it_is_a_layer_and_no_ending() -> None:
    module = computed_constants.log_softmax_inside().eval()
    graph = graph_from_module(module, [Input("image", computed_constants.SIZE)])
    assert graph.ending == ""
    kinds = [layer.kind for layer in graph.layers]
    assert kinds.count("LogSoftmaxLayer") == 1
    assert kinds[-1] != "LogSoftmaxLayer"
    x = np.random.RandomState(0).standard_normal((3, *computed_constants.SIZE)).astype(np.float32)
    with torch.no_grad():
        expected = module.double()(torch.from_numpy(x).double()).numpy()
    np.testing.assert_allclose(run_graph(graph, x, exact=True), expected, rtol=1e-9, atol=1e-9)
