"""What an ONNX file holds from which its output takes nothing: room for numbers from nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import onnx
from onnx import inliner

# how many inputs give their numbers; of the others size or type is taken, which makes nothing used
_GIVING = {"Shape": 0, "Size": 0, "EyeLike": 0, "CastLike": 1}


def idle_parts(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes, initializers and functions that the outputs do not need, and of training.

    A node is needed if any of its outputs is. The subgraphs of a node that is needed are looked
    through, and so are the functions that are called, each call by itself.
    """
    called = inliner.inline_local_functions(model) if model.functions else model
    idle, _ = _idle(called.graph)
    uncalled = [f"{f.name} (function that is not called)" for f in _uncalled(model)]
    training = [f"training_info {i}" for i, _ in enumerate(model.training_info)]
    return [*idle, *uncalled, *training]


def _idle(graph: onnx.GraphProto) -> tuple[list[str], set[str]]:
    """What lies idle in a graph, and the values that it needs, those from around it included."""
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
    """The functions that no node calls, be it by way of others."""
    functions = {(f.domain, f.name, f.overload): f for f in model.functions}
    wanted = list(model.graph.node)
    while wanted:
        node = wanted.pop()
        found = functions.pop((node.domain, node.op_type, node.overload), None)
        wanted += found.node if found else ()
        wanted += (inner for graph in _subgraphs(node) for inner in graph.node)
    yield from functions.values()
