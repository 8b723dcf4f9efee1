"""What an output does not need is idle, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cifarx.verify.ladder.weights.idle_parts import idle_parts

SHAPE = ["N", 4]


def tensor(name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(4, np.float32), name)


def value(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE)


def graph(nodes: Sequence[onnx.NodeProto], output: str, *weights: str) -> onnx.GraphProto:
    return helper.make_graph(
        nodes, "g", [value("x")], [value(output)], [tensor(name) for name in weights]
    )


def model(*nodes: onnx.NodeProto, weights: Sequence[str] = ()) -> onnx.ModelProto:
    return helper.make_model(
        graph(nodes, "y", *weights),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("own", 1)],
    )


def node(operator: str, given: str, output: str, **attributes: object) -> onnx.NodeProto:
    """Inputs and outputs as words."""
    return helper.make_node(operator, given.split(), output.split(), **attributes)


def branch(*nodes: onnx.NodeProto, weights: Sequence[str] = ()) -> onnx.GraphProto:
    made = graph(nodes, nodes[0].output[0], *weights)
    del made.input[:]
    return made


def function(name: str, *nodes: onnx.NodeProto) -> onnx.FunctionProto:
    return helper.make_function("own", name, ["a"], ["b"], list(nodes), [*model().opset_import], [])


def test_optional_outputs_that_nobody_reads_are_no_idle_parts() -> None:
    dropout = node("Dropout", "x ratio", "y mask")
    assert idle_parts(model(dropout, weights=["ratio"])) == []


def test_constants_of_nodes_that_are_read_are_used() -> None:
    constant = helper.make_node("Constant", [], ["c"], value=tensor("c"))
    assert idle_parts(model(constant, node("Add", "x c", "s"), node("Relu", "s", "y"))) == []


def test_the_size_of_what_is_used_anyway_may_be_read() -> None:
    nodes = [node("Relu", "x", "r"), node("Shape", "r", "size"), node("Reshape", "r size", "y")]
    assert idle_parts(model(*nodes)) == []


def test_what_is_read_for_its_size_alone_is_idle() -> None:
    nodes = [
        node("Add", "x more", "s", name="add"),
        node("Shape", "s", "size"),
        node("Reshape", "x size", "y"),
    ]
    assert idle_parts(model(*nodes, weights=["more"])) == ["more", "add (Add that nothing reads)"]


def test_what_is_read_for_its_type_alone_is_idle() -> None:
    nodes = [node("Relu", "x", "r"), node("CastLike", "r more", "y")]
    assert idle_parts(model(*nodes, weights=["more"])) == ["more"]


def test_a_chain_that_leads_nowhere_is_idle_from_its_start() -> None:
    nodes = [node("Relu", "x", "y"), node("Add", "x w", "s"), node("Relu", "s", "end", name="last")]
    found = idle_parts(model(*nodes, weights=["w"]))
    assert found == ["w", "s (Add that nothing reads)", "last (Relu that nothing reads)"]


def test_a_subgraph_uses_values_from_around_it_and_may_hold_idle_ones() -> None:
    branches = {
        "then_branch": branch(node("Add", "x w", "t"), weights=["spare"]),
        "else_branch": branch(node("Relu", "x", "e"), node("Neg", "x", "n")),
    }
    one = node("If", "which", "y", **branches)
    found = idle_parts(model(one, weights=["which", "w"]))
    assert sorted(found) == ["n (Neg that nothing reads)", "spare"]


def test_functions_are_called_by_way_of_others() -> None:
    made = model(helper.make_node("Outer", ["x"], ["y"], domain="own"))
    inner = helper.make_node("Inner", ["a"], ["b"], domain="own")
    made.functions.extend([function("Inner", node("Relu", "a", "b")), function("Outer", inner)])
    assert idle_parts(made) == []
    made.functions.append(function("Other", node("Relu", "a", "b")))
    assert idle_parts(made) == ["Other (function that is not called)"]


@pytest.mark.parametrize("place", ["Inner", "Outer"])
def test_idle_nodes_of_functions_are_found(place: str) -> None:
    made = model(helper.make_node("Outer", ["x"], ["y"], domain="own"))
    spare = helper.make_node("Constant", [], ["spare"], value=tensor("spare"))
    bodies = {
        "Inner": [node("Relu", "a", "b")],
        "Outer": [helper.make_node("Inner", ["a"], ["b"], domain="own")],
    }
    bodies[place].append(spare)
    made.functions.extend(function(name, *body) for name, body in bodies.items())
    (found,) = idle_parts(made)
    assert found.endswith("(Constant that nothing reads)")
    assert "spare" in found
