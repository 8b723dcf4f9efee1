"""Pictures in a report."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.numbers import Number


@dataclass(frozen=True)
class Picture:
    """A thumbnail of an image on which runtimes disagree."""

    image: int
    """Index among the test images of the data, or of the test batch without data."""
    label: int
    """Its true class."""
    png: str
    """The PNG file in base64."""


@dataclass(frozen=True)
class Panel:
    """One picture of a row, with what it shows."""

    caption: str
    png: str
    """The PNG file in base64."""


@dataclass(frozen=True)
class MapRow:
    """Maps of one input: what went in, what the original and a runtime make of it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class SignalRow:
    """A channel of a signal of one input: the original, and the error of a runtime."""

    title: str
    reference: tuple[Number, ...]
    """The original's numbers along the signal, thinned out if there are many."""
    error: tuple[Number, ...]
    """The runtime's numbers minus these."""
