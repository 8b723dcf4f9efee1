"""Build the module that a plan describes; network.py of the run is never executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.imported.parts import LayerPart, part_of
from cifarx.pytorch_models.imported.plan import NetworkPlan, attributes, carried

RESERVED = frozenset(dir(nn.Module()))
"""Names that every module has, which no layer can have."""


class ImportedNetwork(nn.Module):
    """A network with one attribute per layer that has a module."""

    def __init__(self, plan: NetworkPlan) -> None:
        super().__init__()
        self._plan = plan
        self._shapes = plan.shapes()
        self._names = attributes(plan, RESERVED)
        self._parts: dict[str, LayerPart] = parts_of(plan)
        last = {name: i for i, layer in enumerate(plan.layers) for name in layer.inputs}
        kept = {output.layer for output in plan.outputs}
        self._free = [
            [name for name in set(layer.inputs) - kept if last[name] == i]
            for i, layer in enumerate(plan.layers)
        ]
        for name, part in self._parts.items():
            if part.call is not None:
                self.add_module(self._names[name], part.call.made())

    def forward(self, *inputs: Tensor) -> Any:
        """The output, or a dict of several by name, for one tensor (N, ...) per input."""
        values = {
            one.name: x.reshape(len(x), *carried(one.shape)) if len(one.shape) == 2 else x
            for one, x in zip(self._plan.inputs, inputs, strict=True)
        }
        for layer, free in zip(self._plan.layers, self._free, strict=True):
            part, name = self._parts[layer.name], self._names[layer.name]
            module = getattr(self, name) if part.call is not None else _no_module
            values[layer.name] = part.run(module, [values[given] for given in layer.inputs])
            for given in free:
                del values[given]
        found = {
            one.name: _in_shape(values[one.layer], one.shape, self._shapes[one.layer])
            for one in self._plan.outputs
        }
        return found if len(found) > 1 else next(iter(found.values()))


def _no_module(*inputs: Tensor) -> Tensor:
    raise AssertionError("a layer without a module calls none")


def _in_shape(value: Tensor, shape: tuple[int, ...], own: tuple[int, ...]) -> Tensor:
    return value if shape == own else value.reshape(len(value), *shape)


def parts_of(plan: NetworkPlan) -> dict[str, LayerPart]:
    """By layer, what it is in PyTorch.

    Raises:
        UserError: a kind is not known, or has wrong options.
    """
    shapes = plan.shapes()
    found = {}
    for layer in plan.layers:
        try:
            found[layer.name] = part_of(layer, [shapes[name] for name in layer.inputs])
        except (LookupError, ValueError, TypeError, ArithmeticError) as error:
            raise UserError(
                f"The layer {layer.name!r} of kind {layer.kind!r} in network.json cannot be made "
                f"in PyTorch ({type(error).__name__}: {_short(str(error))}). Import the file again "
                "with 'cifarx import'."
            ) from error
    return found


def _short(text: str) -> str:
    """One line of an error's text."""
    return " ".join(text.split())[:300]


def state_names(plan: NetworkPlan) -> dict[tuple[str, str], str]:
    """By layer and array, the name of the tensor in the module's state dict."""
    names = attributes(plan, RESERVED)
    return {
        (layer, array): f"{names[layer]}.{tensor}"
        for layer, part in parts_of(plan).items()
        for array, tensor in part.state.items()
    }


def build_network(plan: NetworkPlan, state: Mapping[str, Tensor]) -> nn.Module:
    """The module with its weights, on the CPU, in evaluation mode.

    Raises:
        UserError: a kind is not known, or the weights do not fit.
    """
    try:
        with torch.device("meta"):  # sizes alone; a plan may ask for any
            module = ImportedNetwork(plan)
        if others := {str(x.dtype) for x in state.values()} - {"torch.float32", "torch.int64"}:
            raise ValueError(f"weights of {min(others)}")
        module.load_state_dict(dict(state), strict=True, assign=True)
    except (RuntimeError, ValueError, TypeError) as error:
        raise UserError(
            f"The weights do not fit the network in network.json ({_short(str(error))}). Import "
            "the file again with 'cifarx import'."
        ) from error
    return module.eval()


def as_tensor(value: Any) -> Tensor:
    """A tensor of its own of an array."""
    return torch.from_numpy(value.copy())
