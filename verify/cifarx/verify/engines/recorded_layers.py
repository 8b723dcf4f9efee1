"""Record what the modules of a network get and give, and find the outputs of its layers in that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer, Shape

_SUMS = ("Convolution2DLayer", "FullyConnectedLayer")
"""Over many channels, so that no number in them counts for much."""


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


def activations(
    graph: LayerGraph, calls: Calls, inputs: Sequence[Tensor]
) -> dict[str, NDArray[np.float32]]:
    """Every layer's output.

    A layer without a module of its own (torch.flatten, x + y) is what the module behind it gets. If
    there is none, PyTorch's function computes it from the outputs of the layers before it.

    PyTorch may compute several layers as one function (hardswish is four) and round once where they
    round four times. Outputs of such layers are computed one by one, too. Behind them the network's
    own values are taken up again by a sum over channels, whose bound covers the difference.

    Args:
        graph: the layers, with the paths of their modules.
        calls: what `recorded` has for these inputs.
        inputs: (N, ...) per input, as the source takes them.
    """
    calls_of = _calls_of(graph, calls)
    got, shapes = _got(graph, calls_of), graph.shapes()
    values = {
        given.name: x.reshape(len(x), *given.carried)
        for given, x in zip(graph.inputs, inputs, strict=True)
    }
    own = set(values)
    for layer in graph.layers:
        shape, call = shapes[layer.name], calls_of.get(layer.name)
        known = own.issuperset(layer.inputs)
        gave = _as_layer(call.output, shape) if call else None
        received = _as_layer(got.get(layer.name), shape)
        found = gave if known or layer.kind in _SUMS else None
        if found is None and known:
            found = received
        if found is None:
            found = _computed(layer, [values[name] for name in layer.inputs])
        if found is gave or (received is not None and torch.equal(found, received)):
            own.add(layer.name)
        values[layer.name] = found
    return {layer.name: values[layer.name].cpu().contiguous().numpy() for layer in graph.layers}


def _calls_of(graph: LayerGraph, calls: Calls) -> dict[str, Call]:
    """By layer the call that computes it, where layers and calls of a module match one to one."""
    layers_of: dict[str, list[Layer]] = defaultdict(list)
    for layer in graph.layers:
        layers_of[layer.module].append(layer)
    return {
        layer.name: call
        for path, layers in layers_of.items()
        if len(calls.get(path, ())) == len(layers)
        for layer, call in zip(layers, calls[path], strict=True)
    }


def _got(graph: LayerGraph, calls_of: Mapping[str, Call]) -> dict[str, Tensor]:
    """By layer what a module behind it gets."""
    return {
        layer.inputs[0]: calls_of[layer.name].given[0]
        for layer in graph.layers
        if layer.name in calls_of and len(layer.inputs) == len(calls_of[layer.name].given) == 1
    }


def _as_layer(values: Tensor | None, shape: Shape) -> Tensor | None:
    """A module's tensor as the layer has it; None where it is only a part of what the module does.

    Modules over features, such as nn.Linear, take and give maps with the channels last.
    """
    if values is None or values.shape[1:] == shape:
        return values
    if values.ndim == 4 and len(shape) == 3:
        values = values.permute(0, 3, 1, 2)
    elif values.ndim == 3 and len(shape) == 3:  # a signal, which layers have as maps of one row
        values = values.unsqueeze(2)
    return values if values.shape[1:] == shape else None


def _computed(layer: Layer, given: list[Tensor]) -> Tensor:
    arrays = layer_tensors(layer, given[0].dtype)
    here = {key: array.to(given[0].device) for key, array in arrays.items()}
    return compute_layer(layer, given, here)
