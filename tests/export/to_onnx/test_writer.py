"""The portable profile of model.onnx; ONNX Runtime is the independent reference."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import onnx
import pytest
from foreign_onnx import CARD, N, foreign, run, weights
from onnx import TensorProto

from cifarx.export.bundle import Bundle
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError


def test_the_portable_profile_is_kept(bundle: Bundle) -> None:
    model = onnx_from_graph(bundle.graph, bundle.card).proto()
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 7
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 14)]
    (given,), (result,) = model.graph.input, model.graph.output
    dims = [d.dim_param or d.dim_value for d in given.type.tensor_type.shape.dim]
    assert (given.name, dims) == ("image", ["N", 3, 32, 32])
    dims = [d.dim_param or d.dim_value for d in result.type.tensor_type.shape.dim]
    assert (result.name, dims) == ("logits", ["N", 10])
    assert {n.op_type for n in model.graph.node} <= {
        "Conv", "Relu", "BatchNormalization", "Dropout", "AveragePool", "Flatten", "Gemm",
    }  # fmt: skip
    names = [n.name for n in model.graph.node] + [t.name for t in model.graph.initializer]
    names += [v for n in model.graph.node for v in (*n.input, *n.output)]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name) for name in names)
    assert not any(t.data_location == TensorProto.EXTERNAL for t in model.graph.initializer)
    convolution = next(n for n in model.graph.node if n.op_type == "Conv")
    assert {a.name for a in convolution.attribute} == {
        "kernel_shape", "strides", "pads", "dilations", "group",
    }  # fmt: skip
    assert ModelCard.from_metadata({e.key: e.value for e in model.metadata_props}) == bundle.card


def test_the_same_network_gives_the_same_bytes(bundle: Bundle) -> None:
    files = [onnx_from_graph(bundle.graph, bundle.card) for _ in range(2)]
    first, second = (b"".join(file.chunks()) for file in files)
    assert first == second
    assert files[0].sha256() == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize(("opset", "ir"), [(14, 7), (15, 8), (17, 8), (19, 9), (21, 10)])
def test_the_opset_asked_for_is_the_one_written(bundle: Bundle, opset: int, ir: int) -> None:
    model = onnx_from_graph(bundle.graph, bundle.card, opset).proto()
    assert (model.opset_import[0].version, model.ir_version) == (opset, ir)
    x = bundle.batch.inputs[0][:8]
    np.testing.assert_allclose(run(model, x), bundle.batch.logits[:8], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("opset", [13, 7, 0, 999])
def test_an_opset_out_of_range_is_rejected(bundle: Bundle, opset: int) -> None:
    with pytest.raises(UserError, match=f"--opset {opset} is not supported: allowed are 14"):
        onnx_from_graph(bundle.graph, bundle.card, opset)


def test_reading_what_was_written_gives_the_same_graph(bundle: Bundle) -> None:
    again = read_onnx(onnx_from_graph(bundle.graph, bundle.card).proto())
    assert [(a.name, a.kind, a.hyper) for a in again.layers] == [
        (b.name, b.kind, b.hyper) for b in bundle.graph.layers
    ]
    for key, array in again.arrays().items():
        assert array.value.tobytes() == bundle.graph.arrays()[key].value.tobytes()


def test_a_scaling_keeps_its_size_whatever_its_numbers_are() -> None:
    arrays = {"w": weights(2, 1, 1), "b": np.zeros((2, 1, 1), np.float32)}
    nodes = [N("Mul", ["in put", "w"], ["h"]), N("Add", ["h", "b"], ["y"])]
    graph = read_onnx(foreign(nodes, arrays))
    again = read_onnx(onnx_from_graph(graph, CARD).proto())
    shapes = [{k: a.value.shape for k, a in la.arrays.items()} for la in again.layers]
    assert shapes == [{"Scale": (2,), "Offset": (2,)}]
