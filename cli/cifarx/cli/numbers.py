"""Parse options that hold several numbers, or one of several words."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def size(option: str, text: str) -> tuple[int, ...]:
    """Parse CHANNELS,HEIGHT,WIDTH, CHANNELS,LENGTH or FEATURES.

    >>> size("--input-size", "3,224,224")
    (3, 224, 224)

    Raises:
        UserError: not one to three whole numbers above 0.
    """
    parts = text.split(",")
    whole = all(part.strip().isdecimal() and int(part) > 0 for part in parts)
    if not 1 <= len(parts) <= 3 or not whole:
        raise UserError(
            f"{option} {text!r} is not CHANNELS,HEIGHT,WIDTH of images, CHANNELS,LENGTH of signals "
            f"or a number of features. Give one to three whole numbers above 0, as in {option} "
            "3,224,224; for several inputs give the option once per input."
        )
    return tuple(map(int, parts))


def one_of(option: str, text: str | None, allowed: Sequence[str]) -> str:
    """The word; '' if the option is not given.

    Raises:
        UserError: another word.
    """
    if text is not None and text not in allowed:
        raise UserError(f"{option} {text!r} is not known. Give one of {', '.join(allowed)}.")
    return text or ""
