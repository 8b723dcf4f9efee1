"""Find the layers whose features MATLAB holds in another order than PyTorch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network import layout
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.errors import UserError


def feature_orders(graph: LayerGraph) -> dict[str, NDArray[np.int64]]:
    """MATLAB's order of features, by layer, where it differs from PyTorch's.

    A flatten starts such an order (`layout.flatten_order`), layers without weights pass it on, and
    the next fully connected layer ends it.

    Returns:
        By layer, (F,) indices p such that MATLAB's features are PyTorch's [p].

    Raises:
        UserError: an order reaches the output, or two orders meet in one layer.
    """
    shapes = graph.shapes()
    orders: dict[str, NDArray[np.int64]] = {}
    for layer in graph.layers:
        if layer.kind == "FullyConnectedLayer":
            continue
        if layer.kind == "ReshapeLayer" and layer.inputs[0] in orders:
            raise UserError(
                f"The layer {layer.name!r} makes maps of features that were flattened from others; "
                "MATLAB flattens maps in another order than PyTorch. cifarx cannot write this "
                "network for MATLAB yet; 'cifarx export --onnx' writes its model.onnx."
            )
        if layer.kind == "FlattenLayer" and len(shapes[layer.inputs[0]]) == 3:
            channels, height, width = shapes[layer.inputs[0]]
            if height * width > 1:
                orders[layer.name] = layout.flatten_order(channels, height, width)
            continue
        if layer.kind == "ConcatenationLayer" and any(name in orders for name in layer.inputs):
            sizes = [shapes[name][0] for name in layer.inputs]
            starts = np.cumsum([0, *sizes[:-1]])
            parts = [
                orders.get(name, np.arange(size)) + start
                for name, size, start in zip(layer.inputs, sizes, starts, strict=True)
            ]
            orders[layer.name] = np.concatenate(parts)
            continue
        # a single feature multiplies all others in the same way, in any order
        given = [orders.get(name) for name in layer.inputs if shapes[name] != (1,)]
        if len({_key(order) for order in given}) > 1:
            raise UserError(
                f"The layer {layer.name!r} joins features that were flattened from maps with "
                "others; MATLAB flattens maps in another order than PyTorch. cifarx cannot write "
                "this network for MATLAB yet; 'cifarx export --onnx' writes its model.onnx."
            )
        if given and given[0] is not None:
            orders[layer.name] = given[0]
    if any(output.layer in orders for output in graph.outputs):
        raise UserError(
            "An output of the network holds flattened maps that other layers changed; MATLAB "
            "flattens maps in another order than PyTorch, and these layers keep it. cifarx cannot "
            "write this network for MATLAB yet; 'cifarx export --onnx' writes its model.onnx."
        )
    return orders


def _key(order: NDArray[np.int64] | None) -> bytes:
    return b"" if order is None else order.tobytes()
