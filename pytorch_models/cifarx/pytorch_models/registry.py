"""The register of networks: a decorator, and what must be known of a network to feed it."""

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
    """What the user types; the name of the builder function, '_' written '-'."""
    source: str
    """The row of the write-ups that the network reproduces, such as 'S2b'."""
    input_size: tuple[int, int, int]
    """(channels, height, width) of the images it takes."""
    parameters: int
    """Number of trainable parameters with ten classes; a test counts them."""
    multiply_adds: int
    """Of one image through all convolutions and linear layers, ten classes; a test counts them."""
    summary: str
    """One line: the layers."""
    recipe: str
    """Name of its default recipe in `recipes/`."""
    pretrained: str
    """Name of the weights that torchvision publishes for all but the last layer; '' for none."""
    builder: Builder
    """classes -> nn.Module taking (N, *input_size) float32 and giving (N, classes) logits."""

    @property
    def family(self) -> str:
        """The file of the zoo it is in."""
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
    """Register a builder under its own name; its docstring's first line becomes the summary.

    The builder imports torch in its body, so that listing the zoo needs no torch.

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
    """All registered networks by name."""
    import cifarx.pytorch_models.zoo  # noqa: F401  registers them

    return dict(_MODELS)


def find(name: str) -> ModelSpec:
    """The network of this name.

    Raises:
        UserError: there is none; the text has the nearest name and all of them.
    """
    known = models()
    if name not in known:
        raise UserError(
            f"There is no network {name!r} in the zoo. {nearest(name, known)}"
            f"Known: {', '.join(sorted(known))}. See 'cifarx models'."
        )
    return known[name]
