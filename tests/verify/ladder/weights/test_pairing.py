"""Layers correspond so that as little as can be differs, whatever they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.verify.ladder.weights.pairing import layer_faults, pairs_of


def linear(name: str, given: str, size: int = 4) -> Layer:
    arrays = {"Weights": np.zeros((size, size), np.float32), "Bias": np.zeros(size, np.float32)}
    return Layer(
        name, "FullyConnectedLayer", (given,), {}, {k: Array(v, "") for k, v in arrays.items()}
    )


def relu(name: str, given: str) -> Layer:
    return Layer(name, "ReLULayer", (given,))


def network(*layers: Layer) -> LayerGraph:
    flatten = Layer("flat", "FlattenLayer", ("image",))
    return LayerGraph((Input("image", (4, 1, 1)),), (flatten, *layers), (Output(layers[-1].name),))


def renamed(graph: LayerGraph, names: Sequence[str]) -> LayerGraph:
    new = dict(zip((layer.name for layer in graph.layers), names, strict=True))
    layers = tuple(
        replace(layer, name=new[layer.name], inputs=tuple(new.get(n, n) for n in layer.inputs))
        for layer in graph.layers
    )
    return replace(graph, layers=layers, outputs=(Output(new[graph.outputs[0].layer]),))


WANTED = network(
    linear("a", "flat"), relu("b", "a"), linear("c", "b"), relu("d", "c"), linear("e", "d")
)


def named(found: LayerGraph) -> list[tuple[str, str]]:
    return [(f.name if f else "", w.name if w else "") for f, w in pairs_of(found, WANTED)]


def test_names_are_free() -> None:
    pairs = named(renamed(WANTED, "stuvwx"))
    assert pairs == [("s", "flat"), ("t", "a"), ("u", "b"), ("v", "c"), ("w", "d"), ("x", "e")]


def test_names_of_each_other_confuse_nobody() -> None:
    found = renamed(WANTED, ["flat", "c", "d", "a", "b", "e"])
    assert not layer_faults(found, WANTED, pairs_of(found, WANTED))


@pytest.mark.parametrize("names", [("flat", "a", "c", "d", "e"), tuple("stuvw")])
def test_a_layer_left_out_moves_no_other(names: tuple[str, ...]) -> None:
    found = network(linear("a", "flat"), linear("c", "a"), relu("d", "c"), linear("e", "d"))
    pairs = named(renamed(found, names))
    assert ("", "b") in pairs
    assert {(f, w) for f, w in pairs if f} == set(
        zip(names, ("flat", "a", "c", "d", "e"), strict=True)
    )


def test_a_layer_added_moves_no_other() -> None:
    found = renamed(
        network(
            linear("a", "flat"),
            relu("b", "a"),
            relu("new", "b"),
            linear("c", "new"),
            relu("d", "c"),
            linear("e", "d"),
        ),
        "stuvwxy",
    )
    assert ("v", "") in named(found) or ("u", "") in named(found)
    assert sum(1 for _, w in named(found) if not w) == 1


def test_a_layer_of_another_kind_is_paired_with_the_one_in_its_place() -> None:
    other = replace(relu("d", "c"), kind="TanhLayer")
    found = network(linear("a", "flat"), relu("b", "a"), linear("c", "b"), other, linear("e", "d"))
    assert layer_faults(found, WANTED, pairs_of(found, WANTED)) == [
        "d is a TanhLayer, not a ReLULayer"
    ]


def test_layers_in_another_order_are_found_by_name() -> None:
    def both(first: Layer, second: Layer) -> LayerGraph:
        total = Layer("sum", "AdditionLayer", ("p", "q"))
        return network(first, second, total)

    p, q = linear("p", "flat"), relu("q", "flat")
    found, wanted = both(q, p), both(p, q)
    assert not layer_faults(found, wanted, pairs_of(found, wanted))
