"""Row S0d, the student club's report: AlexNet on CIFAR-10, where it overfits.

The report does not state how AlexNet was adapted to 32x32 images. These are the widths of
torchvision's AlexNet (Krizhevsky, arXiv:1404.5997) with 3x3 kernels, stride 2 in the first
convolution and 2x2 pools, so that 2x2 maps reach the linear layers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn

_POOLED = (1, 2, 5)  # the convolutions that are followed by a pool


def _network(widths: Sequence[int], hidden: int, classes: int) -> nn.Module:
    from torch import nn

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, width in enumerate(widths, start=1):
        layers[f"conv{i}"] = nn.Conv2d(channels, width, 3, stride=2 if i == 1 else 1, padding=1)
        layers[f"relu{i}"] = nn.ReLU()
        if i in _POOLED:
            layers[f"pool{i}"] = nn.MaxPool2d(2)
        channels = width
    layers["flatten"] = nn.Flatten()
    features = channels * 2 * 2
    for i in (1, 2):
        layers[f"drop{i}"] = nn.Dropout(0.5)
        layers[f"fc{i}"] = nn.Linear(features, hidden)
        layers[f"fc{i}_relu"] = nn.ReLU()
        features = hidden
    layers["fc3"] = nn.Linear(features, classes)
    return nn.Sequential(layers)


@register(
    source="S0d",
    input_size=(3, 32, 32),
    parameters=23_272_266,
    multiply_adds=62_742_528,
    recipe="alexnet",
)
def alexnet(classes: int) -> nn.Module:
    """5 convolutions of 64 to 384 maps, 3 max pools, 3 linear of 4096 with dropout."""
    return _network((64, 192, 384, 256, 256), 4096, classes)


@register(
    source="tests", input_size=(3, 32, 32), parameters=1_746, multiply_adds=51_360, recipe="tiny"
)
def alexnet_tiny(classes: int) -> nn.Module:
    """alexnet with 4 to 6 maps, for tests and first tries."""
    return _network((4, 5, 6, 5, 4), 16, classes)
