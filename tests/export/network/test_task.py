"""What a network is for, as far as classes, labels and outputs tell; numpy shapes the networks."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_onnx import N, foreign

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer, Shape
from cifarx.export.network.task import (
    LARGEST_INPUT,
    as_classifier,
    require_input_size,
    task_of,
    with_output_of,
)
from cifarx.pytorch_models.errors import UserError

FEATURES, SIGNAL, IMAGE = (6,), (3, 50), (3, 8, 8)


def network(given: Shape, *outputs: Shape) -> LayerGraph:
    """A linear layer per vector, else a convolution of one pixel."""
    source = Input("x", given)
    layers: list[Layer] = []
    if len(given) > 1 and any(len(shape) < 2 for shape in outputs):
        layers.append(Layer("flat", "FlattenLayer", ("x",)))
    window = {"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)}
    ends = []
    for i, shape in enumerate(outputs):
        filters = shape[0] if shape else 1
        bias = Array(np.zeros(filters, np.float32), "")
        if len(shape) < 2:
            weights = Array(np.zeros((filters, int(np.prod(given))), np.float32), "")
            before = "flat" if len(given) > 1 else "x"
            arrays = {"Weights": weights, "Bias": bias}
            layers.append(Layer(f"y{i}", "FullyConnectedLayer", (before,), {}, arrays))
        else:
            weights = Array(np.zeros((filters, given[0], 1, 1), np.float32), "")
            arrays = {"Weights": weights, "Bias": bias}
            layers.append(Layer(f"y{i}", "Convolution2DLayer", ("x",), window, arrays))
        ends.append(Output(f"y{i}", f"out{i}", shape))
    return LayerGraph((source,), tuple(layers), tuple(ends))


VECTOR, ONE_NUMBER, MAPS = (5,), (1,), (5, 8, 8)


@pytest.mark.parametrize(
    ("given", "outputs", "expected"),
    [
        (IMAGE, [VECTOR], "classification"),
        (SIGNAL, [VECTOR], "classification"),
        (FEATURES, [VECTOR], "regression"),
        (IMAGE, [ONE_NUMBER], "regression"),
        (IMAGE, [()], "regression"),
        (IMAGE, [MAPS], "regression"),
        (IMAGE, [VECTOR, VECTOR], "regression"),
        (SIGNAL, [(5, 50)], "regression"),
    ],
)
def test_without_classes_only_vectors_of_images_and_signals_are_classes(
    given: Shape, outputs: list[Shape], expected: str
) -> None:
    assert task_of(network(given, *outputs), named=False, labels=0) == expected


@pytest.mark.parametrize(
    ("given", "output", "axes", "expected"),
    [
        (FEATURES, VECTOR, 1, "classification"),
        (IMAGE, VECTOR, 1, "classification"),
        (IMAGE, MAPS, 3, "segmentation"),
        (IMAGE, MAPS, 1, "regression"),
    ],
)
def test_labels_and_names_tell_what_the_output_means(
    given: Shape, output: Shape, axes: int, expected: str
) -> None:
    graph = network(given, output)
    assert task_of(graph, named=False, labels=axes) == expected
    named = "classification" if len(output) == 1 else "segmentation"
    assert task_of(graph, named=True, labels=0) == named


@pytest.mark.parametrize(
    ("output", "asked"),
    [
        (VECTOR, "classification"),
        (MAPS, "segmentation"),
        (VECTOR, "regression"),
        (MAPS, "regression"),
    ],
)
def test_the_user_has_the_last_word(output: Shape, asked: str) -> None:
    assert task_of(network(IMAGE, output), named=False, labels=0, asked=asked) == asked


@pytest.mark.parametrize(
    ("outputs", "asked", "words"),
    [
        ([MAPS], "classification", "needs one output of one vector .* gives 5 x 8 x 8 numbers"),
        ([VECTOR], "segmentation", "needs one output of maps .* gives 5 numbers"),
        ([ONE_NUMBER], "classification", ".* gives 1 numbers per input"),
        ([VECTOR, MAPS], "segmentation", ".* gives 5 and 5 x 8 x 8 numbers per input"),
        ([()], "classification", ".* gives 1 numbers"),
    ],
)
def test_a_task_that_the_outputs_are_not_of_is_refused(
    outputs: list[Shape], asked: str, words: str
) -> None:
    with pytest.raises(UserError, match=f"--task {asked} {words}.*Use --task regression"):
        task_of(network(IMAGE, *outputs), named=False, labels=0, asked=asked)


@pytest.mark.parametrize(
    ("outputs", "asked"),
    [([VECTOR], "regression"), ([ONE_NUMBER], ""), ([VECTOR, VECTOR], ""), ([MAPS], "regression")],
)
def test_names_without_numbers_per_class_are_refused(outputs: list[Shape], asked: str) -> None:
    with pytest.raises(UserError, match=r"Class names need one output.*Leave --classes out"):
        task_of(network(IMAGE, *outputs), named=True, labels=0, asked=asked)


def test_maps_of_one_pixel_are_logits() -> None:
    graph = read_onnx(foreign([N("GlobalAveragePool", ["in put"], ["y"])], {}))
    found = as_classifier(graph)
    assert found.output_shapes() == ((2,),)
    assert found.layers[-1].kind == "FlattenLayer"
    assert as_classifier(found) == found


def test_other_maps_stay_as_they_are() -> None:
    for outputs in ([MAPS], [(5, 1, 1), VECTOR]):
        graph = network((3, 1, 1) if len(outputs) > 1 else IMAGE, *outputs)
        assert as_classifier(graph) is graph


def test_the_only_output_is_named_after_the_task() -> None:
    graph = network(IMAGE, VECTOR)
    assert with_output_of(graph, "classification").outputs == (Output("y0", "logits", VECTOR),)
    assert with_output_of(graph, "regression").outputs == (Output("y0", "output", VECTOR),)
    two = network(IMAGE, VECTOR, VECTOR)
    assert with_output_of(two, "regression") is two


def test_the_name_of_an_output_is_its_own() -> None:
    graph = network(IMAGE, MAPS)
    taken = LayerGraph(
        (Input("output", IMAGE),), (Layer("r", "ReLULayer", ("output",)),), (Output("r"),)
    )
    assert with_output_of(taken, "regression").outputs[0].name == "output_2"
    assert with_output_of(graph, "segmentation").outputs[0].name == "output"


def test_inputs_may_have_as_many_numbers_as_the_limit_and_no_more() -> None:
    require_input_size(Input("image", (1, 1, LARGEST_INPUT)))
    require_input_size(Input("signal", (1, LARGEST_INPUT)))
    with pytest.raises(UserError, match=r"1 x 67108865 are 67,108,865 .*takes up to 67,108,864"):
        require_input_size(Input("signal", (1, LARGEST_INPUT + 1)))
