"""Rungs 4 and 5: the outputs and predictions of one runtime against the float64 truth."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from cifarx.export.network.model_card import CLASSIFICATION as CLASSIFICATION
from cifarx.export.network.model_card import REGRESSION as REGRESSION
from cifarx.export.network.model_card import SEGMENTATION as SEGMENTATION
from cifarx.verify.findings.numbers import Number

LIMIT = 10.0
"""Largest RMS ratio that counts as float32 rounding; see 'Outputs' in README.md."""


@dataclass(frozen=True)
class Judgement:
    """One output of a runtime against the truth, with the network's other outputs."""

    images: int
    classes: int
    """Numbers per image, or per pixel of maps: one per class where there are classes."""
    finite: bool
    ratio: Number
    """RMS error over the RMS error of PyTorch in float32."""
    largest: Number
    """Largest absolute error."""
    largest_allowed: float
    """Its limit: `LIMIT` times PyTorch's RMS error, times the largest of as many normal errors."""
    cosine: float
    """Cosine of all numbers and the truth; for information, because it hides small defects."""
    ulps: Number
    """The largest error in units in the last place of the largest number."""
    worst_image: int
    """Index among the test images if known, else among the compared images."""
    worst_class: int
    """Index of the class, or of the channel of maps and signals, with the largest error."""
    top1: int
    """Number of images with the same predicted class as the truth; 0 without predictions."""
    top5: int
    """Number of images with the same set of five highest classes as the truth."""
    changed: tuple[Change, ...]
    """Images with another class than the truth, in a classification."""
    output: str = "logits"
    """Its name in model.onnx."""
    shape: tuple[int, ...] | None = None
    """Without the batch; None for (classes,)."""
    task: str = CLASSIFICATION
    spread: Number | None = None
    """Of an output without predictions: the largest error in units of the standard deviation of
    the output over the inputs, or over all its numbers if that is 0; None if these are equal."""
    pixels: PixelDecisions | None = None
    """Of a segmentation, if its numbers are finite."""
    others: tuple[Judgement, ...] = ()
    """The network's other outputs, in order."""

    @property
    def every(self) -> tuple[Judgement, ...]:
        """All outputs, in order."""
        return (self, *self.others)

    @property
    def passed(self) -> bool:
        """Whether every output is right, each by its own limits."""
        return all(output.is_right for output in self.every)

    @property
    def is_right(self) -> bool:
        """Whether this output is right."""
        small = self.ratio <= LIMIT and self.largest <= self.largest_allowed
        return self.finite and self.images > 0 and small

    @property
    def all_finite(self) -> bool:
        """Whether the numbers of every output are finite and of the expected shape."""
        return all(output.finite for output in self.every)

    @property
    def worst(self) -> Judgement:
        """The output that is furthest off, in units of its limits; the first of equal ones."""
        return max(self.every, key=lambda output: output.severity)

    @property
    def severity(self) -> float:
        """Largest of the errors over their limits; above 1 the output is wrong."""
        if not self.finite:
            return inf
        over = self.largest / self.largest_allowed if self.largest_allowed else 0.0
        return max(self.ratio / LIMIT, over)

    @property
    def not_ties(self) -> list[Change]:
        """Changes with a margin above what the allowed error of two logits can turn around."""
        return [c for c in self.changed if not c.margin <= 2.0 * self.largest_allowed]

    @property
    def keeps_decisions(self) -> bool:
        """Whether no prediction differs from the truth's, ties apart."""
        return not self.not_ties and not (self.pixels and self.pixels.beyond_ties)

    @property
    def size(self) -> str:
        """The output's size with the number of images last, as in '10x60'."""
        shape = (self.classes,) if self.shape is None else self.shape
        return "x".join(map(str, (*shape, self.images)))

    def detail(self, *layers: str) -> str:
        """Return the part of the engine's line that is the same for all runtimes.

        Of several outputs it gives the figures of the worst one.

        Args:
            layers: parts on its layers, which are put second.
        """
        worst = self.worst
        several = f"{len(self.every)} outputs of {self.images} inputs"
        named = f"worst output '{worst.output}' {worst.size}: " if self.others else ""
        parts = (
            several if self.others else f"{self.output} {self.size}",
            *layers,
            f"{named}RMS {worst.ratio:.1f}x float32",
            f"max error {worst.largest:.1e}{worst.spread_words()}",
            *worst._decisions(),
        )
        return " | ".join(parts)

    def spread_words(self) -> str:
        """Return the largest error in units of the spread, in brackets, if that is known."""
        return "" if self.spread is None else f" ({self.spread:.1e} of its spread)"

    def _decisions(self) -> tuple[str, ...]:
        if self.task == CLASSIFICATION:
            return (f"predictions {self.top1}/{self.images}",)
        return () if self.pixels is None else (self.pixels.words(),)


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
