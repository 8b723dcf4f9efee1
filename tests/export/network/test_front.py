"""Networks that normalise their own input are recognised by their first layers."""

from __future__ import annotations

import computed_constants
import numpy as np

from cifarx.export.network.front import own_normalization
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer


def scaling(name: str, given: str) -> Layer:
    one = Array(np.float32([2.0]), "")
    return Layer(name, "ScalingLayer", (given,), {}, {"Scale": one, "Offset": one})


def network(*layers: Layer) -> LayerGraph:
    return LayerGraph((Input("image", (3, 4, 4)),), layers, (Output(layers[-1].name),))


def test_a_modules_own_normalisation_is_found() -> None:
    graph = computed_constants.graph_of("folded")
    first, second = (layer.name for layer in graph.layers[:2])
    assert own_normalization(graph) == (first, second)


def test_the_first_scaling_layers_in_a_row_are_named() -> None:
    relu = Layer("relu", "ReLULayer", ("b",))
    graph = network(scaling("a", "image"), scaling("b", "a"), relu, scaling("c", "relu"))
    assert own_normalization(graph) == ("a", "b")


def test_other_layers_first_are_no_normalisation() -> None:
    relu = Layer("relu", "ReLULayer", ("image",))
    assert own_normalization(network(relu, scaling("a", "relu"))) == ()
    assert own_normalization(computed_constants.graph_of("normed")) == ()


def test_an_input_that_something_else_reads_too_is_not_normalised() -> None:
    add = Layer("add", "AdditionLayer", ("a", "image"))
    assert own_normalization(network(scaling("a", "image"), add)) == ()
    again = Layer("add", "AdditionLayer", ("b", "a"))
    assert own_normalization(network(scaling("a", "image"), scaling("b", "a"), again)) == ("a",)


def test_a_network_of_nothing_else_ends() -> None:
    assert own_normalization(network(scaling("a", "image"))) == ("a",)
