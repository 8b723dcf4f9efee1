"""Rung 1: whether every runtime gets the same numbers for the same image."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.check import Check, judged


@dataclass(frozen=True)
class Contract:
    """The findings on input, classes and normalisation."""

    faults: tuple[str, ...]
    meaning_changed: bool
    """Whether a fault can change the class of an image."""
    inputs_sha256: str
    """SHA-256 of the inputs, (N, ...) float32 in C order, one after another; images normalised."""
    normalized_by: tuple[str, ...]
    """Runtimes and files with exactly those bits; empty if the normalisation is unknown."""
    takes_image: bool = True
    """Whether one of the inputs is an image."""

    def check(self, images: int) -> Check:
        """Return the `input` line for this number of images."""
        if not self.takes_image and not self.faults:
            return judged(
                True,
                "input",
                f"task, sizes and layout agree; the {images} inputs are used as they are "
                f"(SHA-256 {self.inputs_sha256[:12]}…)",
            )
        if not self.normalized_by and not self.faults:
            return judged(
                True,
                "input",
                f"classes, size and layout agree; no file states how pixels are normalised, so the "
                f"{images} inputs are used as they are (SHA-256 {self.inputs_sha256[:12]}…)",
            )
        agreed = (
            f"classes, mean, std, size and layout agree; {images} images normalised identically by "
            f"{', '.join(self.normalized_by)} (SHA-256 {self.inputs_sha256[:12]}…)"
        )
        return judged(not self.faults, "input", "; ".join(self.faults) or agreed)
