"""Turn a `LayerGraph` into the plan of a PyTorch module and its state dict."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.imported.network import state_names
from cifarx.pytorch_models.imported.plan import InputPlan, LayerPlan, NetworkPlan, OutputPlan


def plan_of(graph: LayerGraph) -> NetworkPlan:
    """The layers without their weights."""
    shapes = graph.shapes()
    return NetworkPlan(
        inputs=tuple(InputPlan(name=one.name, shape=one.shape) for one in graph.inputs),
        layers=tuple(
            LayerPlan(
                name=layer.name,
                kind=layer.kind,
                inputs=layer.inputs,
                options=dict(layer.hyper),
                arrays={key: array.value.shape for key, array in layer.arrays.items()},
                shape=shapes[layer.name],
            )
            for layer in graph.layers
        ),
        outputs=tuple(
            OutputPlan(name=one.name, layer=one.layer, shape=shape)
            for one, shape in zip(graph.outputs, graph.output_shapes(), strict=True)
        ),
    )


def state_of(graph: LayerGraph, plan: NetworkPlan) -> dict[str, NDArray[np.generic]]:
    """The state dict of the module that the plan describes, with the graph's weights.

    Step counters of batch norm are 0; a scale per channel beside maps is (C, 1, 1).
    """
    arrays, shapes = graph.arrays(), graph.shapes()
    kinds = {layer.name: layer for layer in graph.layers}
    state: dict[str, NDArray[np.generic]] = {}
    for (name, key), tensor in state_names(plan).items():
        layer, value = kinds[name], arrays[name, key].value
        maps = len(shapes[layer.inputs[0]]) == 3
        if layer.kind == "ScalingLayer" and maps and value.shape == shapes[layer.inputs[0]][:1]:
            value = value.reshape(-1, 1, 1)
        state[tensor] = np.ascontiguousarray(value)
        if key == "TrainedMean":
            counter = f"{tensor.rpartition('.')[0]}.num_batches_tracked"
            state[counter] = np.asarray(0, np.int64)
    return state
