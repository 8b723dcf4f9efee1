"""What onnx.checker does not see, and what its reasons mean."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign_onnx import N, foreign
from onnx import TensorProto

from cifarx.export.from_onnx.light_graph import LightGraph
from cifarx.export.from_onnx.validity import explained, invalidity, one_line


def convolution(channels: int, groups: int = 1) -> onnx.ModelProto:
    kernels = np.zeros((4, channels, 3, 3), np.float32)
    nodes = [N("Relu", ["in put"], ["h"]), N("Conv", ["h", "k"], ["y"], "c1", group=groups)]
    model = foreign(nodes, {"k": kernels})
    return onnx.shape_inference.infer_shapes(model)


def test_channels_of_a_convolution_are_compared() -> None:
    assert invalidity(LightGraph(convolution(2))) == ""
    assert invalidity(LightGraph(convolution(1, groups=2))) == ""
    assert "'c1' gets 2 channels, but its weights are for 3" in invalidity(
        LightGraph(convolution(3))
    )


def test_channels_of_batch_norm_are_compared() -> None:
    names = ["in put", "s", "o", "m", "v"]
    nodes = [N("BatchNormalization", names, ["y"], "n1")]  # newer opsets compare them themselves
    model = foreign(nodes, {k: np.ones(3, np.float32) for k in "somv"}, opset=9)
    given, result = (v.type.tensor_type.shape for v in (*model.graph.input, *model.graph.output))
    result.CopyFrom(given)  # shape inference does not tell it
    assert "'n1' gets 2 channels, but its weights are for 3" in invalidity(LightGraph(model))


def test_a_missing_side_file_is_not_a_fault() -> None:
    model = convolution(2)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="nowhere.bin")
    assert invalidity(LightGraph(model)) == ""


@pytest.mark.parametrize("operator", ["NoSuch", "Upsample"])
def test_reasons_of_the_checker_are_explained(operator: str) -> None:
    model = convolution(2)
    model.graph.node[0].op_type = operator
    meaning, remedy = explained(invalidity(LightGraph(model)))
    assert meaning
    assert remedy
    assert explained("something new") == ("", "")


def test_a_reason_is_one_short_line() -> None:
    text = one_line(ValueError("a\n  b\t" + "c" * 999))
    assert text.startswith("a b ccc")
    assert len(text) <= 300
