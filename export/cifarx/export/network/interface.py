"""`Input` and `Output`: what a network takes and gives, with the rank of its source.

Layers see maps (C, H, W) and features (F,) only. A signal (C, L) is carried through the layers as
maps of one row (C, 1, L); files and toolbox keep its own rank.
"""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.export.network.layer import Shape
from cifarx.export.network.names import OUTPUT
from cifarx.pytorch_models.errors import GraphError

_FORMATS = {1: "CB", 2: "SCB", 3: "SSCB"}


@dataclass(frozen=True)
class Input:
    """One input of a network."""

    name: str
    """A MATLAB identifier; layers read the input by this name."""
    shape: Shape
    """Of the source, without the batch: features (F,), signals (C, L) or maps (C, H, W)."""

    @property
    def format(self) -> str:
        """Labels of MATLAB's array: 'CB' is F x N, 'SCB' L x C x N, 'SSCB' H x W x C x N."""
        return format_of(self.shape)

    @property
    def carried(self) -> Shape:
        """The shape that layers see: (F,) or (C, H, W).

        >>> Input("ecg", (12, 1000)).carried
        (12, 1, 1000)
        """
        if len(self.shape) not in _FORMATS:
            raise GraphError(
                f"the input {self.name!r} has {len(self.shape)} axes besides the batch"
            )
        return as_row(self.shape)


@dataclass(frozen=True)
class Output:
    """One output of a network."""

    layer: str
    """The layer that gives it."""
    name: str = OUTPUT
    """Its name in model.onnx and for the user: a MATLAB identifier."""
    shape: Shape | None = None
    """Of the source, without the batch. Its elements are those of the layer's output in row-major
    order, so both have equally many. None for the layer's own shape."""


def as_row(shape: Shape) -> Shape:
    """A signal (C, L) as maps of one row (C, 1, L); other shapes as they are."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


def format_of(shape: Shape) -> str:
    """Labels of MATLAB's array for a shape without the batch; '' where there are none.

    >>> format_of((3, 32, 32)), format_of((2, 3, 4, 5))
    ('SSCB', '')
    """
    return _FORMATS.get(len(shape), "")
