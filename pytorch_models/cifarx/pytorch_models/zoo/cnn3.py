"""Row S0c, the student club's report: three convolutions, each followed by a max pool."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(widths: Sequence[int], hidden: int, classes: int) -> nn.Module:
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, width in enumerate(widths, start=1):
        layers[f"conv{i}"] = nn.Conv2d(channels, width, 3, padding=1)
        layers[f"relu{i}"] = nn.ReLU()
        layers[f"pool{i}"] = nn.MaxPool2d(2)
        channels = width
    layers["flatten"] = nn.Flatten()
    layers["fc1"] = nn.Linear(channels * 4 * 4, hidden)
    layers["fc1_relu"] = nn.ReLU()
    layers["drop"] = nn.Dropout(0.25)
    layers["fc2"] = nn.Linear(hidden, classes)
    return nn.Sequential(layers)


@register(
    source="S0c", input_size=(3, 32, 32), parameters=156_074, multiply_adds=2_934_016, recipe="cnn3"
)
def cnn3(classes: int) -> nn.Module:
    """3 x (3x3 convolution, ReLU, max pool) of 16, 32, 64 maps, linear, dropout, linear."""
    return _network((16, 32, 64), 128, classes)  # the report does not state the hidden width


@register(
    source="tests", input_size=(3, 32, 32), parameters=1_119, multiply_adds=122_832, recipe="tiny"
)
def cnn3_tiny(classes: int) -> nn.Module:
    """cnn3 with 3 to 5 maps, for tests and first tries."""
    return _network((3, 4, 5), 8, classes)
