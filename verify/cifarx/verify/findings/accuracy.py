"""Rung 6: the accuracy of each runtime on the data set, and whether it equals PyTorch's."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.numbers import Number
from cifarx.verify.findings.scores import Accuracy, Comparison

YARDSTICK = "pytorch"
"""The engine that the others are compared with."""
TRUTH = "float64"
"""The float64 reference, which takes its place if PyTorch did not run."""
NO_CLASS = -1
"""The prediction of logits that are not finite."""


@dataclass(frozen=True)
class ChangedPrediction:
    """An image for which a runtime predicts another class than PyTorch."""

    image: int
    """Index among the test images, from 0."""
    label: int
    predicted: int
    by_pytorch: int
    margin: Number
    """PyTorch's highest logit minus its second highest."""


@dataclass(frozen=True)
class RuntimeAccuracy:
    """The accuracy of one runtime on the data set."""

    engine: str
    overall: Accuracy
    by_class: tuple[Accuracy, ...]
    comparison: Comparison | None
    """With PyTorch on the same images; None for PyTorch itself, and if it did not run."""
    changed: tuple[ChangedPrediction, ...]
    tie: Number
    """Largest margin that the rounding of both runtimes can turn around."""
    not_finite: int
    """Number of images with logits that are not all finite."""
    apart: Number
    """Largest difference between a logit and PyTorch's; 0 if PyTorch did not run."""

    @property
    def unexplained(self) -> list[ChangedPrediction]:
        """Changed predictions that rounding does not explain."""
        return [c for c in self.changed if c.predicted == NO_CLASS or not c.margin <= self.tie]

    @property
    def passed(self) -> bool:
        """Whether its logits are finite and differ from PyTorch's only by the rounding of both."""
        return not self.unexplained and not self.not_finite and self.apart <= self.tie / 2

    def check(self, images: int, origin: str, against: str) -> Check:
        """Return the line of this runtime.

        Args:
            images: number of images that were scored.
            origin: what they are, such as 'test images of shapes'.
            against: the engine that it is compared with.
        """
        whose = "PyTorch's" if against == YARDSTICK else f"{against}'s"
        parts = [f"{self.engine} {self.overall.words()} {origin}"]
        if self.comparison is not None:
            parts.append(self.comparison.words())
        if self.changed:
            ties = "" if self.unexplained else ", ties within float32 rounding"
            parts.append(f"predictions that differ from {whose}: {len(self.changed)}{ties}")
        if self.not_finite:
            parts.append(f"logits of {self.not_finite} images are not finite numbers")
        elif self.apart > self.tie / 2:
            allowed = f"(allowed: {self.tie / 2:.1e})"
            parts.append(f"logits differ from {whose} by up to {self.apart:.1e} {allowed}")
        return judged(images > 0 and self.passed, "accuracy", "; ".join(parts))


@dataclass(frozen=True)
class AccuracyReport:
    """The accuracy of all runtimes on the same images."""

    images: int
    """Number of images that were scored."""
    in_all: int
    """Number of test images of the data set."""
    origin: str
    runtimes: tuple[RuntimeAccuracy, ...]
    against: str = YARDSTICK
    """The engine that the others are compared with, `YARDSTICK` or `TRUTH`."""

    @property
    def passed(self) -> bool:
        """Whether every runtime passed, on at least one image."""
        return self.images > 0 and all(runtime.passed for runtime in self.runtimes)

    @property
    def unchanged(self) -> bool:
        """Whether every runtime predicts what PyTorch predicts, apart from ties."""
        return not any(runtime.unexplained or runtime.not_finite for runtime in self.runtimes)

    def checks(self) -> list[Check]:
        """Return one line per runtime."""
        return [runtime.check(self.images, self.origin, self.against) for runtime in self.runtimes]
