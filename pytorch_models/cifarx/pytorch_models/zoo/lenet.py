"""Row S4, the blog post: the network of PyTorch's CIFAR-10 tutorial.

https://docs.pytorch.org/tutorials/beginner/blitz/cifar10_tutorial.html
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(widths: tuple[int, int], hidden: tuple[int, int], classes: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, widths[0], 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(widths[0], widths[1], 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(widths[1] * 5 * 5, hidden[0]),
            fc1_relu=nn.ReLU(),
            fc2=nn.Linear(hidden[0], hidden[1]),
            fc2_relu=nn.ReLU(),
            fc3=nn.Linear(hidden[1], classes),
        )
    )


@register(
    source="S4", input_size=(3, 32, 32), parameters=62_006, multiply_adds=651_720, recipe="lenet"
)
def lenet(classes: int) -> nn.Module:
    """2 x (5x5 convolution, ReLU, max pool) of 6, 16 maps, 3 linear."""
    return _network((6, 16), (120, 84), classes)


@register(
    source="tests", input_size=(3, 32, 32), parameters=1_075, multiply_adds=133_344, recipe="tiny"
)
def lenet_tiny(classes: int) -> nn.Module:
    """lenet with 2 and 3 maps, for tests and first tries."""
    return _network((2, 3), (8, 8), classes)
