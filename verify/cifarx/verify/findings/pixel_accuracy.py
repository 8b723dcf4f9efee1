"""Rung 6 of a segmentation: each runtime's pixels against the labels, and against the original's.

The pixels of an image are not independent, so intervals and tests count images: an image counts as
one observation, right by the share of its pixels. A share varies at most as much as a yes or no of
the same mean, so the intervals of `scores` hold for it and are rather too wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from cifarx.verify.findings.accuracy import TRUTH, YARDSTICK
from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.numbers import Number
from cifarx.verify.findings.scores import Interval, comparison_words, tango, within_margin


@dataclass(frozen=True)
class PixelComparison:
    """Two runtimes on the same labelled pixels: first the original, second this runtime."""

    images: int
    pixels: int
    only_first: int
    only_second: int
    """Numbers of pixels that only the first, or only the second, gets right."""
    agree: int
    """Number of pixels for which both predict the same class, right or wrong."""
    interval: Interval
    """90% interval of the difference in pixel accuracy, second minus first, by Tango's score with
    the images as observations."""
    p_sign: float
    """Exact two-sided sign test over the images: does one get more pixels right in most of them?"""
    margin: float

    @property
    def points(self) -> float:
        """Difference in pixel accuracy in percentage points, second minus first."""
        return 100 * (self.only_second - self.only_first) / self.pixels

    @property
    def equivalent(self) -> bool:
        """Whether the interval lies within the margin."""
        return within_margin(self.interval, self.margin)

    @property
    def enough(self) -> bool:
        """Whether this number of images could show equivalence if all pixels agreed."""
        return within_margin(tango(0, 0, self.images), self.margin)

    def words(self) -> str:
        """Return difference, p of the sign test and equivalence, in percentage points."""
        test = ("sign test over the images", self.p_sign)
        return comparison_words(self.points, self.interval, test, self.margin, enough=self.enough)


@dataclass(frozen=True)
class RuntimePixels:
    """The pixels of one runtime."""

    engine: str
    correct: int
    """Number of labelled pixels with the label's class."""
    interval: Interval
    """95% interval of the pixel accuracy by Wilson's score with the images as observations."""
    mean_iou: Number
    """Intersection over union of a class here and in the labels, averaged over the classes that
    occur in either."""
    by_class: tuple[Number, ...]
    """The same per class; infinite (null in JSON) for a class that occurs in neither."""
    comparison: PixelComparison | None
    """With the original on the same pixels; None for itself."""
    beyond_ties: int
    """Number of labelled pixels whose class is not the original's, float32 ties apart."""
    not_finite: int
    """Number of images with numbers that are not all finite; 1 or more is a fault."""

    @property
    def passed(self) -> bool:
        """Whether its classes are the original's, ties apart."""
        return not self.beyond_ties and not self.not_finite


@dataclass(frozen=True)
class PixelAccuracyReport:
    """The pixel accuracy of all runtimes on the same labelled images."""

    images: int
    pixels: int
    """Number of pixels with a label."""
    origin: str
    engines: Annotated[tuple[RuntimePixels, ...], Field(alias="runtimes")]
    against: str = TRUTH
    """The engine that the others are compared with."""

    @property
    def passed(self) -> bool:
        """Whether every runtime passed, on at least one pixel."""
        return self.pixels > 0 and all(runtime.passed for runtime in self.engines)

    def titled_checks(self) -> list[tuple[str, Check]]:
        """Return one line per runtime, by its title."""
        return [(f"accuracy: {one.engine}", self._check(one)) for one in self.engines]

    def _check(self, runtime: RuntimePixels) -> Check:
        low, high = 100 * runtime.interval.low, 100 * runtime.interval.high
        share = 100 * runtime.correct / self.pixels if self.pixels else 0.0
        parts = [
            f"{runtime.engine} {share:.2f}% ({low:.2f} to {high:.2f}) of {self.pixels} pixels, "
            f"mean IoU {runtime.mean_iou:.4f}, {self.images} {self.origin}"
        ]
        if runtime.comparison is not None:
            parts.append(runtime.comparison.words())
        whose = "PyTorch's" if self.against == YARDSTICK else f"{self.against}'s"
        if runtime.beyond_ties:
            parts.append(f"pixels whose class is not {whose}: {runtime.beyond_ties}")
        if runtime.not_finite:
            parts.append(f"outputs of {runtime.not_finite} images are not finite numbers")
        return judged(self.pixels > 0 and runtime.passed, "accuracy", "; ".join(parts))
