"""Rungs 4 and 5: one runtime's logits against the truth, and what they decide."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.numbers import Number

LIMIT = 10.0
"""Largest ratio of RMS errors that is float32 rounding; README.md, 'Logits', says why."""


@dataclass(frozen=True)
class Judgement:
    """One runtime's logits against the truth."""

    images: int
    classes: int
    finite: bool
    ratio: Number
    """RMS error over the yardstick."""
    largest: Number
    """Largest absolute error."""
    largest_allowed: float
    """What it may be: `LIMIT` yardsticks, times the spread of so many normal errors."""
    cosine: float
    """Of all logits with the truth's; for information, no defect small enough shows in it."""
    ulps: Number
    """The same in units in the last place of the largest logit."""
    worst_image: int
    """Among the test images where that is known, else among those compared."""
    worst_class: int
    top1: int
    """Images for which the predicted class is that of the truth."""
    top5: int
    """Images whose five highest classes are those of the truth, as a set."""
    changed: tuple[Change, ...]

    @property
    def passed(self) -> bool:
        small = self.ratio <= LIMIT and self.largest <= self.largest_allowed
        return self.finite and self.images > 0 and small

    @property
    def turned(self) -> list[Change]:
        """Changes that are more than ties: one logit up and one down by what is allowed."""
        return [c for c in self.changed if not c.margin <= 2.0 * self.largest_allowed]

    def detail(self, *layers: str) -> str:
        """The part of the engine's line that every runtime prints alike.

        Args:
            layers: what is known of its layers, for the second place.
        """
        parts = (
            f"logits {self.classes}x{self.images}",
            *layers,
            f"RMS {self.ratio:.1f}x float32",
            f"max error {self.largest:.1e}",
            f"predictions {self.top1}/{self.images}",
        )
        return " | ".join(parts)


@dataclass(frozen=True)
class Tolerance:
    """How many images are within a tolerance that somebody has to quote; it decides nothing."""

    atol: float
    rtol: float
    within: int
    images: int

    def words(self) -> str:
        """Its part of a line."""
        return (
            f"{self.within}/{self.images} images within atol {self.atol:g} + rtol {self.rtol:g} x "
            "the float64 logits, which the verdict does not rest on"
        )


@dataclass(frozen=True)
class Change:
    """An image for which a runtime predicts another class than the truth."""

    image: int
    """Among the images that were compared."""
    predicted: int
    truth: int
    margin: Number
    """Highest minus second highest logit of the truth."""
    place: int | None = None
    """Among the test images of the data, or of the test batch, where it is known."""
    label: int | None = None
    """The class that it is of, where that is known."""

    @property
    def of_data(self) -> int:
        """What a person finds the image by."""
        return self.image if self.place is None else self.place
