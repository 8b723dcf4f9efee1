"""Rung 6 of a segmentation: compare each runtime's pixels with the labels and the original's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from cifarx.verify.findings.pixel_accuracy import (
    PixelAccuracyReport,
    PixelComparison,
    RuntimePixels,
)
from cifarx.verify.findings.scores import tango
from cifarx.verify.ladder.accuracy.statistics import MARGIN, wilson_interval
from cifarx.verify.ladder.pixels import confusion, ious, mean_iou
from cifarx.verify.ladder.truth_of_output import margins, parts

NO_LABEL = -1
"""The label of a pixel that is not counted."""


def pixel_accuracy(
    labels: NDArray[np.int64],
    maps: Mapping[str, NDArray[np.floating[Any]]],
    origin: str,
    ties: Mapping[str, float],
) -> PixelAccuracyReport | None:
    """Score the labelled pixels of every engine; None if no pixel has a label.

    Args:
        labels: (N, H, W) classes, `NO_LABEL` where there is none.
        maps: (N, K, H, W) by engine; the first one is the original, with finite numbers.
        origin: where the images come from, for the report.
        ties: by engine, the largest margin that rounding can turn around.
    """
    labelled = labels != NO_LABEL
    if not labelled.any():
        return None
    against, original = next(iter(maps.items()))
    first = original.argmax(axis=1)
    gap = np.concatenate([margins(original[p].astype(np.float64)) for p in parts(original)])
    runtimes = []
    for name, values in maps.items():
        predicted = first if name == against else values.argmax(axis=1)
        differ = (predicted != first) & labelled
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        counts = confusion(labels[labelled], predicted[labelled], original.shape[1])
        right = (predicted == labels) & labelled
        correct, total, n = int(right.sum()), int(labelled.sum()), len(labels)
        comparison = None if name == against else _compared(first, predicted, labels, labelled)
        runtimes.append(
            RuntimePixels(
                engine=name,
                correct=correct,
                interval=wilson_interval(n * correct / total, n),
                mean_iou=mean_iou(counts),
                by_class=tuple(np.nan_to_num(ious(counts), nan=np.inf).tolist()),
                comparison=comparison,
                beyond_ties=int(np.count_nonzero(differ & ~(gap <= ties.get(name, 0.0)))),
                not_finite=int(np.count_nonzero(~finite)),
            )
        )
    return PixelAccuracyReport(len(labels), int(labelled.sum()), origin, tuple(runtimes), against)


def _compared(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    labels: NDArray[np.int64],
    labelled: NDArray[np.bool_],
) -> PixelComparison:
    right, also_right = (first == labels) & labelled, (second == labels) & labelled
    only_first, only_second = right & ~also_right, also_right & ~right
    b, c = int(only_first.sum()), int(only_second.sum())
    n, total = len(labels), int(labelled.sum())
    gained = only_second.sum(axis=(1, 2)) - only_first.sum(axis=(1, 2))
    better, worse = int((gained > 0).sum()), int((gained < 0).sum())
    return PixelComparison(
        images=n,
        pixels=total,
        only_first=b,
        only_second=c,
        agree=int(np.count_nonzero((first == second) & labelled)),
        interval=tango(n * b / total, n * c / total, n),
        p_sign=float(binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0,
        margin=MARGIN,
    )
