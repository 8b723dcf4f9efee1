"""Split the images of a data set for training, validation and testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import DataSet, Images, Split, balanced_index
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import Recipe

LIMIT_SHARE = 5  # --limit N takes N / 5 test images; CIFAR-10 has 50,000 and 10,000


@dataclass(frozen=True)
class Part:
    """Some of a data set's training or test images, not read yet."""

    data: DataSet
    split: Split
    index: NDArray[np.int64]
    """(n,) int64, their positions in that split."""

    def __len__(self) -> int:
        return len(self.index)

    def limited(self, count: int | None) -> Part:
        """Return at most `count` of them, evenly distributed over the classes; None keeps all."""
        chosen = balanced_index(self.data.labels(self.split)[self.index], count)
        return Part(self.data, self.split, self.index[chosen])

    def read(self) -> Images:
        """Read the images; raises `UserError` as the data set's `read`."""
        return self.data.read(self.split, self.index)


@dataclass(frozen=True)
class Parts:
    """The images of a run."""

    train: Part
    validation: Part | None
    """To choose the best epoch; None keeps the last epoch."""
    test: Part


def split_data(data: DataSet, recipe: Recipe, limit: int | None) -> Parts:
    """Split a data set as the recipe says.

    The training images of the data set are permuted by numpy.random.RandomState(split_seed), whose
    stream numpy has frozen (NEP 19), and cut: training images first, then validation, then test.
    A recipe that holds out no images for testing uses the data set's own test images.

    Args:
        data: see `DataSet`.
        recipe: gives `validation`, `test` and `split_seed`.
        limit: largest number of training images; for validation and testing a fifth of it, but at
            least one per class; None takes all images.

    Raises:
        UserError: there are too few images for the recipe's fractions.

    >>> from cifarx.pytorch_models.data.open import open_data
    >>> from cifarx.pytorch_models.recipe import load_recipe
    >>> parts = split_data(open_data("shapes"), load_recipe("cnn3"), limit=100)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (100, 20, 20)
    """
    count = len(data.labels("train"))
    validation, test = (round(count * share) for share in (recipe.validation, recipe.test))
    if recipe.validation or recipe.test:
        order = np.random.RandomState(recipe.split_seed).permutation(count)
    else:
        order = np.arange(count)
    ends = (count - validation - test, count - test)
    few = ends[0] < 1 or (recipe.validation and not validation) or (recipe.test and not test)
    if few:
        raise UserError(
            f"{data.origin} has {count} training images, too few for the recipe, which holds out "
            f"{recipe.validation:.0%} of them for validation and {recipe.test:.0%} for testing. "
            "Give more images, or a recipe that holds out none."
        )
    held_out = None if limit is None else max(limit // LIMIT_SHARE, len(data.classes))
    parts = [Part(data, "train", part) for part in np.split(order, ends)]
    if not test:
        parts[2] = Part(data, "test", np.arange(len(data.labels("test"))))
    return Parts(
        parts[0].limited(limit),
        parts[1].limited(held_out) if validation else None,
        parts[2].limited(held_out),
    )
