"""What cifarx.verify wrote elsewhere joins `cifarx verify`, judged anew; only of these files."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines.toolbox_path import toolbox_path
from cifarx.verify.findings.engine import MATLAB_RESULT
from cifarx.verify.findings.result import EngineReport, Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import as_json, lines
from cifarx.verify.verify import verify

pytestmark = pytest.mark.octave

MODEL = Path("model.onnx")
FILE = "model.matlab-result.mat"
HOT = "\x1b[31m"  # what must not reach a terminal

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture(scope="module")
def written(bundle: Bundle, octave_program: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the toolbox writes in Octave for the files in `work`; equal exports have equal bytes."""
    folder = tmp_path_factory.mktemp("elsewhere")
    write_bundle(bundle, folder, "model", Formats(onnx=True, mat=True))
    code = f"addpath('{toolbox_path()}'); cifarx.verify('model.mat', 'LayerImages', 2);"
    subprocess.run([octave_program, "--norc", "--eval", code], cwd=folder, check=True)
    return folder / FILE


@pytest.fixture
def with_run(work: Path, written: Path) -> Path:
    """`work`, with that beside the files."""
    shutil.copy(written, work)
    return work


@pytest.fixture
def there(with_run: Path) -> Path:
    """The same without the run, which takes less time."""
    shutil.rmtree(with_run / "runs")
    return with_run


def rewrite(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = {k: v for k, v in loadmat(folder / FILE).items() if not k.startswith("__")}
    edit(content)
    savemat(folder / FILE, content)


def joined(result: Result) -> EngineReport:
    (report,) = (e for e in result.engines if e.engine == MATLAB_RESULT)
    return report


def check() -> Result:
    return verify(VerifyOptions(MODEL, ("onnxruntime", MATLAB_RESULT)))


def line(result: Result) -> str:
    (found,) = (
        text
        for text in lines(result)
        if text.split(" | ")[1].endswith(FILE) or text.split(" | ")[1] == MATLAB_RESULT
    )
    return found


def test_a_result_that_lies_beside_the_files_is_joined(with_run: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    result = verify(VerifyOptions(MODEL))
    assert result.verdict is Verdict.EQUIVALENT
    assert result.compared_engines() == ("onnxruntime", "onnxruntime-unoptimized", MATLAB_RESULT)
    text = line(result)
    assert text.startswith("PASSED | octave ")
    assert f", from {FILE} | logits 10x60 | worst layer norm" in text
    assert text.endswith("| predictions 60/60")
    engine = as_json(result)["engines"][-1]
    assert engine["engine"] == MATLAB_RESULT
    assert 0 < engine["worst_layer"]["ratio"] <= 1


def test_a_result_is_joined_without_the_run(there: Path) -> None:
    assert joined(check()).passed


def test_a_release_of_matlab_is_named(there: Path) -> None:
    rewrite(there, lambda c: c.update(runtime="matlab R2024b"))
    result = check()
    assert line(result).startswith(f"PASSED | matlab R2024b, from {FILE} | logits 10x60 | ")


def test_engines_that_are_named_leave_a_result_out(there: Path) -> None:
    (there / FILE).write_bytes(b"nothing")
    assert verify(VerifyOptions(MODEL, ("onnxruntime",))).verdict is Verdict.EQUIVALENT


def test_a_result_asked_for_by_name_must_be_there(work: Path) -> None:
    with pytest.raises(
        UserError, match=f"names {MATLAB_RESULT}, which cannot be used: there is no {FILE}"
    ):
        check()


def test_a_result_without_its_model_is_not_judged(with_run: Path) -> None:
    (with_run / "model.mat").unlink()
    result = verify(VerifyOptions(MODEL))
    assert f"SKIPPED | {MATLAB_RESULT} | {FILE} needs model.mat, which is not here" in lines(result)


def test_the_verdict_in_the_file_counts_for_nothing(there: Path) -> None:
    def spoil(content: dict[str, Any]) -> None:
        content["logits"] = content["logits"][::-1].copy()
        content["verdict"] = "EQUIVALENT"

    rewrite(there, spoil)
    result = check()
    assert result.verdict is Verdict.DIFFERENT
    assert line(result).startswith("FAILED | octave ")
    rewrite(there, lambda c: c.update(logits=c["logits"][::-1].copy(), verdict="DIFFERENT"))
    assert check().verdict is Verdict.EQUIVALENT


def test_logits_a_little_off_do_not_pass(there: Path) -> None:
    rewrite(there, lambda c: c.update(logits=c["logits"] * np.float32(1 + 1e-4)))
    result = check()
    assert result.verdict is Verdict.SAME_PREDICTIONS
    assert result.exit_code == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_no_numbers_do_not_pass(there: Path, value: float) -> None:
    rewrite(there, lambda c: c["logits"].__setitem__((0, 0), value))
    result = check()
    assert result.exit_code == 1
    assert line(result).endswith("its logits are not finite numbers of the expected shape")


@pytest.mark.parametrize("ratio", [12.5, np.inf])
def test_a_layer_beyond_its_bound_is_named_and_no_pass(there: Path, ratio: float) -> None:
    rewrite(there, lambda c: c["layer_ratios"].__setitem__((0, 5), ratio))
    result = check()
    assert result.verdict is Verdict.SAME_PREDICTIONS
    text = line(result)
    assert text.startswith("FAILED | octave ")
    assert f"worst layer norm2 (BatchNormalizationLayer, module 'norm2'): {ratio:.2g} of b" in text
    report = json.loads(json.dumps(as_json(result), allow_nan=False))
    assert report["engines"][-1]["worst_layer"]["module"] == "norm2"


def test_images_that_are_normalised_otherwise_are_different(there: Path) -> None:
    rewrite(there, lambda c: c.update(normalized_sha256="0" * 64))
    result = check()
    assert result.verdict is Verdict.DIFFERENT
    assert any(f"in {FILE} normalises the images differently" in f for f in result.contract.faults)


def cells(*values: object) -> np.ndarray:
    found = np.empty((1, len(values)), object)
    found[0] = values
    return found


STALE: dict[str, tuple[Callable[[Path], object], str]] = {
    "another model.mat": (
        lambda f: faults.edit_layer(f, "norm2", "Epsilon", lambda e: e * 1.0001),
        "it belongs to another model.mat (SHA-256 ",
    ),
    "other arrays": (
        lambda f: rewrite(f, lambda c: c.update(arrays_sha256="a" * 64)),
        "it belongs to another network (SHA-256 aaaaaaaaaaaa…, here ",
    ),
    "other inputs": (
        lambda f: rewrite(f, lambda c: c.update(inputs_sha256="b" * 64)),
        "it belongs to another test batch (SHA-256 bbbbbbbbbbbb…, here ",
    ),
    "fewer images": (
        lambda f: rewrite(f, lambda c: c.update(logits=c["logits"][:, :59])),
        "its logits are 10-by-59, not 10-by-60",
    ),
    "other layers": (
        lambda f: rewrite(f, lambda c: c.update(layer_names=c["layer_names"][:, ::-1])),
        "its layers have different names",
    ),
    "fewer layers": (
        lambda f: rewrite(f, lambda c: c.update(layer_ratios=c["layer_ratios"][:, :3])),
        "its layer_ratios are 1-by-3, not 1-by-15",
    ),
}
DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda f: (f / FILE).write_bytes(b""), ""),
    "cut short": (lambda f: (f / FILE).write_bytes((f / FILE).read_bytes()[:2000]), ""),
    "no MAT-file": (lambda f: (f / FILE).write_text("hello " * 100), ""),
    "a folder": (lambda f: ((f / FILE).unlink(), (f / FILE).mkdir()), ""),
    "a model": (lambda f: shutil.copy(f / "model.mat", f / FILE), "has no variable runtime"),
    "a variable twice": (
        lambda f: (f / FILE).write_bytes(
            (f / FILE).read_bytes().replace(b"layer_names", b"logits\0\0\0\0\0")
        ),
        "",
    ),
    "far too large": (
        lambda f: rewrite(f, lambda c: c.update(more=np.zeros(10**6))),
        " bytes, but can have at most ",
    ),
    "no logits": (lambda f: rewrite(f, lambda c: c.pop("logits")), "has no variable logits"),
    "logits in double": (
        lambda f: rewrite(f, lambda c: c.update(logits=c["logits"].astype(float))),
        "logits is double, not single",
    ),
    "logits as text": (
        lambda f: rewrite(f, lambda c: c.update(logits="EQUIVALENT")),
        "logits is char, not single",
    ),
    "complex logits": (
        lambda f: rewrite(f, lambda c: c.update(logits=c["logits"] + np.complex64(1j))),
        "logits are complex64",
    ),
    "a runtime that paints": (
        lambda f: rewrite(f, lambda c: c.update(runtime=f"matlab R2024b{HOT}")),
        "its runtime is not a release of MATLAB or Octave",
    ),
    "a runtime too long": (
        lambda f: rewrite(f, lambda c: c.update(runtime="x" * 999)),
        "its runtime is not a release of MATLAB or Octave",
    ),
    "a digest that is none": (
        lambda f: rewrite(f, lambda c: c.update(model_sha256="?" * 64)),
        "model_sha256 is not a SHA-256",
    ),
    "names that are numbers": (
        lambda f: rewrite(f, lambda c: c.update(layer_names=cells(*range(15)))),
        "text is not char",
    ),
    "ratios below zero": (
        lambda f: rewrite(f, lambda c: c["layer_ratios"].__setitem__((0, 0), -1)),
        "layer_ratios are not numbers of at least 0",
    ),
    "ratios that are no numbers": (
        lambda f: rewrite(f, lambda c: c["layer_ratios"].__setitem__((0, 0), np.nan)),
        "layer_ratios are not numbers of at least 0",
    ),
    "another format": (
        lambda f: rewrite(f, lambda c: c.update(format={"name": "other", "version": 1.0})),
        "its format.name is not 'cifarx-matlab-result'",
    ),
    "a format without fields": (
        lambda f: rewrite(f, lambda c: c.update(format={"a": 1.0})),
        "",
    ),
    "a newer version": (
        lambda f: rewrite(
            f, lambda c: c["format"]["version"].__setitem__((0, 0), np.array([[3.0]]))
        ),
        "it has version 3; this cifarx reads versions up to 2",
    ),
}


@pytest.mark.parametrize("name", [*STALE, *DAMAGED])
def test_a_stale_or_damaged_result_is_told_and_no_pass(there: Path, name: str) -> None:
    spoil, said = (STALE | DAMAGED)[name]
    spoil(there)
    result = check()
    assert joined(result).judgement is None
    assert result.verdict is None
    assert result.exit_code == 2
    text = line(result)
    what = "is stale: " if name in STALE else "is damaged or not a result of cifarx.verify: "
    assert text.startswith(f"FAILED | {MATLAB_RESULT} | {FILE} {what}")
    assert said in text
    assert text.endswith("Run cifarx.verify('model.mat') again, or remove the file.")
    assert text.isprintable()
