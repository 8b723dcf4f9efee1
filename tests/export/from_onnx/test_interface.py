"""Inputs, outputs and sizes of a model."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_onnx import N, foreign
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.interface import (
    batch_and_size,
    dimensions,
    model_inputs,
    one_input_and_output,
    stored_tensors,
)
from cifarx.pytorch_models.errors import UserError


def test_initializers_dense_or_sparse_are_no_inputs() -> None:
    model = foreign([N("Add", ["in put", "w"], ["y"])], {"w": np.ones(7, np.float32)})
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(1, np.float32), "s"),
        numpy_helper.from_array(np.array([0]), ""),
        [7],
    )
    model.graph.sparse_initializer.append(sparse)
    for name in ("w", "s"):
        model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [7]))
    assert stored_tensors(model) == {"w", "s"}
    assert [value.name for value in model_inputs(model)] == ["in put"]
    given, output = one_input_and_output(model)
    assert (given.name, output) == ("in put", "y")


def test_two_inputs_are_named() -> None:
    model = foreign([N("Add", ["in put", "z"], ["y"])], {})
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [7]))
    with pytest.raises(UserError, match=r"has 2 inputs and 1 outputs .inputs 'in put', 'z'"):
        one_input_and_output(model)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("n", 3, 8, 9), (0, (3, 8, 9))),
        ((4, 3, 8, 9), (4, (3, 8, 9))),
        (("n", 10), (0, (10, 1, 1))),
    ],
)
def test_the_batch_and_the_size_of_an_image(
    shape: tuple[int | str, ...], expected: tuple[int, tuple[int, int, int]]
) -> None:
    assert batch_and_size(helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)) == expected


def test_dimensions_may_be_open_or_missing() -> None:
    def value(shape: tuple[int | str, ...] | None) -> object:
        return helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)

    assert dimensions(value(("n", 3))) == (None, 3)
    assert dimensions(value(())) == ()
    assert dimensions(value(None)) is None
    assert dimensions(helper.make_tensor_sequence_value_info("x", 1, None)) is None
