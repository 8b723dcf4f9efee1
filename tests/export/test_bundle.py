from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import loadmat

from cifarx.export.bundle import Bundle, Formats, bundle_run, write_bundle
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run, build_module


def test_the_files_are_the_same_from_any_folder(bundle: Bundle, tmp_path: Path) -> None:
    first = write_bundle(bundle, tmp_path / "a", "model", Formats(onnx=True, mat=True))
    second = write_bundle(bundle, tmp_path / "b" / "c", "model", Formats(onnx=True, mat=True))
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert str(tmp_path).encode() not in one.read_bytes()


def test_exporting_a_run_again_gives_the_same_files(
    trained: Run, bundle: Bundle, tmp_path: Path
) -> None:
    again = bundle_run(trained)
    first = write_bundle(bundle, tmp_path / "a", "model", Formats(onnx=True, mat=True))
    second = write_bundle(again, tmp_path / "b", "model", Formats(onnx=True, mat=True))
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_the_mat_file_names_the_onnx_file_it_belongs_to(bundle: Bundle, tmp_path: Path) -> None:
    onnx, mat = write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    stored = str(loadmat(mat)["format"]["onnx_sha256"][0, 0].item())
    assert stored == hashlib.sha256(onnx.read_bytes()).hexdigest()


def test_the_reference_is_what_the_module_gives_in_either_precision(
    trained: Run, bundle: Bundle
) -> None:
    module = build_module(trained)
    x = torch.from_numpy(bundle.batch.inputs[0])
    with torch.no_grad():
        np.testing.assert_allclose(bundle.batch.logits, module(x).numpy(), atol=1e-5)
        truth = module.double()(x.double()).numpy()
    np.testing.assert_allclose(bundle.batch.reference, truth, rtol=0, atol=1e-12)


def test_the_images_are_the_runs_own_test_images(bundle: Bundle) -> None:
    own = open_data("shapes").read("test", np.arange(60))  # a fifth of the limit of 300
    np.testing.assert_array_equal(bundle.batch.images, own.pixels)
    np.testing.assert_array_equal(bundle.batch.labels, own.labels)


def test_a_name_that_matlab_could_not_use_is_rejected(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--name 'my net'.*'my_net'"):
        write_bundle(bundle, tmp_path, "my net", Formats(onnx=True, mat=True))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.access("/", os.W_OK), reason="root may write anywhere")
def test_a_folder_without_permission_is_left_as_it_was(bundle: Bundle, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Cannot write"):
        write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    assert not list(tmp_path.iterdir())
