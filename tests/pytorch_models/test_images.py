from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifarx.pytorch_models.data.images import balanced_index, hold_out
from cifarx.pytorch_models.errors import UserError

LABELS = st.lists(st.integers(0, 3), max_size=60).map(lambda x: np.array(x + [0, 1, 2, 3] * 2))


@given(LABELS)
def test_every_fifth_image_of_each_class_is_held_out_and_none_is_lost(labels: np.ndarray) -> None:
    split = hold_out(labels, "abcd", Path("d"))
    assert sorted([*split["train"], *split["test"]]) == list(range(len(labels)))
    for label in range(4):
        of_class = [i for i, x in enumerate(labels) if x == label]
        assert [i for i in split["test"] if labels[i] == label] == of_class[::5]
    assert (np.diff(split["train"]) > 0).all()  # in their order


def test_a_class_of_one_image_cannot_be_held_out() -> None:
    with pytest.raises(UserError, match=r"classes of d have only one image: b\."):
        hold_out(np.array([0, 0, 1, 2, 2]), "abc", Path("d"))


@given(LABELS, st.integers(1, 70))
def test_a_limit_is_spread_evenly_over_the_classes(labels: np.ndarray, limit: int) -> None:
    index = balanced_index(labels, limit)
    assert len(set(index)) == len(index) == min(limit, len(labels))
    taken, there = np.bincount(labels[index], minlength=4), np.bincount(labels)
    short = taken < there
    assert not short.any() or taken.max() - taken[short].min() <= 1
