"""Models made node by node, and what MATLAB's importer is predicted to make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.matlab_importer.check import (
    ImporterReport,
    check_matlab_import,
)
from cifarx.export.matlab_importer.findings import LEVELS, Finding

RANDOM = np.random.RandomState(0)


MAPS = ("N", 4, 8, 8)


BUILT_IN, ADD_ON, GENERATED, UNKNOWN = "built-in", "add-on", "generated", "unknown"


def model(
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray] | None = None,
    *,
    shape: tuple[int | str, ...] | None = MAPS,
    kind: int = TensorProto.FLOAT,
    opset: int = 14,
    ir: int = 7,
    domains: tuple[str, ...] = (),
) -> onnx.ModelProto:
    """A model from input `x` to output `y`, whose shape is as far as ONNX can tell it."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    whole = helper.make_model(graph, opset_imports=imports, ir_version=ir)
    try:
        return onnx.shape_inference.infer_shapes(whole)
    except (RuntimeError, ValueError):
        return whole  # the check is wanted for files that are not valid, too


def one(
    operator: str, weights: list[np.ndarray] | None = None, **attributes: Any
) -> ImporterReport:
    """The report on a network of one node, whose weights follow its input."""
    opset = attributes.pop("opset", 14)
    shape = attributes.pop("shape", MAPS)
    release = attributes.pop("release", None)
    stored = {f"w{i}": value for i, value in enumerate(weights or ())}
    node = helper.make_node(operator, ["x", *stored], ["y"], name="node", **attributes)
    return check_matlab_import(model([node], stored, shape=shape, opset=opset), "net.onnx", release)


def weight(*shape: int) -> np.ndarray:
    return RANDOM.randn(*shape).astype(np.float32)


def fate(report: ImporterReport, i: int = -1) -> tuple[str, str]:
    """Outcome and layer of a node, without the package of the layer."""
    node = report.nodes[i]
    return node.outcome, node.layer.rpartition(".")[2]


def finding(report: ImporterReport, topic: str) -> Finding:
    """The gravest finding on a topic."""
    found = [f for f in report.findings if f.topic == topic]
    return max(found, key=lambda f: LEVELS.index(f.level))


CLEAN_NET = [
    helper.make_node("Conv", ["x", "w"], ["a"], name="conv"),
    helper.make_node("Relu", ["a"], ["b"], name="relu"),
    helper.make_node("GlobalAveragePool", ["b"], ["y"], name="pool"),
]


def clean_net(**options: Any) -> onnx.ModelProto:
    return model(CLEAN_NET, {"w": weight(6, 4, 3, 3)}, **options)
