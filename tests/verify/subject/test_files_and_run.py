"""The files and the run they came from: found, named, or refused with what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import computed_constants
import faults
import numpy as np
import pytest
import torch
from onnx import external_data_helper as external
from onnx import load, save

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject

MODEL = Path("model.onnx")


def test_everything_beside_the_file_is_opened(work: Path) -> None:
    subject = open_subject(MODEL, None)
    assert subject.run is not None
    assert subject.run.folder.name == "tiny"
    assert subject.mat is not None
    assert subject.onnx_graph is not None
    assert subject.onnx_problem == ""
    assert subject.onnx_card == subject.mat.card
    assert set(subject.places) == {layer.name for layer in subject.onnx_graph.layers}
    assert subject.sha256 == {n: sha256(work / n) for n in ("model.onnx", "model.mat")}


def test_no_run_is_taken_if_none_is_asked_for(work: Path) -> None:
    subject = open_subject(MODEL, NO_RUN)
    assert subject.run is None
    assert subject.unusable_runs == ()


def test_a_run_of_other_weights_is_not_that_of_the_files(work: Path) -> None:
    record = work / "runs" / "tiny" / "run.json"
    digest = sha256(work / "runs" / "tiny" / "model.safetensors")
    record.write_text(record.read_text().replace(digest, "0" * 64))
    assert open_subject(MODEL, None).run is None


def test_of_runs_with_the_same_weights_one_with_the_files_classes_is_taken(work: Path) -> None:
    content = json.loads((work / "runs" / "tiny" / "run.json").read_text())
    content["classes"] = content["classes"][::-1]
    for name in ("another", "zoo"):  # before it and after it by name
        other = shutil.copytree(work / "runs" / "tiny", work / "runs" / name)
        (other / "run.json").write_text(json.dumps(content))
    subject = open_subject(MODEL, None)
    assert subject.run is not None
    assert subject.run.folder.name == "tiny"


def test_why_a_run_cannot_be_used_is_kept(work: Path) -> None:
    weights = work / "runs" / "tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    subject = open_subject(MODEL, None)
    assert subject.run is None
    (reason,) = subject.unusable_runs
    assert "tiny" in reason
    (work / "model.mat").unlink()
    with pytest.raises(UserError, match=r"no model.mat beside it, and its run cannot be used"):
        open_subject(MODEL, None)


def test_a_file_alone_has_nothing_to_be_compared_with(work: Path) -> None:
    shutil.rmtree(work / "runs")
    (work / "model.mat").unlink()
    with pytest.raises(UserError) as caught:
        open_subject(MODEL, None)
    for words in ("nothing to compare model.onnx with", "SHA-256", "--checkpoint RUN"):
        assert words in str(caught.value)


def test_nodes_that_cannot_be_read_are_named(work: Path) -> None:
    faults.replace_node(work, "relu2", "Tan")
    faults.edit_onnx(work, lambda model: setattr(model.opset_import[0], "version", 18))
    subject = open_subject(MODEL, None)
    assert subject.onnx_graph is None
    assert "Tan" in subject.onnx_problem
    assert subject.onnx_unread == ("relu2",)
    assert subject.places == {}


def test_side_files_of_weights_are_digested_too(work: Path) -> None:
    model = load("model.onnx")
    external.convert_model_to_external_data(model, location="w.bin", size_threshold=0)
    save(model, "model.onnx")
    subject = open_subject(MODEL, None)
    assert set(subject.sha256) == {"model.onnx", "model.mat", "w.bin"}
    assert subject.sha256["w.bin"] == sha256(work / "w.bin")


def test_logits_are_compared_as_they_are_or_after_the_log_softmax(
    work: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    logits = np.float32([[1, 2, 3, 4], [0, 0, 5, 1]])
    plain = open_subject(MODEL, None)
    assert plain.ending == ""
    assert plain.compared_values([logits])[0] is logits
    folder = tmp_path_factory.mktemp("files")
    computed_constants.write("log-softmax", folder)
    subject = open_subject(folder / "model.onnx", None)
    assert subject.ending == "log_softmax"
    after = torch.log_softmax(torch.from_numpy(logits).double(), 1).numpy()
    np.testing.assert_allclose(subject.compared_values([logits])[0], after, rtol=1e-12)
    np.testing.assert_allclose(subject.compared_values([after])[0], after, rtol=1e-12)
    for odd in (logits[:, :, None], np.full((2, 4), np.nan, np.float32)):
        assert subject.compared_values([odd])[0] is odd
