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


class Power(nn.Module):
    """x to the power of an exponent: one for all numbers, or one per channel."""

    exponent: Tensor

    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("exponent", torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return x**self.exponent


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels at each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Resize2d(nn.Module):
    """Maps resized to the nearest pixels or bilinearly; positions are computed in float64."""

    def __init__(
        self,
        size: tuple[int, int],
        scale: tuple[float, float],
        method: str,
        mode: str,
        rounding: str,
    ) -> None:
        super().__init__()
        self.size, self.scale, self.method = size, scale, method
        self.mode, self.rounding = mode, rounding

    def places(self, n: int, count: int, scale: float) -> Tensor:
        i = torch.arange(count, dtype=torch.float64)
        if self.mode == "align-corners":
            return i * (n - 1) / max(1, count - 1)
        shift = 0.5 if self.mode == "half-pixel" else 0.0
        if scale == count / n:
            return (i + shift) * n / count - shift
        return (i + shift) / scale - shift

    def nearest(self, places: Tensor) -> Tensor:
        if self.rounding == "round":
            return torch.floor(places + 0.5)
        if self.rounding == "round-half-down":
            return torch.ceil(places - 0.5)
        return torch.ceil(places) if self.rounding == "ceil" else torch.floor(places)

    def forward(self, x: Tensor) -> Tensor:
        for axis, (count, scale) in enumerate(zip(self.size, self.scale), start=2):  # noqa: B905
            n = x.shape[axis]
            places = self.places(n, count, scale)
            if self.method == "nearest":
                taken = self.nearest(places).clamp(0, n - 1).long()
                x = x.index_select(axis, taken.to(x.device))
                continue
            places = places.clamp(0, n - 1)
            low = torch.floor(places).long()
            weight = (places - low).to(x.dtype).to(x.device)
            weight = weight.view(-1, 1) if axis == 2 else weight
            high = (low + 1).clamp(max=n - 1).to(x.device)
            first, second = x.index_select(axis, low.to(x.device)), x.index_select(axis, high)
            x = first * (1 - weight) + second * weight
        return x


CLASSES: dict[str, type[nn.Module]] = {
    made.__name__: made for made in (Scaling, Power, ChannelNorm, Resize2d)
}


def source_of(name: str) -> str:
    """The source of one of the classes."""
    return inspect.getsource(CLASSES[name])
