"""Rungs 4 and 5: the logits and predictions of one runtime against the float64 truth."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.numbers import Number

LIMIT = 10.0
"""Largest RMS ratio that counts as float32 rounding; see 'Logits' in README.md."""


@dataclass(frozen=True)
class Judgement:
    """The logits of one runtime against the truth."""

    images: int
    classes: int
    finite: bool
    ratio: Number
    """RMS error over the RMS error of PyTorch in float32."""
    largest: Number
    """Largest absolute error."""
    largest_allowed: float
    """Its limit: `LIMIT` times PyTorch's RMS error, times the largest of as many normal errors."""
    cosine: float
    """Cosine of all logits and the truth; for information, because it hides small defects."""
    ulps: Number
    """The largest error in units in the last place of the largest logit."""
    worst_image: int
    """Index among the test images if known, else among the compared images."""
    worst_class: int
    top1: int
    """Number of images with the same predicted class as the truth."""
    top5: int
    """Number of images with the same set of five highest classes as the truth."""
    changed: tuple[Change, ...]

    @property
    def passed(self) -> bool:
        small = self.ratio <= LIMIT and self.largest <= self.largest_allowed
        return self.finite and self.images > 0 and small

    @property
    def not_ties(self) -> list[Change]:
        """Changes with a margin above what the allowed error of two logits can turn around."""
        return [c for c in self.changed if not c.margin <= 2.0 * self.largest_allowed]

    def detail(self, *layers: str) -> str:
        """Return the part of the engine's line that is the same for all runtimes.

        Args:
            layers: parts on its layers, which are put second.
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
    """The images within a tolerance that the user asked for; the verdict ignores it."""

    atol: float
    rtol: float
    within: int
    images: int

    def words(self) -> str:
        """Return the part of the `tolerance` line."""
        return (
            f"{self.within}/{self.images} images within atol {self.atol:g} + rtol {self.rtol:g} x "
            "|float64 logits| (does not affect the verdict)"
        )


@dataclass(frozen=True)
class Change:
    """An image for which a runtime predicts another class than the truth."""

    image: int
    """Index among the compared images."""
    predicted: int
    truth: int
    margin: Number
    """Highest minus second highest logit of the truth."""
    place: int | None = None
    """Index among the test images of the data or of the test batch, if known."""
    label: int | None = None
    """The true class, if known."""

    @property
    def shown_index(self) -> int:
        """The index that is printed."""
        return self.image if self.place is None else self.place
