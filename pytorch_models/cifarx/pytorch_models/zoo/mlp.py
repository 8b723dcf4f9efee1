"""Row S0b, the student club's report: linear layers only, on MNIST.

The report does not state the widths.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(hidden: Sequence[int], classes: int) -> nn.Module:
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    features = 28 * 28
    for i, width in enumerate(hidden, start=1):
        layers[f"fc{i}"] = nn.Linear(features, width)
        layers[f"relu{i}"] = nn.ReLU()
        features = width
    layers[f"fc{len(hidden) + 1}"] = nn.Linear(features, classes)
    return nn.Sequential(layers)


@register(
    source="S0b", input_size=(1, 28, 28), parameters=109_386, multiply_adds=109_184, recipe="mlp"
)
def mlp(classes: int) -> nn.Module:
    """3 linear: 784 pixels to 128, 64, classes."""
    return _network((128, 64), classes)


@register(
    source="tests",
    input_size=(1, 28, 28),
    parameters=6_370,
    multiply_adds=6_352,
    recipe="tiny-grey",
)
def mlp_tiny(classes: int) -> nn.Module:
    """mlp with one hidden layer of 8, for tests and first tries."""
    return _network((8,), classes)
