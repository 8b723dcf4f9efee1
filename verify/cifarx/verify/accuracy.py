"""Rung 6: what each runtime scores on the data set, and whether the scores are the same.

"p > 0.05" is no evidence of equality: beside McNemar's test stands one of equivalence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.checks import Check, judged
from cifarx.verify.numbers import Number
from cifarx.verify.numerics import margins
from cifarx.verify.statistics import Accuracy, Comparison, accuracy, by_class, compare

YARDSTICK = "pytorch"
"""The engine that the others are compared with."""


@dataclass(frozen=True)
class ChangedPrediction:
    """An image that a runtime takes for another class than PyTorch."""

    image: int
    """Its place among the test images."""
    label: int
    predicted: int
    by_pytorch: int
    margin: Number
    """Highest minus second highest logit of PyTorch's."""


@dataclass(frozen=True)
class RuntimeAccuracy:
    """One runtime on the data set."""

    engine: str
    overall: Accuracy
    by_class: tuple[Accuracy, ...]
    comparison: Comparison | None
    """With PyTorch on the same images; None for PyTorch itself, and where it did not run."""
    changed: tuple[ChangedPrediction, ...]
    tie: Number
    """Margins up to this may change sign by the rounding of both runtimes."""

    @property
    def unlawful(self) -> list[ChangedPrediction]:
        """Changes that rounding does not explain."""
        return [change for change in self.changed if not change.margin <= self.tie]

    def check(self, images: int, origin: str) -> Check:
        """Its line."""
        parts = [f"{self.engine} {self.overall.words()} {origin}"]
        if self.comparison is not None:
            parts.append(self.comparison.words())
        if self.changed:
            lawful = "" if self.unlawful else ", ties to within float32 rounding"
            parts.append(f"{len(self.changed)} predictions other than PyTorch's{lawful}")
        return judged(images > 0 and not self.unlawful, "accuracy", "; ".join(parts))


@dataclass(frozen=True)
class AccuracyReport:
    """All runtimes on the same images."""

    images: int
    in_all: int
    """Test images that the data have."""
    origin: str
    runtimes: tuple[RuntimeAccuracy, ...]

    def changes(self) -> list[ChangedPrediction]:
        """Every change that rounding does not explain."""
        return [change for runtime in self.runtimes for change in runtime.unlawful]

    def checks(self) -> list[Check]:
        """A line a runtime."""
        return [runtime.check(self.images, self.origin) for runtime in self.runtimes]


@dataclass(frozen=True)
class Predictions:
    """What engines made of N images: a few numbers an image, however large the images are."""

    engines: tuple[str, ...]
    images: NDArray[np.int64]
    """(N,) places among the test images."""
    labels: NDArray[np.int64]
    """(N,)."""
    predicted: NDArray[np.int64]
    """(engines, N)."""
    margins: NDArray[np.float64]
    """(engines, N), of the logits."""

    @classmethod
    def empty(cls, engines: tuple[str, ...], count: int) -> Predictions:
        """Zeros, to be filled by `put`."""
        shape = len(engines), count
        one, many = np.zeros(count, np.int64), np.zeros(shape, np.int64)
        return cls(engines, one, one.copy(), many, np.zeros(shape))

    @classmethod
    def of(
        cls,
        images: NDArray[np.int64],
        labels: NDArray[np.int64],
        logits: Mapping[str, NDArray[np.float32]],
    ) -> Predictions:
        """From logits (N, K) by engine."""
        values = [found.astype(np.float64) for found in logits.values()]
        predicted = np.stack([v.argmax(1) for v in values])
        return cls(tuple(logits), images, labels, predicted, np.stack([margins(v) for v in values]))

    def select(self, index: NDArray[np.int64]) -> Predictions:
        """Of the images at these indices."""
        return Predictions(
            self.engines,
            self.images[index],
            self.labels[index],
            self.predicted[:, index],
            self.margins[:, index],
        )

    def put(self, start: int, some: Predictions) -> None:
        """Take a part, the first image of which is number `start`."""
        part = slice(start, start + len(some.images))
        self.images[part], self.labels[part] = some.images, some.labels
        self.predicted[:, part], self.margins[:, part] = some.predicted, some.margins


def accuracy_report(
    found: Predictions, in_all: int, origin: str, classes: int, ties: Mapping[str, float]
) -> AccuracyReport:
    """The statistics of at least one image.

    Args:
        found: the predictions.
        in_all: test images that the data have.
        origin: of the images, for people.
        classes: how many there are.
        ties: by engine, the margins that rounding may overcome.
    """
    first = found.engines.index(YARDSTICK) if YARDSTICK in found.engines else None
    runtimes = []
    for i, engine in enumerate(found.engines):
        comparison: Comparison | None = None
        changed: tuple[ChangedPrediction, ...] = ()
        if first is not None and i != first:
            comparison = compare(found.predicted[first], found.predicted[i], found.labels)
            changed = tuple(_changes(found, first, i))
        runtimes.append(
            RuntimeAccuracy(
                engine,
                accuracy(found.predicted[i], found.labels),
                by_class(found.predicted[i], found.labels, classes),
                comparison,
                changed,
                ties.get(engine, 0.0),
            )
        )
    return AccuracyReport(len(found.images), in_all, origin, tuple(runtimes))


def _changes(found: Predictions, first: int, other: int) -> Iterator[ChangedPrediction]:
    for k in np.flatnonzero(found.predicted[first] != found.predicted[other]):
        yield ChangedPrediction(
            int(found.images[k]),
            int(found.labels[k]),
            int(found.predicted[other, k]),
            int(found.predicted[first, k]),
            float(found.margins[first, k]),
        )
