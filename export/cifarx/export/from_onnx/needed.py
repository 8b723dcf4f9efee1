"""Find the nodes of an ONNX graph that its outputs need, with known chains fused into one node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx

from cifarx.export.from_onnx.constants import Constants, evaluated, is_constant
from cifarx.export.from_onnx.fusions import Wiring, fused
from cifarx.pytorch_models.errors import UnsupportedError


def needed_nodes(
    graph: onnx.GraphProto, constants: Constants, opset: int, outputs: Sequence[str]
) -> Iterator[onnx.NodeProto]:
    """The nodes that the outputs need, in the file's order.

    Args:
        graph: the main graph, functions inlined.
        constants: by name; constants that can be computed are added.
        opset: of ONNX's own operators.
        outputs: names of the values that are needed.
    """
    producers = {name: node for node in graph.node for name in node.output if name}
    for node in graph.node:  # a constant that a fusion looks for may take several nodes
        if node.input and all(name in constants for name in node.input if name) and not node.domain:
            try:
                constants.update(evaluated(node, constants, opset))
            except UnsupportedError:
                continue  # reported where it is needed
    wiring = Wiring(producers, constants)
    chosen: dict[str, onnx.NodeProto] = {}
    wanted = list(outputs)
    while wanted:
        name = wanted.pop()
        node = producers.get(name)
        if node is None or name in constants or node.output[0] in chosen:
            continue
        one = fused(wiring, node) or node
        chosen[node.output[0]] = one
        wanted += [*one.input, *_captured(node)]
    for node in graph.node:
        if node.output and node.output[0] in chosen and not is_constant(node):
            yield chosen[node.output[0]]


def _captured(node: onnx.NodeProto) -> Iterator[str]:
    """Names that the subgraphs of a node read, those from outside among them."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield from (name for inner in attribute.g.node for name in inner.input)
