from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import recipe

from cifarx.pytorch_models.data.images import DataSet, Images
from cifarx.pytorch_models.data.split import Part, Parts, split_data
from cifarx.pytorch_models.errors import UserError


def numbered(train: int, test: int = 50, classes: int = 10) -> DataSet:
    """A data set whose image i is one pixel, and whose labels go round."""
    counts = {"train": train, "test": test}

    def labels(split: str) -> np.ndarray:
        return np.arange(counts[split]) % classes

    def read(split: str, index: np.ndarray | None) -> Images:
        assert index is not None
        return Images(index.astype(np.uint8)[:, None, None, None], labels(split)[index])

    names = tuple(map(str, range(classes)))
    return DataSet("numbered", "./numbered", names, "", labels, read)


def parts_of(parts: Parts) -> list[Part]:
    return [part for part in (parts.train, parts.validation, parts.test) if part is not None]


@given(
    st.integers(20, 400),
    st.sampled_from([0.0, 0.1, 0.25, 0.3]),
    st.sampled_from([0.1, 0.2, 0.5]),
    st.integers(0, 2**32 - 1),
)
def test_parts_are_disjoint_and_complete(
    count: int, validation: float, test: float, seed: int
) -> None:
    settings = recipe(validation=validation, test=test, split_seed=seed)
    parts = split_data(numbered(count), settings, None)
    assert (parts.validation is None) == (validation == 0)
    assert {part.split for part in parts_of(parts)} == {"train"}
    index = np.concatenate([part.index for part in parts_of(parts)])
    assert sorted(index) == list(range(count))
    assert len(parts.test) == round(count * test)


@pytest.mark.parametrize(
    ("shares", "sizes"),
    [
        ({"validation": 0.1, "test": 0.1}, [40_000, 5_000, 5_000]),
        ({"validation": 0.1}, [45_000, 5_000, 10_000]),
        ({}, [50_000, 10_000]),
    ],
)
def test_cifar10_is_cut_as_the_write_ups_cut_it(shares: dict[str, float], sizes: list[int]) -> None:
    parts = split_data(numbered(50_000, 10_000), recipe(**shares, split_seed=42), None)
    assert [len(part) for part in parts_of(parts)] == sizes
    if shares:  # these numbers are frozen: they decide which images every run was tested on
        order = np.random.RandomState(42).permutation(50_000)
        assert parts.train.index[:3].tolist() == order[:3].tolist() == [33553, 9427, 199]
        assert parts.validation is not None
        assert np.array_equal(parts.validation.index, order[sizes[0] : sizes[0] + 5_000])
    else:
        assert parts.train.index.tolist() == list(range(50_000))
    if "test" not in shares:
        assert parts.test.split == "test"
        assert parts.test.index.tolist() == list(range(10_000))


def test_another_seed_cuts_otherwise() -> None:
    one, two = (
        split_data(numbered(100), recipe(validation=0.2, split_seed=seed), None) for seed in (1, 2)
    )
    assert set(one.train.index) != set(two.train.index)


@given(st.integers(1, 300), st.booleans())
def test_a_limit_holds_for_every_part_evenly_over_the_classes(limit: int, cut: bool) -> None:
    settings = recipe(validation=0.2, test=0.2) if cut else recipe()
    data = numbered(250, 250)
    whole, parts = split_data(data, settings, None), split_data(data, settings, limit)
    held_out = max(limit // 5, 10)
    limits = [limit, held_out, held_out] if cut else [limit, held_out]
    for part, every, most in zip(parts_of(parts), parts_of(whole), limits, strict=True):
        assert len(part) == min(most, len(every))
        assert set(part.index) <= set(every.index)
        taken, there = (
            np.bincount(data.labels(p.split)[p.index], minlength=10) for p in (part, every)
        )
        short = taken < there
        assert not short.any() or taken.max() - taken[short].min() <= 1


def test_a_part_reads_its_own_images() -> None:
    parts = split_data(numbered(50), recipe(validation=0.2), None)
    assert parts.validation is not None
    images = parts.validation.read()
    assert images.pixels.ravel().tolist() == parts.validation.index.tolist()
    assert images.labels.tolist() == (parts.validation.index % 10).tolist()


@pytest.mark.parametrize(
    ("count", "shares"),
    [(2, {"validation": 0.2}), (3, {"test": 0.1}), (1, {"validation": 0.6}), (0, {})],
)
def test_too_few_images_for_the_shares_are_rejected(count: int, shares: dict[str, float]) -> None:
    settings = recipe(**shares)
    validation, test = (f"{shares.get(name, 0):.0%}" for name in ("validation", "test"))
    complaint = rf"./numbered has {count} training images, .* {validation} .*validation.* {test} "
    with pytest.raises(UserError, match=complaint):
        split_data(numbered(count), settings, None)
