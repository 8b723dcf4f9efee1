"""What a test expects of `verify` where something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

MODEL = Path("model.onnx")


def check(*engines: str, **options: Any) -> Result:
    asked = engines or ("pytorch", "onnxruntime")
    return verify(VerifyOptions(MODEL, asked, **{"layer_images": 16, **options}))


def assert_refused(result: Result, exit_code: int = 1) -> None:
    text = lines(result)
    assert result.verdict is not Verdict.EQUIVALENT, text
    assert result.exit_code == exit_code, text
    assert any(found.outcome is Outcome.FAILED for found in result.checks()), text


def assert_named(result: Result, layer: str | None, said: str) -> None:
    text = lines(result)
    assert any(said in line for line in text), text
    found = result.first_divergence
    if layer is None:
        assert found is None, text
        return
    assert found is not None, text
    assert found.layer == layer, text
    original = {names.layer: names for names in result.layers}
    if layer in original:
        assert found.module == original[layer].module
        assert found.onnx_node == original[layer].onnx_node
        assert found.matlab_layer == original[layer].matlab_layer == layer
    else:
        assert layer in (found.onnx_node, found.matlab_layer)
