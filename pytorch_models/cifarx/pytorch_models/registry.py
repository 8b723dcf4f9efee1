"""The register of networks: a decorator, and the properties of each network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cifarx.pytorch_models.errors import UserError, nearest

if TYPE_CHECKING:
    from torch import nn

    Builder = Callable[[int], nn.Module]


@dataclass(frozen=True)
class ModelSpec:
    """One network of the zoo."""

    name: str
    """What the user types: the name of the builder function with '-' for '_'."""
    source: str
    """The row of pytorch_models/README.md that the network reproduces, such as 'S2b'."""
    input_size: tuple[int, int, int]
    """(channels, height, width) of the images it takes."""
    parameters: int
    """Number of trainable parameters for ten classes; a test counts them."""
    multiply_adds: int
    """Multiply-adds of convolutions and linear layers per image, for ten classes; a test counts."""
    summary: str
    """The layers, in one line."""
    recipe: str
    """Name of its default recipe in `recipes/`."""
    pretrained: str
    """Name of torchvision's weights for all layers but the last; '' for none."""
    builder: Builder
    """Number of classes -> nn.Module from (N, *input_size) float32 to (N, classes) logits."""

    @property
    def family(self) -> str:
        """The name of its file in the zoo."""
        return self.builder.__module__.rpartition(".")[2]


_MODELS: dict[str, ModelSpec] = {}


def register(
    *,
    source: str,
    input_size: tuple[int, int, int],
    parameters: int,
    multiply_adds: int,
    recipe: str,
    pretrained: str = "",
) -> Callable[[Builder], Builder]:
    """Register a builder under its own name; the first line of its docstring is the summary.

    The builder must import torch in its body, so that listing the zoo does not need torch.

    Args: see `ModelSpec`.

    Raises:
        ValueError: the name is taken.
    """

    def enter(builder: Builder) -> Builder:
        name = builder.__name__.replace("_", "-")
        if name in _MODELS:
            taken = _MODELS[name].builder
            raise ValueError(f"{name!r} is registered by both {taken} and {builder}")
        summary = (builder.__doc__ or "").strip().splitlines()[0].rstrip(".")
        _MODELS[name] = ModelSpec(
            name=name,
            source=source,
            input_size=input_size,
            parameters=parameters,
            multiply_adds=multiply_adds,
            summary=summary,
            recipe=recipe,
            pretrained=pretrained,
            builder=builder,
        )
        return builder

    return enter


def models() -> dict[str, ModelSpec]:
    """Return all registered networks by name."""
    import cifarx.pytorch_models.zoo  # noqa: F401  registers them

    return dict(_MODELS)


def find(name: str) -> ModelSpec:
    """Return the network of this name.

    Raises:
        UserError: there is no such network.

    >>> spec = find("bn8")
    >>> spec.input_size, spec.parameters
    ((3, 32, 32), 3529034)
    """
    known = models()
    if name not in known:
        raise UserError(
            f"There is no network {name!r} in the zoo. {nearest(name, known)}"
            f"Known: {', '.join(sorted(known))}. See 'cifarx models'."
        )
    return known[name]
