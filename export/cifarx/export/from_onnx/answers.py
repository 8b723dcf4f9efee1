"""Run an ONNX file in float32, with runtimes that share no code with the reader."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from cifarx.export.from_onnx.interface import model_inputs
from cifarx.pytorch_models.errors import UserError

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def at_once(model: onnx.ModelProto) -> int:
    """Number of images per run: the file's fixed batch, or two if that is symbolic.

    With one image, a Squeeze without axes would remove the batch axis, too.
    """
    return max(0, _input_dims(model)[0]) or 2


def image_shape(model: onnx.ModelProto) -> tuple[int, ...]:
    """Shape of one image: (C, H, W), or (F,) if the file takes features."""
    return tuple(_input_dims(model)[1:])


def _input_dims(model: onnx.ModelProto) -> list[int]:
    return [d.dim_value for d in model_inputs(model)[0].type.tensor_type.shape.dim]


def logits_float32(model: onnx.ModelProto, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, ...) float32 -> (N, K), by ONNX Runtime without optimisations, else by `onnx.reference`.

    Args:
        model: with one input and one output.
        inputs: N is a multiple of `at_once(model)`.

    Raises:
        UserError: neither runs the model.
    """
    reasons = []
    for runtime, start in (("ONNX Runtime", _onnx_runtime), ("onnx.reference", _reference)):
        try:
            run = start(model)
            step = at_once(model)
            parts = [inputs[i : i + step] for i in range(0, len(inputs), step)]
            return np.concatenate([run(part).reshape(len(part), -1) for part in parts])
        except Exception as error:  # both raise exceptions of many types
            text = " ".join(str(error).split())[:200]
            reasons.append(f"{runtime} says {type(error).__name__}: {text}")
    raise UserError(
        f"Neither ONNX Runtime nor onnx.reference runs the network ({'; '.join(reasons)}), so "
        "there are no answers for model.mat. Export it again, or write only model.onnx with "
        "--onnx."
    )


def _onnx_runtime(model: onnx.ModelProto) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its message becomes part of the error
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return lambda part: np.asarray(session.run(None, {name: part})[0])


def _reference(model: onnx.ModelProto) -> Run:
    evaluator = ReferenceEvaluator(model)
    name = model_inputs(model)[0].name
    return lambda part: np.asarray(evaluator.run(None, {name: part})[0], np.float32)
