"""Networks after published designs whose functions Deep Learning Toolbox has no layers for.

Mish, softplus, powers that are learnt, norms, quotients, extremes and log-softmax inside a network.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn


class MishBlock(nn.Module):
    """A residual block of CSPDarknet (Bochkovskiy 2020, arXiv 2004.10934), with Mish."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels // 2)
        self.conv2 = nn.Conv2d(channels // 2, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.act = nn.Mish()

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.bn1(self.conv1(x)))
        return x + self.act(self.bn2(self.conv2(y)))


def mish_net() -> nn.Module:
    """Mish (Misra 2019, arXiv 1908.08681)."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.Mish(),
        MishBlock(16),
        MishBlock(16),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 32),
        nn.Mish(inplace=True),
        nn.Linear(32, 10),
    )


class GaussianHead(nn.Module):
    """Mean and standard deviation of each output, by softplus (Lakshminarayanan 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.Softplus(beta=3),
            nn.Conv2d(16, 24, 3, 2, 1),
            nn.Softplus(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.mean = nn.Linear(24, 4)
        self.deviation = nn.Linear(24, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.features(x)
        deviation = F.softplus(self.deviation(y)) + 1e-3
        return torch.cat([self.mean(y), deviation, torch.log(deviation)], 1)


class Embedding(nn.Module):
    """An embedding of unit length (Schroff 2015, arXiv 1503.03832), over normalised maps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 2, 1)
        self.conv2 = nn.Conv2d(16, 32, 3, 2, 1)
        self.fc = nn.Linear(32, 24)

    def forward(self, x: Tensor) -> Tensor:
        x = F.normalize(F.relu(self.conv1(x)), dim=1)
        x = F.relu(self.conv2(x)).mean((2, 3))
        return F.normalize(self.fc(x))


class GeM(nn.Module):
    """Generalised mean pooling with a learnt exponent (Radenovic 2018, arXiv 1711.02512)."""

    def __init__(self, p: float, eps: float = 1e-6):
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(x.clamp(min=self.eps).pow(self.p), 1).pow(1.0 / self.p)


class Retrieval(nn.Module):
    """GeM, whitening, and cosine similarity to learnt prototypes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 2, 1)
        self.conv2 = nn.Conv2d(16, 32, 3, 2, 1)
        self.pool = GeM(2.9137)
        self.whiten = nn.Linear(32, 16)
        self.prototypes = nn.Parameter(torch.randn(10, 16))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv2(F.relu(self.conv1(x)))))
        x = self.whiten(x.flatten(1))
        return F.linear(x / x.norm(dim=1, keepdim=True), F.normalize(self.prototypes))


class ResponseNorm(nn.Module):
    """Global response normalisation of ConvNeXt V2 (Woo 2023, arXiv 2301.00808)."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.rand(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        norm = x.norm(p=2, dim=(2, 3), keepdim=True)
        return x + self.bias + self.weight * (x * (norm / (norm.mean(1, keepdim=True) + 1e-6)))


class StarReLU(nn.Module):
    """`s * relu(x) ** 2 + b` (Yu 2022, arXiv 2210.13452)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([0.8944]))
        self.bias = nn.Parameter(torch.tensor([-0.4472]))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * F.relu(x) ** 2 + self.bias


def response_net() -> nn.Module:
    """Blocks with global response normalisation and StarReLU."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 4),
        nn.Conv2d(16, 32, 1),
        nn.GELU(),
        ResponseNorm(32),
        nn.Conv2d(32, 16, 1),
        StarReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 10),
    )


class Votes(nn.Module):
    """Log-likelihoods of each pixel, pooled to those of the image; attention by a quotient."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 2, 1)
        self.classes = nn.Conv2d(16, 10, 1)
        self.weight = nn.Conv2d(16, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        votes = F.log_softmax(self.classes(x), dim=1)
        weight = torch.exp(self.weight(x))
        mean = (votes * weight).sum((2, 3)) / weight.sum((2, 3))
        total = torch.logsumexp(x, 1, keepdim=True).mean((2, 3))
        return torch.cat([mean, total / (1 + mean.abs())], 1)


class Shrinking(nn.Module):
    """Every function of torch.nn that is composed of comparisons, quotients and extremes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, 2, 1)
        self.bounds = nn.Conv2d(12, 12, 1)
        self.fc = nn.Linear(12, 10)
        self.functions = nn.ModuleList(
            [nn.Softshrink(0.2), nn.Hardshrink(0.3), nn.Threshold(0.1, -0.5), nn.Softsign(),
             nn.Tanhshrink(), nn.LogSigmoid(), nn.Hardtanh(-0.5, 0.75)]
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = torch.minimum(x, self.bounds(x).abs()) + torch.maximum(x, x.mean((2, 3), keepdim=True))
        for function in self.functions:
            x = x + function(x)
        return self.fc(torch.sin(F.adaptive_avg_pool2d(x, 1)).flatten(1))


FUNCTIONS: dict[str, tuple[Callable[[], nn.Module], tuple[int, int, int]]] = {
    "mish_net": (mish_net, (3, 32, 32)),
    "gaussian_head": (GaussianHead, (3, 32, 32)),
    "embedding": (Embedding, (3, 32, 32)),
    "retrieval": (Retrieval, (3, 32, 32)),
    "response_net": (response_net, (3, 32, 32)),
    "votes": (Votes, (3, 24, 32)),
    "shrinking": (Shrinking, (3, 24, 32)),
}
"""By name: the builder and the size of its images, (C, H, W)."""
