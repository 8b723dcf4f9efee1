"""S2 of seeds.md, the PyTorch and MATLAB report: convolution, ReLU, batch norm, in that order.

The report prints five convolutions (S2a, `bn5`) and writes of eight (S2b, `bn8`); its second
convolution has stride 2, the others 1; an adaptive average pool to 2x2 feeds three linear layers.
Widths of bn8 beyond 'rising to 512' are not given; these were measured when the project began.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(
    widths: Sequence[int], hidden: Sequence[int], classes: int, dropout: dict[int, float]
) -> nn.Module:
    """Build the pattern; `dropout` maps a block's number, from 1, to the rate after it."""
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, width in enumerate(widths, start=1):
        layers[f"conv{i}"] = nn.Conv2d(channels, width, 3, stride=2 if i == 2 else 1, padding=1)
        layers[f"relu{i}"] = nn.ReLU()
        layers[f"norm{i}"] = nn.BatchNorm2d(width)
        if i in dropout:
            layers[f"drop{i}"] = nn.Dropout(dropout[i])
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


@register(source="S2a", input_size=(3, 32, 32), parameters=2_753_546, recipe="bn5")
def bn5(classes: int) -> nn.Module:
    """5 x (3x3 convolution, ReLU, batch norm), dropout, average pool, 3 linear."""
    return _network((32, 64, 128, 256, 512), (512, 256), classes, dropout={4: 0.2})


@register(source="S2b", input_size=(3, 32, 32), parameters=3_529_034, recipe="bn8")
def bn8(classes: int) -> nn.Module:
    """8 x (3x3 convolution, ReLU, batch norm), average pool, 3 linear."""
    return _network((32, 64, 64, 128, 128, 256, 256, 512), (512, 256), classes, dropout={})


@register(source="tests", input_size=(3, 32, 32), parameters=1_508, recipe="bn8")
def bn_tiny(classes: int) -> nn.Module:
    """bn5's pattern with 3 convolutions of 4 to 8 channels, for tests and first tries."""
    return _network((4, 6, 8), (16,), classes, dropout={3: 0.2})
