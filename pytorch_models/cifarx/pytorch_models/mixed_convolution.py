"""Convolutions mixed separately for each image (row S3), built from layers that MATLAB has.

Chen et al., Dynamic Convolution, arXiv:1912.03458, weight the kernels by attention. The coursework
weights them by the outputs of a linear layer, without softmax, as this module does.
"""

from __future__ import annotations

from functools import reduce

from torch import Tensor, nn


class MixedConv2d(nn.Module):
    """The sum over k of a_k(x) * conv_k(x), with a = linear(global average pool(x)).

    The linear layer is written as one 1x1 convolution of the pooled maps per a_k. Arithmetic and
    initialisation are the same, and each a_k is a separate map, so that no slicing is needed, for
    which the Deep Learning Toolbox has no layer.

    >>> import torch
    >>> MixedConv2d(3, 8, kernels=4)(torch.zeros(2, 3, 5, 6)).shape
    torch.Size([2, 8, 5, 6])
    """

    def __init__(self, channels: int, width: int, kernels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.coefficients = nn.ModuleList(nn.Conv2d(channels, 1, 1) for _ in range(kernels))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels, width, 3, padding=1) for _ in range(kernels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, width, H, W)."""
        pooled = self.pool(x)  # (N, channels, 1, 1)
        mixed = (
            coefficient(pooled) * convolution(x)
            for coefficient, convolution in zip(self.coefficients, self.convolutions, strict=True)
        )
        total: Tensor = reduce(Tensor.add, mixed)
        return total


class MixedBlock(nn.Module):
    """Mixed convolution with a residual connection, then batch norm and ReLU.

    Where the number of maps changes, the residual connection is a 1x1 convolution.
    """

    def __init__(self, channels: int, width: int, kernels: int) -> None:
        super().__init__()
        self.mixed = MixedConv2d(channels, width, kernels)
        self.shortcut = nn.Identity() if channels == width else nn.Conv2d(channels, width, 1)
        self.norm = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, width, H, W)."""
        y: Tensor = self.relu(self.norm(self.mixed(x) + self.shortcut(x)))
        return y
