"""Rows S2a and S2b, the PyTorch and MATLAB report: convolution, ReLU, batch norm, in that order.

The report's listing has five convolutions (S2a, `bn5`); its text describes eight (S2b, `bn8`). The
second convolution has stride 2, the others 1; an adaptive average pool to 2x2 feeds three linear
layers. Of bn8's widths, the report states only that they rise to 512; the others are a choice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn

WIDTHS_8 = (32, 64, 64, 128, 128, 256, 256, 512)


def report_network(
    widths: Sequence[int],
    hidden: Sequence[int],
    classes: int,
    *,
    norm: bool,
    dropout_after: int | None = None,
) -> nn.Module:
    """Build a network of the report's pattern.

    Args:
        widths: maps of each convolution.
        hidden: units of each linear layer but the last.
        classes: units of the last linear layer.
        norm: whether batch norm follows each convolution and ReLU.
        dropout_after: number of the block, from 1, that is followed by dropout of 0.2.

    >>> import torch
    >>> network = report_network((4, 6), (16,), 10, norm=True)
    >>> network(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, width in enumerate(widths, start=1):
        layers[f"conv{i}"] = nn.Conv2d(channels, width, 3, stride=2 if i == 2 else 1, padding=1)
        layers[f"relu{i}"] = nn.ReLU()
        if norm:
            layers[f"norm{i}"] = nn.BatchNorm2d(width)
        if i == dropout_after:
            layers[f"drop{i}"] = nn.Dropout(0.2)
        channels = width
    layers["pool"] = nn.AdaptiveAvgPool2d(2)
    layers["flatten"] = nn.Flatten()
    features = 4 * channels
    for i, width in enumerate(hidden, start=1):
        layers[f"fc{i}"] = nn.Linear(features, width)
        layers[f"fc{i}_relu"] = nn.ReLU()
        features = width
    layers[f"fc{len(hidden) + 1}"] = nn.Linear(features, classes)
    return nn.Sequential(layers)


@register(
    source="S2a",
    input_size=(3, 32, 32),
    parameters=2_753_546,
    multiply_adds=403_147_264,
    recipe="bn5",
)
def bn5(classes: int) -> nn.Module:
    """5 x (3x3 convolution, ReLU, batch norm), dropout, average pool, 3 linear."""
    return report_network((32, 64, 128, 256, 512), (512, 256), classes, norm=True, dropout_after=4)


@register(
    source="S2b",
    input_size=(3, 32, 32),
    parameters=3_529_034,
    multiply_adds=601_328_128,
    recipe="bn8",
)
def bn8(classes: int) -> nn.Module:
    """8 x (3x3 convolution, ReLU, batch norm), average pool, 3 linear."""
    return report_network(WIDTHS_8, (512, 256), classes, norm=True)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=3_529_034,
    multiply_adds=601_328_128,
    recipe="table-14",
)
def bn8_dropout(classes: int) -> nn.Module:
    """bn8 with dropout after the fourth block."""
    return report_network(WIDTHS_8, (512, 256), classes, norm=True, dropout_after=4)


@register(
    source="tests", input_size=(3, 32, 32), parameters=1_508, multiply_adds=277_152, recipe="tiny"
)
def bn_tiny(classes: int) -> nn.Module:
    """bn5's pattern with 3 convolutions of 4 to 8 channels, for tests and first tries."""
    return report_network((4, 6, 8), (16,), classes, norm=True, dropout_after=3)
