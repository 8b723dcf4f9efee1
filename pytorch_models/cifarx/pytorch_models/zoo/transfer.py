"""Row S0e, the student club's next step: a pretrained network with a new last layer.

The backbone is torchvision's ResNet-18 with its published ImageNet weights. Its stem is made for
224x224 images and would reduce 32x32 images to 1x1 maps. Here the first convolution has stride 1
and no max pool follows, which leaves 4x4 maps and does not change the shape of any weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(blocks: Sequence[int], classes: int) -> nn.Module:
    """Build a ResNet with this many basic blocks per stage of 64, 128, 256, 512 maps.

    Fewer than four numbers leave out the last stages.
    """
    from torch import nn
    from torchvision.models.resnet import BasicBlock, ResNet

    network = ResNet(BasicBlock, [*blocks, *(1,) * (4 - len(blocks))])
    network.conv1.stride = (1, 1)
    network.maxpool = nn.Identity()
    for stage in range(len(blocks) + 1, 5):
        setattr(network, f"layer{stage}", nn.Identity())
    network.fc = nn.Linear(32 * 2 ** len(blocks), classes)
    module: nn.Module = network
    return module


@register(
    source="S0e",
    input_size=(3, 32, 32),
    parameters=11_181_642,
    multiply_adds=563_287_040,
    recipe="transfer",
    pretrained="ResNet18_Weights.IMAGENET1K_V1",
)
def transfer(classes: int) -> nn.Module:
    """ResNet-18 pretrained on ImageNet, stem for 32x32 images, new linear layer."""
    return _network((2, 2, 2, 2), classes)


@register(
    source="tests",
    input_size=(3, 32, 32),
    parameters=84_170,
    multiply_adds=85_131_904,
    recipe="tiny",
)
def transfer_tiny(classes: int) -> nn.Module:
    """transfer's first stage with one block, not pretrained, for tests and first tries."""
    return _network((1,), classes)
