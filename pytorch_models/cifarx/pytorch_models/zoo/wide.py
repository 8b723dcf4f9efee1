"""Rows S1a and S1b, the tutorial article: `cnn3-wide` and the variants that its author compared.

The article does not state the sizes of the variants. Half and twice the widths stand for the other
two network sizes, 3x3 pools for the other pooling size, and the second linear layer has 128 hidden
units.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(
    blocks: Sequence[Sequence[int]], classes: int, *, pool: int = 2, hidden: int | None = None
) -> nn.Module:
    """Build blocks of convolutions of these widths, with a max pool after each block."""
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels, size = 3, 32
    widths = enumerate((width for block in blocks for width in block), start=1)
    for b, block in enumerate(blocks, start=1):
        for _ in block:
            i, width = next(widths)
            layers[f"conv{i}"] = nn.Conv2d(channels, width, 3, padding=1)
            layers[f"relu{i}"] = nn.ReLU()
            channels = width
        layers[f"pool{b}"] = nn.MaxPool2d(pool)
        size //= pool
    layers["flatten"] = nn.Flatten()
    features = channels * size * size
    if hidden is not None:
        layers["fc1"] = nn.Linear(features, hidden)
        layers["fc1_relu"] = nn.ReLU()
        features = hidden
    layers["fc" if hidden is None else "fc2"] = nn.Linear(features, classes)
    return nn.Sequential(layers)


@register(
    source="S1a",
    input_size=(3, 32, 32),
    parameters=113_738,
    multiply_adds=10_342_400,
    recipe="cnn3-wide",
)
def cnn3_wide(classes: int) -> nn.Module:
    """3 x (3x3 convolution, ReLU, max pool) of 32, 64, 128 maps, 1 linear."""
    return _network(((32,), (64,), (128,)), classes)


@register(
    source="S1b",
    input_size=(3, 32, 32),
    parameters=33_834,
    multiply_adds=2_811_904,
    recipe="cnn3-wide-small",
)
def cnn3_wide_small(classes: int) -> nn.Module:
    """cnn3-wide with half the maps: 16, 32, 64."""
    return _network(((16,), (32,), (64,)), classes)


@register(
    source="S1b",
    input_size=(3, 32, 32),
    parameters=411_786,
    multiply_adds=39_559_168,
    recipe="cnn3-wide-large",
)
def cnn3_wide_large(classes: int) -> nn.Module:
    """cnn3-wide with twice the maps: 64, 128, 256."""
    return _network(((64,), (128,), (256,)), classes)


@register(
    source="S1b",
    input_size=(3, 32, 32),
    parameters=94_538,
    multiply_adds=3_392_768,
    recipe="cnn3-wide-pool3",
)
def cnn3_wide_pool3(classes: int) -> nn.Module:
    """cnn3-wide with 3x3 instead of 2x2 max pools."""
    return _network(((32,), (64,), (128,)), classes, pool=3)


@register(
    source="S1b",
    input_size=(3, 32, 32),
    parameters=356_810,
    multiply_adds=10_585_344,
    recipe="cnn3-wide-fc2",
)
def cnn3_wide_fc2(classes: int) -> nn.Module:
    """cnn3-wide with a second linear layer."""
    return _network(((32,), (64,), (128,)), classes, hidden=128)


@register(
    source="S1b",
    input_size=(3, 32, 32),
    parameters=322_762,
    multiply_adds=76_464_128,
    recipe="dual-block",
)
def dual_block(classes: int) -> nn.Module:
    """2 x (convolution, convolution, max pool) of 32, 64 and 128, 128 maps, 1 linear."""
    return _network(((32, 64), (128, 128)), classes)


@register(
    source="tests", input_size=(3, 32, 32), parameters=3_827, multiply_adds=311_888, recipe="tiny"
)
def wide_tiny(classes: int) -> nn.Module:
    """dual-block with 3 to 6 maps, for tests and first tries."""
    return _network(((3, 4), (5, 6)), classes, hidden=8)
