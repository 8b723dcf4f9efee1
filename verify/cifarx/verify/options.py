"""The options of `cifarx verify`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cifarx.pytorch_models.errors import UserError

ALL_IMAGES = 2**62
"""A number of images that no data set reaches; stands for all of them."""


@dataclass(frozen=True)
class VerifyOptions:
    """The options that the user may set."""

    file: Path
    engines: tuple[str, ...] | None = None
    """Engines that must be available; None uses those that are."""
    checkpoint: Path | None = None
    images: int = 256
    accept_predictions: bool = False
    layer_images: int = 32
    """Number of those images on which every layer is judged."""
    accuracy_images: int | None = None
    """Number of test images for rung 6; None scores the compared images only."""
    tolerance: tuple[float, float] | None = None
    """(atol, rtol) to report beside the ladder; the verdict does not depend on them."""
    from_polygraphy: Path | None = None
    data: str | None = None
    """Inputs to compare on, if there is no run; see `export.test_inputs.from_data`."""

    def asked(self) -> dict[str, str]:
        """Return the options that decide what is compared, by their names on the command line.

        >>> VerifyOptions(Path("model.onnx"), ("octave",), accuracy_images=ALL_IMAGES).asked()
        {'--images': '256', '--layer-images': '32', '--engines': 'octave', '--accuracy': 'all'}
        """
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
    """Raise `UserError` if an option asks for fewer images than one."""
    asked = {
        "--images": options.images,
        "--layer-images": options.layer_images,
        "--accuracy": options.accuracy_images,
    }
    for name, count in asked.items():
        if count is not None and count < 1:
            raise UserError(f"{name} {count} would compare nothing. Give 1 or more.")
