"""Row S0a, the student club's report: one convolution on Fashion-MNIST."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register

if TYPE_CHECKING:
    from torch import nn


def _network(width: int, hidden: int, classes: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(1, width, 3),  # the report states no padding: 28x28 becomes 26x26
            relu=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            drop=nn.Dropout(0.4),
            fc1=nn.Linear(width * 13 * 13, hidden),
            fc1_relu=nn.ReLU(),
            fc2=nn.Linear(hidden, classes),
        )
    )


@register(
    source="S0a",
    input_size=(1, 28, 28),
    parameters=98_148,
    multiply_adds=152_740,
    recipe="fashion-cnn",
)
def fashion_cnn(classes: int) -> nn.Module:
    """3x3 convolution to 9 maps, max pool, dropout, 2 linear."""
    return _network(9, 64, classes)


@register(
    source="tests",
    input_size=(1, 28, 28),
    parameters=2_822,
    multiply_adds=14_952,
    recipe="tiny-grey",
)
def fashion_tiny(classes: int) -> nn.Module:
    """fashion-cnn with 2 maps and 8 hidden units, for tests and first tries."""
    return _network(2, 8, classes)
