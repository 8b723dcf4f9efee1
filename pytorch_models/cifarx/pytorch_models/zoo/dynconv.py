"""Row S3, the coursework: convolutions whose kernels are mixed separately for each image.

The coursework does not state the number of kernels and the widths; these are a choice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(widths: Sequence[int], kernels: int, classes: int) -> nn.Module:
    """Build blocks of these widths, with a max pool after every second block but the last."""
    from torch import nn

    from cifarx.pytorch_models.mixed_convolution import MixedBlock

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, width in enumerate(widths, start=1):
        layers[f"block{i}"] = MixedBlock(channels, width, kernels)
        if i % 2 == 0 and i < len(widths):
            layers[f"pool{i // 2}"] = nn.MaxPool2d(2)
        channels = width
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(channels, classes)
    return nn.Sequential(layers)


@register(
    source="S3",
    input_size=(3, 32, 32),
    parameters=4_630_190,
    multiply_adds=615_453_708,
    recipe="dynconv",
)
def dynconv(classes: int) -> nn.Module:
    """6 residual blocks of 64 to 256 maps, each mixing 4 convolutions per image, 1 linear."""
    return _network((64, 64, 128, 128, 256, 256), 4, classes)


@register(
    source="tests", input_size=(3, 32, 32), parameters=1_136, multiply_adds=645_202, recipe="tiny"
)
def dynconv_tiny(classes: int) -> nn.Module:
    """dynconv with 3 blocks of 4 and 6 maps that mix 2 convolutions, for tests and first tries."""
    return _network((4, 4, 6), 2, classes)
