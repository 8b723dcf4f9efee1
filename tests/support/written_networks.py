"""Networks after published architectures, in plain PyTorch, as their users write them.

Each holds something that the zoo lacks: gates, smooth activations, weights that PyTorch computes
from parameters, a normalisation inside the network, one output, maps of one channel over time.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm


class SqueezeExcitation(nn.Module):
    """Channels weighted by a gate (Hu 2018, arXiv 1709.01507)."""

    def __init__(self, channels: int, squeezed: int, activation: nn.Module, gate: nn.Module):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.activation = activation
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.gate(self.fc2(self.activation(self.fc1(self.pool(x)))))
        return x * weights


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, gate, projection (Tan 2019, arXiv 1905.11946)."""

    def __init__(self, before: int, after: int, stride: int, activation: type[nn.Module]):
        super().__init__()
        wide = 4 * before
        gate = nn.Sigmoid() if activation is nn.SiLU else nn.Hardsigmoid()
        squeezing = nn.SiLU() if activation is nn.SiLU else nn.ReLU()
        self.expand = nn.Sequential(
            nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), activation()
        )
        self.depthwise = nn.Sequential(
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            activation(),
        )
        self.se = SqueezeExcitation(wide, before, squeezing, gate)
        self.project = nn.Sequential(nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after))
        self.shortcut = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.se(self.depthwise(self.expand(x))))
        return x + y if self.shortcut else y


def _mobile(activation: type[nn.Module]) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1, bias=False),
        nn.BatchNorm2d(16),
        activation(),
        InvertedResidual(16, 24, 2, activation),
        InvertedResidual(24, 24, 1, activation),
        InvertedResidual(24, 40, 2, activation),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(40, 10),
    )


def small_efficientnet() -> nn.Module:
    """SiLU and sigmoid gates (Tan 2019, arXiv 1905.11946)."""
    return _mobile(nn.SiLU)


def small_mobilenetv3() -> nn.Module:
    """Hardswish and hard-sigmoid gates (Howard 2019, arXiv 1905.02244)."""
    return _mobile(nn.Hardswish)


def _plain(
    activation: Callable[[], nn.Module], wrap: Callable[[nn.Module], nn.Module]
) -> nn.Module:
    """Two convolutions and two linear layers, each passed through `wrap`."""
    return nn.Sequential(
        wrap(nn.Conv2d(3, 16, 3, padding=1)),
        activation(),
        nn.MaxPool2d(2),
        wrap(nn.Conv2d(16, 32, 3, padding=1)),
        activation(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        wrap(nn.Linear(32 * 64, 64)),
        activation(),
        wrap(nn.Linear(64, 10)),
    )


def weight_normed() -> nn.Module:
    """Every weight a direction and a length (Salimans 2016, arXiv 1602.07868)."""
    return _plain(nn.ReLU, weight_norm)


def spectral_normed() -> nn.Module:
    """Every weight divided by its largest singular value (Miyato 2018, arXiv 1802.05957)."""
    return _plain(lambda: nn.LeakyReLU(0.1), spectral_norm)


def selu_net() -> nn.Module:
    """Self-normalising, with alpha dropout (Klambauer 2017, arXiv 1706.02515)."""
    return _plain(lambda: nn.Sequential(nn.SELU(), nn.AlphaDropout(0.05)), lambda layer: layer)


def celu_net() -> nn.Module:
    """CELU (Barron 2017, arXiv 1704.07483)."""
    return _plain(lambda: nn.CELU(0.5), lambda layer: layer)


def elu_net() -> nn.Module:
    """ELU (Clevert 2016, arXiv 1511.07289)."""
    return _plain(nn.ELU, lambda layer: layer)


def prelu_net() -> nn.Module:
    """PReLU (He 2015, arXiv 1502.01852)."""
    return _plain(nn.PReLU, lambda layer: layer)


def sigmoid_net() -> nn.Module:
    """Sigmoid throughout, and tanh in front of the last layer (LeCun 1998)."""
    return nn.Sequential(_plain(nn.Sigmoid, lambda layer: layer), nn.Tanh(), nn.Linear(10, 10))


class StandardizedConv2d(nn.Conv2d):
    """Weights of mean 0 and deviation 1 per filter (Qiao 2019, arXiv 1903.10520)."""

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight
        w = w - w.mean((1, 2, 3), keepdim=True)
        w = w / (w.flatten(1).std(1).view(-1, 1, 1, 1) + 1e-5)
        return F.conv2d(x, w, self.bias, self.stride, self.padding, self.dilation, self.groups)


def weight_standardized() -> nn.Module:
    """Weight standardisation and group norm (Qiao 2019)."""
    return nn.Sequential(
        StandardizedConv2d(3, 16, 3, padding=1, bias=False),
        nn.GroupNorm(4, 16),
        nn.ReLU(),
        StandardizedConv2d(16, 32, 3, 2, 1, bias=False),
        nn.GroupNorm(8, 32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


class FoldedConstants(nn.Module):
    """What an exporter computes: 1 / std of the input, normed weights, a temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.conv1 = weight_norm(nn.Conv2d(3, 16, 3, padding=1))
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = spectral_norm(nn.Conv2d(16, 32, 3, 2, 1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.std
        x = F.hardswish(self.norm1(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x))).flatten(1)
        logits: Tensor = self.fc(x) / 0.07
        return logits


class CosineHead(nn.Module):
    """Scaled products with weights of length 1 (Wang 2018, arXiv 1801.05599, of its weights)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.weight = nn.Parameter(torch.randn(10, 16))

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.norm(self.conv(x)), approximate="tanh").mean((2, 3))
        return 16.0 * F.linear(x, F.normalize(self.weight))


class EEGNet(nn.Module):
    """EEGNet-8,2 for maps of 1 x channels x time (Lawhern 2018, doi 10.1088/1741-2552/aace8c)."""

    def __init__(self, electrodes: int = 22, samples: int = 128) -> None:
        super().__init__()
        self.temporal = nn.Sequential(
            nn.Conv2d(1, 8, (1, 32), padding=(0, 16), bias=False), nn.BatchNorm2d(8)
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(8, 16, (electrodes, 1), groups=8, bias=False),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(0.25),
        )
        self.separable = nn.Sequential(
            nn.Conv2d(16, 16, (1, 16), padding=(0, 8), groups=16, bias=False),
            nn.Conv2d(16, 16, 1, bias=False),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Dropout(0.25),
        )
        self.classify = nn.Linear(16 * (samples // 32), 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.separable(self.spatial(self.temporal(x)))
        logits: Tensor = self.classify(x.flatten(1))
        return logits


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut, by a 1x1 convolution where sizes change (option B)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


def resnet20() -> nn.Module:
    """The ResNet-20 of CIFAR-10 (He 2015, arXiv 1512.03385)."""
    widths = [(16, 16, 1), *[(16, 16, 1)] * 2, (16, 32, 2), *[(32, 32, 1)] * 2]
    widths += [(32, 64, 2), *[(64, 64, 1)] * 2]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        *(BasicBlock(*width) for width in widths),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, layer norm, two linear layers with GELU (Liu 2022, 2201.03545)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = LayerNorm2d(width, eps=1e-6)
        self.pwconv1 = nn.Conv2d(width, 4 * width, 1)
        self.act = nn.GELU()
        self.pwconv2 = nn.Conv2d(4 * width, width, 1)
        self.gamma = nn.Parameter(torch.full((width, 1, 1), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gamma * self.pwconv2(self.act(self.pwconv1(self.norm(self.dwconv(x)))))


def small_convnext() -> nn.Module:
    """A stem, two blocks, a head, as in ConvNeXt (Liu 2022, arXiv 2201.03545)."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 4, 4),
        LayerNorm2d(24, eps=1e-6),
        ConvNeXtBlock(24),
        ConvNeXtBlock(24),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.LayerNorm(24, eps=1e-6),
        nn.Linear(24, 10),
    )


class MnistExample(nn.Module):
    """The network of PyTorch's MNIST example, which ends in LogSoftmax (pytorch/examples)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = torch.flatten(self.dropout1(F.max_pool2d(x, 2)), 1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


class PilotNet(nn.Module):
    """Steering from a camera, one number; pixels scaled inside (Bojarski 2016, 1604.07316)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 24, 5, 2)
        self.conv2 = nn.Conv2d(24, 36, 5, 2)
        self.conv3 = nn.Conv2d(36, 48, 3)
        self.act = nn.ELU()
        self.fc1 = nn.Linear(48 * 3 * 13, 50)
        self.fc2 = nn.Linear(50, 10)
        self.fc3 = nn.Linear(10, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x / 1.275 - 0.1
        x = self.act(self.conv1(x))
        x = self.act(self.conv2(x))
        x = self.act(self.conv3(x)).flatten(1)
        angle: Tensor = self.fc3(F.elu(self.fc2(F.elu(self.fc1(x)))))
        return angle


WRITTEN: dict[str, tuple[Callable[[], nn.Module], tuple[int, int, int]]] = {
    "small_efficientnet": (small_efficientnet, (3, 32, 32)),
    "small_mobilenetv3": (small_mobilenetv3, (3, 32, 32)),
    "weight_normed": (weight_normed, (3, 32, 32)),
    "spectral_normed": (spectral_normed, (3, 32, 32)),
    "weight_standardized": (weight_standardized, (3, 32, 32)),
    "folded_constants": (FoldedConstants, (3, 32, 32)),
    "cosine_head": (CosineHead, (3, 32, 32)),
    "selu_net": (selu_net, (3, 32, 32)),
    "celu_net": (celu_net, (3, 32, 32)),
    "elu_net": (elu_net, (3, 32, 32)),
    "prelu_net": (prelu_net, (3, 32, 32)),
    "sigmoid_net": (sigmoid_net, (3, 32, 32)),
    "eegnet": (EEGNet, (1, 22, 128)),
    "resnet20": (resnet20, (3, 32, 32)),
    "mnist_example": (MnistExample, (1, 28, 28)),
    "small_convnext": (small_convnext, (3, 32, 32)),
    "pilotnet": (PilotNet, (3, 32, 72)),
}
"""By name: what makes the network, and the (C, H, W) that it takes."""
