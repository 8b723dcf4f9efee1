"""Rung 0 on whole files: what differs, is missing, is added or is unaccounted for, by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import faults
import numpy as np
import pytest
from onnx import helper

from cifarx.export.bundle import Bundle
from cifarx.verify.findings.audit import CHECKPOINT, Added, Audit
from cifarx.verify.ladder.weights.audit import audit
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject
from cifarx.verify.subject.original import original_of


def audits(bundle: Bundle, checkpoint: Path | None = None) -> list[Audit]:
    """Of model.onnx and model.mat in the current folder, against the trained run."""
    subject = open_subject(Path("model.onnx"), checkpoint)
    return audit(subject, original_of(subject, bundle.graph if subject.run else None))


@pytest.fixture(autouse=True)
def in_work(work: Path) -> None:
    """Every test has its own files."""


def test_sound_files_hold_every_layer_and_tensor(bundle: Bundle) -> None:
    onnx, mat = audits(bundle)
    assert (onnx.file, mat.file) == ("model.onnx", "model.mat")
    for found in (onnx, mat):
        assert found.passed
        assert (found.layers_from, found.weights_from) == ("the run", CHECKPOINT)
        assert found.layers_equal == found.layers == len(bundle.graph.layers)
        assert found.tensors_equal == found.tensors == len(bundle.graph.arrays())
        assert found.constants == ()


def test_one_bit_is_named_with_its_layer(bundle: Bundle, work: Path) -> None:
    faults.edit_initializer(work, "conv3_weight", faults.flip_bit)
    onnx, mat = audits(bundle)
    assert not onnx.passed
    assert mat.passed
    (named,) = onnx.differing
    assert named.startswith("conv3_weight (1 of ")
    assert onnx.faulty == ("conv3",)
    assert onnx.found_by == "weights"
    assert onnx.tensors_equal == onnx.tensors - 1


def test_arrays_of_the_mat_file_are_named_by_layer_and_property(bundle: Bundle, work: Path) -> None:
    faults.edit_layer(work, "fc1", "Bias", faults.flip_bit)
    onnx, mat = audits(bundle)
    assert onnx.passed
    assert mat.differing[0].startswith("fc1.Bias (1 of ")
    assert mat.faulty == ("fc1",)


def test_the_mat_file_must_name_the_tensors_and_modules_of_the_run(
    bundle: Bundle, work: Path
) -> None:
    def rename(source: np.ndarray) -> np.ndarray:
        source[0, 0]["Weights"] = np.array(["other.weight"])
        return source

    faults.edit_layer(work, "conv1", "Source", rename)
    faults.edit_layer(work, "relu1", "Module", lambda _: np.array(["else"]))
    _, mat = audits(bundle)
    assert "Source 'other.weight', not " in mat.differing[0]
    assert any("Module 'else'" in fault for fault in mat.layer_faults)
    assert set(mat.faulty) == {"conv1", "relu1"}


def test_a_layer_left_out_is_missing_with_its_tensors(bundle: Bundle, work: Path) -> None:
    faults.remove_node(work, "norm2")
    onnx, _ = audits(bundle)
    assert onnx.layer_faults[0] == "norm2 missing"
    assert "norm2" in onnx.faulty
    assert len(onnx.missing) == 4
    assert any("norm2" in name for name in onnx.unaccounted)  # its initializers lie idle
    assert onnx.found_by == "layers"


def test_a_layer_added_is_placed_before_the_next_of_the_original(
    bundle: Bundle, work: Path
) -> None:
    faults.insert_nodes(work, "conv2", helper.make_node("Relu", ["x"], ["y"], "smuggled"))
    names = [layer.name for layer in bundle.graph.layers]
    following = names[names.index("conv2") + 1]
    onnx, _ = audits(bundle)
    assert not onnx.passed
    assert onnx.added == (Added("smuggled", "smuggled", following),)
    assert onnx.layers_equal == onnx.layers - 1  # the next one reads another


def test_what_the_network_does_not_use_is_unaccounted_for(bundle: Bundle, work: Path) -> None:
    spare = np.ones(3, np.float32)
    faults.insert_nodes(work, "conv2", helper.make_node("Identity", ["x"], ["y"], "i"), spare=spare)
    onnx, _ = audits(bundle)
    assert onnx.unaccounted == ("spare",)
    assert not onnx.passed


def test_a_file_that_cannot_be_read_names_the_nodes(bundle: Bundle, work: Path) -> None:
    faults.replace_node(work, "relu2", "Tan")
    faults.edit_onnx(work, lambda model: setattr(model.opset_import[0], "version", 18))
    onnx, mat = audits(bundle)
    assert not onnx.read
    assert not onnx.passed
    assert onnx.faulty == ("relu2",)
    assert onnx.tensors_equal == 0
    assert "Tan" in onnx.layer_faults[0]
    assert "not compared" in onnx.checks()[1].line()
    assert mat.passed


def test_without_a_run_the_onnx_file_is_held_to_the_mat_file(bundle: Bundle, work: Path) -> None:
    shutil.rmtree(work / "runs")
    (found,) = audits(bundle, NO_RUN)
    assert found.passed
    assert (found.layers_from, found.weights_from) == ("model.mat", "model.mat")
