"""PyTorch, float32 on the CPU, from the run's checkpoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.graph import LayerGraph
from cifarx.pytorch_models.run import build_module
from cifarx.verify.engines.engine import Engine, EngineMissingError, Outputs
from cifarx.verify.subject import Subject


class PyTorch:
    """The live module."""

    def __init__(self, subject: Subject) -> None:
        if subject.run is None:
            raise EngineMissingError(
                "the run with the checkpoint is not here (--checkpoint RUN names it)"
            )
        try:
            import torch  # noqa: F401
        except ImportError as error:
            raise EngineMissingError(f"PyTorch cannot be imported ({error})") from error
        self._module = build_module(subject.run)
        self._input_size = subject.run.record.input_size
        self._last: tuple[NDArray[np.float32], Outputs] | None = None

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        import torch

        from cifarx.export.reference import logits_float32

        if self._last is None or self._last[0] is not inputs:  # the truth needs them as well
            logits = logits_float32(self._module, inputs)
            self._last = inputs, Outputs(f"pytorch {torch.__version__}", logits, None)
        return self._last[1]

    def graph(self) -> LayerGraph:
        """The module's layers, as an export would write them."""
        from cifarx.export.torch_reader import graph_from_module

        return graph_from_module(self._module, self._input_size)

    def truth(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, K), the module in float64."""
        from cifarx.export.reference import logits_float64

        return logits_float64(self._module, inputs)


def open_pytorch(subject: Subject) -> Engine:
    """The engine; `EngineError` where the run is not at hand."""
    return PyTorch(subject)
