"""Checks that could not be made, or whose evidence contradicts itself, are not a pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import results

from cifarx.export.mat.reader import read_mat
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify

Command = Callable[..., Any]
MODEL = Path("model.onnx")


def check(checkpoint: Path | None = None) -> Result:
    return verify(VerifyOptions(MODEL, ("onnxruntime",), checkpoint, layer_images=2))


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("layers_0_of_15.json", "0 of 15 layers of model.mat are equal, but no fault is named"),
        (
            "no_export_of_mat.json",
            "the export of model.onnx, but the check covered model.onnx, mod",
        ),
    ],
)
def test_a_report_that_contradicts_itself_is_not_judged(
    report: str, words: str, root: Path, cifarx: Command
) -> None:
    done = cifarx("verify", "--judge", root / "tests" / "data" / "reports" / report)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def damaged_digest(folder: Path) -> None:
    path = folder / "model.mat"
    digest = read_mat(path).onnx_sha256.encode()
    other = (b"1" if digest[:1] == b"0" else b"0") + digest[1:]
    content = path.read_bytes()
    assert content.count(digest) == 1
    path.write_bytes(content.replace(digest, other))


def test_a_damaged_digest_of_model_onnx_fails_the_input_contract(work: Path) -> None:
    damaged_digest(work)
    result = check()
    assert result.verdict is not Verdict.EQUIVALENT
    assert any("onnx_sha256" in fault for fault in result.contract.faults)


def test_a_model_onnx_of_another_opset_is_no_damage(work: Path, cifarx: Command) -> None:
    assert cifarx("export", "runs/tiny", "--onnx", "--opset", "17").code == 0
    assert check().verdict is Verdict.EQUIVALENT


def test_a_run_that_cannot_be_used_is_told_and_is_no_pass(work: Path) -> None:
    weights = work / "runs" / "tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    result = check()
    assert result.verdict is Verdict.SAME_PREDICTIONS
    assert result.reference.outcome is Outcome.FAILED
    for words in ("other weights than run.json describes", "--checkpoint none"):
        assert words in result.reference.detail
    alone = check(Path("none"))
    assert (alone.verdict, alone.environment.run) == (Verdict.EQUIVALENT, None)


def test_one_output_decides_nothing() -> None:
    result = replace(results.sound(), classes=("value",), margin=float("inf"), accuracy=None)
    lines = [check.line() for check in result.checks()]
    assert not [line for line in lines if "inf" in line]
    assert any("the network has one output" in line for line in lines)
    # nothing is predicted, so nothing can stay the same
    audit = replace(result.audits[0], tensors_equal=3, differing=("fc_bias (by up to 0.1)",))
    assert replace(result, audits=(audit, result.audits[1])).verdict is Verdict.DIFFERENT
