"""Layers of an engine: paired by name or place, in PyTorch's order of features, and judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import computed_constants
import faults
import numpy as np
import pytest

from cifarx.export.bundle import Bundle
from cifarx.export.network.compute import run_network, run_network_float32
from cifarx.verify.engines.onnx_runtime import OnnxRuntime
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.ladder.layers.judge_engine import make_reference, with_layers
from cifarx.verify.ladder.logits import make_truth
from cifarx.verify.subject.files_and_run import NO_RUN, Subject, open_subject
from cifarx.verify.subject.original import Original, original_of

REPORT = EngineReport("onnxruntime", "onnxruntime", None, "")


def judged(subject: Subject, original: Original, images: int = 3) -> EngineReport:
    engine = OnnxRuntime(subject)
    assert subject.mat is not None
    inputs = [x[:images] for x in subject.mat.batch.inputs]
    graph = original.graph
    truth = make_truth(run_network(graph, inputs), run_network_float32(graph, inputs), "layers")
    plain = engine.run(np.empty(0, np.uint8), inputs).values
    reference = make_reference(subject, original)
    return with_layers(REPORT, engine, reference, inputs, truth=truth, plain=plain)


def opened() -> tuple[Subject, Original]:
    subject = open_subject(Path("model.onnx"), NO_RUN)
    return subject, original_of(subject, None)


def test_the_names_of_a_layer_are_those_of_module_node_and_matlab(
    work: Path, bundle: Bundle
) -> None:
    subject = open_subject(Path("model.onnx"), NO_RUN)
    names = make_reference(subject, original_of(subject, None)).names
    assert [n.layer for n in names] == [layer.name for layer in bundle.graph.layers]
    assert [n.module for n in names] == [layer.module for layer in bundle.graph.layers]
    assert all(n.layer == n.onnx_node == n.matlab_layer for n in names)


def test_every_layer_of_a_sound_file_is_judged(work: Path) -> None:
    subject, original = opened()
    found = judged(subject, original)
    assert [la.layer for la in found.layers] == [la.name for la in original.graph.layers]
    assert found.layers_in_all == len(found.layers)
    assert found.layer_images == 3
    assert 0 < max(la.ratio for la in found.layers) <= 1
    assert found.marked is not None
    assert found.marked.passed
    assert found.marked_apart <= 1e-4


def test_a_wrong_layer_is_named_by_the_originals_names(work: Path) -> None:
    faults.edit_initializer(work, "conv3_weight", lambda w: w * np.float32(1.01))
    faults.rename_everything(work)
    subject, original = opened()
    found = judged(subject, original)
    beyond = [la for la in found.layers if not la.passed]
    assert [la.layer for la in beyond] == ["conv3"]
    assert beyond[0].onnx_node.startswith("n")
    assert beyond[0].matlab_layer == "conv3"


def test_a_layer_that_is_missing_is_not_judged(work: Path) -> None:
    faults.remove_node(work, "norm2")
    found = judged(*opened())
    assert "norm2" not in [la.layer for la in found.layers]
    assert len(found.layers) < found.layers_in_all


def test_a_file_that_cannot_be_read_has_no_layers(work: Path) -> None:
    subject, original = opened()
    unread = replace(subject, onnx_graph=None)
    reference = make_reference(unread, original)
    assert all(names.onnx_node == "" for names in reference.names)
    inputs = [np.zeros((1, 3, 32, 32), np.float32)]
    plain = [np.zeros((1, 10), np.float32)]
    truth = make_truth([np.zeros((1, 10))], plain, "")
    engine = OnnxRuntime(subject)
    assert with_layers(REPORT, engine, reference, inputs, truth=truth, plain=plain) is REPORT


def test_logits_that_change_with_marks_are_measured(work: Path) -> None:
    subject, original = opened()
    engine = OnnxRuntime(subject)
    assert subject.mat is not None
    inputs = [x[:2] for x in subject.mat.batch.inputs]
    graph = original.graph
    truth = make_truth(run_network(graph, inputs), run_network_float32(graph, inputs), "")
    plain = engine.run(np.empty(0, np.uint8), inputs).logits
    reference = make_reference(subject, original)
    for other, apart in ((plain + np.float32(2), 2.0), (plain[:, :9], np.inf)):
        found = with_layers(REPORT, engine, reference, inputs, truth=truth, plain=[other])
        assert found.marked_apart == pytest.approx(apart, rel=1e-5)


@pytest.mark.octave
def test_flattened_features_of_matlab_are_put_in_pytorchs_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octave_program: str
) -> None:
    """`normed` flattens maps of 6 x 4 x 4, which MATLAB stores height first."""
    from cifarx.verify.engines.octave import open_octave

    computed_constants.write("normed", tmp_path)
    monkeypatch.chdir(tmp_path)
    subject, original = opened()
    assert subject.mat is not None
    batch = subject.mat.batch
    truth = make_truth([batch.reference[:2]], [batch.logits[:2]], "")
    found = with_layers(
        REPORT,
        open_octave(subject),
        make_reference(subject, original),
        [x[:2] for x in batch.inputs],
        truth=truth,
        plain=[batch.logits[:2]],
    )
    assert len(found.layers) == found.layers_in_all == len(original.graph.layers)
    assert all(la.passed for la in found.layers)
