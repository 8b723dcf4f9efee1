"""Run an ONNX file in float32, with runtimes that share no code with the reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from cifarx.export.from_onnx.interface import model_inputs
from cifarx.pytorch_models.errors import UserError

Run = Callable[[Sequence[NDArray[np.float32]]], Sequence[Any]]


def at_once(model: onnx.ModelProto) -> int:
    """Number of inputs per run: the file's fixed batch, or two if that is symbolic.

    With one input, a Squeeze without axes would remove the batch axis, too.
    """
    return fixed_batch(model) or 2


def fixed_batch(model: onnx.ModelProto) -> int:
    """The file's fixed batch; 0 if it takes any."""
    sizes = model_inputs(model)[0].type.tensor_type.shape.dim
    return max(0, int(sizes[0].dim_value)) if sizes else 0


def outputs_float32(
    model: onnx.ModelProto, inputs: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], ...]:
    """All outputs (N, ...), by ONNX Runtime without optimisations, else by `onnx.reference`.

    Args:
        model: the network.
        inputs: (N, ...) per input in the file's order; N is a multiple of `at_once(model)`.

    Raises:
        UserError: neither runs the model.
    """
    reasons = []
    for runtime, start in (("ONNX Runtime", _onnx_runtime), ("onnx.reference", _reference)):
        try:
            run, step = start(model), at_once(model)
            parts = [
                [_of_batch(values, len(part[0])) for values in run(part)]
                for part in _parts(inputs, step)
            ]
            return tuple(np.concatenate(values) for values in zip(*parts, strict=True))
        except Exception as error:  # both raise exceptions of many types
            text = " ".join(str(error).split())[:200]
            reasons.append(f"{runtime} says {type(error).__name__}: {text}")
    raise UserError(
        f"Neither ONNX Runtime nor onnx.reference runs the network ({'; '.join(reasons)}), so "
        "there are no answers for model.mat. Export it again, or write only model.onnx with "
        "--onnx."
    )


def _parts(inputs: Sequence[NDArray[np.float32]], step: int) -> Iterator[list[NDArray[np.float32]]]:
    """Up to `step` of the inputs at a time."""
    for i in range(0, len(inputs[0]), step):
        yield [x[i : i + step] for x in inputs]


def _of_batch(values: Any, count: int) -> NDArray[np.float32]:
    """An output with the batch first, as files whose output is flattened have it as well."""
    array = np.asarray(values, np.float32)
    return array if array.shape[:1] == (count,) else array.reshape(count, -1)


def _onnx_runtime(model: onnx.ModelProto) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its message becomes part of the error
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in model_inputs(model)]
    outputs = [value.name for value in model.graph.output]
    return lambda part: session.run(outputs, dict(zip(names, part, strict=True)))


def _reference(model: onnx.ModelProto) -> Run:
    evaluator = ReferenceEvaluator(model)
    names = [value.name for value in model_inputs(model)]
    return lambda part: evaluator.run(None, dict(zip(names, part, strict=True)))
