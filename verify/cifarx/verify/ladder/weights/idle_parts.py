"""Find the parts of an ONNX file that its output does not depend on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import onnx
from onnx import inliner

# number of inputs whose values matter; only size or type of the others does, which is no use
_GIVING = {"Shape": 0, "Size": 0, "EyeLike": 0, "CastLike": 1}


def idle_parts(model: onnx.ModelProto) -> list[str]:
    """Name the nodes, initializers and functions that the outputs do not need, and training_info.

    A node is needed if any of its outputs is. Subgraphs of needed nodes are searched too, and so
    are functions, once per call.
    """
    called = inliner.inline_local_functions(model) if model.functions else model
    idle, _ = _idle(called.graph)
    uncalled = [f"{f.name} (function that is not called)" for f in _uncalled(model)]
    training = [f"training_info {i}" for i, _ in enumerate(model.training_info)]
    return [*idle, *uncalled, *training]


def _idle(graph: onnx.GraphProto) -> tuple[list[str], set[str]]:
    """Return what is idle in a graph, and the values that it needs, outer ones included."""
    nodes = list(graph.node)
    producers = {value: i for i, node in enumerate(nodes) for value in node.output if value}
    wanted = [value.name for value in graph.output]
    read: set[str] = set()
    live: set[int] = set()
    idle: list[str] = []
    while wanted:
        name = wanted.pop()
        read.add(name)
        place = producers.get(name)
        if place is None or place in live:
            continue
        live.add(place)
        wanted += nodes[place].input[: _GIVING.get(nodes[place].op_type)]
        for inner in _subgraphs(nodes[place]):
            more, needed = _idle(inner)
            idle += more
            wanted += needed
    tensors = chain(graph.initializer, (sparse.values for sparse in graph.sparse_initializer))
    idle += [tensor.name for tensor in tensors if tensor.name not in read]
    idle += [_called(node) for place, node in enumerate(nodes) if place not in live]
    return idle, read


def _subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def _called(node: onnx.NodeProto) -> str:
    name = node.name or next(filter(None, node.output), "without a name")
    return f"{name} ({node.op_type} that nothing reads)"


def _uncalled(model: onnx.ModelProto) -> Iterator[onnx.FunctionProto]:
    """Yield the functions that no node calls, directly or through other functions."""
    functions = {(f.domain, f.name, f.overload): f for f in model.functions}
    wanted = list(model.graph.node)
    while wanted:
        node = wanted.pop()
        found = functions.pop((node.domain, node.op_type, node.overload), None)
        wanted += found.node if found else ()
        wanted += (inner for graph in _subgraphs(node) for inner in graph.node)
    yield from functions.values()
