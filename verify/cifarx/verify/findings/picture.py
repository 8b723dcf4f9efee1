"""A thumbnail in a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """One image that runtimes do not agree on."""

    image: int
    """Its place among the test images of the data, or of the test batch where there are no data."""
    label: int
    """The class that it is of."""
    png: str
    """The file in base64."""
