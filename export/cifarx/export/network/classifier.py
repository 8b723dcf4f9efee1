"""Require that a network is a classifier of images of a size that cifarx can compute with."""

from __future__ import annotations

import math
from dataclasses import replace

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer
from cifarx.export.network.names import Namer
from cifarx.pytorch_models.errors import UserError

LARGEST_IMAGE = 2**26  # numbers, 256 MB in float32; some layers give many times as much


def as_classifier(graph: LayerGraph) -> LayerGraph:
    """The graph with its output flattened if that is maps of one pixel."""
    shape = graph.shapes()[graph.output]
    if len(shape) != 3 or shape[1:] != (1, 1):
        return graph
    namer = Namer(graph.input_name, *(layer.name for layer in graph.layers))
    flatten = Layer(namer("flatten"), "FlattenLayer", (graph.output,))
    return replace(graph, layers=(*graph.layers, flatten), output=flatten.name)


def require_classifier(graph: LayerGraph) -> int:
    """Return the number of classes.

    Raises:
        UserError: the network does not give one vector per image.
    """
    shape = graph.shapes()[graph.output]
    if len(shape) != 1:
        raise UserError(
            f"The network gives {' x '.join(map(str, shape))} numbers per image, not one vector of "
            "logits; cifarx takes classifiers. End the network with a pooling to 1x1 and a flatten."
        )
    return shape[0]


def require_image_size(size: tuple[int, int, int]) -> None:
    """Raise `UserError` for images (C, H, W) with more than LARGEST_IMAGE numbers."""
    if math.prod(size) > LARGEST_IMAGE:
        raise UserError(
            f"Images of {' x '.join(map(str, size))} (channels, height, width) are "
            f"{math.prod(size):,} numbers each; cifarx takes up to {LARGEST_IMAGE:,}, as in "
            "3 x 4096 x 4096. Export the network for smaller images."
        )
