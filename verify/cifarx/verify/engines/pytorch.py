"""Run the module of the checkpoint in PyTorch, float32: eager, channels-last, or on a GPU."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifarx.export.from_torch.answers import outputs_float64
from cifarx.export.from_torch.calls import Example
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.names import INPUT
from cifarx.pytorch_models.errors import EngineMissingError
from cifarx.pytorch_models.run import build_module
from cifarx.verify.engines.engine import (
    Engine,
    Inputs,
    Outputs,
    Take,
    batch_size,
    layer_batch_size,
    mini_batches,
)
from cifarx.verify.engines.recorded_layers import activations, recorded
from cifarx.verify.subject.files_and_run import Subject

_AT_ONCE = 64


class PyTorch:
    """The module of the run, with the weights of its checkpoint."""

    holds: Literal["run"] = "run"
    library: Literal["pytorch"] = "pytorch"

    def __init__(self, subject: Subject, channels_last: bool = False, cuda: bool = False) -> None:
        if subject.run is None:
            raise EngineMissingError(
                "the run with the checkpoint is not here (--checkpoint RUN names it)"
            )
        if cuda and not torch.cuda.is_available():
            raise EngineMissingError("PyTorch finds no GPU with CUDA")
        # cuDNN and NNPACK may use Winograd's algorithm; oneDNN on x86 sums directly
        self.fast = cuda or not _has_onednn()
        self._module = build_module(subject.run).to("cuda" if cuda else "cpu")
        if channels_last:
            self._module = self._module.to(memory_format=torch.channels_last)
        self._channels_last, self._cuda = channels_last, cuda
        self._example = Example((Input(INPUT, subject.run.record.input_size),))
        self._last: tuple[Inputs, Outputs] | None = None
        place = ", CUDA" if cuda else ""
        self._runtime = f"pytorch {torch.__version__}{place}"
        self._runtime += ", channels-last" if channels_last else ""

    def run(self, images: NDArray[np.uint8], inputs: Inputs) -> Outputs:
        """See `Engine.run`."""
        if self._last is None or self._last[0] is not inputs:  # the truth needs the same outputs
            parts = mini_batches(inputs, batch_size(_AT_ONCE, inputs))
            found = [self._forward(_tensors(part)).cpu() for part in parts]
            self._last = inputs, Outputs(self._runtime, (torch.cat(found).numpy(),), None)
        return self._last[1]

    def layers(
        self, graph: LayerGraph, inputs: Inputs, take: Take
    ) -> tuple[NDArray[np.float32], ...]:
        """See `Engine.layers`; hooks record what modules get and give (`recorded_layers`)."""
        logits = []
        for part in mini_batches(inputs, layer_batch_size(_AT_ONCE, graph)):
            tensors = _tensors(part)
            with recorded(self._module) as calls:
                logits.append(self._forward(tensors).cpu().numpy())
            take(part, activations(graph, calls, [self._placed(x) for x in tensors]))
        return (np.concatenate(logits),)

    def graph(self) -> LayerGraph:
        """Return the module's layers as an export writes them."""
        return graph_from_module(self._module, self._example.inputs)

    def truth(self, inputs: Inputs) -> tuple[NDArray[np.float64], ...]:
        """Return the outputs of the module in float64, (N, ...) each."""
        return outputs_float64(self._module, self._example, inputs)

    def _placed(self, part: Tensor) -> Tensor:
        x = part.to("cuda") if self._cuda else part
        last = self._channels_last and x.ndim == 4
        return x.contiguous(memory_format=torch.channels_last) if last else x

    def _forward(self, part: list[Tensor]) -> Tensor:
        tf32 = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
        try:  # TF32 is not float32 arithmetic
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
            with torch.no_grad():
                logits: Tensor = self._module(*(self._placed(x) for x in part))
            return logits
        finally:
            torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = tf32


def _has_onednn() -> bool:
    mkldnn: Any = torch.backends.mkldnn
    return bool(mkldnn.is_available() and mkldnn.enabled)


def _tensors(inputs: Inputs) -> list[Tensor]:
    return [torch.from_numpy(x) for x in inputs]


def open_pytorch(subject: Subject) -> Engine:
    """Open the engine.

    Raises:
        EngineMissingError: the run is missing.
    """
    return PyTorch(subject)


def open_channels_last(subject: Subject) -> Engine:
    """Open the engine with the channels-last memory format; raises as `open_pytorch` does."""
    return PyTorch(subject, channels_last=True)


def open_cuda(subject: Subject) -> Engine:
    """Open the engine on a GPU without TF32; also raises `EngineMissingError` without a GPU."""
    return PyTorch(subject, cuda=True)
