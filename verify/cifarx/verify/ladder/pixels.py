"""Rung 5 of a segmentation: compare the class of every pixel with float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.findings.logits import PixelChange, PixelDecisions
from cifarx.verify.ladder.truth_of_output import margins, parts


def judge_pixels(
    values: NDArray[Any], reference: NDArray[np.float64], tie: float
) -> PixelDecisions:
    """Compare the classes of all pixels, part by part.

    Args:
        values: (N, K, H, W), finite.
        reference: (N, K, H, W) in float64.
        tie: largest margin that float32 rounding can turn around.
    """
    classes = reference.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    changed = beyond = images = 0
    largest: PixelChange | None = None
    for part in parts(reference):
        found, wanted = values[part].argmax(axis=1), reference[part].argmax(axis=1)
        counts += confusion(wanted, found, classes)
        differ = found != wanted
        if not differ.any():
            continue
        at = np.nonzero(differ)
        gap = margins(_pixels(reference[part], at)[:, :, None, None]).ravel()
        changed += len(gap)
        beyond += int(np.count_nonzero(~(gap <= tie)))
        images += int(np.count_nonzero(differ.any(axis=(1, 2))))
        k = int(gap.argmax())
        if largest is None or gap[k] > largest.margin:
            i, row, column = (int(index[k]) for index in at)
            classes_there = int(found[i, row, column]), int(wanted[i, row, column])
            largest = PixelChange(part.start + i, row, column, *classes_there, float(gap[k]))
    return PixelDecisions(
        pixels=int(counts.sum()),
        changed=changed,
        beyond_ties=beyond,
        images=images,
        largest=largest,
        mean_iou=mean_iou(counts),
    )


def _pixels(maps: NDArray[np.float64], at: tuple[NDArray[Any], ...]) -> NDArray[np.float64]:
    """(N, K, H, W) -> (pixels, K) of the pixels at these indices (image, row, column)."""
    image, row, column = at
    return np.asarray(maps[image, :, row, column])


def confusion(
    wanted: NDArray[np.int64], found: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Count pixels by class: (classes, classes), rows wanted, columns found.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    both = wanted.ravel().astype(np.int64) * classes + found.ravel()
    return np.bincount(both, minlength=classes**2).reshape(classes, classes)


def ious(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union per class of a confusion matrix; NaN of a class that is absent."""
    same = np.diag(counts).astype(np.float64)
    union = counts.sum(axis=0) + counts.sum(axis=1) - same
    shares = np.full(len(same), np.nan)
    np.divide(same, union, out=shares, where=union > 0)
    return shares


def mean_iou(counts: NDArray[np.int64]) -> float:
    """Mean of `ious` over the classes that occur; NaN if none does."""
    found = ious(counts)
    present = found[~np.isnan(found)]
    return float(present.mean()) if len(present) else float("nan")
