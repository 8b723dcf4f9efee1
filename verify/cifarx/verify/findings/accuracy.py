"""Rung 6: what each runtime scores on the data set, and whether the scores are the same."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.numbers import Number
from cifarx.verify.findings.scores import Accuracy, Comparison

YARDSTICK = "pytorch"
"""The engine that the others are compared with."""
TRUTH = "float64"
"""Stands in for it where PyTorch does not run: the reference, beside the engines."""
NO_CLASS = -1
"""Predicted by logits that are not finite numbers."""


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
    not_finite: int
    """Images for which its logits are not all finite numbers."""
    apart: Number
    """Largest difference of a logit from PyTorch's; 0 where there is no PyTorch."""

    @property
    def unlawful(self) -> list[ChangedPrediction]:
        """Changes that rounding does not explain."""
        return [c for c in self.changed if c.predicted == NO_CLASS or not c.margin <= self.tie]

    @property
    def passed(self) -> bool:
        """Whether its logits are numbers, and PyTorch's but for the rounding of both."""
        return not self.unlawful and not self.not_finite and self.apart <= self.tie / 2

    def check(self, images: int, origin: str, against: str) -> Check:
        """Its line."""
        whose = "PyTorch's" if against == YARDSTICK else f"{against}'s"
        parts = [f"{self.engine} {self.overall.words()} {origin}"]
        if self.comparison is not None:
            parts.append(self.comparison.words())
        if self.changed:
            lawful = "" if self.unlawful else ", ties to within float32 rounding"
            parts.append(f"{len(self.changed)} predictions other than {whose}{lawful}")
        if self.not_finite:
            parts.append(f"logits of {self.not_finite} images are not finite numbers")
        elif self.apart > self.tie / 2:
            allowed = f"allowed is {self.tie / 2:.1e}"
            parts.append(f"logits differ from {whose} by up to {self.apart:.1e}, {allowed}")
        return judged(images > 0 and self.passed, "accuracy", "; ".join(parts))


@dataclass(frozen=True)
class AccuracyReport:
    """All runtimes on the same images."""

    images: int
    in_all: int
    """Test images that the data have."""
    origin: str
    runtimes: tuple[RuntimeAccuracy, ...]
    against: str = YARDSTICK
    """Whose predictions the others are compared with."""

    @property
    def passed(self) -> bool:
        """Whether every runtime did."""
        return self.images > 0 and all(runtime.passed for runtime in self.runtimes)

    @property
    def unchanged(self) -> bool:
        """Whether every runtime predicts what PyTorch does, but for ties."""
        return not any(runtime.unlawful or runtime.not_finite for runtime in self.runtimes)

    def checks(self) -> list[Check]:
        """A line a runtime."""
        return [runtime.check(self.images, self.origin, self.against) for runtime in self.runtimes]
