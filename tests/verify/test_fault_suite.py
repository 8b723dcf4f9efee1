"""Every fault of the files is caught, and named where a layer is at fault.

The faults are in tests/support: `fault_cases` (model.onnx) and `mat_faults`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_cases import ONNX_FAULTS
from mat_faults import MAT_FAULTS
from random_runs import random_run
from refusals import assert_named, assert_refused, check

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines import pytorch
from cifarx.verify.report.json_report import lines

Prepare = Callable[[str], Path]


@pytest.mark.parametrize("name", ONNX_FAULTS)
def test_a_fault_in_the_onnx_file_is_caught_and_named(prepare: Prepare, name: str) -> None:
    fault = ONNX_FAULTS[name]
    fault.spoil(prepare(fault.network))
    result = check()
    assert_refused(result, exit_code=2 if fault.rejected else 1)
    assert_named(result, fault.layer, fault.said)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if i % 8 else [])
        for i, name in enumerate(ONNX_FAULTS)
    ],
)
def test_without_the_run_a_fault_in_the_onnx_file_is_caught_and_named(
    prepare: Prepare, name: str
) -> None:
    fault = ONNX_FAULTS[name]
    folder = prepare(fault.network)
    fault.spoil(folder)
    shutil.rmtree(folder / "runs")
    result = check("onnxruntime")
    assert_refused(result, exit_code=2 if fault.rejected else 1)
    found = result.first_divergence
    assert (found.layer if found else None) == fault.layer, lines(result)


@pytest.mark.parametrize("name", MAT_FAULTS)
def test_a_fault_in_the_mat_file_is_caught_and_named(prepare: Prepare, name: str) -> None:
    fault = MAT_FAULTS[name]
    fault.spoil(prepare(fault.network))
    result = check(images=fault.images)
    assert_refused(result)
    assert_named(result, fault.layer, fault.said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a variable more", "holds content that its format does not have: 'extra_weights'"),
        ("a field more in test", "'test.extra'"),
        ("an array that the layer's kind does not have", "'relu1.Weights'"),
    ],
)
def test_more_in_the_mat_file_is_caught_where_it_is_the_original(
    prepare: Prepare, name: str, said: str
) -> None:
    folder = prepare(MAT_FAULTS[name].network)
    MAT_FAULTS[name].spoil(folder)
    shutil.rmtree(folder / "runs")
    result = check("onnxruntime")
    assert_refused(result)
    assert not result.contract.meaning_changed
    assert_named(result, None, said)


@pytest.mark.octave
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("epsilon a thousand times larger", "FAILED | octave "),
        ("mean changed", "differently from python"),
    ],
)
def test_a_fault_in_the_mat_file_shows_in_octave(
    prepare: Prepare, name: str, said: str, octave_program: str
) -> None:
    MAT_FAULTS[name].spoil(prepare("bn-tiny"))
    result = check("octave", images=10, layer_images=2)
    assert_refused(result)
    assert_named(result, MAT_FAULTS[name].layer, said)


def test_a_network_left_in_training_mode_is_refused(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pytorch.build_module
    monkeypatch.setattr(pytorch, "build_module", lambda run: real(run).train())
    prepare("bn-tiny")
    with pytest.raises(UserError, match="is in training mode"):
        check()


def test_a_stale_checkpoint_is_caught(prepare: Prepare, tmp_path: Path) -> None:
    prepare("bn-tiny")
    random_run("bn-tiny", tmp_path / "later", seed=9)
    result = check(checkpoint=tmp_path / "later")
    assert_refused(result)
    assert_named(result, "conv1", "model.onnx has checkpoint_sha256")


@pytest.mark.parametrize(
    "nothing", [{"images": 0}, {"layer_images": 0}, {"accuracy_images": 0}, {"images": -1}]
)
def test_a_check_over_nothing_is_refused(prepare: Prepare, nothing: dict[str, int]) -> None:
    prepare("bn-tiny")
    with pytest.raises(UserError, match="would compare nothing"):
        check(**nothing)
