"""A sound export is EQUIVALENT, however it is written and however it is computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from random_runs import random_run
from sound_cases import ARITHMETIC, FILES, LIVE, newest_opset, random_case, trained_case

from cifarx.export.bundle import Formats, bundle_run, write_bundle
from cifarx.export.to_onnx.writer import OPSET
from cifarx.pytorch_models.registry import models
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

MODEL = Path("model.onnx")
NEWEST = newest_opset()
TINY = [name for name in models() if name.endswith("-tiny")]
LARGE = [name for name in models() if name not in TINY]
SEEDS = 5
Prepare = Callable[[str], Path]


def check() -> Result:
    return verify(VerifyOptions(MODEL, LIVE, layer_images=16))


def assert_equivalent(result: Result) -> None:
    assert result.verdict is Verdict.EQUIVALENT, "\n".join(lines(result))
    assert not [c for c in result.checks() if c.outcome is not Outcome.PASSED], lines(result)
    assert all(len(e.layers) == e.layers_in_all > 0 for e in result.engines)
    assert result.first_divergence is None


@pytest.mark.parametrize("name", FILES)
def test_the_same_network_in_another_file(prepare: Prepare, name: str) -> None:
    FILES[name](prepare("bn-tiny"))
    assert_equivalent(check())


@pytest.mark.parametrize("name", ARITHMETIC)
def test_the_same_network_in_other_arithmetic(
    prepare: Prepare, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("bn-tiny")
    ARITHMETIC[name](monkeypatch)
    assert_equivalent(check())


def _exported(folder: Path, network: str, opset: int) -> None:
    run = random_run(network, folder / "runs" / "random")
    write_bundle(bundle_run(run), folder, "model", Formats(onnx=True), opset)


@pytest.mark.parametrize("opset", [OPSET, NEWEST])
def test_the_same_network_in_another_opset(
    remembered: None, opset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _exported(tmp_path, "bn-tiny", opset)
    monkeypatch.chdir(tmp_path)
    assert_equivalent(check())


@pytest.mark.slow
@pytest.mark.parametrize("opset", range(OPSET + 1, NEWEST))
@pytest.mark.parametrize("network", ["bn-tiny", "dynconv-tiny"])
def test_the_same_network_in_any_opset(
    remembered: None, network: str, opset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _exported(tmp_path, network, opset)
    monkeypatch.chdir(tmp_path)
    assert_equivalent(check())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("network", TINY + LARGE)
def test_random_weights(remembered: None, network: str, seed: int, tmp_path: Path) -> None:
    assert_equivalent(random_case(network, seed, tmp_path))


@pytest.mark.slow
@pytest.mark.octave
@pytest.mark.parametrize("network", TINY + LARGE)
def test_trained_weights(
    remembered: None, unpainted: None, network: str, tmp_path: Path, octave_program: str
) -> None:
    assert_equivalent(trained_case(network, tmp_path, (*LIVE, "octave")))


@pytest.mark.slow
@pytest.mark.octave
@pytest.mark.parametrize("network", TINY + LARGE)
def test_random_weights_in_octave(
    remembered: None, network: str, tmp_path: Path, octave_program: str
) -> None:
    assert_equivalent(random_case(network, 0, tmp_path, (*LIVE, "octave")))
