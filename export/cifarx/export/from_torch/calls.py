"""Call a module with its inputs, and take its outputs apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from cifarx.export.network.interface import Input
from cifarx.export.network.names import INPUTS, NUMBERS, OUTPUT
from cifarx.pytorch_models.errors import UserError


@dataclass(frozen=True)
class Example:
    """The inputs that a module is called with."""

    inputs: tuple[Input, ...]
    keywords: tuple[str, ...] = ()
    """Names of forward's arguments that get them, one per input; empty to pass them in order."""

    @property
    def names(self) -> list[str]:
        """Names of the inputs in an ONNX file."""
        if len(self.inputs) == 1:
            return [INPUTS[len(self.inputs[0].shape)]]
        return [given.name for given in self.inputs]

    def arguments(self, tensors: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """Arguments by position and by name for one tensor per input."""
        if not self.keywords:
            return tuple(tensors), {}
        return (), dict(zip(self.keywords, tensors, strict=True))


def called(module: nn.Module, example: Example, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    """The outputs of a module by name; see `named_outputs`."""
    args, kwargs = example.arguments(tensors)
    return named_outputs(module(*args, **kwargs), type(module).__name__)


def named_outputs(outputs: Any, module: str) -> dict[str, Tensor]:
    """The tensors in a tensor, tuple, list or dict (of these), by name.

    A dict gives the names, a tuple or list numbers from 1; None is left out.

    >>> list(named_outputs({"mask": torch.zeros(1), "boxes": (torch.zeros(1), torch.zeros(1))}, ""))
    ['mask', 'boxes_1', 'boxes_2']

    Raises:
        UserError: there is something else among them, or no tensor.
    """
    if isinstance(outputs, Tensor):
        return {OUTPUT if outputs.ndim == 2 else NUMBERS: outputs}
    found: dict[str, Tensor] = {}
    leaves, _ = pytree.tree_flatten_with_path(outputs)
    for path, leaf in leaves:
        if leaf is None:
            continue
        if not isinstance(leaf, Tensor):
            raise UserError(
                f"The module {module} returns a {type(leaf).__name__}, not tensors in a tuple, "
                "list or dict. Wrap it in a module that returns only its tensors."
            )
        words = [_word(key) for key in path]
        if words and words[0].isdecimal():
            words.insert(0, NUMBERS)
        name = "_".join(words)
        while name in found:  # {"a_b": x, "a": {"b": y}}
            name += "_2"
        found[name] = leaf
    if not found:
        raise UserError(
            f"The module {module} returns no tensor. Wrap it in a module that returns its tensors."
        )
    return found


def _word(key: Any) -> str:
    """A step of a path: a name of a dict or a named tuple, or a number from 1."""
    if isinstance(key, pytree.SequenceKey):
        return str(key.idx + 1)
    return str(getattr(key, "key", getattr(key, "name", key)))


def output_names(exported: torch.export.ExportedProgram) -> list[str]:
    """Names of the tensors that a program returns, as `named_outputs` gives them."""
    spec = exported.call_spec.out_spec
    kinds = exported.graph_signature.output_specs
    values = {node.name: node.meta.get("val") for node in exported.graph.nodes}
    leaves = [values.get(getattr(kind.arg, "name", "")) for kind in kinds]
    return list(named_outputs(pytree.tree_unflatten(leaves, spec), "program"))
