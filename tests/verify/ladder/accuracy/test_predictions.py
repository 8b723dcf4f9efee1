"""What engines score on the data set, and logits there that are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines.engine import Outputs
from cifarx.verify.engines.onnx_runtime import OnnxRuntime
from cifarx.verify.findings.accuracy import NO_CLASS
from cifarx.verify.findings.result import Verdict
from cifarx.verify.ladder.accuracy import sweep
from cifarx.verify.ladder.accuracy.predictions import Predictions, accuracy_report
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

Logits = NDArray[np.float32]
LABELS = np.array([0, 1, 2, 1])
GOOD = np.eye(3, dtype=np.float32)[LABELS]


def predictions(found: Logits) -> Predictions:
    return Predictions.of(np.arange(4), LABELS, {"pytorch": GOOD, "onnxruntime": found})


def test_numbers_that_are_none_are_no_prediction() -> None:
    bad = GOOD.copy()
    bad[1, 1], bad[2, 0] = np.nan, np.inf
    found = accuracy_report(predictions(bad), 4, "images", 3, {"onnxruntime": 1e-3})
    _, runtime = found.runtimes
    assert runtime.not_finite == 2
    assert runtime.overall.correct == 2
    assert [change.predicted for change in runtime.unexplained] == [NO_CLASS, NO_CLASS]
    assert not found.passed
    assert not found.unchanged
    assert "logits of 2 images are not finite numbers" in found.checks()[1].line()


def test_logits_that_rounding_does_not_explain_do_not_pass() -> None:
    found = accuracy_report(predictions(2 * GOOD), 4, "images", 3, {"onnxruntime": 1e-3})
    assert found.unchanged
    assert not found.passed
    assert (
        found.checks()[1]
        .line()
        .endswith("logits differ from PyTorch's by up to 1.0e+00 (allowed: 5.0e-04)")
    )
    near = accuracy_report(
        predictions(GOOD + np.float32(4e-4)), 4, "images", 3, {"onnxruntime": 1e-3}
    )
    assert near.passed


def _nan_for_the_winner(logits: Logits) -> Logits:
    logits[np.arange(len(logits)), logits.argmax(1)] = np.nan
    return logits


def _infinite_winner(logits: Logits) -> Logits:
    logits[np.arange(len(logits)), logits.argmax(1)] = np.inf
    return logits


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (_nan_for_the_winner, Verdict.DIFFERENT),
        (_infinite_winner, Verdict.DIFFERENT),
        (lambda logits: logits * 1000 - 7, Verdict.SAME_PREDICTIONS),
    ],
)
def test_what_only_the_data_set_shows_is_no_pass(
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Logits], Logits],
    verdict: Verdict,
) -> None:
    """The compared images are computed rightly, the sweep over the data set is not."""
    real = OnnxRuntime.run

    def run(self: OnnxRuntime, images: NDArray[np.uint8], inputs: Sequence[Logits]) -> Outputs:
        found = real(self, images, inputs)
        return found if len(images) else replace(found, values=(change(found.logits.copy()),))

    monkeypatch.setattr(OnnxRuntime, "run", run)
    result = verify(
        VerifyOptions(Path("model.onnx"), ("pytorch", "onnxruntime"), accuracy_images=60)
    )
    assert result.verdict is verdict, lines(result)
    assert any(line.startswith("FAILED | accuracy | onnxruntime") for line in lines(result))


def test_an_image_that_cannot_be_read_costs_the_score_and_not_the_report(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*arguments: object) -> Images:
        raise UserError("cat/7.png is damaged. Get it again.")

    monkeypatch.setattr(sweep, "read_images", unreadable)
    result = verify(
        VerifyOptions(Path("model.onnx"), ("pytorch", "onnxruntime"), accuracy_images=60)
    )
    assert result.verdict is None
    last = lines(result)[-1]
    assert last.startswith("NOT VERIFIED | compared 1 engine; stopped during: accuracy, 0 of 60 ")
    assert last.endswith("(cat/7.png is damaged. Get it again)")
    assert all(engine.layers for engine in result.engines)
