"""Parse options that hold several numbers."""

from __future__ import annotations

import math

from cifarx.pytorch_models.errors import UserError


def numbers(option: str, text: str | None) -> tuple[float, ...]:
    """Parse comma-separated numbers; the result is empty if the option is not given.

    >>> numbers("--mean", "0.5,0.25")
    (0.5, 0.25)

    Raises:
        UserError: a part is not a finite number.
    """
    try:
        values = tuple(float(part) for part in text.split(",")) if text is not None else ()
    except ValueError:
        values = (math.nan,)
    if not all(map(math.isfinite, values)):
        raise UserError(
            f"{option} {text!r} is not a list of numbers. Separate them with commas, as in "
            f"{option} 0.485,0.456,0.406."
        )
    return values


def size(option: str, text: str) -> tuple[int, int, int]:
    """Parse CHANNELS,HEIGHT,WIDTH.

    >>> size("--input-size", "3,224,224")
    (3, 224, 224)

    Raises:
        UserError: not three whole numbers above 0.
    """
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise UserError(
            f"{option} {text!r} is not CHANNELS,HEIGHT,WIDTH. Give three whole numbers above 0, as "
            f"in {option} 3,224,224."
        )
    channels, height, width = map(int, parts)
    return channels, height, width
