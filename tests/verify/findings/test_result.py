"""Verdicts of results made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import results

from cifarx.verify.findings.logits import Change
from cifarx.verify.findings.result import Result, Verdict


def spoilt(margin: float) -> Result:
    """A tensor differs, and ONNX Runtime predicts another class for an image with this margin."""
    result = results.sound()
    audit = replace(result.audits[0], tensors_equal=3, differing=("fc_bias",))
    pytorch, onnxruntime, matlab = result.engines
    judgement = replace(
        results.judgement(Change(4, 2, 1, margin)), ratio=1.25, largest=1.5e-6, largest_allowed=2e-5
    )
    changed = replace(onnxruntime, judgement=judgement, marked=None)
    return replace(result, audits=(audit,), engines=(pytorch, changed, matlab))


@pytest.mark.parametrize(
    ("margin", "verdict"),
    [(3e-5, Verdict.SAME_PREDICTIONS), (5e-5, Verdict.DIFFERENT)],
)
def test_a_tie_is_no_changed_prediction(margin: float, verdict: Verdict) -> None:
    assert spoilt(margin).verdict is verdict
