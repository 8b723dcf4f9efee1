"""Nodes that the output does not need are left out, and chains are one node."""

from __future__ import annotations

import numpy as np
from foreign_onnx import N, foreign
from onnx import TensorProto, helper

from cifarx.export.from_onnx.constants import constants_of
from cifarx.export.from_onnx.needed import needed_nodes


def test_only_what_the_output_needs_is_given_in_order() -> None:
    nodes = [
        N("Relu", ["in put"], ["a"]),
        N("Tanh", ["a"], ["unused"]),
        N("Mul", ["c", "c"], ["square"]),
        N("Sigmoid", ["a"], ["s"]),
        N("Mul", ["a", "s"], ["swish"], "last"),
        N("Add", ["swish", "square"], ["y"]),
    ]
    graph = foreign(nodes, {"c": np.float32(3)}).graph
    constants = constants_of(graph)
    found = list(needed_nodes(graph, constants, 17, "y"))
    assert [node.op_type for node in found] == ["Relu", "Swish", "Add"]
    assert (found[1].name, list(found[1].input), list(found[1].output)) == (
        "last",
        ["a"],
        ["swish"],
    )
    assert constants["square"] == 9


def test_what_a_subgraph_reads_from_outside_is_needed() -> None:
    def branch(name: str) -> object:
        inner = helper.make_graph([N("Neg", ["a"], [name])], name, [], [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        ])  # fmt: skip
        return inner

    chosen = N("If", ["which"], ["y"], then_branch=branch("t"), else_branch=branch("e"))
    graph = foreign([N("Relu", ["in put"], ["a"]), chosen], {"which": np.array(True)}).graph
    found = list(needed_nodes(graph, constants_of(graph), 17, "y"))
    assert [node.op_type for node in found] == ["Relu", "If"]
