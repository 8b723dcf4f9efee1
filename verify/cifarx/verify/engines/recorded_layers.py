"""Record what the modules of a network get and give, and find the outputs of its layers in that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer

_SUMS = ("Convolution2DLayer", "GroupedConvolution2DLayer", "FullyConnectedLayer")


@dataclass
class Call:
    """One call of a module."""

    given: tuple[Tensor, ...]
    output: Tensor | None = None


Calls = Mapping[str, list[Call]]
"""Of every module without submodules, by path, in order."""


@contextmanager
def recorded(module: nn.Module) -> Iterator[Calls]:
    """Record the calls of modules while the network computes."""
    calls: dict[str, list[Call]] = defaultdict(list)

    def before(path: str) -> Callable[..., None]:
        def keep(part: nn.Module, given: tuple[Any, ...]) -> None:
            tensors = (x for x in given if isinstance(x, Tensor))
            calls[path].append(Call(tuple(x.detach().clone() for x in tensors)))

        return keep

    def after(path: str) -> Callable[..., None]:
        def keep(part: nn.Module, given: tuple[Any, ...], output: Any) -> None:
            if isinstance(output, Tensor):
                calls[path][-1].output = output.detach().clone()  # it may be changed in place

        return keep

    leaves = [(path, part) for path, part in module.named_modules() if _is_leaf(part)]
    hooks = [
        hook
        for path, part in leaves
        for hook in (
            part.register_forward_pre_hook(before(path)),
            part.register_forward_hook(after(path)),
        )
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _is_leaf(part: nn.Module) -> bool:
    """Whether it has no submodules, except those that compute its weights, as weight_norm has."""
    return all(name == "parametrizations" for name, _ in part.named_children())


def activations(graph: LayerGraph, calls: Calls, inputs: Tensor) -> dict[str, NDArray[np.float32]]:
    """Every layer's output.

    A layer without a module of its own (torch.flatten, x + y) is what the module behind it gets. If
    there is none, PyTorch's function computes it from the outputs of the layers before it.

    Args:
        graph: the layers, with the paths of their modules.
        calls: what `recorded` has for these inputs.
        inputs: (N, C, H, W).
    """
    live = _live(graph, calls)
    values = {graph.input_name: inputs}
    for layer in graph.layers:
        given = [values[name] for name in layer.inputs]
        if layer.name in live:
            values[layer.name] = live[layer.name]
            continue
        arrays = layer_tensors(layer, given[0].dtype)
        here = {key: array.to(given[0].device) for key, array in arrays.items()}
        values[layer.name] = compute_layer(layer, given, here)
    return {layer.name: values[layer.name].cpu().contiguous().numpy() for layer in graph.layers}


def _live(graph: LayerGraph, calls: Calls) -> dict[str, Tensor]:
    """Outputs of layers as modules gave or got them.

    Layers and calls of a module must match one to one. PyTorch may compute several layers as one
    function (hardswish is four) and round once where they round four times. The outputs of such
    layers are not recorded, and after them only those of sums are: their bound covers that.
    """
    layers_of: dict[str, list[Layer]] = defaultdict(list)
    for layer in graph.layers:
        layers_of[layer.module].append(layer)
    calls_of = {
        layer.name: call
        for path, layers in layers_of.items()
        if len(calls.get(path, ())) == len(layers)
        for layer, call in zip(layers, calls[path], strict=True)
    }
    shapes = graph.shapes()
    live: dict[str, Tensor] = {}
    for layer in graph.layers:
        known = all(name in live or name == graph.input_name for name in layer.inputs)
        call = calls_of.get(layer.name)
        found = call.output if call and (known or layer.kind in _SUMS) else None
        if found is None and known:
            found = _got(layer, graph, calls_of)
        if found is not None and found.shape[1:] == shapes[layer.name]:  # else part of a module
            live[layer.name] = found
    return live


def _got(layer: Layer, graph: LayerGraph, calls_of: Mapping[str, Call]) -> Tensor | None:
    """What a module behind the layer gets of it."""
    behind = (x.name for x in graph.layers if x.inputs == (layer.name,) and x.name in calls_of)
    return next((calls_of[x].given[0] for x in behind if len(calls_of[x].given) == 1), None)
