"""A network that amplifies rounding is no reason to distrust its reference; damaged outputs are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.result import Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify

MODULE = """
import torch
from torch import nn

def net():
    # two almost equal halves, the difference of which is the output: float32 has three digits of it
    torch.manual_seed(0)
    first, last = nn.Linear(48, 10), nn.Linear(10, 5, bias=False)
    with torch.no_grad():
        first.weight[5:] = first.weight[:5] + 1e-4 * torch.randn(5, 48)
        first.bias[5:] = first.bias[:5]
        last.weight.copy_(torch.cat([torch.eye(5), -torch.eye(5)], 1))
    return nn.Sequential(nn.Flatten(), first, last).eval()
"""


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cifarx: Callable[..., Any]) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "amplifying_net.py").write_text(MODULE)
    done = cifarx("export", "amplifying_net:net", "--input-size", "3,4,4", "--name", "model")
    assert done.code == 0, done.err
    return tmp_path


def check() -> Any:
    return verify(VerifyOptions(Path("model.onnx"), ("onnxruntime",)))


def test_a_network_that_amplifies_rounding_has_a_reference(exported: Path) -> None:
    result = check()
    assert result.reference.outcome is Outcome.PASSED
    assert "amplify rounding" in result.reference.detail
    assert result.verdict is Verdict.EQUIVALENT


def test_outputs_that_its_layers_do_not_give_have_not(exported: Path) -> None:
    content = {k: v for k, v in loadmat("model.mat").items() if not k.startswith("__")}
    logits = content["test"]["outputs"][0, 0]
    content["test"]["outputs"][0, 0] = (logits + np.abs(logits).max()).astype(np.float32)
    savemat("model.mat", content, long_field_names=True)
    result = check()
    assert result.reference.outcome is Outcome.FAILED
    assert result.verdict is not Verdict.EQUIVALENT
