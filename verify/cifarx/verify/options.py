"""What the user may ask of `cifarx verify`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.exchange.for_polygraphy import ForPolygraphy

ALL_IMAGES = 2**62
"""More images than there are anywhere."""


@dataclass(frozen=True)
class Options:
    """What the user may set."""

    file: Path
    engines: tuple[str, ...] | None = None
    """Required ones; None takes those that are there."""
    checkpoint: Path | None = None
    images: int = 256
    accept_predictions: bool = False
    layer_images: int = 32
    """Of those images, how many every layer is judged on."""
    accuracy_images: int | None = None
    """Test images for rung 6; None takes those of `images`."""
    tolerance: tuple[float, float] | None = None
    """(atol, rtol) to quote beside the ladder; they decide nothing."""
    from_polygraphy: Path | None = None
    to_polygraphy: ForPolygraphy | None = None
    """Is given the logits and the inputs; whoever calls `verify` writes them."""


def require_images(options: Options) -> None:
    """Raise `UserError` where so few are asked for that nothing would be compared."""
    asked = {
        "--images": options.images,
        "--layer-images": options.layer_images,
        "--accuracy": options.accuracy_images,
    }
    for name, count in asked.items():
        if count is not None and count < 1:
            raise UserError(f"{name} {count} would compare nothing. Give a number from 1.")
