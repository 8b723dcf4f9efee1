"""Parts of networks that exporters scatter over many nodes, and their export by PyTorch."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from cifarx.export.network.model_card import ModelCard

CARD = ModelCard("net", "", tuple("abcde"), (), (), "0" * 64)


SIZE = (4, 10, 12)


class Wrapped(nn.Module):
    """A stem, what is tested, and a head of five logits."""

    def __init__(self, body: Callable[[Tensor], Tensor] | nn.Module, channels: int = 8) -> None:
        super().__init__()
        self.stem = nn.Conv2d(SIZE[0], 8, 3, padding=1)
        self.body = body
        self.head = nn.Linear(channels, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.stem(x)).mean((2, 3)))


class Squeeze(nn.Module):
    """Squeeze-and-excitation by linear layers on features, which become maps again."""

    def __init__(self, gate: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.down, self.up, self.gate = nn.Linear(8, 3), nn.Linear(3, 8), gate

    def forward(self, x: Tensor) -> Tensor:
        y = functional.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)
        y = self.gate(self.up(functional.relu(self.down(y))))
        return x * y.view(x.size(0), -1, 1, 1)


class ChannelsLast(nn.Module):
    """A ConvNeXt block: layer norm and linear layers on channels-last maps."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm = nn.LayerNorm(8, eps=1e-6)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.rand(8))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.scale * self.down(functional.gelu(self.up(y)))
        return x + y.permute(0, 3, 1, 2)


def shuffle(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
    first, second = x.chunk(2, dim=1)
    return torch.cat((first, functional.relu(second)), 1)


def shortcut(x: Tensor) -> Tensor:
    """ResNet's option A: every second pixel, and channels of zeros."""
    y = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2))
    return y[:, 2:10] + functional.avg_pool2d(x, 2, ceil_mode=True)


def normalized(x: Tensor) -> Tensor:
    mean, std = torch.arange(8.0).view(1, -1, 1, 1), torch.arange(1.0, 9.0).view(-1, 1, 1)
    return (x - mean) / std


def by_features(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2).reshape(-1, 10, 12, 8).permute(0, 3, 1, 2)


class Hidden(nn.Module):
    """A linear layer without bias on flattened maps."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.linear = nn.MaxPool2d(3, 2, 1), nn.Linear(240, 6, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(self.pool(x).view(x.size(0), -1))
        return y.unsqueeze(-1).unsqueeze(-1)


BODIES: dict[str, tuple[Any, int, set[str]]] = {
    "swish": (nn.SiLU(), 8, {"SwishLayer"}),
    "gelu": (nn.GELU(), 8, {"GELULayer"}),
    "gelu by tanh": (nn.GELU(approximate="tanh"), 8, {"GELULayer"}),
    "hard swish": (nn.Hardswish(), 8, {"ScalingLayer", "ClippedReLULayer", "MultiplicationLayer"}),
    "hard sigmoid": (nn.Hardsigmoid(), 8, {"ScalingLayer", "ClippedReLULayer"}),
    "ReLU6": (nn.ReLU6(), 8, {"ClippedReLULayer"}),
    "leaky, ELU, sigmoid, tanh": (
        nn.Sequential(nn.LeakyReLU(0.2), nn.ELU(0.7), nn.Sigmoid(), nn.Tanh()),
        8,
        {"LeakyReLULayer", "ELULayer", "SigmoidLayer", "TanhLayer"},
    ),
    "a slope a channel": (nn.PReLU(8), 8, {"PReLULayer"}),
    "one slope": (nn.PReLU(), 8, {"PReLULayer"}),
    "softmax over channels": (nn.Softmax(1), 8, {"SoftmaxLayer"}),
    "batch norm and dropout": (nn.Sequential(nn.BatchNorm2d(8), nn.Dropout()), 8, set()),
    "group norm": (nn.GroupNorm(4, 8), 8, {"GroupNormalizationLayer"}),
    "instance norm": (nn.InstanceNorm2d(8, affine=True), 8, {"InstanceNormalizationLayer"}),
    "depthwise and grouped": (
        nn.Sequential(
            nn.Conv2d(8, 16, 3, groups=8, dilation=2), nn.Conv2d(16, 8, (1, 3), groups=2, stride=2)
        ),
        8,
        {"GroupedConvolution2DLayer"},
    ),
    "same padding": (nn.Conv2d(8, 6, (4, 3), padding="same"), 6, {"Convolution2DLayer"}),
    "reach of a transposed convolution": (
        nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1),
        6,
        {"TransposedConvolution2DLayer"},
    ),
    "a grouped, dilated one": (
        nn.ConvTranspose2d(8, 6, 3, stride=(2, 1), padding=(1, 0), groups=2, dilation=2),
        6,
        {"TransposedConvolution2DLayer"},
    ),
    "pooling with ceil_mode": (
        nn.Sequential(nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(2, 2, ceil_mode=True)),
        8,
        {"MaxPooling2DLayer", "AveragePooling2DLayer"},
    ),
    "averages that count their padding": (
        nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.AvgPool2d(3, 2, 1, ceil_mode=True)),
        8,
        {"AveragePooling2DLayer"},
    ),
    "averages that do not": (
        nn.AvgPool2d((3, 2), 2, 1, count_include_pad=False),
        8,
        {"AveragePooling2DLayer"},
    ),
    "means over channels": (
        lambda x: x * torch.sigmoid(x.mean(1, keepdim=True)),
        8,
        {"Convolution2DLayer", "MultiplicationLayer"},
    ),
    "zeros around": (
        nn.Sequential(nn.ZeroPad2d((0, 1, 2, 3)), nn.Conv2d(8, 8, 3, stride=2)),
        8,
        {"Convolution2DLayer"},
    ),
    "squeeze and excitation": (Squeeze(torch.sigmoid), 8, {"MultiplicationLayer"}),
    "the hard one": (Squeeze(functional.hardsigmoid), 8, {"MultiplicationLayer"}),
    "a ConvNeXt block": (ChannelsLast(), 8, {"LayerNormalizationLayer", "GELULayer"}),
    "a channel shuffle": (shuffle, 8, {"DepthConcatenationLayer", "Convolution2DLayer"}),
    "ResNet's shortcut without weights": (shortcut, 8, {"AdditionLayer"}),
    "mean and standard deviation": (normalized, 8, {"ScalingLayer"}),
    "there and back": (by_features, 8, set()),
    "a hidden linear layer that becomes maps": (Hidden(), 6, {"Convolution2DLayer"}),
    "channels into space and back": (
        nn.Sequential(nn.PixelShuffle(2), nn.AvgPool2d(3, 1, 1), nn.PixelUnshuffle(2)),
        8,
        {"TransposedConvolution2DLayer", "Convolution2DLayer"},
    ),
    "each pixel repeated": (
        nn.Sequential(nn.Upsample(scale_factor=(2, 3)), nn.AvgPool2d(3, 2)),
        8,
        {"TransposedConvolution2DLayer"},
    ),
    "maps repeated": (lambda x: torch.relu(x.repeat(1, 2, 1, 1)), 16, {"ReLULayer"}),
    "reflected edges": (
        nn.Conv2d(8, 6, 5, padding=2, padding_mode="reflect"),
        6,
        {"ConcatenationLayer", "Convolution2DLayer"},
    ),
    "repeated edges": (
        nn.Conv2d(8, 8, 3, padding=1, padding_mode="replicate", groups=8),
        8,
        {"ConcatenationLayer"},
    ),
    "edges from the other side": (
        nn.Conv2d(8, 6, 3, padding=(1, 0), padding_mode="circular"),
        6,
        {"ConcatenationLayer"},
    ),
    "sums over space, stretched": (
        lambda x: x + torch.sigmoid(x.sum((2, 3), keepdim=True)) - x.mean(1, keepdim=True),
        8,
        {"AdditionLayer", "ScalingLayer"},
    ),
    "rows rolled": (lambda x: functional.max_pool2d(x.roll((2, -3), (2, 3)), 2), 8, set()),
    "maps flipped and halved by index": (lambda x: x[:, [7, 1, 0]], 3, {"Convolution2DLayer"}),
}


LEGACY, DYNAMO = (7, 9, 13, 17), (18, 20)


def exported(module: nn.Module, opset: int) -> onnx.ModelProto:
    """By torch.onnx.export, for a batch of any size."""
    file = io.BytesIO()
    example = torch.randn(2, *SIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if opset in DYNAMO:
            batch = torch.export.Dim("batch")
            program = torch.onnx.export(
                module, (example,), dynamo=True, opset_version=opset, verbose=False,
                dynamic_shapes=({0: batch},),
            )  # fmt: skip
            assert program is not None
            return program.model_proto
        torch.onnx.export(
            module, (example,), file, dynamo=False, opset_version=opset,
            input_names=["x"], dynamic_axes={"x": {0: "batch"}},
        )  # fmt: skip
    return onnx.load_from_string(file.getvalue())


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


def module_for(name: str) -> nn.Module:
    torch.manual_seed(0)
    body, channels, _ = BODIES[name]
    module = Wrapped(body, channels)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.4)
    return module.eval()
