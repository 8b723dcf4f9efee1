"""The test batch: images of every class, and PyTorch's answers to them in float32 and float64."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cifarx.export.mat_writer import TestBatch
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.preprocess import preprocess

SIZE = 256
_AT_ONCE = 64


def make_batch(
    module: nn.Module, images: Images, mean: NDArray[np.float32], std: NDArray[np.float32]
) -> TestBatch:
    """Run a module in evaluation mode on the CPU over the images, in both precisions."""
    inputs = preprocess(images.pixels, mean, std)
    logits, reference = logits_float32(module, inputs), logits_float64(module, inputs)
    return TestBatch(images.pixels, inputs, images.labels, logits, reference)


def logits_float32(module: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, C, H, W) float32 -> (N, K) float32."""
    return _run(module, torch.from_numpy(inputs)).numpy()


def logits_float64(module: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The same with weights, inputs and arithmetic in float64: the truth that runtimes approach."""
    return _run(copy.deepcopy(module).double(), torch.from_numpy(inputs).double()).numpy()


@torch.no_grad()
def _run(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    return torch.cat([module(part) for part in torch.split(inputs, _AT_ONCE)])
