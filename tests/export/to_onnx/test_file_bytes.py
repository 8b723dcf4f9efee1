"""The bytes of a file; protobuf is the independent writer."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.bundle import Bundle
from cifarx.export.to_onnx.file_bytes import OnnxFile
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import TooLargeError


def test_the_bytes_are_those_that_protobuf_would_write(bundle: Bundle) -> None:
    file = onnx_from_graph(bundle.graph, bundle.card)
    whole = onnx.ModelProto()
    whole.CopyFrom(file.model)
    whole.graph.initializer.extend(numpy_helper.from_array(a, name) for name, a in file.arrays)
    assert b"".join(file.chunks()) == whole.SerializeToString(deterministic=True)


def test_arrays_of_any_layout_and_size_are_as_protobuf_writes_them() -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["x"])], "g", [value], [value])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    helper.set_model_props(model, {"b": "2", "a": "ä" * 200})
    arrays = [
        ("none", np.empty((0, 3), np.float32)),
        ("one", np.array(7, np.int64)),
        ("turned", np.arange(6, dtype=np.float32).reshape(2, 3).T),
        ("long", np.arange(5000, dtype=np.float32)),  # its length takes three bytes
    ]
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    whole.graph.initializer.extend(numpy_helper.from_array(a.copy(), name) for name, a in arrays)
    file = OnnxFile(model, arrays)
    assert b"".join(file.chunks()) == whole.SerializeToString(deterministic=True)
    assert file.proto() == whole


def test_two_gibibytes_are_too_large_and_a_little_less_is_not() -> None:
    def file(elements: int) -> OnnxFile:
        return OnnxFile(onnx.ModelProto(), [("a", np.broadcast_to(np.float32(0), (elements,)))])

    file(2**29 - 200).require_size()
    with pytest.raises(TooLargeError, match=r"2\.0 GiB"):
        file(2**29).require_size()
