"""ONNX Runtime on the CPU, over model.onnx as it lies there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.engines.engine import Engine, EngineError, EngineMissingError, Outputs
from cifarx.verify.subject import Subject

_AT_ONCE = 64


class OnnxRuntime:
    """An inference session with the default optimisations."""

    def __init__(self, subject: Subject) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise EngineMissingError(f"onnxruntime cannot be imported ({error})") from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(subject.onnx_path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exception classes are private to its extension
            raise EngineError(f"it does not load the file: {_first_line(error)}") from error
        self._version = onnxruntime.__version__

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        name = self._session.get_inputs()[0].name
        parts = np.array_split(inputs, max(1, -(-len(inputs) // _AT_ONCE)))
        try:
            logits = np.concatenate([self._session.run(None, {name: p})[0] for p in parts])
        except Exception as error:
            raise EngineError(f"it does not run the file: {_first_line(error)}") from error
        return Outputs(f"onnxruntime {self._version}", logits, None)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def open_onnx_runtime(subject: Subject) -> Engine:
    """The engine; `EngineError` where onnxruntime is missing or rejects the file."""
    return OnnxRuntime(subject)
