"""A sound export is EQUIVALENT; each spoilt one is not, and what is spoilt is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from training import train_run

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run
from cifarx.verify.options import Options
from cifarx.verify.report import as_json, lines
from cifarx.verify.result import Result, Verdict
from cifarx.verify.verify import verify

MODEL = Path("model.onnx")


def check(*engines: str, **options: Any) -> Result:
    return verify(Options(MODEL, engines or ("pytorch", "onnxruntime"), **options))


def test_a_sound_export_is_equivalent(work: Path) -> None:
    result = check()
    assert result.verdict is Verdict.EQUIVALENT
    assert result.exit_code == 0
    text = lines(result)
    assert all(line.startswith("PASSED | ") for line in text[:-1])
    assert text[-1].startswith("EQUIVALENT | compared 1 of 1 engines (onnxruntime) with pytorch")
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


ONNX_FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "one kernel set transposed": (
        lambda f: faults.edit_initializer(f, "conv2_weight", lambda w: w.swapaxes(2, 3)),
        "differing: conv2_weight",
    ),
    "one weight off by one unit in the last place": (
        lambda f: faults.edit_initializer(f, "fc1_weight", faults.flip_bit),
        "differing: fc1_weight (1 of 512 values",
    ),
    "weights rounded to half": (
        lambda f: faults.edit_initializer(
            f, "fc2_weight", lambda w: w.astype(np.float16).astype(np.float32)
        ),
        "differing: fc2_weight",
    ),
    "rows of two classes swapped": (
        lambda f: faults.edit_initializer(f, "fc2_weight", faults.swap_rows),
        "differing: fc2_weight",
    ),
    "class names swapped": (
        lambda f: faults.edit_metadata(f, "classes", faults.swap_names),
        "model.onnx has classes 'ring, disc,",
    ),
    "mean changed": (
        lambda f: faults.edit_metadata(f, "mean", lambda m: [m[0] + 1, *m[1:]]),
        "model.onnx has mean '128.5, 127.5, 127.5', the run '127.5, 127.5, 127.5'",
    ),
    "a stride moved": (
        lambda f: (
            faults.edit_attribute(f, "conv1", "strides", [2, 2]),
            faults.edit_attribute(f, "conv2", "strides", [1, 1]),
        )[0],
        "conv1 has Stride (2, 2), not (1, 1), conv2 has Stride (1, 1), not (2, 2)",
    ),
    "epsilon a thousand times larger": (
        lambda f: faults.edit_attribute(f, "norm2", "epsilon", 1e-2),
        "norm2 has Epsilon 0.01, not 1e-05",
    ),
    "pads shifted": (
        lambda f: faults.edit_attribute(f, "conv1", "pads", [0, 1, 2, 1]),
        "conv1 has Padding (0, 2, 1, 1), not (1, 1, 1, 1)",
    ),
    "a NaN": (
        lambda f: faults.edit_initializer(f, "fc2_bias", lambda b: b * np.float32(np.nan)),
        "not finite numbers",
    ),
}


@pytest.mark.parametrize("name", ONNX_FAULTS)
def test_a_fault_in_the_onnx_file_is_caught_and_named(work: Path, name: str) -> None:
    spoil, named = ONNX_FAULTS[name]
    spoil(work)
    result = check()
    assert result.verdict is not Verdict.EQUIVALENT
    assert result.exit_code == 1
    assert any(named in line for line in lines(result)), lines(result)


MAT_FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "one bit of one weight": (
        lambda f: faults.edit_layer(f, "conv3", "Weights", faults.flip_bit),
        "differing: conv3.Weights (1 of 432 values",
    ),
    "class names swapped": (
        lambda f: faults.edit_mat(f, faults.swap_cells),
        "model.mat has classes 'ring, disc,",
    ),
    "labels changed": (
        lambda f: faults.edit_mat(
            f, lambda c: c["test"]["labels"].__setitem__((0, 0), c["test"]["labels"][0, 0][:, ::-1])
        ),
        "model.mat has other labels for the images",
    ),
    "digest of the arrays changed": (
        lambda f: faults.edit_mat(
            f, lambda c: c["format"]["arrays_sha256"].__setitem__((0, 0), np.array(["0" * 64]))
        ),
        "model.mat's arrays_sha256 is not that of its arrays",
    ),
    "test images changed": (
        lambda f: faults.edit_mat(f, lambda c: c["test"]["images"][0, 0].__iadd__(1)),
        "model.mat's test inputs are not its test images normalised",
    ),
    "reference changed": (
        lambda f: faults.edit_mat(f, lambda c: c["test"]["reference"][0, 0].__iadd__(1e-6)),
        "FAILED | reference | model.mat's outputs for its 60 test images are not those of",
    ),
}


@pytest.mark.parametrize("name", MAT_FAULTS)
def test_a_fault_in_the_mat_file_is_caught_and_named(work: Path, name: str) -> None:
    spoil, named = MAT_FAULTS[name]
    spoil(work)
    result = check()
    assert result.exit_code == 1
    assert any(named in line for line in lines(result)), lines(result)


@pytest.mark.octave
def test_a_wrong_option_in_the_mat_file_is_caught_by_octave(
    work: Path, octave_program: str
) -> None:
    faults.edit_layer(work, "norm2", "Epsilon", lambda e: e * 1e3)
    result = check("octave")
    assert result.exit_code == 1
    assert any(line.startswith("FAILED | octave ") for line in lines(result))


@pytest.mark.octave
def test_a_wrong_mean_in_the_mat_file_is_caught_where_octave_normalises(
    work: Path, octave_program: str
) -> None:
    faults.edit_mat(work, lambda c: c["input"]["Mean"][0, 0].__iadd__(np.float32(1)))
    result = check("octave")
    assert result.verdict is Verdict.DIFFERENT
    assert any(
        fault.startswith("octave ") and fault.endswith("to other numbers than python")
        for fault in result.contract.faults
    )


def test_one_bit_changes_no_prediction_and_the_verdict_says_so(work: Path) -> None:
    faults.edit_layer(work, "conv3", "Weights", faults.flip_bit)
    result = check()
    assert result.verdict is Verdict.SAME_PREDICTIONS
    assert result.exit_code == 1
    assert check(accept_predictions=True).exit_code == 0


def test_swapped_class_names_are_different_even_where_logits_agree(work: Path) -> None:
    faults.edit_metadata(work, "classes", faults.swap_names)
    assert check(accept_predictions=True).verdict is Verdict.DIFFERENT


def test_an_unused_copy_of_a_weight_hides_nothing(work: Path) -> None:
    def bypass(model: onnx.ModelProto) -> None:
        (tensor,) = (t for t in model.graph.initializer if t.name == "fc2_weight")
        other = faults.flip_bit(numpy_helper.to_array(tensor).copy())
        constant = onnx.helper.make_node(
            "Constant", [], ["other"], value=numpy_helper.from_array(other, "other")
        )
        (gemm,) = (n for n in model.graph.node if n.name == "fc2")
        gemm.input[1] = "other"
        model.graph.node.insert(0, constant)

    faults.edit_onnx(work, bypass)
    audit = check().audits[0]
    assert audit.differing[0].startswith("other (1 of 160 values")
    assert audit.unaccounted == ("fc2_weight",)
    assert audit.tensors_equal == audit.tensors - 1


def test_a_node_that_the_test_images_never_touch_is_named(work: Path) -> None:
    def add_relu(model: onnx.ModelProto) -> None:
        model.graph.node.insert(2, onnx.helper.make_node("Relu", ["relu1"], ["again"], "again"))
        for node in model.graph.node:
            if node.name == "norm1":
                node.input[0] = "again"

    faults.edit_onnx(work, add_relu)
    result = check()
    assert all(j.ratio < 2 for j in result.judgements())
    assert result.verdict is Verdict.SAME_PREDICTIONS
    assert "again added" in result.audits[0].layer_faults


def test_a_node_of_no_layer_kind_is_named(work: Path) -> None:
    def bend(model: onnx.ModelProto) -> None:
        model.graph.node[-1].output[0] = "before"
        model.graph.node.append(onnx.helper.make_node("Softplus", ["before"], ["logits"], "bent"))

    faults.edit_onnx(work, bend)
    result = check()
    assert result.exit_code == 1
    assert "Softplus (node bent): no layer kind for it" in "\n".join(lines(result))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (
            lambda f: faults.edit_layer(f, "drop3", "Probability", lambda p: p + 0.5),
            "drop3 has Probability 0.7, not 0.2",
        ),
        (
            lambda f: faults.edit_layer(f, "norm2", "Epsilon", lambda e: e * 1.0003),
            "norm2 has Epsilon 1.0003",
        ),
        (lambda f: faults.edit_attribute(f, "norm2", "epsilon", 1.0003e-5), "norm2 has Epsilon"),
    ],
)
def test_an_option_is_compared_whether_or_not_it_shows_in_the_outputs(
    work: Path, spoil: Callable[[Path], None], named: str
) -> None:
    spoil(work)
    result = check()
    assert result.exit_code == 1
    assert named in "\n".join(lines(result))


def test_exchanged_arrays_of_one_layer_are_named_whatever_their_source_says(work: Path) -> None:
    def exchange(content: dict[str, Any]) -> None:
        (layer,) = (i for i in content["layers"].ravel() if i["Name"].item() == "norm2")
        source = layer["Source"][0, 0]
        for a, b in (("Scale", "TrainedVariance"),):
            layer[a], layer[b] = layer[b].copy(), layer[a].copy()
            source[a], source[b] = source[b].copy(), source[a].copy()

    faults.edit_mat(work, exchange)
    audit = check().audits[1]
    assert [d.split(" ")[0] for d in audit.differing] == ["norm2.Scale", "norm2.TrainedVariance"]


@pytest.mark.parametrize("value", [np.inf, 0.0])
def test_a_spoilt_yardstick_excuses_nothing(work: Path, value: float) -> None:
    shutil.rmtree(work / "runs")
    faults.edit_mat(work, lambda c: c["test"]["logits"][0, 0].fill(value))
    faults.edit_attribute(work, "norm2", "epsilon", 0.1)
    result = verify(Options(MODEL, ("onnxruntime",)))
    assert result.exit_code == 1
    text = lines(result)
    assert any(line.startswith("FAILED | reference") for line in text)
    assert any(line.startswith("FAILED | onnxruntime") for line in text)


def test_a_second_output_is_no_pass(work: Path) -> None:
    def add(model: onnx.ModelProto) -> None:
        node = onnx.helper.make_node("Softmax", ["logits"], ["probs"], "softmax", axis=1)
        model.graph.node.append(node)
        shape = ["N", 10]
        model.graph.output.append(
            onnx.helper.make_tensor_value_info("probs", onnx.TensorProto.FLOAT, shape)
        )

    faults.edit_onnx(work, add)
    result = check()
    assert result.exit_code == 1
    assert any("has 2 outputs (logits, probs), not one" in line for line in lines(result))


def test_without_the_run_the_files_are_judged_against_each_other(work: Path) -> None:
    shutil.rmtree(work / "runs")
    result = verify(Options(MODEL))
    assert result.verdict is Verdict.EQUIVALENT
    assert result.truth == "model.mat's reference"
    assert result.images.origin == "images of the test batch in model.mat"
    text = lines(result)
    assert any("22/22 tensors equal model.mat bit for bit" in line for line in text)
    assert any(line.startswith("SKIPPED | pytorch | the run with the checkpoint") for line in text)


def test_without_the_run_a_changed_weight_is_still_named(work: Path) -> None:
    shutil.rmtree(work / "runs")
    faults.edit_initializer(work, "conv1_bias", faults.flip_bit)
    result = verify(Options(MODEL))
    assert result.exit_code == 1
    assert any("differing: conv1_bias" in line for line in lines(result))


def test_without_the_mat_file_the_onnx_file_is_judged_against_the_run(work: Path) -> None:
    (work / "model.mat").unlink()
    result = verify(Options(MODEL))
    assert result.verdict is Verdict.EQUIVALENT
    skipped = [line for line in lines(result) if line.startswith("SKIPPED | octave")]
    assert skipped
    assert result.compared() == ("onnxruntime", "onnxruntime-unoptimized")


def test_with_neither_run_nor_mat_there_is_nothing_to_compare_with(work: Path) -> None:
    shutil.rmtree(work / "runs")
    (work / "model.mat").unlink()
    with pytest.raises(UserError, match=r"nothing to compare model.onnx with: no model.mat beside"):
        verify(Options(MODEL))


def test_a_run_is_found_beside_the_file_and_by_name(
    work: Path, run_in_work: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    beside = verify(Options(work / "model.onnx", ("onnxruntime",)))
    assert beside.environment.run == run_in_work.folder.name
    moved = Path(shutil.move(run_in_work.folder, elsewhere / "moved"))
    assert verify(Options(work / "model.onnx", ("onnxruntime",))).environment.run is None
    named = verify(Options(work / "model.onnx", ("onnxruntime",), checkpoint=moved))
    assert named.verdict is Verdict.EQUIVALENT


def test_a_stale_checkpoint_is_caught(work: Path, run_in_work: Run) -> None:
    train_run("bn-tiny", epochs=1, limit=300, seed=9, out=work / "later")
    result = check(checkpoint=work / "later")
    assert result.exit_code == 1
    text = "\n".join(lines(result))
    assert "model.onnx has checkpoint_sha256" in text
    assert "differing: conv1_weight" in text


def test_an_engine_asked_for_by_name_must_be_there(work: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="asks for octave, which cannot be used: GNU Octave is not"):
        verify(Options(MODEL, ("octave",)))


def test_an_engine_that_nobody_asked_for_may_be_missing(work: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    result = verify(Options(MODEL))
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
        result = verify(Options(MODEL))
    except UserError:  # a checker that knows no such version says so itself
        return
    assert result.exit_code == 2
    assert any(t.startswith("FAILED | onnxruntime | it does not load") for t in lines(result))


def test_a_session_that_cannot_be_made_is_no_pass(work: Path, monkeypatch: Any) -> None:
    import onnxruntime

    def reject(*arguments: object, **options: object) -> None:
        raise RuntimeError("Unsupported model IR version: 14")

    monkeypatch.setattr(onnxruntime, "InferenceSession", reject)
    result = verify(Options(MODEL))
    assert result.exit_code == 2
    assert any(t.startswith("FAILED | onnxruntime | it does not load") for t in lines(result))


def test_an_engine_that_breaks_down_is_no_pass(work: Path, monkeypatch: Any) -> None:
    programs = work / "bin"
    programs.mkdir()
    (programs / "octave-cli").write_text("#!/bin/sh\necho 'error: out of memory' >&2\nexit 1\n")
    (programs / "octave-cli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    result = verify(Options(MODEL))
    assert result.exit_code == 2
    assert "FAILED | octave | it broke down: error: out of memory" in lines(result)


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
    with pytest.raises(UserError, match=r"Did you mean 'octave'\? Allowed: pytorch, pytorch-ch"):
        check("octav")
