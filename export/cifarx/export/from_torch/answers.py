"""Compute PyTorch's answers to the test batch in float32 and float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from cifarx.export.from_torch.calls import Example, called
from cifarx.export.network.interface import Input
from cifarx.export.network.names import INPUT
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.data.images import Images
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
    inputs = (preprocess(images.pixels, mean, std),)
    example = Example((Input(INPUT, images.pixels.shape[1:]),))
    return TestBatch(images.pixels, inputs, images.labels, *make_answers(module, example, inputs))


Inputs = Sequence[NDArray[np.float32]]
"""One array (N, ...) per input."""
Outputs = tuple[NDArray[Any], ...]
"""One array (N, ...) per output."""


def make_answers(module: nn.Module, example: Example, inputs: Inputs) -> tuple[Outputs, Outputs]:
    """All outputs in float32 and in float64."""
    return (
        outputs_float32(module, example, inputs),
        outputs_float64(module, example, inputs),
    )


def outputs_float32(module: nn.Module, example: Example, inputs: Inputs) -> Outputs:
    """All outputs of a module in float32."""
    return _run(module, example, [torch.from_numpy(x) for x in inputs])


@torch.no_grad()
def products_of_module(module: nn.Module, example: Example, inputs: Inputs) -> int:
    """Multiplications that a module takes for the first of the inputs."""
    args, kwargs = example.arguments([torch.from_numpy(x[:1]) for x in inputs])
    with FlopCounterMode(display=False) as counter:
        module(*args, **kwargs)
    return int(counter.get_total_flops()) // 2


def outputs_float64(module: nn.Module, example: Example, inputs: Inputs) -> Outputs:
    """All outputs of a module with weights, inputs and arithmetic in float64.

    The module, whose tensors must be float32, is converted to float64 and back in place, which is
    exact and needs no second copy of it.
    """
    try:
        return _run(module.double(), example, [torch.from_numpy(x).double() for x in inputs])
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
def _run(module: nn.Module, example: Example, inputs: Sequence[torch.Tensor]) -> Outputs:
    """The module's outputs; of one that ends in a log-softmax of a vector the logits before it."""
    numbers = sum(x[0].numel() for x in inputs)
    at_once = max(1, min(_AT_ONCE, _NUMBERS // max(1, numbers)))
    parts = []
    for first in range(0, len(inputs[0]), at_once):
        with _LogSoftmaxes() as ending:
            outputs = called(module, example, [x[first : first + at_once] for x in inputs])
        values = list(outputs.values())
        parts.append([ending.before(values[0])] if len(values) == 1 else values)
    return tuple(torch.cat(values).numpy() for values in zip(*parts, strict=True))
