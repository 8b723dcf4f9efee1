"""Attributes and outputs of a node."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign_onnx import N, foreign, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.pytorch_models.errors import UserError


@pytest.mark.parametrize(
    ("node", "arrays"),
    [
        (N("Gather", ["in put", "i"], ["y"], axis=1), {"i": np.array([5])}),
        (N("GatherND", ["in put", "i"], ["y"]), {"i": np.array([[0, 9]])}),
        (N("Transpose", ["in put"], ["y"], perm=[0, 1, 1, 2]), {}),
        (N("Unsqueeze", ["in put", "i"], ["y"]), {"i": np.array([9])}),
        (N("Pad", ["in put", "i"], ["y"]), {"i": np.array([0, 0, 1])}),
        (N("Clip", ["in put", "i"], ["y"]), {"i": weights(2)}),
        (N("AveragePool", ["in put"], ["y"], kernel_shape=[1, 1], strides=[0, 0], ceil_mode=1), {}),
        (N("ConvTranspose", ["in put", "i"], ["y"], group=0), {"i": weights(2, 2, 1, 1)}),
    ],
    ids=lambda given: getattr(given, "op_type", ""),
)
def test_a_node_that_contradicts_itself_is_named(
    node: onnx.NodeProto, arrays: dict[str, np.ndarray]
) -> None:
    node.name = "the one"
    with pytest.raises(UserError, match=r"\(node the one\): "):
        read_onnx(foreign([node], arrays))


def test_an_attribute_that_no_reader_knows_is_refused_and_a_default_is_not() -> None:
    """So what a later opset adds to an operator is not passed over."""
    node = N("Relu", ["in put"], ["h"], "one", slope=0.1)
    with pytest.raises(UserError, match=r"Relu \(node one\): its attribute 'slope' is not known"):
        read_onnx(foreign([node, N("GlobalAveragePool", ["h"], ["y"])], {}))
    attributes = {"cubic_coeff_a": -0.5, "antialias": 0, "mode": "nearest", "exclude_outside": 1}
    scales = {"scales": np.array([1, 1, 2, 2], np.float32)}
    for wanted, kept in (({}, True), ({"antialias": 1}, False)):
        resize = N("Resize", ["in put", "", "scales"], ["h"], "one", **(attributes | wanted))
        model = foreign(
            [resize, N("AveragePool", ["h"], ["y"], kernel_shape=[3, 3])], scales, opset=18
        )
        if kept:
            assert read_onnx(model).layers[0].kind == "TransposedConvolution2DLayer"
        else:
            with pytest.raises(UserError, match="antialias=1"):
                read_onnx(model)


def test_a_mask_that_nothing_takes_does_no_harm() -> None:
    drop = N("Dropout", ["in put"], ["h", "mask"], ratio=0.25)
    model = foreign([drop, N("GlobalAveragePool", ["h"], ["y"])], {}, opset=10)
    assert read_onnx(model).layers[0].kind == "DropoutLayer"
