"""Files of version 1 are read as what they were; scipy.io.loadmat is the independent reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from cifarx.export.mat.reader import MatFile, read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.compute import run_network
from cifarx.export.network.interface import Input, Output
from cifarx.pytorch_models.errors import UserError

NAMES = ("known", "ends", "tuned")


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "tests" / "data" / "version_1"


def opened(folder: Path, name: str) -> tuple[dict[str, Any], MatFile]:
    content = loadmat(folder / f"{name}.mat")
    assert content["format"]["version"][0, 0].item() == 1
    return content, read_mat(folder / f"{name}.mat")


@pytest.mark.parametrize("name", NAMES)
def test_one_image_and_one_vector_of_logits(folder: Path, name: str) -> None:
    content, file = opened(folder, name)
    assert file.graph.inputs == (Input("image", (3, 5, 6)),)
    assert file.graph.outputs == (Output("fc", "logits"),)
    assert file.graph.output_shapes() == ((3,),)
    assert file.card.task == "classification"
    assert file.unaccounted == ()
    test = content["test"][0, 0]
    np.testing.assert_array_equal(file.batch.inputs[0], test["inputs"].transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(file.batch.logits, test["logits"].T)
    np.testing.assert_array_equal(file.batch.reference, test["reference"].T.reshape(-1, 3))
    np.testing.assert_array_equal(file.batch.labels, test["labels"].ravel().astype(int) - 1)


@pytest.mark.parametrize("name", NAMES)
def test_its_layers_compute_its_answers(folder: Path, name: str) -> None:
    _, file = opened(folder, name)
    (found,) = run_network(file.graph, file.batch.inputs, exact=True)
    np.testing.assert_allclose(found, file.batch.logits, rtol=0, atol=2e-6)
    if file.batch.references:
        np.testing.assert_allclose(found, file.batch.references[0], rtol=0, atol=1e-14)


def test_pixels_and_names(folder: Path) -> None:
    content, file = opened(folder, "known")
    assert file.card.classes == ("Käfer", "dog", "ship")
    assert file.card.mean == (102, 127.5, 153)
    assert file.card.std == (51, 63.75, 76.5)
    images = content["test"]["images"][0, 0].transpose(3, 2, 0, 1)
    np.testing.assert_array_equal(file.batch.images, images)
    assert file.batch.labels.tolist() == [0, 1, 2, 2, 1, 0]
    assert len(file.onnx_sha256) == len(file.arrays_sha256) == 64


def test_unknown_normalization_a_log_softmax_and_exact_constants(folder: Path) -> None:
    _, file = opened(folder, "ends")
    assert (file.card.mean, file.card.ending) == ((), "log_softmax")
    assert len(file.batch.images) == len(file.batch.labels) == 0
    assert any(array.exact is not None for array in file.graph.arrays().values())


def test_a_tuned_file_has_no_reference(folder: Path) -> None:
    _, known = opened(folder, "known")
    _, tuned = opened(folder, "tuned")
    assert tuned.batch.references == ()
    assert tuned.batch.reference.shape == (0, 3)
    assert tuned.base_sha256 == known.card.checkpoint_sha256
    np.testing.assert_allclose(tuned.batch.logits, known.batch.logits + 1, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_written_again_as_version_2(folder: Path, tmp_path: Path, name: str) -> None:
    _, file = opened(folder, name)
    path = tmp_path / "model.mat"
    path.write_bytes(mat_bytes(file.graph, file.card, file.batch, file.onnx_sha256))
    content, again = loadmat(path), read_mat(path)
    assert content["format"]["version"][0, 0].item() == 2
    assert again.graph.inputs == file.graph.inputs
    assert again.card == file.card
    assert again.arrays_sha256 == file.arrays_sha256
    for mine, theirs in zip(again.graph.layers, file.graph.layers, strict=True):
        assert (mine.name, mine.kind, mine.hyper) == (theirs.name, theirs.kind, theirs.hyper)
        for key, array in theirs.arrays.items():
            assert mine.arrays[key].value.tobytes() == array.value.tobytes()


def _more(content: dict[str, Any], variable: str, field: str) -> None:
    old = content[variable]
    new = np.empty(old.shape, [*((name, object) for name in old.dtype.names), (field, object)])
    new[0, 0] = (*old[0, 0], np.ones((2, 2)))
    content[variable] = new


def test_what_it_has_no_place_for_is_told(folder: Path, tmp_path: Path) -> None:
    content = {k: v for k, v in loadmat(folder / "known.mat").items() if not k.startswith("__")}
    content["extra"] = np.ones((2, 2))
    _more(content, "input", "Extra")
    _more(content, "test", "more")
    savemat(tmp_path / "model.mat", content, long_field_names=True)
    found = read_mat(tmp_path / "model.mat").unaccounted
    assert found == ("extra", "test.more", "inputs.Extra")


@pytest.mark.parametrize(
    ("variable", "words"),
    [("input", "has no variable 'input'"), ("outputs", "has no variable 'outputs'")],
)
def test_a_variable_that_is_missing_is_named(
    folder: Path, tmp_path: Path, variable: str, words: str
) -> None:
    content = {k: v for k, v in loadmat(folder / "known.mat").items() if not k.startswith("__")}
    del content[variable]
    savemat(tmp_path / "model.mat", content, long_field_names=True)
    with pytest.raises(UserError, match=words):
        read_mat(tmp_path / "model.mat")


def test_an_input_of_version_1_that_is_no_image_is_refused(folder: Path, tmp_path: Path) -> None:
    for size in ([5, 6], [5, 6, 3, 1], [0, 6, 3], [5, 6, 4]):
        content = {k: v for k, v in loadmat(folder / "known.mat").items() if not k.startswith("__")}
        content["input"]["InputSize"][0, 0] = np.array([size], float)
        savemat(tmp_path / "model.mat", content, long_field_names=True)
        with pytest.raises(UserError, match="not a valid cifarx model"):
            read_mat(tmp_path / "model.mat")
