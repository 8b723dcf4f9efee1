"""Compute PyTorch's answers to the test batch in float32 and float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
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


class _LogSoftmaxes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keep the last log-softmax, to give the logits of a module that ends in one."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._logits: torch.Tensor | None = None
        self._place: tuple[int, torch.Size] | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten._log_softmax.default and args[0].ndim == 2:
            self._logits, self._place = args[0], (result.data_ptr(), result.shape)
        return result

    def before(self, output: torch.Tensor) -> torch.Tensor:
        """The logits where the output is their log-softmax, else the output itself."""
        if self._logits is None or self._place != (output.data_ptr(), output.shape):
            return output
        return self._logits


@torch.no_grad()
def _run(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """The module's outputs; of one that ends in a log-softmax the logits before that."""
    at_once = max(1, min(_AT_ONCE, _NUMBERS // max(1, inputs[0].numel())))
    parts = []
    for part in torch.split(inputs, at_once):
        with _LogSoftmaxes() as ending:
            output = module(part)
        if not isinstance(output, torch.Tensor):
            raise UserError(
                f"The module {type(module).__name__} returns a {type(output).__name__}, not one "
                "tensor of logits. Wrap it in a module that returns only the logits."
            )
        parts.append(ending.before(output))
    return torch.cat(parts)
