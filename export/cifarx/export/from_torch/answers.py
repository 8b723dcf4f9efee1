"""Compute PyTorch's answers to the test batch in float32 and float64."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess

SIZE = 256
_AT_ONCE = 64  # images
_NUMBERS = _AT_ONCE * 3 * 32 * 32  # fewer of larger images, whose activations need more memory


def make_batch(
    module: nn.Module, images: Images, mean: NDArray[np.float32], std: NDArray[np.float32]
) -> TestBatch:
    """Run a module (in evaluation mode, on the CPU) on the images in both precisions.

    Args:
        module: float32.
        images: pixels uint8 (N, C, H, W), and labels.
        mean: (C,), in units of pixels from 0 to 255.
        std: (C,), in the same units.
    """
    inputs = preprocess(images.pixels, mean, std)
    return TestBatch(images.pixels, inputs, images.labels, *make_answers(module, inputs))


def make_answers(
    module: nn.Module, inputs: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """(N, C, H, W) float32 -> (N, K) in float32 and in float64."""
    return logits_float32(module, inputs), logits_float64(module, inputs)


def logits_float32(module: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, C, H, W) float32 -> (N, K) float32."""
    return _run(module, torch.from_numpy(inputs)).numpy()


@torch.no_grad()
def products_of_module(module: nn.Module, inputs: NDArray[np.float32]) -> int:
    """Multiplications that a module takes for one of the inputs (1, C, H, W)."""
    with FlopCounterMode(display=False) as counter:
        module(torch.from_numpy(inputs[:1]))
    return int(counter.get_total_flops()) // 2


def logits_float64(module: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, C, H, W) float32 -> (N, K), with weights, inputs and arithmetic in float64.

    The module, whose tensors must be float32, is converted to float64 and back in place, which is
    exact and needs no second copy of it.
    """
    try:
        return _run(module.double(), torch.from_numpy(inputs).double()).numpy()
    finally:
        module.float()


@torch.no_grad()
def _run(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    at_once = max(1, min(_AT_ONCE, _NUMBERS // max(1, inputs[0].numel())))
    parts = [module(part) for part in torch.split(inputs, at_once)]
    if not isinstance(parts[0], torch.Tensor):
        raise UserError(
            f"The module {type(module).__name__} returns a {type(parts[0]).__name__}, not one "
            "tensor of logits. Wrap it in a module that returns only the logits."
        )
    return torch.cat(parts)
