"""What a reader needs to make the same check again."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx

from cifarx.pytorch_models.files import sha256
from cifarx.verify.subject.environment import environment_of
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject

MODEL = Path("model.onnx")


def test_files_run_and_versions_are_named(work: Path) -> None:
    found = environment_of(open_subject(MODEL, None), {"--images": "7"})
    assert found.files == {name: sha256(work / name) for name in ("model.onnx", "model.mat")}
    assert found.onnx_is_the_one_exported is True
    assert found.run == "tiny"
    assert found.checkpoint_sha256 == sha256(work / "runs" / "tiny" / "model.safetensors")
    assert found.test_images_sha256
    assert found.options == {"--images": "7"}
    assert found.versions["numpy"] == np.__version__
    assert found.versions["onnx"] == onnx.__version__
    assert found.versions["cifarx"] == version("cifarx")
    assert found.versions["python"] == platform.python_version()
    assert platform.machine() in found.machine
    age = datetime.now(UTC) - datetime.fromisoformat(found.created)
    assert -1 <= age.total_seconds() < 600


def test_without_a_run_there_is_nothing_of_it(work: Path) -> None:
    found = environment_of(open_subject(MODEL, NO_RUN), {})
    assert (found.run, found.checkpoint_sha256, found.test_images_sha256) == (None, None, None)


def test_another_model_onnx_than_the_exported_one_is_told(work: Path) -> None:
    model = onnx.load(MODEL)
    model.doc_string = "rewritten"
    onnx.save(model, MODEL)
    assert environment_of(open_subject(MODEL, None), {}).onnx_is_the_one_exported is False
    (work / "model.mat").unlink()
    assert environment_of(open_subject(MODEL, None), {}).onnx_is_the_one_exported is None
