"""`NetworkPlan`: the layers of a network that was read from a file, as plain data.

It is the content of network.json in a run that `cifarx import` made of a file without a parent.
Kinds and options have the names of Deep Learning Toolbox's layers, as in model.mat; the format is
described in export/README.md.
"""

from __future__ import annotations

import keyword
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from cifarx.pytorch_models.errors import UserError

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""A MATLAB identifier."""
Axis = Annotated[int, Field(ge=1, le=2**31 - 1)]
Shape = tuple[Axis, ...]
Option = FiniteFloat | str | tuple[int, ...] | tuple[FiniteFloat, ...]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LayerPlan(_Plain):
    """One layer."""

    name: Name
    kind: str
    inputs: tuple[Name, ...]
    options: dict[str, Option] = {}
    arrays: dict[str, Shape] = {}
    """Sizes of its arrays, in PyTorch's axes, by the toolbox's name."""
    shape: Shape
    """Of its output without the batch: maps (C, H, W) or features (F,)."""


class InputPlan(_Plain):
    """One input."""

    name: Name
    shape: Shape
    """Without the batch: (F,), (C, L) or (C, H, W)."""


class OutputPlan(_Plain):
    """One output."""

    name: Name
    layer: Name
    shape: tuple[Axis, ...]
    """Without the batch."""


class NetworkPlan(_Plain):
    """A network; each layer comes after its inputs."""

    format: Literal["cifarx-network"] = "cifarx-network"
    version: Literal[1] = 1
    inputs: tuple[InputPlan, ...] = Field(min_length=1)
    layers: tuple[LayerPlan, ...] = Field(min_length=1)
    outputs: tuple[OutputPlan, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _wired(self) -> NetworkPlan:
        known = {one.name for one in self.inputs}
        for layer in self.layers:
            if unknown := set(layer.inputs) - known:
                raise ValueError(f"{layer.name} reads {min(unknown)}, which is not before it")
            if layer.name in known:
                raise ValueError(f"two layers or inputs are called {layer.name}")
            known.add(layer.name)
        if lost := {one.layer for one in self.outputs} - known:
            raise ValueError(f"the output {min(lost)} is not a layer")
        return self

    def shapes(self) -> dict[str, Shape]:
        """Shape of every input, as layers see it, and of every layer's output."""
        found = {one.name: carried(one.shape) for one in self.inputs}
        return found | {layer.name: layer.shape for layer in self.layers}


def parse_plan(text: str, path: str) -> NetworkPlan:
    """Parse the text of a network.json; `path` names it in errors.

    Raises:
        UserError: the text is not such a plan.
    """
    try:
        return NetworkPlan.model_validate_json(text, strict=False)
    except ValidationError as error:
        detail = " ".join(line.strip() for line in str(error).splitlines()[:3])
        raise UserError(
            f"{path} is not a network that this version can read ({detail}). Import the file again "
            "with 'cifarx import'."
        ) from error


def carried(shape: Shape) -> Shape:
    """A signal (C, L) as maps of one row (C, 1, L), which layers see; other shapes as they are."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


def attributes(plan: NetworkPlan, taken: frozenset[str]) -> dict[str, str]:
    """By layer, a name that Python allows for an attribute: its own, or with _ behind it.

    Args:
        plan: the network.
        taken: names that the module has already, such as 'forward'.

    >>> layer = LayerPlan(name="forward", kind="ReLULayer", inputs=("x",), shape=(4,))
    >>> x, y = InputPlan(name="x", shape=(4,)), OutputPlan(name="y", layer="forward", shape=(4,))
    >>> attributes(NetworkPlan(inputs=(x,), layers=(layer,), outputs=(y,)), frozenset(["forward"]))
    {'forward': 'forward_'}
    """
    found: dict[str, str] = {}
    used = set(taken) | {layer.name for layer in plan.layers}
    for layer in plan.layers:
        name = layer.name
        if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in taken:
            while name in used or keyword.iskeyword(name):
                name += "_"
            used.add(name)
        found[layer.name] = name
    return found
