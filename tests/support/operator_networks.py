"""Small networks of operators that resize, reduce, stack and pad, as `operator_networks:NAME`."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn

SIZE = (3, 12, 14)


class Classifier(nn.Module):
    """Maps averaged and classified, after the part under test."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3)
        self.last = nn.Conv2d(channels, 8, (3, 2))
        self.fc = nn.Linear(8, 4)

    def body(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.last(self.body(self.stem(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Resizing(Classifier):
    """Every way of torch.nn.Upsample to nearest pixels and bilinearly."""

    def __init__(self) -> None:
        super().__init__(6)
        self.twice = nn.Upsample(scale_factor=2, mode="bilinear")
        self.aligned = nn.Upsample(size=(13, 17), mode="bilinear", align_corners=True)
        self.shrunk = nn.Upsample(scale_factor=0.5, mode="bilinear")
        self.nearest = nn.Upsample(scale_factor=1.5)
        self.odd = nn.Upsample(scale_factor=1.3, mode="bilinear")
        self.smaller = nn.Upsample(size=(7, 9))
        self.mix = nn.Conv2d(6, 6, 1)

    def body(self, x: Tensor) -> Tensor:
        x = self.mix(self.aligned(self.twice(x)))
        return self.smaller(self.odd(torch.tanh(self.nearest(self.shrunk(x)))))


class Selective(Classifier):
    """Branches stacked, and summed with weights by softmax (Li 2019, arXiv 1903.06586)."""

    def __init__(self) -> None:
        super().__init__(6)
        self.first = nn.Conv2d(6, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 6, 3, padding=2, dilation=2)
        self.squeeze = nn.Conv2d(6, 4, 1)
        self.select = nn.Conv2d(4, 12, 1)

    def body(self, x: Tensor) -> Tensor:
        both = torch.stack([torch.relu(self.first(x)), torch.relu(self.second(x))], 1)
        gate = self.select(torch.relu(self.squeeze(both.sum(1).mean((2, 3), keepdim=True))))
        weights = torch.softmax(gate.view(-1, 2, 6, 1, 1), 1)
        return (both * weights).sum(1)


class Split(Classifier):
    """Parts of the channels weighted against each other (Zhang 2020, arXiv 2004.08955)."""

    def __init__(self) -> None:
        super().__init__(6)
        self.wide = nn.Conv2d(6, 12, 3, padding=1, groups=2)
        self.gate = nn.Conv2d(6, 12, 1)

    def body(self, x: Tensor) -> Tensor:
        x = torch.relu(self.wide(x))
        parts = x.reshape(x.shape[0], 2, 6, *x.shape[2:])
        gate = self.gate(parts.sum(1).mean((2, 3), keepdim=True))
        gate = torch.softmax(gate.view(x.shape[0], 1, 2, -1).transpose(1, 2), 1)
        return (parts * gate.reshape(x.shape[0], 2, 6, 1, 1)).sum(1)


class Attentive(Classifier):
    """Pixels weighted by maxima and means of their channels (Woo 2018, arXiv 1807.06521)."""

    def __init__(self) -> None:
        super().__init__(6)
        self.gate = nn.Conv2d(2, 1, 3, padding=1)

    def body(self, x: Tensor) -> Tensor:
        both = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.gate(both)) - x.sum(1, keepdim=True) / 8


class Reduced(Classifier):
    """Means, sums and maxima over one axis and over several."""

    def __init__(self) -> None:
        super().__init__(6)
        self.scale = nn.Linear(6, 6)

    def body(self, x: Tensor) -> Tensor:
        rows, columns = x.amax(3, keepdim=True), x.mean(2, keepdim=True)
        x = x * torch.sigmoid(rows + columns) - x.amin((2, 3), keepdim=True)
        gate = self.scale(x.mean((2, 3))) * torch.tanh(x.sum((1, 2, 3))[:, None] / 50)
        return x * torch.sigmoid(gate)[:, :, None, None]


class Padded(Classifier):
    """Edges of every kind, each before something other than a convolution; and others."""

    def __init__(self) -> None:
        super().__init__(6)
        self.norm = nn.InstanceNorm2d(6)
        self.up = nn.ConvTranspose2d(6, 6, 3, stride=2, padding=1, groups=3)
        self.shuffled = nn.Conv2d(6, 24, 1)

    def body(self, x: Tensor) -> Tensor:
        x = torch.tanh(F.pad(x, (2, 1, 0, 3), mode="reflect"))
        x = F.max_pool2d(F.pad(x, (1, 2, 2, 0), value=-0.25), 2)
        x = self.norm(F.pad(x, (1, 3, 2, 1), mode="replicate"))
        x = F.gelu(F.pad(self.up(x), (0, 1, 2, 0), value=0.5))
        return F.pixel_shuffle(self.shuffled(x), 2)


class Context(Classifier):
    """A weighted mean over the pixels (Cao 2019, arXiv 1904.11492); weighted pixels as a list."""

    def __init__(self) -> None:
        super().__init__(6)
        self.gate = nn.Conv2d(6, 1, 1)
        self.query = nn.Linear(6, 6)

    def body(self, x: Tensor) -> Tensor:
        images, channels = x.shape[:2]
        gate = torch.softmax(self.gate(x).reshape(images, 1, -1) * 4, -1).unsqueeze(3)
        context = x.reshape(images, channels, -1).unsqueeze(1) @ gate
        x = x + context.view(images, channels, 1, 1)
        pixels = F.normalize(self.query(x.flatten(2).transpose(1, 2)), dim=-1)
        pixels = pixels * pixels.sum(1, keepdim=True)
        return pixels.transpose(1, 2).reshape(x.shape)


NETWORKS = {
    "resizing": Resizing,
    "selective": Selective,
    "split": Split,
    "attentive": Attentive,
    "reduced": Reduced,
    "padded": Padded,
    "context": Context,
}


def __getattr__(name: str) -> type[nn.Module]:
    """`operator_networks:NAME` for `cifarx export`: the network with the same weights each time."""
    if name not in NETWORKS:
        raise AttributeError(name)
    torch.manual_seed(0)
    return NETWORKS[name]
