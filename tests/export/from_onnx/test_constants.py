"""Constants, stored and computed."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_onnx import RANDOM, N, foreign

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.pytorch_models.errors import UserError


def test_random_numbers_are_no_constants() -> None:
    noise = N("RandomNormal", [], ["c"], "noise", shape=[2, 1, 1])
    drawn = N("RandomNormalLike", ["c"], ["d"], "more")
    add = N("Add", ["in put", "d"], ["h"])
    with pytest.raises(UserError, match=r"RandomNormal \(node noise\): random numbers"):
        read_onnx(foreign([noise, drawn, add, N("GlobalAveragePool", ["h"], ["y"])], {}))


def test_weights_stored_in_eight_bits_are_constants() -> None:
    kernels = RANDOM.randint(-127, 127, (3, 2, 1, 1)).astype(np.int8)
    weights = {"k": kernels, "s": np.float32(0.5), "z": np.int8(1)}
    nodes = [N("DequantizeLinear", ["k", "s", "z"], ["w"]), N("Conv", ["in put", "w"], ["y"])]
    (layer,) = read_onnx(foreign(nodes, weights, opset=13)).layers
    np.testing.assert_array_equal(layer.arrays["Weights"].value, (kernels - 1.0) * 0.5)
