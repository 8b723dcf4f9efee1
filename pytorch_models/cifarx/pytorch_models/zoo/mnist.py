"""Row S0b, the student club's report: a small convolutional network for MNIST.

The report does not state the layers.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(widths: tuple[int, int], hidden: int, classes: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, widths[0], 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(widths[0], widths[1], 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(widths[1] * 7 * 7, hidden),
            fc1_relu=nn.ReLU(),
            drop=nn.Dropout(0.25),
            fc2=nn.Linear(hidden, classes),
        )
    )


@register(
    source="S0b",
    input_size=(1, 28, 28),
    parameters=421_642,
    multiply_adds=4_241_152,
    recipe="mnist-cnn",
)
def mnist_cnn(classes: int) -> nn.Module:
    """2 x (3x3 convolution, ReLU, max pool), linear, dropout, linear."""
    return _network((32, 64), 128, classes)


@register(
    source="tests",
    input_size=(1, 28, 28),
    parameters=1_808,
    multiply_adds=43_984,
    recipe="tiny-grey",
)
def mnist_tiny(classes: int) -> nn.Module:
    """mnist-cnn with 3 and 4 maps, for tests and first tries."""
    return _network((3, 4), 8, classes)
