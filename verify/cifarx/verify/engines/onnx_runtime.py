"""Run model.onnx in ONNX Runtime: with or without graph optimisation, on the CPU or with CUDA."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from cifarx.export.from_onnx.interface import model_inputs
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.errors import EngineError, EngineMissingError
from cifarx.verify.engines.engine import Engine, Outputs, Take, batch_size, layer_batch_size
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
        self._fixed = _fixed_batch(subject.onnx)
        place = ", CUDA" if cuda else ""
        place += "" if optimized else ", not optimized"
        self._runtime = f"onnxruntime {onnxruntime.__version__}{place}"

    def _opened(self, model: str | bytes) -> Any:
        import onnxruntime

        try:
            return onnxruntime.InferenceSession(model, self._options, providers=self._providers)
        except Exception as error:  # its exception classes are private
            raise EngineError(f"it does not load the file: {_first_line(error)}") from error

    def _computed(self, session: Any, outputs: list[str] | None, part: NDArray[np.float32]) -> Any:
        """Return the outputs; if the file has a fixed batch size, the last image is repeated."""
        missing = max(0, self._fixed - len(part))
        whole = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) if missing else part
        return [values[: len(part)] for values in _run(session, outputs, whole)]

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        parts = _parts(inputs, self._fixed or batch_size(_AT_ONCE, inputs))
        logits = [self._computed(self._session, None, part)[0] for part in parts]
        return Outputs(self._runtime, np.concatenate(logits), None)

    def layers(
        self, graph: LayerGraph, inputs: NDArray[np.float32], take: Take
    ) -> NDArray[np.float32]:
        """See `Engine.layers`."""
        places, shapes = self._subject.places, graph.shapes()
        model = onnx.ModelProto()
        model.CopyFrom(self._subject.onnx)
        outputs = [value.name for value in model.graph.output]
        for place in places.values():
            if place.value not in outputs:
                outputs.append(place.value)
                marked = onnx.helper.make_tensor_value_info(
                    place.value, onnx.TensorProto.FLOAT, None
                )
                model.graph.output.append(marked)
        session = self._opened(model.SerializeToString())
        logits = []
        for part in _parts(inputs, self._fixed or layer_batch_size(_AT_ONCE, graph)):
            values_of = dict(zip(outputs, self._computed(session, outputs, part), strict=True))
            logits.append(values_of[outputs[0]])
            activations = {}
            for name, place in places.items():
                values = values_of[place.value].reshape(len(part), -1)
                if place.order is not None:
                    values = values[:, np.argsort(place.order.ravel())]
                if values.shape[1] == np.prod(shapes[name]):
                    values = values.reshape(len(part), *shapes[name])
                activations[name] = values
            take(part, activations)
        return np.concatenate(logits)


def _fixed_batch(model: onnx.ModelProto) -> int:
    """Return the fixed batch size of the file, or 0 if it takes any."""
    sizes = model_inputs(model)[0].type.tensor_type.shape.dim
    return sizes[0].dim_value if sizes else 0


def _parts(inputs: NDArray[np.float32], size: int) -> list[NDArray[np.float32]]:
    return [inputs[start : start + size] for start in range(0, len(inputs), size)]


def _run(session: Any, outputs: list[str] | None, inputs: NDArray[np.float32]) -> Any:
    try:
        return session.run(outputs, {session.get_inputs()[0].name: inputs})
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
