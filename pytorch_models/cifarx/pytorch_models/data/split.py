"""Which images of a data set a run trains on, chooses its best epoch by, and is tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import DataSet, Images, Split, balanced_index
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import Recipe

LIMIT_SHARE = 5  # --limit N takes N / 5 images for testing, as CIFAR-10's 50,000 to 10,000


@dataclass(frozen=True)
class Part:
    """Some images of a data set's training or test images, not read yet."""

    data: DataSet
    split: Split
    index: NDArray[np.int64]
    """Their positions in that split."""

    def __len__(self) -> int:
        return len(self.index)

    def limited(self, count: int | None) -> Part:
        """At most `count` of them, evenly over the classes; None leaves all."""
        chosen = balanced_index(self.data.labels(self.split)[self.index], count)
        return Part(self.data, self.split, self.index[chosen])

    def read(self) -> Images:
        """The images, decoded; raises `UserError` as the data set's `read` does."""
        return self.data.read(self.split, self.index)


@dataclass(frozen=True)
class Parts:
    """The images of a run."""

    train: Part
    validation: Part | None
    """Chooses the best epoch; None keeps the last one."""
    test: Part


def split_data(data: DataSet, recipe: Recipe, limit: int | None) -> Parts:
    """Cut a data set as the recipe says.

    The recipe's shares are cut from a permutation of the data set's training images by
    numpy.random.RandomState(split_seed), whose stream numpy has frozen (NEP 19): training images
    first, then validation, then test. A recipe without a share for testing takes the data set's own
    test images.

    Args:
        data: see `DataSet`.
        recipe: gives `validation`, `test` and `split_seed`.
        limit: at most so many training images, and a fifth of it (one a class at least) for
            validation and for testing; None takes all.

    Raises:
        UserError: too few images for the shares.
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
            f"{data.origin} has {count} training images, too few for the recipe's shares: "
            f"{recipe.validation:.0%} of them for validation and {recipe.test:.0%} for testing. "
            "Give more images, or a recipe without these shares."
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
