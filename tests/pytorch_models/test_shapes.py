from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils._testing import ignore_warnings

from cifarx.pytorch_models.data import shapes
from cifarx.pytorch_models.data.open import open_data


def test_a_seed_gives_these_very_bytes_on_every_machine() -> None:
    images, labels = shapes.generate(np.arange(1000), seed=1), np.arange(1000) % 10
    digest = hashlib.sha256(images.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    assert digest == "a285fc9548b5c30b2b154959c4c1e24e6db12456330134fa28511cac2aff1f35"
    grey = shapes.generate(np.arange(1000), seed=1, canvas=shapes.GREY)
    digest = hashlib.sha256(grey.tobytes()).hexdigest()
    assert digest == "76511af11b1f27958160769a3e4fd3ba403fecb3f30348c02061285e7f18406a"


@pytest.mark.parametrize("canvas", [shapes.COLOUR, shapes.GREY])
def test_an_image_does_not_depend_on_what_is_drawn_with_it(canvas: shapes.Canvas) -> None:
    chosen = np.array([599, 3, 30])
    many = shapes.generate(np.arange(600), seed=7, canvas=canvas)
    np.testing.assert_array_equal(shapes.generate(chosen, seed=7, canvas=canvas), many[chosen])


@pytest.mark.parametrize(("name", "shape"), [("shapes", (3, 32, 32)), ("shapes-grey", (1, 28, 28))])
def test_every_prefix_is_balanced_and_splits_differ(name: str, shape: tuple[int, ...]) -> None:
    data = open_data(name)
    assert (data.name, data.classes) == (name, shapes.CLASSES)
    train, test = data.read("train", np.arange(40)), data.read("test", np.arange(40))
    assert np.bincount(train.labels).tolist() == [4] * 10
    assert train.pixels.shape == (40, *shape)
    assert train.pixels.dtype == np.uint8
    assert not np.array_equal(train.pixels, test.pixels)
    np.testing.assert_array_equal(train.labels, data.labels("train")[:40])


def test_the_forms_keep_their_proportion_on_another_canvas() -> None:
    disc, size = np.arange(0, 400, 10), {}
    for canvas in (shapes.Canvas(32, 1), shapes.Canvas(64, 1)):
        images = shapes.generate(disc, seed=1, canvas=canvas)
        middle = (images.max((1, 2, 3)) / 2.0 + images.min((1, 2, 3)) / 2.0)[:, None, None, None]
        size[canvas.size] = (images > middle).mean((1, 2, 3))
    np.testing.assert_allclose(size[32], size[64], atol=0.02)


def test_training_and_test_images_are_not_the_same() -> None:
    data = open_data("shapes")
    train, test = data.read("train", np.arange(1000)), data.read("test", None)
    known = {image.tobytes() for image in train.pixels}
    assert not any(image.tobytes() in known for image in test.pixels)


@pytest.mark.parametrize("name", ["shapes", "shapes-grey"])
@ignore_warnings(category=ConvergenceWarning)
def test_a_linear_classifier_stays_below_60_percent(name: str) -> None:
    data = open_data(name)
    train, test = data.read("train", None), data.read("test", None)
    x, t = (s.pixels[:, :, ::2, ::2].reshape(len(s), -1) / 127.5 - 1.0 for s in (train, test))
    best = max(
        LogisticRegression(C=c, max_iter=60).fit(x, train.labels).score(t, test.labels)
        for c in (1e-4, 1e-3)
    )
    assert 0.15 < best < 0.60
