"""Every fault of a runtime, or of a result from elsewhere, is caught, and its layer is named.

The faults of runtimes are in tests/support, `engine_faults`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_faults import ENGINE_FAULTS, TOOLBOX_FAULTS, EngineFault
from fault_cases import ONNX_FAULTS
from mat_faults import MAT_FAULTS
from refusals import assert_named, assert_refused, check
from scipy.io import savemat

from cifarx.export.mat.reader import MatFile, read_mat
from cifarx.export.network import layout
from cifarx.pytorch_models.errors import EngineError
from cifarx.pytorch_models.files import sha256
from cifarx.verify.engines.onnx_runtime import OnnxRuntime
from cifarx.verify.findings.engine import MATLAB_RESULT
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.report.json_report import lines

Prepare = Callable[[str], Path]


def assert_engine_refused(fault: EngineFault, result: Result) -> None:
    assert_refused(result, fault.exit_code)
    assert_named(result, fault.layer, fault.said)
    if fault.layer is not None:
        assert result.first_divergence is not None
        assert result.first_divergence.engine == fault.engine
        assert result.first_divergence.found_by == "local check"


@pytest.mark.parametrize("name", ENGINE_FAULTS)
def test_a_runtime_that_computes_something_else_is_caught_and_its_layer_named(
    prepare: Prepare, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fault = ENGINE_FAULTS[name]
    prepare("bn-tiny")
    fault.patch(monkeypatch, tmp_path)
    engines = dict.fromkeys(("pytorch", fault.engine, "onnxruntime"))
    assert_engine_refused(fault, check(*engines))


@pytest.mark.octave
@pytest.mark.parametrize("name", TOOLBOX_FAULTS)
def test_a_toolbox_that_computes_something_else_is_caught_and_its_layer_named(
    prepare: Prepare,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    octave_program: str,
) -> None:
    fault = TOOLBOX_FAULTS[name]
    prepare("bn-tiny")
    fault.patch(monkeypatch, tmp_path)
    result = check("octave", images=10, layer_images=2)
    assert_engine_refused(fault, result)


def test_an_image_beyond_the_compared_ones_counts(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("bn-tiny")
    real = OnnxRuntime.run

    def run(self: OnnxRuntime, images: Any, inputs: Sequence[np.ndarray]) -> Any:
        found = real(self, images, inputs)
        if len(inputs[0]) > 20:  # not the compared ones
            found.logits[-1] = np.roll(found.logits[-1], 1)
        return found

    monkeypatch.setattr(OnnxRuntime, "run", run)
    result = check(images=10, accuracy_images=60)
    assert_refused(result)
    assert_named(result, None, "predictions that differ from PyTorch's: 1")


def test_a_crash_on_the_data_set_is_no_pass(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("bn-tiny")
    real = OnnxRuntime.run

    def run(self: OnnxRuntime, images: Any, inputs: Sequence[np.ndarray]) -> Any:
        if len(inputs[0]) > 20:  # not the compared ones
            raise EngineError("it does not run the file: out of memory")
        return real(self, images, inputs)

    monkeypatch.setattr(OnnxRuntime, "run", run)
    result = check(images=10, accuracy_images=60)
    assert_refused(result, exit_code=2)
    assert_named(result, None, "FAILED | onnxruntime | on the data set: it does not run the file")


def elsewhere(mat: MatFile, folder: Path) -> dict[str, Any]:
    """What cifarx.verify writes in a MATLAB that computes as PyTorch does."""
    values = layout.to_matlab(mat.batch.inputs[0])
    digest = hashlib.sha256(values.tobytes(order="F")).hexdigest()
    layers = [layer.name for layer in mat.graph.layers]
    names = np.empty((1, len(layers)), object)
    names[0, :] = layers
    return {
        "format": {"name": "cifarx-matlab-result", "version": 2.0},
        "runtime": "matlab R2024b",
        "model_sha256": sha256(folder / "model.mat"),
        "arrays_sha256": mat.arrays_sha256,
        "inputs_sha256": digest,
        "normalized_sha256": digest,
        "logits": mat.batch.logits.T.copy(),
        "layer_names": names,
        "layer_ratios": np.full((1, len(layers)), 0.25),
        "layer_images": 16.0,
        "verdict": "EQUIVALENT",
    }


def _beyond(content: dict[str, Any]) -> None:
    content["layer_ratios"][0, 3] = 1.5


RESULT_FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], int, str | None]] = {
    "of another model.mat": (lambda c: c.update(model_sha256="0" * 64), 2, None),
    "of other arrays": (lambda c: c.update(arrays_sha256="1" * 64), 2, None),
    "of other images": (lambda c: c.update(inputs_sha256="2" * 64), 2, None),
    "logits edited": (lambda c: c["logits"].__imul__(np.float32(1.001)), 1, None),
    "logits of other images": (lambda c: c.update(logits=c["logits"][:, ::-1]), 1, None),
    "images normalised otherwise": (lambda c: c.update(normalized_sha256="3" * 64), 1, None),
    "a layer beyond its bound": (_beyond, 1, "conv2"),
    "no layer": (lambda c: c.pop("layer_ratios"), 2, None),
    "layers judged on no image": (lambda c: c.update(layer_images=0.0), 2, None),
}


@pytest.mark.parametrize("name", [None, *RESULT_FAULTS])
def test_a_result_from_elsewhere_is_taken_only_where_it_is_right(
    prepare: Prepare, name: str | None
) -> None:
    folder = prepare("bn-tiny")
    content = elsewhere(read_mat(folder / "model.mat"), folder)
    if name is not None:
        RESULT_FAULTS[name][0](content)
    savemat(folder / "model.matlab-result.mat", content)
    result = check("onnxruntime", MATLAB_RESULT)
    if name is None:
        assert result.verdict is Verdict.EQUIVALENT, lines(result)
        return
    _, exit_code, layer = RESULT_FAULTS[name]
    assert_refused(result, exit_code)
    assert_named(result, layer, "FAILED")


def test_faults_are_many() -> None:
    tables: list[dict[str, Any]] = [
        ONNX_FAULTS, MAT_FAULTS, ENGINE_FAULTS, TOOLBOX_FAULTS, RESULT_FAULTS
    ]  # fmt: skip
    assert sum(map(len, tables)) >= 115
