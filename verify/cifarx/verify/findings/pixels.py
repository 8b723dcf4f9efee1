"""Rung 5 of a segmentation: the class of every pixel by one runtime, against the float64 truth."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.numbers import Number


@dataclass(frozen=True)
class PixelChange:
    """A pixel for which a runtime predicts another class than the truth."""

    image: int
    """Index among the test images if known, else among the compared images."""
    row: int
    column: int
    predicted: int
    truth: int
    margin: Number
    """Highest minus second highest number of the truth at this pixel."""


@dataclass(frozen=True)
class PixelDecisions:
    """The classes of all pixels of the compared images."""

    pixels: int
    changed: int
    """Number of pixels for which the runtime predicts another class than the truth."""
    beyond_ties: int
    """How many of them have a margin above what the allowed error of two numbers can turn."""
    images: int
    """Number of images with a changed pixel."""
    largest: PixelChange | None
    """The changed pixel with the largest margin; None if none changed."""
    mean_iou: Number
    """Intersection over union of the pixels of a class here and in the truth, averaged over the
    classes that either predicts."""

    @property
    def agreement(self) -> float:
        """Share of the pixels with the same class as the truth, 0 to 1."""
        return 1 - self.changed / self.pixels

    def words(self) -> str:
        """Return the part of the engine's line on the pixels.

        >>> PixelDecisions(4000, 1, 0, 1, None, 0.9995).words()
        'pixels 99.975% as float64, 1 of 4000 changed, mean IoU 0.9995'
        """
        share = "100%" if not self.changed else f"{100 * self.agreement:.5g}%"
        # a share that rounds to 100 must not hide a changed pixel
        changed = f", {self.changed} of {self.pixels} changed" if self.changed else ""
        return f"pixels {share} as float64{changed}, mean IoU {self.mean_iou:.4f}"
