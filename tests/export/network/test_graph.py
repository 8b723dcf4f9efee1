from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cifarx.export.bundle import Bundle
from cifarx.export.network.graph import LayerGraph, output_shape
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.pytorch_models.errors import GraphError

RELU = Layer("r", "ReLULayer", ("image",))


def convolution(**hyper: tuple[int, ...]) -> Layer:
    chosen = {"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)} | hyper
    arrays = {"Weights": Array(np.zeros((4, 3, 3, 3), np.float32), "w")}
    arrays["Bias"] = Array(np.zeros(4, np.float32), "b")
    return Layer("c", "Convolution2DLayer", ("image",), chosen, arrays)


@pytest.mark.parametrize(
    ("hyper", "shape"),
    [
        ({}, (4, 6, 7)),
        ({"Stride": (2, 3)}, (4, 3, 3)),
        ({"Padding": (1, 2, 0, 1)}, (4, 9, 8)),
        ({"DilationFactor": (2, 1)}, (4, 4, 7)),
    ],
)
def test_convolution_shapes_are_those_of_hand_computation(
    hyper: dict[str, tuple[int, ...]], shape: tuple[int, ...]
) -> None:
    graph = LayerGraph((Input("image", (3, 8, 9)),), (convolution(**hyper),), (Output("c"),))
    assert graph.shapes()["c"] == shape


@pytest.mark.parametrize(
    ("layers", "complaint"),
    [
        ((replace(RELU, kind="MagicLayer"),), "unknown kind 'MagicLayer'"),
        ((RELU, RELU), "two layers are called 'r'"),
        ((replace(RELU, inputs=("nobody",)),), "reads 'nobody', which is not before it"),
        ((replace(RELU, inputs=("image", "image")),), "has 2 inputs"),
        ((replace(RELU, hyper={"Stride": (1, 1)}),), "expected"),
        ((replace(convolution(), name="r", inputs=("image",)), replace(RELU, name="image")), "two"),
        ((replace(convolution(DilationFactor=(9, 1)), name="r"),), "does not fit maps"),
        ((replace(convolution(Padding=(1, 1)), name="r"),), "Padding must be"),
        ((Layer("r", "AdditionLayer", ("image",)),), "has 1 inputs"),
        ((Layer("r", "AdditionLayer", ("image",) * 3),), "has 3 inputs, expected 2"),
        ((Layer("r", "MultiplicationLayer", ("image",) * 3),), "has 3 inputs, expected 2"),
        ((convolution(), Layer("r", "AdditionLayer", ("c", "image"))), "adds inputs of different"),
        (
            (convolution(), Layer("r", "MultiplicationLayer", ("c", "image"))),
            r"multiplies inputs of sizes that do not match: \[\(4, 6, 7\), \(3, 8, 9\)\]",
        ),
        (
            (
                Layer("f", "FlattenLayer", ("image",)),
                Layer("r", "MultiplicationLayer", ("f", "image")),
            ),
            "multiplies inputs of sizes that do not match",
        ),
    ],
)
def test_a_graph_that_contradicts_itself_raises(layers: tuple[Layer, ...], complaint: str) -> None:
    with pytest.raises(GraphError, match=complaint):
        LayerGraph((Input("image", (3, 8, 9)),), layers, (Output("r"),))


@pytest.mark.parametrize(
    ("first", "second", "product"),
    [
        ((4, 5, 6), (4, 5, 6), (4, 5, 6)),
        ((1, 1, 1), (4, 5, 6), (4, 5, 6)),
        ((4, 5, 6), (4, 1, 1), (4, 5, 6)),
        ((4, 1, 6), (1, 5, 1), (4, 5, 6)),
        ((7,), (1,), (7,)),
    ],
)
def test_a_product_has_the_size_that_numpy_gives_it(
    first: tuple[int, ...], second: tuple[int, ...], product: tuple[int, ...]
) -> None:
    layer = Layer("m", "MultiplicationLayer", ("a", "b"))
    assert output_shape(layer, {"a": first, "b": second}) == product
    assert np.broadcast_shapes(first, second) == product


def test_an_output_that_no_layer_gives_raises() -> None:
    with pytest.raises(GraphError, match="the output 'logits' is not a layer"):
        LayerGraph((Input("image", (3, 8, 9)),), (RELU,), (Output("logits"),))


def test_a_wrongly_sized_array_raises(bundle: Bundle) -> None:
    layer = next(la for la in bundle.graph.layers if la.kind == "BatchNormalizationLayer")
    wrong = replace(layer, arrays=layer.arrays | {"Scale": Array(np.zeros(99, np.float32), "")})
    layers = tuple(wrong if la is layer else la for la in bundle.graph.layers)
    with pytest.raises(GraphError, match=r"Scale is of \(99,\), expected"):
        replace(bundle.graph, layers=layers)
