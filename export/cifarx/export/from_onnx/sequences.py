"""Recognise recurrent and attention layers, which cifarx does not read yet."""

from __future__ import annotations

from collections.abc import Container, Iterable

import onnx

from cifarx.export.from_onnx.metadata import classes_of, module_of

NOT_YET = "cifarx does not read recurrent and attention layers yet"
_RECURRENT = {"LSTM", "GRU", "RNN"}
_PRODUCTS = {"MatMul", "Einsum"}
_NAMED = 4


def sequence_layers(nodes: Iterable[onnx.NodeProto], constants: Container[str]) -> str:
    """What is recurrent or attention in a network, with names of nodes; '' if nothing is.

    PyTorch writes attention as products of two computed values, and some of its recurrent modules
    as chains of operators, in which the module's class is the only sign.

    Args:
        nodes: that the output needs.
        constants: names of the values that do not depend on the input.
    """
    found: dict[str, list[str]] = {}
    for node in nodes:
        what = _sequence_layer(node, constants)
        where = module_of(node) or node.name or node.output[0]
        if what and where not in found.setdefault(what, []):
            found[what].append(where)
    return "; ".join(f"{what} ({_shown(places)})" for what, places in found.items())


def _sequence_layer(node: onnx.NodeProto, constants: Container[str]) -> str:
    if node.op_type in _RECURRENT or "Attention" in node.op_type:
        return str(node.op_type)
    module, _, kind = (classes_of(node)[-1:] or [""])[0].rpartition(".")
    if module == "torch.nn.modules.rnn":
        return kind
    computed = [name for name in node.input if name and name not in constants]
    if node.op_type in _PRODUCTS and len(computed) > 1:
        return f"{node.op_type} of two computed values, as in attention"
    return ""


def _shown(places: list[str]) -> str:
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return ", ".join(places[:_NAMED]) + more
