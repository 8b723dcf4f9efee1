"""What a light graph says of nodes, constants and shapes, of files that need not be valid."""

from __future__ import annotations

import numpy as np
import onnx
from foreign_onnx import N, foreign
from onnx import TensorProto, helper, numpy_helper

from cifarx.export.from_onnx.light_graph import LightGraph, LightNode


def nodes_of(model: onnx.ModelProto) -> list[LightNode]:
    return list(LightGraph(model).nodes)


def test_constants_are_what_does_not_depend_on_the_input() -> None:
    graph = LightGraph(
        foreign(
            [
                N("Constant", [], ["c"], value=numpy_helper.from_array(np.float32(2))),
                N("Mul", ["w", "c"], ["scaled"]),
                N("Shape", ["in put"], ["size"]),
                N("Mul", ["size", "size"], ["area"]),
                N("Mul", ["in put", "scaled"], ["y"]),
            ],
            {"w": np.ones(7, np.float32)},
        )
    )
    assert graph.constants == {"w", "c", "scaled"}
    assert graph.shape_values == {"size", "area"}
    assert graph.stored == {"w"}
    assert graph.producers["y"].op_type == "Mul"
    last = list(graph.nodes)[-1]
    assert (last.is_constant(0), last.is_constant(1), last.is_constant(2)) == (False, True, False)


def test_shapes_are_inferred_without_the_weights() -> None:
    model = foreign(
        [N("Conv", ["in put", "k"], ["h"]), N("Relu", ["h"], ["y"])],
        {"k": np.zeros((5, 2, 3, 3), np.float32)},
    )
    graph = LightGraph(model)
    assert graph.shapes["h"] == (None, 5, 4, 5)
    assert graph.shapes["k"] == (5, 2, 3, 3)
    model.graph.initializer[0].ClearField("raw_data")  # as where it lies in another file
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    assert LightGraph(model).shapes["h"] == (None, 5, 4, 5)


def test_a_file_that_inference_rejects_keeps_the_shapes_that_it_gives() -> None:
    model = foreign([N("Conv", ["in put", "k"], ["y"])], {"k": np.zeros((5, 9, 3, 3), np.float32)})
    model.graph.node.append(N("NoSuch", ["nowhere"], ["z"]))
    assert LightGraph(model).shapes["in put"] == (None, 2, 6, 7)
    function = helper.make_function(
        "own", "F", ["a"], ["b"], [N("F", ["a"], ["b"], domain="own")], []
    )
    model.functions.append(function)  # it calls itself
    assert LightGraph(model).shapes["in put"] == (None, 2, 6, 7)
    assert LightGraph(model).functions == {("own", "F")}


def test_only_a_few_stored_numbers_are_read() -> None:
    node, large, own, missing = nodes_of(
        foreign(
            [
                N("Clip", ["in put", "low"], ["a"]),
                N("Mul", ["a", "many"], ["b"]),
                N("Foo", ["b", ""], ["c"], domain="own", size=3),
                N("Relu", ["c"], ["y"]),
            ],
            {"low": np.float32(-1.5), "many": np.zeros(65, np.float32)},
        )
    )
    assert node.numbers(1) == [-1.5]
    assert large.numbers(1) is None
    assert (own.operator, own.attribute("size"), own.inputs) == ("own.Foo", 3, ["b"])
    assert missing.numbers(1) is None
    assert missing.shape(1) is None
    assert missing.attribute("size", 7) == 7


def test_a_wake_goes_through_elementwise_arithmetic_alone() -> None:
    graph = LightGraph(
        foreign(
            [
                N("ReduceMean", ["in put"], ["m"]),
                N("Sub", ["in put", "m"], ["s"]),
                N("MaxPool", ["s"], ["y"], kernel_shape=[2, 2]),
            ],
            {},
        )
    )
    assert graph.wake(frozenset(["ReduceMean"])) == {"m", "s"}
    assert graph.wake(frozenset(["Conv"])) == set()


def test_the_opset_is_that_of_onnxs_own_operators() -> None:
    model = foreign([N("Relu", ["in put"], ["y"])], {}, opset=15)
    model.opset_import.insert(0, helper.make_opsetid("own", 3))
    assert LightGraph(model).opset == 15
    del model.opset_import[:]
    assert LightGraph(model).opset is None
