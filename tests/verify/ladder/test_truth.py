"""The truth, and whether it can be trusted: the module, model.mat's reference, or its layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import computed_constants
import faults
import numpy as np
import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.findings.check import Outcome
from cifarx.verify.ladder.truth import truth_of
from cifarx.verify.subject.files_and_run import NO_RUN, Subject, open_subject

MODEL = Path("model.onnx")


def inputs_of(subject: Subject, count: int | None = None) -> list[np.ndarray]:
    assert subject.mat is not None
    return [x[:count] for x in subject.mat.batch.inputs]


def test_with_a_run_the_module_is_the_truth_and_confirms_model_mat(work: Path) -> None:
    subject = open_subject(MODEL, None)
    live = PyTorch(subject)
    inputs = inputs_of(subject, 5)
    truth, check = truth_of(subject, live, inputs)
    np.testing.assert_array_equal(truth.reference, live.truth(inputs)[0])
    assert truth.origin.startswith("pytorch ")
    assert check.outcome is Outcome.PASSED
    assert (
        "its 60 test images are those of the run tiny (max difference in float64 0" in check.detail
    )


def test_a_reference_of_other_numbers_is_not_that_of_the_run(work: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["test"]["reference"][0, 0][3, 2] += 1e-3

    faults.edit_mat(work, change)
    subject = open_subject(MODEL, None)
    truth, check = truth_of(subject, PyTorch(subject), inputs_of(subject))
    assert check.outcome is Outcome.FAILED
    assert "are not those of the run tiny (max difference in float64 1.0e-03)" in check.detail
    assert truth.credible  # it is the module's


def test_without_a_model_mat_only_the_module_is_judged(work: Path) -> None:
    (work / "model.mat").rename(work / "other.mat")
    subject = open_subject(MODEL, None)
    inputs = [np.random.RandomState(0).standard_normal((3, 3, 32, 32)).astype(np.float32)]
    _, check = truth_of(subject, PyTorch(subject), inputs)
    assert check.outcome is Outcome.PASSED
    assert check.detail.startswith("PyTorch's float32 is ")


def test_without_a_run_the_reference_of_the_batch_is_taken(work: Path) -> None:
    subject = open_subject(MODEL, NO_RUN)
    assert subject.mat is not None
    truth, check = truth_of(subject, None, inputs_of(subject, 7))
    np.testing.assert_array_equal(truth.reference, subject.mat.batch.reference[:7])
    assert truth.origin == "model.mat's reference"
    assert check.outcome is Outcome.PASSED


def test_a_spoilt_yardstick_is_no_truth(work: Path) -> None:
    faults.edit_mat(work, lambda c: c["test"]["outputs"][0, 0].fill(0.0))
    subject = open_subject(MODEL, NO_RUN)
    _, check = truth_of(subject, None, inputs_of(subject))
    assert check.outcome is Outcome.FAILED


def test_other_inputs_are_computed_by_the_layers_of_model_mat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed_constants.write("normed", tmp_path)
    monkeypatch.chdir(tmp_path)
    subject = open_subject(MODEL, None)
    inputs = computed_constants.noise(40)[16:]
    truth, check = truth_of(subject, None, [inputs])
    wanted = computed_constants.in_float64("normed", inputs)
    np.testing.assert_allclose(truth.reference, wanted, atol=1e-11 * np.abs(wanted).max())
    assert truth.origin == "model.mat's layers in float64"
    assert 0 < truth.roundings < 100
    assert check.outcome is Outcome.PASSED


def test_a_run_that_cannot_be_used_fails_the_reference(work: Path) -> None:
    subject = replace(open_subject(MODEL, NO_RUN), unusable_runs=("Its weights are gone.",))
    _, check = truth_of(subject, None, inputs_of(subject))
    assert check.outcome is Outcome.FAILED
    assert "Its weights are gone. Pass --checkpoint none" in check.detail


def test_a_file_without_outputs_of_pytorch_gives_no_truth(work: Path) -> None:
    subject = open_subject(MODEL, NO_RUN)
    assert subject.mat is not None
    batch = replace(subject.mat.batch, references=())
    saved = replace(subject, mat=replace(subject.mat, batch=batch))
    with pytest.raises(UserError, match=r"cifarx.save in MATLAB .* 'cifarx import'"):
        truth_of(saved, None, inputs_of(subject))
