"""Rung 1: whether the same image reaches every runtime as the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.check import Check, judged


@dataclass(frozen=True)
class Contract:
    """What was found."""

    faults: tuple[str, ...]
    meaning_changed: bool
    """Whether a fault is such that the same image may be given another class."""
    inputs_sha256: str
    """Of the normalised images, (N, C, H, W) float32 in C order."""
    normalized_by: tuple[str, ...]
    """Who gave exactly those bits; empty where nobody knows how pixels are normalised."""

    def check(self, images: int) -> Check:
        if not self.normalized_by and not self.faults:
            return judged(
                True,
                "input",
                f"classes, size and layout agree; no file says how pixels are normalised, so that "
                f"{images} inputs are taken as they are (SHA-256 {self.inputs_sha256[:12]}…)",
            )
        agreed = (
            f"classes, mean, std, size and layout agree; {images} images normalised alike by "
            f"{', '.join(self.normalized_by)} (SHA-256 {self.inputs_sha256[:12]}…)"
        )
        return judged(not self.faults, "input", "; ".join(self.faults) or agreed)
