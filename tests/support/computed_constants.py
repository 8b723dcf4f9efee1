"""Modules whose constants an exporter computes, for the tests of their audit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.export.from_torch.answers import make_answers
from cifarx.export.from_torch.calls import Example
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.model_contract import new_card
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.test_batch import TestBatch

SIZE = (3, 6, 5)
CLASSES = 4


class Folded(nn.Module):
    """(x - mean) / std, a weight norm, Hardswish, and logits over a temperature."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1))
        self.conv = parametrizations.weight_norm(nn.Conv2d(3, 6, (3, 2)))
        self.act = nn.Hardswish()
        self.fc = nn.Linear(6 * 4 * 4, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.conv((x - self.mean) / self.std))
        logits: Tensor = self.fc(torch.flatten(x, 1)) / 1.7
        return logits


class Normed(nn.Module):
    """A spectral norm, SELU, and a cosine head: features times rows of weights of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = parametrizations.spectral_norm(nn.Conv2d(3, 6, (3, 2)))
        self.act = nn.SELU()
        self.head = nn.Parameter(torch.randn(CLASSES, 6 * 4 * 4))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.flatten(self.act(self.conv(x)), 1)
        return F.linear(x, F.normalize(self.head)) * 16.3


class LogSoftmax(nn.Module):
    """The end of a classifier that was trained with NLLLoss."""

    def __init__(self, factor: float | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.fc = nn.Linear(6, CLASSES)
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        x = torch.log_softmax(self.fc(torch.relu(self.conv(x)).mean((2, 3))), 1)
        return x if self.factor is None else self.factor * x


def log_softmax_inside() -> nn.Module:
    return LogSoftmax(2.0)


NETWORKS = {"folded": Folded, "normed": Normed, "log-softmax": LogSoftmax}
CONSTANTS = {
    "folded": [
        ("ScalingLayer", "Offset"),
        ("ScalingLayer", "Scale"),
        ("Convolution2DLayer", "Weights"),
        ("ScalingLayer", "Scale"),
        ("ScalingLayer", "Scale"),
    ],
    "normed": [
        ("Convolution2DLayer", "Weights"),
        ("ScalingLayer", "Scale"),
        ("FullyConnectedLayer", "Weights"),
        ("ScalingLayer", "Scale"),
    ],
}
"""(kind of layer, property) of the constants that their export computes, in order."""


def made(name: str) -> nn.Module:
    """A network with random weights, the same each time."""
    torch.manual_seed(0)
    return NETWORKS[name]().eval()


@cache
def graph_of(name: str) -> LayerGraph:
    """Its layers; PyTorch's exporter takes seconds, so it reads each network once."""
    return graph_from_module(made(name), [Input("image", SIZE)])


def noise(count: int) -> np.ndarray:
    return np.random.RandomState(0).standard_normal((count, *SIZE)).astype(np.float32)


@torch.no_grad()
def in_float64(name: str, x: np.ndarray) -> np.ndarray:
    """The module's logits with all its numbers in float64."""
    found: Tensor = made(name).double()(torch.from_numpy(x).double())
    return np.asarray(found.numpy())


@cache
def bundle_of(name: str) -> Bundle:
    """A network that is not a run, with its answers to 16 inputs of noise."""
    inputs, module, graph = noise(16), made(name), graph_of(name)
    nothing = np.empty((0, *SIZE), np.uint8)
    answers = make_answers(module, Example(graph.inputs), [inputs])
    batch = TestBatch(nothing, (inputs,), np.empty(0, np.int64), *answers)
    card = replace(new_card("net", "0" * 64, CLASSES), ending=graph.ending)
    return Bundle(graph, card, batch, module)


def write(name: str, folder: Path) -> None:
    """Write model.onnx and model.mat, as `cifarx export` does for a module."""
    write_bundle(bundle_of(name), folder, "model", Formats(onnx=True, mat=True))
