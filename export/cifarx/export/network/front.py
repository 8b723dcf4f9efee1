"""Recognise a network that normalises its own input."""

from __future__ import annotations

from cifarx.export.network.graph import LayerGraph


def own_normalization(graph: LayerGraph) -> tuple[str, ...]:
    """Names of the ScalingLayers through which all of the network's image goes first.

    They are a module's `(x - mean) / std`, or MATLAB's zero-centre or z-score input layer. Empty
    where another layer reads the image, or the network has none.
    """
    names: list[str] = []
    images = [given.name for given in graph.inputs if given.format == "SSCB"]
    if len(images) != 1:
        return ()
    (value,) = images
    while True:
        readers = [layer for layer in graph.layers if value in layer.inputs]
        if len(readers) != 1 or readers[0].kind != "ScalingLayer":
            return tuple(names)
        value = readers[0].name
        names.append(value)
