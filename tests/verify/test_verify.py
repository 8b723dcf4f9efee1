"""What `verify` compares, with what it makes do, and the verdicts; faults: test_fault_suite.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import faults
import numpy as np
import onnx
import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import as_json, lines
from cifarx.verify.verify import verify

pytestmark = pytest.mark.usefixtures("remembered")

MODEL = Path("model.onnx")


def check(*engines: str, **options: Any) -> Result:
    return verify(VerifyOptions(MODEL, engines or ("pytorch", "onnxruntime"), **options))


def test_a_sound_export_is_equivalent(work: Path) -> None:
    result = check()
    assert result.verdict is Verdict.EQUIVALENT
    assert result.exit_code == 0
    text = lines(result)
    assert all(line.startswith("PASSED | ") for line in text[:-1])
    assert text[-1].startswith("EQUIVALENT | compared 1 of 1 engine (onnxruntime) with pytorch")
    assert any("model.onnx 22/22 tensors equal the checkpoint bit for bit" in t for t in text)


@pytest.mark.octave
def test_a_sound_export_is_equivalent_in_octave(work: Path, octave_program: str) -> None:
    result = check("onnxruntime", "octave")
    assert result.verdict is Verdict.EQUIVALENT
    engine = next(e for e in result.engines if e.engine == "octave")
    assert engine.runtime.startswith("octave ")
    assert engine.judgement is not None
    assert engine.judgement.ratio < 3
    assert engine.runtime in result.contract.normalized_by


def test_one_bit_changes_no_prediction_and_the_verdict_says_so(work: Path) -> None:
    faults.edit_layer(work, "conv3", "Weights", faults.flip_bit)
    result = check()
    assert result.verdict is Verdict.SAME_PREDICTIONS
    assert result.exit_code == 1
    assert check(accept_predictions=True).exit_code == 0


def test_swapped_class_names_are_different_even_where_logits_agree(work: Path) -> None:
    faults.edit_metadata(work, "classes", faults.swap_names)
    assert check(accept_predictions=True).verdict is Verdict.DIFFERENT


@pytest.mark.parametrize("value", [np.inf, 0.0])
def test_a_spoilt_yardstick_excuses_nothing(work: Path, value: float) -> None:
    shutil.rmtree(work / "runs")
    faults.edit_mat(work, lambda c: c["test"]["outputs"][0, 0].fill(value))
    faults.edit_attribute(work, "norm2", "epsilon", 0.1)
    result = verify(VerifyOptions(MODEL, ("onnxruntime",)))
    assert result.exit_code == 1
    text = lines(result)
    assert any(line.startswith("FAILED | reference") for line in text)
    assert any(line.startswith("FAILED | onnxruntime") for line in text)


def test_without_the_run_the_files_are_judged_against_each_other(work: Path) -> None:
    shutil.rmtree(work / "runs")
    result = verify(VerifyOptions(MODEL))
    assert result.verdict is Verdict.EQUIVALENT
    assert result.truth == "model.mat's reference"
    assert result.images.origin == "images of the test batch in model.mat"
    text = lines(result)
    assert any("22/22 tensors equal model.mat bit for bit" in line for line in text)
    assert any(line.startswith("SKIPPED | pytorch | the run with the checkpoint") for line in text)


def test_without_the_run_a_changed_weight_is_still_named(work: Path) -> None:
    shutil.rmtree(work / "runs")
    faults.edit_initializer(work, "conv1_bias", faults.flip_bit)
    result = verify(VerifyOptions(MODEL))
    assert result.exit_code == 1
    assert any("differing: conv1_bias" in line for line in lines(result))


def test_without_the_mat_file_the_onnx_file_is_judged_against_the_run(work: Path) -> None:
    (work / "model.mat").unlink()
    result = verify(VerifyOptions(MODEL))
    assert result.verdict is Verdict.EQUIVALENT
    skipped = [line for line in lines(result) if line.startswith("SKIPPED | octave")]
    assert skipped
    assert result.compared_engines() == ("onnxruntime", "onnxruntime-unoptimized")


def test_with_neither_run_nor_mat_there_is_nothing_to_compare_with(work: Path) -> None:
    shutil.rmtree(work / "runs")
    (work / "model.mat").unlink()
    with pytest.raises(UserError, match=r"nothing to compare model.onnx with: no model.mat beside"):
        verify(VerifyOptions(MODEL))


def test_a_run_is_found_beside_the_file_and_by_name(
    work: Path, run_in_work: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    beside = verify(VerifyOptions(work / "model.onnx", ("onnxruntime",)))
    assert beside.environment.run == run_in_work.folder.name
    moved = Path(shutil.move(run_in_work.folder, elsewhere / "moved"))
    assert verify(VerifyOptions(work / "model.onnx", ("onnxruntime",))).environment.run is None
    named = verify(VerifyOptions(work / "model.onnx", ("onnxruntime",), checkpoint=moved))
    assert named.verdict is Verdict.EQUIVALENT


def test_an_engine_asked_for_by_name_must_be_there(work: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="names octave, which cannot be used: GNU Octave is not"):
        verify(VerifyOptions(MODEL, ("octave",)))


def test_an_engine_that_nobody_asked_for_may_be_missing(work: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    result = verify(VerifyOptions(MODEL))
    assert result.verdict is Verdict.EQUIVALENT
    assert "compared 2 of 5 engines" in lines(result)[-1]
    assert any(
        t.startswith("SKIPPED | octave | GNU Octave is not installed") for t in lines(result)
    )


def test_a_file_that_onnx_runtime_rejects_is_no_pass(work: Path) -> None:
    def newest_ir(model: onnx.ModelProto) -> None:
        model.ir_version = 99

    faults.edit_onnx(work, newest_ir)
    try:
        result = verify(VerifyOptions(MODEL))
    except UserError:  # a checker that knows no such version says so itself
        return
    assert result.exit_code == 2
    assert any(t.startswith("FAILED | onnxruntime | it does not load") for t in lines(result))


def test_a_session_that_cannot_be_made_is_no_pass(work: Path, monkeypatch: Any) -> None:
    import onnxruntime

    def reject(*arguments: object, **options: object) -> None:
        raise RuntimeError("Unsupported model IR version: 14")

    monkeypatch.setattr(onnxruntime, "InferenceSession", reject)
    result = verify(VerifyOptions(MODEL))
    assert result.exit_code == 2
    assert any(t.startswith("FAILED | onnxruntime | it does not load") for t in lines(result))


def test_an_engine_that_breaks_down_is_no_pass(work: Path, monkeypatch: Any) -> None:
    programs = work / "bin"
    programs.mkdir()
    (programs / "octave-cli").write_text("#!/bin/sh\necho 'error: out of memory' >&2\nexit 1\n")
    (programs / "octave-cli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    result = verify(VerifyOptions(MODEL))
    assert result.exit_code == 2
    assert "FAILED | octave | it failed: error: out of memory" in lines(result)


def test_pytorch_alone_compares_nothing(work: Path) -> None:
    result = check("pytorch")
    assert result.exit_code == 2
    assert lines(result)[-1] == "NOT VERIFIED | compared 0 engines"


def test_the_report_is_json_and_says_what_the_lines_say(work: Path) -> None:
    faults.edit_initializer(work, "fc2_bias", lambda b: b * np.float32(np.nan))
    result = check()
    report = json.loads(json.dumps(as_json(result), allow_nan=False))
    assert report["verdict"] == "DIFFERENT"
    assert report["exit_code"] == 1
    assert report["lines"] == lines(result)
    assert [e["engine"] for e in report["engines"]] == ["pytorch", "onnxruntime"]
    assert report["weights"][0]["differing"][0].startswith("fc2_bias")
    assert set(report) >= {"verdict", "exit_code", "engines", "weights", "input", "export",
                           "accuracy", "first_divergence", "environment"}  # fmt: skip
    assert set(report["environment"]["files"]) == {"model.onnx", "model.mat"}


def test_an_unknown_engine_gets_the_nearest_name(work: Path) -> None:
    with pytest.raises(UserError, match=r"Did you mean 'octave'\? Allowed, .*: pytorch, "):
        check("octav")
