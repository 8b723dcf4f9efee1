"""A thumbnail in a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A thumbnail of an image on which runtimes disagree."""

    image: int
    """Index among the test images of the data, or of the test batch without data."""
    label: int
    """Its true class."""
    png: str
    """The PNG file in base64."""
