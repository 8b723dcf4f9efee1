"""Every fault is caught, and named where a layer is at fault; a sound export passes.

What the faults are is in tests/support: `fault_cases` (model.onnx), `mat_faults`, `engine_faults`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_cases import ONNX_FAULTS, Fault

from cifarx.verify.checks import Outcome
from cifarx.verify.report import lines
from cifarx.verify.result import Result, Verdict
from cifarx.verify.verify import Options, verify

MODEL = Path("model.onnx")


def check(*engines: str) -> Result:
    return verify(Options(MODEL, engines or ("pytorch", "onnxruntime"), layer_images=16))


def assert_refused(result: Result) -> None:
    text = lines(result)
    assert result.verdict is not Verdict.EQUIVALENT, text
    assert result.exit_code == (2 if result.verdict is None else 1)
    assert any(found.outcome is Outcome.FAILED for found in result.checks()), text


def assert_named(result: Result, layer: str | None, said: str) -> None:
    text = lines(result)
    assert any(said in line for line in text), text
    if layer is not None:
        assert result.first_divergence is not None, text
        assert result.first_divergence.layer == layer, text


@pytest.mark.parametrize("name", ONNX_FAULTS)
def test_a_fault_in_the_onnx_file_is_caught_and_named(prepare, name: str) -> None:
    fault = ONNX_FAULTS[name]
    fault.spoil(prepare(fault.network))
    result = check()
    assert_refused(result)
    assert_named(result, fault.layer, fault.said)
