"""Modules that torch.nn lacks; network.py holds the source of those that it needs."""

from __future__ import annotations

import inspect

import torch
from torch import Tensor, nn


class Scaling(nn.Module):
    """A scale times x, and an offset: for all numbers, for each channel or for each element."""

    def __init__(self, scale: tuple[int, ...], offset: tuple[int, ...]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(scale))
        self.offset = nn.Parameter(torch.zeros(offset))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.offset


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels at each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


CLASSES: dict[str, type[nn.Module]] = {"Scaling": Scaling, "ChannelNorm": ChannelNorm}


def source_of(name: str) -> str:
    """The source of one of the classes."""
    return inspect.getsource(CLASSES[name])
