"""Run model.onnx in ONNX Runtime: with or without graph optimisation, on the CPU or with CUDA."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from cifarx.export.from_onnx.answers import fixed_batch
from cifarx.export.from_onnx.interface import model_inputs
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.errors import EngineError, EngineMissingError
from cifarx.verify.engines.engine import (
    Engine,
    Inputs,
    Outputs,
    Take,
    batch_size,
    layer_batch_size,
    mini_batches,
)
from cifarx.verify.subject.files_and_run import Subject

_AT_ONCE = 64
_CUDA = "CUDAExecutionProvider"


class OnnxRuntime:
    """An inference session, and on demand a second one that returns every layer's output."""

    holds: Literal["onnx"] = "onnx"
    library: Literal["onnxruntime"] = "onnxruntime"

    def __init__(self, subject: Subject, optimized: bool = True, cuda: bool = False) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise EngineMissingError(f"onnxruntime cannot be imported ({error})") from error
        if cuda and _CUDA not in onnxruntime.get_available_providers():
            raise EngineMissingError(
                "the installed onnxruntime has no CUDA provider (onnxruntime-gpu has)"
            )
        self.fast = cuda
        self._subject = subject
        self._options = onnxruntime.SessionOptions()
        self._options.log_severity_level = 3
        if not optimized:
            levels = onnxruntime.GraphOptimizationLevel
            self._options.graph_optimization_level = levels.ORT_DISABLE_ALL
        # TF32 is not float32 arithmetic
        self._providers = [(_CUDA, {"use_tf32": 0})] if cuda else ["CPUExecutionProvider"]
        self._session = self._opened(str(subject.onnx_path))
        self._fixed = fixed_batch(subject.onnx)
        self._names = [value.name for value in model_inputs(subject.onnx)]
        self._outputs = [value.name for value in subject.onnx.graph.output]
        place = ", CUDA" if cuda else ""
        place += "" if optimized else ", not optimized"
        self._runtime = f"onnxruntime {onnxruntime.__version__}{place}"

    def _opened(self, model: str | bytes) -> Any:
        import onnxruntime

        try:
            return onnxruntime.InferenceSession(model, self._options, providers=self._providers)
        except Exception as error:  # its exception classes are private
            raise EngineError(f"it does not load the file: {_first_line(error)}") from error

    def _computed(self, session: Any, outputs: list[str], part: Inputs) -> list[NDArray[Any]]:
        """Return the outputs; if the file has a fixed batch size, the last image is repeated."""
        count = len(part[0])
        if (missing := self._fixed - count) > 0:
            part = [np.concatenate([x, np.repeat(x[-1:], missing, axis=0)]) for x in part]
        return [values[:count] for values in _run(session, outputs, self._names, part)]

    def run(self, images: NDArray[np.uint8], inputs: Inputs) -> Outputs:
        """See `Engine.run`."""
        parts = mini_batches(inputs, self._fixed or batch_size(_AT_ONCE, inputs))
        found = [self._computed(self._session, self._outputs, part) for part in parts]
        return Outputs(self._runtime, _joined(found), None)

    def layers(
        self, graph: LayerGraph, inputs: Inputs, take: Take
    ) -> tuple[NDArray[np.float32], ...]:
        """See `Engine.layers`."""
        places, shapes = self._subject.places, graph.shapes()
        model = onnx.ModelProto()
        model.CopyFrom(self._subject.onnx)
        outputs = list(self._outputs)
        for place in places.values():
            if place.value not in outputs:
                outputs.append(place.value)
                marked = onnx.helper.make_tensor_value_info(
                    place.value, onnx.TensorProto.FLOAT, None
                )
                model.graph.output.append(marked)
        session = self._opened(model.SerializeToString())
        found = []
        for part in mini_batches(inputs, self._fixed or layer_batch_size(_AT_ONCE, graph)):
            count = len(part[0])
            values_of = dict(zip(outputs, self._computed(session, outputs, part), strict=True))
            found.append([values_of[name] for name in self._outputs])
            activations = {}
            for name, place in places.items():
                values = values_of[place.value].reshape(count, -1)
                if place.order is not None:
                    values = values[:, np.argsort(place.order.ravel())]
                if values.shape[1] == np.prod(shapes[name]):
                    values = values.reshape(count, *shapes[name])
                activations[name] = values
            take(part, activations)
        return _joined(found)


def _joined(parts: list[list[NDArray[Any]]]) -> tuple[NDArray[Any], ...]:
    """Join the outputs of all mini-batches; each is emptied, so that no output is held twice."""
    joined = []
    for k in range(len(parts[0])):
        joined.append(np.concatenate([part[k] for part in parts]))
        for part in parts:
            part[k] = np.empty(0)
    return tuple(joined)


def _run(session: Any, outputs: list[str], names: list[str], inputs: Inputs) -> Any:
    if len(names) != len(inputs):
        raise EngineError(f"the file takes {len(names)} inputs, not {len(inputs)}")
    try:
        return session.run(outputs, dict(zip(names, inputs, strict=True)))
    except Exception as error:
        raise EngineError(f"it does not run the file: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def open_onnx_runtime(subject: Subject) -> Engine:
    """Open the engine.

    Raises:
        EngineMissingError: onnxruntime is not installed.
        EngineError: onnxruntime rejects the file.
    """
    return OnnxRuntime(subject)


def open_unoptimized(subject: Subject) -> Engine:
    """Open the engine without graph optimisation; raises as `open_onnx_runtime` does."""
    return OnnxRuntime(subject, optimized=False)


def open_cuda(subject: Subject) -> Engine:
    """Open the engine on a GPU; also raises `EngineMissingError` if onnxruntime has no CUDA."""
    return OnnxRuntime(subject, cuda=True)
