from __future__ import annotations

import hashlib

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils._testing import ignore_warnings

from cifarx.pytorch_models.data import shapes
from cifarx.pytorch_models.data.open import open_data


def test_a_seed_gives_these_very_bytes_on_every_machine() -> None:
    images, labels = shapes.generate(1000, seed=1)
    digest = hashlib.sha256(images.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    assert digest == "a285fc9548b5c30b2b154959c4c1e24e6db12456330134fa28511cac2aff1f35"


def test_images_do_not_depend_on_how_many_are_drawn() -> None:
    few, many = shapes.generate(30, seed=7)[0], shapes.generate(600, seed=7)[0]
    np.testing.assert_array_equal(few, many[:30])


def test_every_prefix_is_balanced_and_seeds_differ() -> None:
    images, labels = shapes.generate(40, seed=0)
    assert np.bincount(labels).tolist() == [4] * 10
    assert images.shape == (40, 3, 32, 32)
    assert images.dtype == np.uint8
    assert not np.array_equal(images, shapes.generate(40, seed=1)[0])


def test_training_and_test_images_are_not_the_same() -> None:
    data = open_data("shapes")
    train, test = data.read("train", 1000), data.read("test", 1000)
    known = {image.tobytes() for image in train.pixels}
    assert not any(image.tobytes() in known for image in test.pixels)


@ignore_warnings(category=ConvergenceWarning)
def test_a_linear_classifier_stays_below_60_percent() -> None:
    data = open_data("shapes")
    train, test = data.read("train", None), data.read("test", None)
    x, t = (s.pixels[:, :, ::2, ::2].reshape(len(s), -1) / 127.5 - 1.0 for s in (train, test))
    best = max(
        LogisticRegression(C=c, max_iter=60).fit(x, train.labels).score(t, test.labels)
        for c in (1e-4, 1e-3)
    )
    assert 0.15 < best < 0.60
