"""Inputs, outputs and sizes of a model."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign_onnx import N, foreign
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.interface import (
    dimensions,
    inputs_of,
    model_inputs,
    outputs_of,
    stored_tensors,
)
from cifarx.export.network.interface import Input
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
    assert inputs_of(model) == (0, (Input("in put", (2, 6, 7)),))
    assert outputs_of(model) == ["y"]


def model_of(*inputs: tuple[str, int, tuple[int | str, ...] | None]) -> onnx.ModelProto:
    """A model with inputs of (name, type, shape) alone."""
    values = [helper.make_tensor_value_info(*one) for one in inputs]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    return helper.make_model(helper.make_graph([], "net", values, outputs))


@pytest.mark.parametrize(
    ("shape", "batch"),
    [
        (("n", 3, 8, 9), 0),
        ((4, 3, 8, 9), 4),
        (("n", 12, 1000), 0),
        ((2, 12, 1000), 2),
        (("n", 10), 0),
        ((-1, 10), 0),
    ],
)
def test_an_input_keeps_its_rank_and_its_batch(shape: tuple[int | str, ...], batch: int) -> None:
    expected = (batch, (Input("x", shape[1:]),))
    assert inputs_of(model_of(("x", TensorProto.FLOAT, shape))) == expected


def test_several_inputs_keep_their_order_and_have_one_batch() -> None:
    image = ("im age", TensorProto.FLOAT, ("n", 3, 8, 9))
    state = ("state", TensorProto.FLOAT, ("n", 4))
    assert inputs_of(model_of(state, image)) == (
        0,
        (Input("state", (4,)), Input("im age", (3, 8, 9))),
    )
    with pytest.raises(UserError, match=r"different batch sizes \('im age' any, 'state' 2\)"):
        inputs_of(model_of(image, ("state", TensorProto.FLOAT, (2, 4))))


@pytest.mark.parametrize(
    ("kind", "shape", "words"),
    [
        (TensorProto.FLOAT, ("n",), "in the file it is float n."),
        (TensorProto.FLOAT, ("n", 2, 3, 4, 5), "in the file it is float n x 2 x 3 x 4 x 5."),
        (TensorProto.FLOAT, ("n", 3, "h", "w"), "in the file it is float n x 3 x h x w."),
        (TensorProto.FLOAT, None, "in the file it is float of unknown size."),
        (TensorProto.DOUBLE, ("n", 8), "in the file it is double n x 8."),
        (TensorProto.INT64, ("n", 8), "in the file it is int64 n x 8."),
    ],
)
def test_an_input_that_no_array_of_matlab_stands_for_is_refused(
    kind: int, shape: tuple[int | str, ...] | None, words: str
) -> None:
    with pytest.raises(UserError) as refused:
        inputs_of(model_of(("x", kind, shape)))
    assert words in str(refused.value)
    assert "'x' must be float32 features N x F, signals N x C x L or images" in str(refused.value)


def test_a_network_has_an_input_and_an_output() -> None:
    with pytest.raises(UserError, match="has 0 inputs and 1 outputs"):
        outputs_of(model_of())
    model = model_of(("x", TensorProto.FLOAT, ("n", 8)))
    del model.graph.output[:]
    with pytest.raises(UserError, match="has 1 inputs and 0 outputs"):
        outputs_of(model)


def test_dimensions_may_be_open_or_missing() -> None:
    def value(shape: tuple[int | str, ...] | None) -> object:
        return helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)

    assert dimensions(value(("n", 3))) == (None, 3)
    assert dimensions(value(())) == ()
    assert dimensions(value(None)) is None
    assert dimensions(helper.make_tensor_sequence_value_info("x", 1, None)) is None
