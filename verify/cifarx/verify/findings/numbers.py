"""Numbers in a report. JSON has no infinity, so null stands for it."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer


def _read(value: object) -> object:
    return math.inf if value is None else value


def _write(value: float) -> float | None:
    return value if math.isfinite(value) else None


Number = Annotated[float, BeforeValidator(_read), PlainSerializer(_write)]
"""A float that may be infinite; null in JSON."""
