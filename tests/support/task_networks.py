"""Networks for other tasks than classes of images, after public ones, as their users write them.

Segmentation, denoising, regression, policies, signals, several inputs and outputs. `NETWORKS` has
the sizes of their inputs and what `cifarx export --task` is to be told.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn


class DoubleConv(nn.Sequential):
    """Two convolutions with batch norm and ReLU, the step of a U-Net."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """Ronneberger 2015, arXiv 1505.04597; upsampling by transposed convolutions or bilinear."""

    def __init__(self, bilinear: bool, channels: int = 3, classes: int = 4, width: int = 8) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width]
        self.inc = DoubleConv(channels, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(2), DoubleConv(a, b)) for a, b in itertools.pairwise(widths)
        )
        pairs = list(zip(widths[::-1], widths[-2::-1], strict=False))
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                nn.Conv2d(a, b, 1),
            )
            if bilinear
            else nn.ConvTranspose2d(a, b, 2, stride=2)
            for a, b in pairs
        )
        self.conv = nn.ModuleList(DoubleConv(2 * b, b) for _, b in pairs)
        self.outc = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = [self.inc(x)]
        for down in self.down:
            kept.append(down(kept[-1]))
        x = kept.pop()
        for up, conv in zip(self.up, self.conv, strict=True):
            x = conv(torch.cat([kept.pop(), up(x)], dim=1))
        logits: Tensor = self.outc(x)
        return logits


class DnCNN(nn.Module):
    """Zhang 2017, arXiv 1608.03981: the network learns the noise, which is taken off the image."""

    def __init__(self, depth: int = 6, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, width, 3, padding=1), nn.ReLU()]
        for _ in range(depth - 2):
            layers += [
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width, eps=1e-4, momentum=0.95),
                nn.ReLU(),
            ]
        self.dncnn = nn.Sequential(*layers, nn.Conv2d(width, 1, 3, padding=1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        noise: Tensor = self.dncnn(x)
        return x - noise


class Autoencoder(nn.Module):
    """Convolutional encoder, a code of 16 numbers, and a decoder that makes maps of it again."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16 * 7 * 7, 16),
        )
        self.decoder = nn.Sequential(
            nn.Linear(16, 16 * 7 * 7),
            nn.ReLU(),
            nn.Unflatten(1, (16, 7, 7)),
            nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        image: Tensor = self.decoder(self.encoder(x))
        return image


class FCN(nn.Module):
    """Long 2015, arXiv 1411.4038: scores at a quarter and an eighth of the size, summed."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.stem = nn.Sequential(DoubleConv(3, 8), nn.MaxPool2d(2), DoubleConv(8, 16))
        self.pool3 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(16, 24))
        self.pool4 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(24, 32), nn.Dropout2d())
        self.score3, self.score4 = nn.Conv2d(24, classes, 1), nn.Conv2d(32, classes, 1)
        self.up2 = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1, bias=False)
        self.up4 = nn.ConvTranspose2d(classes, classes, 8, stride=4, padding=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        three = self.pool3(self.stem(x))
        scores = self.up2(self.score4(self.pool4(three))) + self.score3(three)
        whole: Tensor = self.up4(scores)
        return whole


class ASPP(nn.Module):
    """DeepLab's head (Chen 2017, arXiv 1706.05587): dilated convolutions and pooled features."""

    def __init__(self, before: int = 24, width: int = 16, classes: int = 6) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            DoubleConv(3, 12), nn.MaxPool2d(2), DoubleConv(12, before), nn.MaxPool2d(2)
        )
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(
                    before, width, 1 if rate == 1 else 3, padding=rate * (rate > 1), dilation=rate
                ),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            )
            for rate in (1, 2, 4)
        )
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(before, width, 1), nn.ReLU())
        self.project = nn.Sequential(nn.Conv2d(4 * width, width, 1), nn.ReLU(), nn.Dropout(0.5))
        self.classify = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        x = self.backbone(x)
        pooled = F.interpolate(
            self.pooled(x), size=x.shape[-2:], mode="bilinear", align_corners=False
        )
        x = torch.cat([*(branch(x) for branch in self.branches), pooled], dim=1)
        x = self.classify(self.project(x))
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class PyramidBackbone(nn.Module):
    """A detector's backbone with a feature pyramid (Lin 2017, arXiv 1612.03144): three outputs."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.c3, self.c4, self.c5 = (
            nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.SiLU())
            for a, b in ((3, 8), (8, 16), (16, 32))
        )
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c in (8, 16, 32))
        self.smooth = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        c3 = self.c3(x)
        c4 = self.c4(c3)
        c5 = self.c5(c4)
        p5 = self.lateral[2](c5)
        p4 = self.lateral[1](c4) + F.interpolate(p5, scale_factor=2, mode="nearest")
        p3 = self.lateral[0](c3) + F.interpolate(p4, scale_factor=2, mode="nearest")
        outputs = zip(("p3", "p4", "p5"), self.smooth, (p3, p4, p5), strict=True)
        return {name: smooth(p) for name, smooth, p in outputs}


def regressor() -> nn.Module:
    """A multilayer perceptron on eight numbers, as for the California housing data."""
    return nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )


class Policy(nn.Module):
    """A policy with observations normalised by running statistics, and a clipped action."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.linspace(-1, 1, 17))
        self.register_buffer("var", torch.linspace(0.5, 2.0, 17))
        self.net = nn.Sequential(nn.Linear(17, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.action = nn.Linear(64, 6)

    def forward(self, obs: Tensor) -> Tensor:
        x = torch.clamp((obs - self.mean) / torch.sqrt(self.var + 1e-8), -10.0, 10.0)
        return torch.clamp(self.action(self.net(x)), -1.0, 1.0)


class ActorCritic(nn.Module):
    """A policy with a value beside it, [N, A] and [N]."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(24, 48), nn.ELU())
        self.actor = nn.Sequential(nn.Linear(48, 32), nn.ELU(), nn.Linear(32, 4))
        self.critic = nn.Sequential(nn.Linear(48, 32), nn.ELU(), nn.Linear(32, 1))

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(obs)
        return torch.tanh(self.actor(x)), self.critic(x).squeeze(-1)


class ResidualUnit1d(nn.Module):
    """Two convolutions over a signal, with a shortcut that is pooled."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(before, after, 15, padding=7, bias=False)
        self.bn1 = nn.BatchNorm1d(after)
        self.conv2 = nn.Conv1d(after, after, 15, stride=2, padding=7, bias=False)
        self.bn2 = nn.BatchNorm1d(after)
        self.skip = nn.Sequential(nn.MaxPool1d(2), nn.Conv1d(before, after, 1, bias=False))
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.dropout(F.relu(self.bn1(self.conv1(x))))
        return F.relu(self.bn2(self.conv2(y)) + self.skip(x))


def ecg() -> nn.Module:
    """A residual network over ECG leads (after Hannun 2019, doi 10.1038/s41591-018-0268-3)."""
    return nn.Sequential(
        nn.Conv1d(12, 16, 15, padding=7, bias=False),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        ResidualUnit1d(16, 24),
        ResidualUnit1d(24, 32),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(32, 5),
    )


class ImageAndState(nn.Module):
    """A camera image and a state vector, as a robot has them."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2),
            nn.ReLU(),
            nn.Conv2d(16, 24, 3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(24 * 6 * 6, 32),
        )
        self.state = nn.Sequential(nn.Linear(7, 16), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, image: Tensor, state: Tensor) -> Tensor:
        steering: Tensor = self.head(torch.cat([self.camera(image), self.state(state)], dim=1))
        return steering


class Embedding(nn.Module):
    """An embedding of length 1, for comparison by cosine (Schroff 2015, arXiv 1503.03832)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(DoubleConv(3, 12), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(12, 32)

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.fc(self.body(x)), p=2, dim=1)


class MeanAndVariance(nn.Module):
    """A regressor of a mean and, by softplus, its deviation (Lakshminarayanan 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(13, 50), nn.ReLU())
        self.mean, self.deviation = nn.Linear(50, 1), nn.Linear(50, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x)
        return self.mean(x), F.softplus(self.deviation(x)) + 1e-6


def mish() -> nn.Module:
    """Convolutions with Mish (Misra 2019, arXiv 1908.08681), as in YOLOv4's backbone."""
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1, bias=False),
        nn.BatchNorm2d(12),
        nn.Mish(),
        nn.Conv2d(12, 24, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(24),
        nn.Mish(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(24, 10),
    )


class ESPCN(nn.Sequential):
    """Super-resolution by pixel shuffle (Shi 2016, arXiv 1609.05158)."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 5, padding=2),
            nn.Tanh(),
            nn.Conv2d(32, 16, 3, padding=1),
            nn.Tanh(),
            nn.Conv2d(16, 9, 3, padding=1),
            nn.PixelShuffle(3),
        )


@dataclass(frozen=True)
class TaskNetwork:
    """One network."""

    make: Callable[[], nn.Module]
    sizes: tuple[tuple[int, ...], ...]
    """Of its inputs, without the batch."""
    task: str
    """What `cifarx export` takes it for, if it is told nothing or that."""
    asked: str = ""
    """The value of --task, if it is given."""


def _segmentation(make: Callable[[], nn.Module], size: tuple[int, ...]) -> TaskNetwork:
    return TaskNetwork(make, (size,), "segmentation", "segmentation")


TASK_NETWORKS: dict[str, TaskNetwork] = {
    "unet": _segmentation(partial(UNet, bilinear=False), (3, 32, 32)),
    "unet_bilinear": _segmentation(partial(UNet, bilinear=True), (3, 32, 32)),
    "dncnn": TaskNetwork(DnCNN, ((1, 24, 24),), "regression"),
    "autoencoder": TaskNetwork(Autoencoder, ((1, 28, 28),), "regression"),
    "fcn": _segmentation(FCN, (3, 32, 32)),
    "deeplab": _segmentation(ASPP, (3, 32, 48)),
    "pyramid": TaskNetwork(PyramidBackbone, ((3, 32, 32),), "regression"),
    "regressor": TaskNetwork(regressor, ((8,),), "regression"),
    "policy": TaskNetwork(Policy, ((17,),), "regression"),
    "actor_critic": TaskNetwork(ActorCritic, ((24,),), "regression"),
    "ecg": TaskNetwork(ecg, ((12, 256),), "classification"),
    "image_and_state": TaskNetwork(ImageAndState, ((3, 32, 32), (7,)), "regression", "regression"),
    "embedding": TaskNetwork(Embedding, ((3, 16, 16),), "regression", "regression"),
    "mean_and_variance": TaskNetwork(MeanAndVariance, ((13,),), "regression"),
    "mish": TaskNetwork(mish, ((3, 24, 24),), "classification"),
    "espcn": TaskNetwork(ESPCN, ((1, 17, 17),), "regression"),
}


def _opened(name: str) -> Callable[[], nn.Module]:
    """The network with random weights and used batch norms, the same each time."""

    def make() -> nn.Module:
        network = TASK_NETWORKS[name]
        torch.manual_seed(len(name))
        module = network.make()
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                nn.init.uniform_(part.weight, 0.5, 1.5)
                nn.init.normal_(part.bias, 0.0, 0.2)
        with torch.no_grad():
            module(*(torch.randn(32, *size) for size in network.sizes))  # statistics of batch norm
        return module.eval()

    return make


globals().update({name: _opened(name) for name in TASK_NETWORKS})
