"""Labels are compared for every image of the batch that the data have."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.ladder.inputs import labels
from cifarx.verify.ladder.inputs.labels import label_faults
from cifarx.verify.subject.files_and_run import Subject


def images(pixels: list[int], given: list[int]) -> Images:
    """Images of one colour each."""
    flat = np.repeat(np.array(pixels, np.uint8), 12).reshape(-1, 3, 2, 2)
    return Images(flat, np.array(given, np.int64))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images were read each time; the data have 0 to 9, each of its own class."""
    counts: list[int] = []

    def sample(run: Any, count: int) -> Images:
        counts.append(count)
        if run == "gone":
            raise UserError("The data are gone.")
        return images([*range(count)], [*range(count)])

    monkeypatch.setattr(labels, "sample_images", sample)
    return counts


def subject(pixels: list[int], given: list[int], run: object = "run") -> Subject:
    batch = images(pixels, given)
    mat = SimpleNamespace(batch=SimpleNamespace(images=batch.pixels, labels=batch.labels))
    return cast(Subject, SimpleNamespace(run=run, mat=mat, mat_path=Path("model.mat")))


def test_nothing_is_read_where_the_images_at_hand_are_enough(reads: list[int]) -> None:
    assert label_faults(subject([0, 1, 2], [0, 1, 2]), images([3, 2, 1, 0], [3, 2, 1, 0])) == []
    assert not reads


def test_images_that_are_not_at_hand_are_read(reads: list[int]) -> None:
    assert label_faults(subject([0, 1, 2], [0, 1, 2]), images([0], [0])) == []
    found = label_faults(subject([0, 1, 2], [0, 2, 1]), images([0], [0]))
    assert found == ["model.mat has wrong labels for 2 of its 3 images"]
    assert reads == [3, 3]


def test_a_batch_in_another_order_is_matched(reads: list[int]) -> None:
    assert label_faults(subject([2, 0, 1], [2, 0, 1]), images([0], [0])) == []
    assert label_faults(subject([2, 0, 1], [0, 1, 2]), images([0], [0]))


def test_of_images_that_the_data_do_not_have_nothing_is_said(reads: list[int]) -> None:
    assert label_faults(subject([100, 101], [0, 0]), images([0], [0])) == []
    assert label_faults(subject([100, 1], [0, 0]), images([0], [0])) == [
        "model.mat has wrong labels for 1 of its 2 images"
    ]


def test_the_same_picture_may_be_of_two_classes(reads: list[int]) -> None:
    assert label_faults(subject([5, 5], [1, 2]), images([5, 5, 6], [2, 1, 0])) == []
    assert label_faults(subject([5, 5], [1, 3]), images([5, 5, 6], [2, 1, 0]))


def test_data_that_are_gone_and_labels_that_nobody_knows_are_no_faults(reads: list[int]) -> None:
    assert label_faults(subject([1], [0], run="gone"), images([0], [0])) == []
    assert label_faults(subject([], []), images([0], [0])) == []
