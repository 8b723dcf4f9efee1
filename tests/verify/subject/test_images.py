"""The images that are compared: the run's, those of model.mat, or the user's."""

from __future__ import annotations

import json
from pathlib import Path

import computed_constants
import numpy as np
import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run_images import read_images, run_test_part
from cifarx.verify.subject.files_and_run import NO_RUN, Subject, open_subject
from cifarx.verify.subject.images import compared_images

MODEL = Path("model.onnx")


def test_a_runs_test_images_are_taken_evenly_over_the_classes(work: Path) -> None:
    subject = open_subject(MODEL, None)
    found = compared_images(subject, 20)
    assert found.part is not None
    assert len(found.images) == 20
    assert np.bincount(found.images.labels).tolist() == [2] * 10
    assert found.origin == "test images of shapes"
    assert subject.run is not None
    (inputs,) = found.inputs
    np.testing.assert_array_equal(inputs, preprocess(found.images.pixels, *subject.run.mean_std()))
    every = read_images(subject.run, run_test_part(subject.run))
    np.testing.assert_array_equal(every.pixels[found.places], found.images.pixels)


def test_every_class_is_compared_however_few_are_asked_for(work: Path) -> None:
    assert set(compared_images(open_subject(MODEL, None), 1).images.labels) == set(range(10))


def test_without_a_run_the_test_batch_is_normalised(work: Path) -> None:
    subject = open_subject(MODEL, NO_RUN)
    assert subject.mat is not None
    found = compared_images(subject, 7)
    np.testing.assert_array_equal(found.inputs[0], subject.mat.batch.inputs[0][:7])
    np.testing.assert_array_equal(found.images.pixels, subject.mat.batch.images[:7])
    assert found.places.tolist() == list(range(7))
    assert (found.origin, found.part) == ("images of the test batch in model.mat", None)


def test_where_the_data_are_gone_the_test_batch_is_taken(work: Path) -> None:
    record = work / "runs" / "tiny" / "run.json"
    content = json.loads(record.read_text())
    content["data"]["origin"] = "/no/such/folder"
    record.write_text(json.dumps(content))
    found = compared_images(open_subject(MODEL, None), 5)
    assert found.origin == "images of the test batch in model.mat"
    (work / "model.mat").unlink()
    with pytest.raises(UserError):
        compared_images(open_subject(MODEL, None), 5)


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """Files of a network that is not a run, whose normalisation is unknown."""
    computed_constants.write("normed", tmp_path)
    monkeypatch.chdir(tmp_path)
    return open_subject(MODEL, None)


def test_inputs_of_unknown_normalisation_are_taken_as_they_are(plain: Subject) -> None:
    found = compared_images(plain, 9)
    np.testing.assert_array_equal(found.inputs[0], computed_constants.noise(16)[:9])
    assert len(found.images.pixels) == len(found.images.labels) == 0
    assert found.places.tolist() == list(range(9))
    assert found.origin == "inputs of the test batch in model.mat"


def test_the_users_data_replace_them_with_their_labels(plain: Subject) -> None:
    x = np.random.RandomState(8).standard_normal((6, *computed_constants.SIZE)).astype(np.float32)
    np.savez("d.npz", x=x, y=[3, 2, 1, 0, 1, 2])
    found = compared_images(plain, 5, "d.npz")
    np.testing.assert_array_equal(found.inputs[0], x[:5])
    assert found.images.labels.tolist() == [3, 2, 1, 0, 1]
    assert found.places.tolist() == list(range(5))
    assert found.part is None
    assert found.origin == "inputs in d.npz"


def test_a_runs_images_are_not_replaced(work: Path) -> None:
    with pytest.raises(UserError, match=r"Leave it out, or pass --checkpoint none"):
        compared_images(open_subject(MODEL, None), 5, "shapes")
    found = compared_images(open_subject(MODEL, NO_RUN), 5, "shapes")
    assert found.origin == "test images of shapes"
