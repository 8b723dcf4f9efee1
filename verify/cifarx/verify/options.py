"""What the user may ask of `cifarx verify`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cifarx.pytorch_models.errors import UserError

ALL_IMAGES = 2**62
"""More images than any data set has."""


@dataclass(frozen=True)
class VerifyOptions:
    """What the user may set."""

    file: Path
    engines: tuple[str, ...] | None = None
    """Required engines; None takes those that are available."""
    checkpoint: Path | None = None
    images: int = 256
    accept_predictions: bool = False
    layer_images: int = 32
    """How many of those images every layer is judged on."""
    accuracy_images: int | None = None
    """Test images for rung 6; None takes those of `images`."""
    tolerance: tuple[float, float] | None = None
    """(atol, rtol) to quote beside the ladder; the verdict does not depend on them."""
    from_polygraphy: Path | None = None
    data: str | None = None
    """Inputs to compare on, of a network that is not a run; see `export.test_inputs.from_data`."""

    def asked(self) -> dict[str, str]:
        """The options that decide what is compared, under the command's names."""
        found = {"--images": str(self.images), "--layer-images": str(self.layer_images)}
        if self.engines is not None:
            found["--engines"] = ",".join(self.engines)
        if self.accuracy_images is not None:
            every = self.accuracy_images >= ALL_IMAGES
            found["--accuracy"] = "all" if every else str(self.accuracy_images)
        if self.data is not None:
            found["--data"] = self.data
        if self.tolerance is not None:
            found["--atol"], found["--rtol"] = (f"{value:g}" for value in self.tolerance)
        return found


def require_images(options: VerifyOptions) -> None:
    """Raise `UserError` where so few images are asked for that nothing would be compared."""
    asked = {
        "--images": options.images,
        "--layer-images": options.layer_images,
        "--accuracy": options.accuracy_images,
    }
    for name, count in asked.items():
        if count is not None and count < 1:
            raise UserError(f"{name} {count} would compare nothing. Give a number from 1.")
