"""Graphs that begin with a flatten of maps 2 x 3 x 4."""

from __future__ import annotations

import numpy as np

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer


def flattened(*tail: Layer, output: str) -> LayerGraph:
    return LayerGraph(
        (Input("image", (2, 3, 4)),),
        (Layer("f", "FlattenLayer", ("image",)), *tail),
        (Output(output),),
    )


def fully_connected(name: str, source: str, outputs: int, inputs: int = 24) -> Layer:
    arrays = {"Weights": Array(np.ones((outputs, inputs), np.float32), "w")}
    arrays["Bias"] = Array(np.ones(outputs, np.float32), "b")
    return Layer(name, "FullyConnectedLayer", (source,), {}, arrays)
