"""ONNX models as other programs write them, and ONNX Runtime as independent reference."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.network.model_card import ModelCard

CARD = ModelCard("net", "recipe", ("a", "b"), (0.0,), (255.0,), "0" * 64)


RANDOM = np.random.RandomState(0)


def foreign(
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    *,
    shape: tuple[int | str, ...] = ("batch", 2, 6, 7),
    opset: int = 17,
) -> onnx.ModelProto:
    """A model as somebody else might have written it; its output is `y`."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("in put", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    return np.asarray(y)


N = helper.make_node


HEAD = [N("Flatten", ["h"], ["f"]), N("Gemm", ["f", "w", "b"], ["y"], transB=1)]
