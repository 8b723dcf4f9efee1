"""Turn a `LayerGraph` into the plan of a PyTorch module and its state dict, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer, Shape
from cifarx.pytorch_models.errors import GraphError, UserError
from cifarx.pytorch_models.imported.folder import PLAN
from cifarx.pytorch_models.imported.network import state_names
from cifarx.pytorch_models.imported.plan import InputPlan, LayerPlan, NetworkPlan, OutputPlan

_NAMED = 8  # faults named in an error


def plan_of(graph: LayerGraph) -> NetworkPlan:
    """The layers without their weights.

    Raises:
        UserError: a name that is not an identifier, or an option that is not finite.
    """
    try:
        return _plan(graph)
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(map(str, detail["loc"]))
        raise UserError(
            f"The network cannot be written as {PLAN}: {place} is {detail['input']!r} "
            f"({detail['msg']})."
        ) from error


def require_finite(graph: LayerGraph, path: Path) -> None:
    """Raise `UserError` if an option or a weight of a file's network is NaN or infinite."""
    found = []
    for layer in graph.layers:
        for key, option in layer.hyper.items():
            if not isinstance(option, str) and not np.isfinite(option).all():
                found.append(f"{layer.name} has {key} {option}")
        for key, array in layer.arrays.items():
            if bad := np.count_nonzero(~np.isfinite(array.value)):
                found.append(f"{layer.name}.{key} has {bad} of {array.value.size} values")
    if found:
        more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise UserError(
            f"{path} has numbers that are NaN or Inf: {'; '.join(found[:_NAMED])}{more}. "
            "Correct these where the network was trained, and save it again."
        )


def _plan(graph: LayerGraph) -> NetworkPlan:
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
        by_channel = layer.kind in ("ScalingLayer", "PowerLayer")
        if by_channel and maps and value.shape == shapes[layer.inputs[0]][:1]:
            value = value.reshape(-1, 1, 1)
        state[tensor] = np.ascontiguousarray(value)
        if key == "TrainedMean":
            counter = f"{tensor.rpartition('.')[0]}.num_batches_tracked"
            state[counter] = np.asarray(0, np.int64)
    return state


def graph_of(plan: NetworkPlan, state: Mapping[str, NDArray[np.generic]]) -> LayerGraph:
    """The inverse: the graph of a plan with the weights of its module.

    Raises:
        UserError: the layers contradict themselves, or weights are missing.
    """
    names = state_names(plan)
    try:
        layers = tuple(
            Layer(
                layer.name,
                layer.kind,
                layer.inputs,
                layer.options,
                {
                    key: Array(
                        _single(state[names[layer.name, key]], shape), names[layer.name, key]
                    )
                    for key, shape in layer.arrays.items()
                },
            )
            for layer in plan.layers
        )
        shapes = plan.shapes()
        return LayerGraph(
            tuple(Input(one.name, one.shape) for one in plan.inputs),
            layers,
            tuple(
                Output(one.layer, one.name, None if one.shape == shapes[one.layer] else one.shape)
                for one in plan.outputs
            ),
        )
    except (GraphError, KeyError) as error:
        raise UserError(
            f"The network in {PLAN} cannot be used ({error}). Import the file again with 'cifarx "
            "import'."
        ) from error


def _single(value: NDArray[np.generic], shape: Shape) -> NDArray[np.float32]:
    if value.dtype != np.float32 or value.size != math.prod(shape):
        raise GraphError(f"weights of {value.dtype} {value.shape} for {shape}")
    return np.ascontiguousarray(value.reshape(shape), np.float32)
