"""The answers of an ONNX file itself, in float32 and float64: the truth for what is made of it.

By runtimes that share no code with the reader: ONNX Runtime, and `onnx.reference` with weights and
inputs widened.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, inliner, numpy_helper
from onnx.reference import ReferenceEvaluator

from cifarx.pytorch_models.errors import UserError

_FLOAT = TensorProto.FLOAT


def at_once(model: onnx.ModelProto) -> int:
    """Images that the file takes at once: its fixed batch, or one where that is symbolic."""
    return max(1, _input_dims(model)[0])


def image_shape(model: onnx.ModelProto) -> tuple[int, ...]:
    """Shape of one image, (C, H, W), or (F,) where the file takes features."""
    return tuple(_input_dims(model)[1:])


def _input_dims(model: onnx.ModelProto) -> list[int]:
    given = {t.name for t in model.graph.initializer}
    image = next(value for value in model.graph.input if value.name not in given)
    return [d.dim_value for d in image.type.tensor_type.shape.dim]


def logits_float32(model: onnx.ModelProto, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, ...) float32 -> (N, K), by ONNX Runtime without optimisations.

    Raises:
        UserError: ONNX Runtime rejects the model.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        name = session.get_inputs()[0].name
        parts = _parts(model, inputs)
        return np.concatenate([session.run(None, {name: part})[0] for part in parts])
    except Exception as error:  # its exception classes are private to its extension
        raise UserError(
            f"ONNX Runtime does not run the network ({_short(error)}), so that there are no "
            "answers to put into model.mat. Export it again, or write model.onnx alone with --onnx."
        ) from error


def logits_float64(model: onnx.ModelProto, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The same with weights, inputs and arithmetic in float64.

    Raises:
        UserError: the reference implementation cannot compute the network.
    """
    try:
        wide = ReferenceEvaluator(_widened(model))
        (name,) = (
            n for n in wide.input_names if n not in {t.name for t in model.graph.initializer}
        )
        parts = _parts(model, inputs.astype(np.float64))
        return np.concatenate([np.asarray(wide.run(None, {name: p})[0], np.float64) for p in parts])
    except Exception as error:  # it raises what numpy and Python raise
        raise UserError(
            f"The network cannot be computed in float64 by onnx.reference ({_short(error)}), so "
            "that there is no truth to put into model.mat. Write model.onnx alone with --onnx."
        ) from error


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _parts(model: onnx.ModelProto, inputs: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    step = at_once(model)
    return [inputs[i : i + step] for i in range(0, len(inputs), step)]


def _widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with float64 for float32 wherever its graph says it."""
    wide = onnx.ModelProto()
    wide.CopyFrom(inliner.inline_local_functions(model) if model.functions else model)
    for tensor in wide.graph.initializer:
        _widen(tensor)
    for node in wide.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                _widen(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == _FLOAT:
                attribute.i = TensorProto.DOUBLE
    for value in (*wide.graph.input, *wide.graph.output, *wide.graph.value_info):
        if value.type.tensor_type.elem_type == _FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return wide


def _widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type == _FLOAT:
        value = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
