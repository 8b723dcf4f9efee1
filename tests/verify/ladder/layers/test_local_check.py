"""Rung 3: sound layers within their bounds, and the layer at fault named, and only that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from every_kind import NETWORKS, SIZE, made
from random_networks import random_bundle

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.pytorch_models import registry
from cifarx.verify.ladder.layers.local_check import LocalCheck
from cifarx.verify.ladder.layers.winograd import convolve, make_winograd, transformed

Values = dict[str, np.ndarray]
TINY = [spec for spec in registry.models().values() if spec.name.endswith("-tiny")]
WHOLE = [spec for spec in registry.models().values() if spec not in TINY]


@torch.no_grad()
def run(graph: LayerGraph, inputs: np.ndarray) -> Values:
    """Every layer's output, by PyTorch in float32."""
    values = {graph.inputs[0].name: torch.from_numpy(inputs)}
    for layer in graph.layers:
        arrays = layer_tensors(layer, torch.float32)
        values[layer.name] = compute_layer(layer, [values[n] for n in layer.inputs], arrays)
    del values[graph.inputs[0].name]
    return {name: value.numpy() for name, value in values.items()}


def noise(count: int, size: tuple[int, ...]) -> np.ndarray:
    return np.random.RandomState(0).standard_normal((count, *size)).astype(np.float32)


def judged(graph: LayerGraph, inputs: np.ndarray, values: Values) -> dict[str, float]:
    check = LocalCheck(graph)
    check.add([inputs], values)
    return {layer.name: layer.ratio for layer in check.ratios()}


def beyond(graph: LayerGraph, inputs: np.ndarray, values: Values) -> list[str]:
    return [name for name, ratio in judged(graph, inputs, values).items() if not ratio <= 1]


def changed(graph: LayerGraph, name: str, key: str, value: np.ndarray) -> LayerGraph:
    """The network with another array in one layer."""

    def edited(layer: Layer) -> Layer:
        return replace(layer, arrays={**layer.arrays, key: Array(value.astype(np.float32), "")})

    layers = tuple(edited(la) if la.name == name else la for la in graph.layers)
    return replace(graph, layers=layers)


@pytest.fixture(scope="module")
def graph() -> LayerGraph:
    spec = registry.models()["bn-tiny"]
    return random_bundle(spec.builder, spec.name, spec.input_size).graph


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_of_every_kind_is_within_its_bound(name: str) -> None:
    graph = graph_from_module(made(name), [Input("image", SIZE)])
    inputs = noise(5, SIZE)
    found = judged(graph, inputs, run(graph, inputs))
    assert list(found) == [layer.name for layer in graph.layers]
    assert 0 < max(found.values()) <= 1


@pytest.mark.parametrize("spec", [*TINY, *(pytest.param(s, marks=pytest.mark.slow) for s in WHOLE)])
def test_every_layer_of_the_zoo_is_within_its_bound(spec: registry.ModelSpec) -> None:
    graph = random_bundle(spec.builder, spec.name, spec.input_size).graph
    inputs = noise(4, spec.input_size)
    assert beyond(graph, inputs, run(graph, inputs)) == []


def test_one_wrong_weight_is_found_and_names_its_layer_only(graph: LayerGraph) -> None:
    inputs = noise(8, graph.inputs[0].shape)
    kinds = ("Convolution2DLayer", "FullyConnectedLayer", "BatchNormalizationLayer")
    right = {graph.inputs[0].name: inputs, **run(graph, inputs)}
    tried = [layer for layer in graph.layers if layer.kind in kinds]
    assert {layer.kind for layer in tried} == set(kinds)
    for layer in tried:
        key = next(iter(layer.arrays))
        value = layer.arrays[key].value.copy()
        x = np.abs(right[layer.inputs[0]]).mean((0, *range(2, right[layer.inputs[0]].ndim)))
        # the first filter's weight of a channel that is not dead
        place = (int(x.argmax()),) if value.ndim == 1 else (0, int(x.argmax()))
        value[(*place, *[1] * (value.ndim - len(place)))] += 0.05 * np.abs(value).max()
        wrong = changed(graph, layer.name, key, value)
        assert beyond(graph, inputs, run(wrong, inputs)) == [layer.name]


def test_half_precision_weights_are_found(graph: LayerGraph) -> None:
    inputs = noise(8, graph.inputs[0].shape)
    wrong, names = graph, []
    for layer in graph.layers:
        if "Weights" in layer.arrays:
            half = layer.arrays["Weights"].value.astype(np.float16)
            wrong = changed(wrong, layer.name, "Weights", half)
            names.append(layer.name)
    assert beyond(graph, inputs, run(wrong, inputs)) == names


def test_one_wrong_number_of_one_image_is_enough(graph: LayerGraph) -> None:
    inputs = noise(100, graph.inputs[0].shape)
    values = run(graph, inputs)
    relu = next(layer for layer in graph.layers if layer.kind == "ReLULayer")
    for name in (relu.name, graph.outputs[0].layer):
        for wrong in (np.nan, np.inf, 1e6):
            spoilt = values[name].copy()
            spoilt[77].flat[5] = wrong
            found = judged(graph, inputs, {**values, name: spoilt})
            assert found[name] > 1e3
            readers = [layer.name for layer in graph.layers if name in layer.inputs]
            # who reads it gave what follows from another number
            assert {key for key in found if not found[key] <= 1} <= {name, *readers}


def test_another_shape_or_type_is_infinitely_wrong(graph: LayerGraph) -> None:
    inputs = noise(2, graph.inputs[0].shape)
    values = run(graph, inputs)
    _, second, third, *_ = graph.layers
    assert third.inputs == (second.name,)
    for wrong in (values[second.name][:1], values[second.name].astype(np.float64)):
        check = LocalCheck(graph, fast=True)
        check.add([inputs], {**values, second.name: wrong})
        (found,) = (layer for layer in check.ratios() if not layer.passed)
        assert (found.name, found.ratio, found.algorithm) == (second.name, np.inf, "direct")
        assert check.not_compared() == (third.name,)  # its input is none


def test_what_was_not_given_has_not_passed(graph: LayerGraph) -> None:
    inputs = noise(2, graph.inputs[0].shape)
    values = run(graph, inputs)
    names = [layer.name for layer in graph.layers]
    check = LocalCheck(graph)
    assert check.ratios() == ()
    assert check.not_compared() == tuple(names)
    check.add([inputs[:0]], {name: value[:0] for name, value in values.items()})
    assert check.not_compared() == tuple(names)
    check.add([inputs], values)
    assert check.not_compared() == ()
    fused = graph.layers[1].name
    reads = [layer.name for layer in graph.layers if fused in layer.inputs]
    check.add([inputs], {name: value for name, value in values.items() if name != fused})
    assert check.not_compared() == (fused, *reads)
    assert [layer.name for layer in check.ratios()] == [
        name for name in names if name not in (fused, *reads)
    ]


def test_mini_batches_add_up(graph: LayerGraph) -> None:
    inputs = noise(70, graph.inputs[0].shape)
    values = run(graph, inputs)
    parts = LocalCheck(graph)
    for part in (slice(0, 1), slice(1, 40), slice(40, 70)):
        parts.add([inputs[part]], {name: value[part] for name, value in values.items()})
    whole = judged(graph, inputs, values)
    for layer in parts.ratios():  # the number of sums at a time is in the bound
        assert layer.ratio == pytest.approx(whole[layer.name], rel=0.1)


def test_activations_may_be_read_only_and_in_any_order_of_memory(graph: LayerGraph) -> None:
    inputs = noise(2, graph.inputs[0].shape)
    values = {name: np.asfortranarray(value) for name, value in run(graph, inputs).items()}
    for value in values.values():
        value.setflags(write=False)
    inputs.setflags(write=False)
    assert beyond(graph, inputs, values) == []


def test_inputs_of_another_network_are_rejected(graph: LayerGraph) -> None:
    with pytest.raises(ValueError, match=r"float32 \(2, 3, 9, 11\), the network takes"):
        LocalCheck(graph).add([noise(2, SIZE)], {})


@pytest.mark.parametrize("tile", [2, 4, 6])
def test_winograd_is_named_where_it_is_allowed(tile: int) -> None:
    random = np.random.RandomState(0)
    weights = random.standard_normal((4, 3, 3, 3)).astype(np.float32)
    weights[..., 1:] *= 1e-5
    bias = np.zeros(4, np.float32)
    layer = Layer(
        "conv",
        "Convolution2DLayer",
        ("image",),
        {"Stride": (1, 1), "Padding": (1, 1, 1, 1), "DilationFactor": (1, 1)},
        {"Weights": Array(weights, "w"), "Bias": Array(bias, "b")},
    )
    graph = LayerGraph((Input("image", (3, 24, 24)),), (layer,), (Output("conv"),))
    inputs = noise(2, graph.inputs[0].shape)
    # numbers that direct sums hardly see, and transformed tiles do
    inputs[..., ::2] *= 1e-5
    algorithm = make_winograd(tile)
    x = np.pad(inputs, ((0, 0), (0, 0), (1, 1), (1, 1)))
    kernels = transformed(torch.from_numpy(weights), 1, algorithm)
    values = {"conv": convolve(torch.from_numpy(x), kernels, 1, algorithm).numpy()}
    (direct,) = ratios_of(graph, inputs, values, fast=False)
    (fast,) = ratios_of(graph, inputs, values, fast=True)
    assert direct[0] > 1
    assert direct[1] == "direct"
    assert fast[0] <= 1
    assert fast[1] == "winograd"
    values["conv"] = values["conv"] * np.float32(1.001)
    ((ratio, named),) = ratios_of(graph, inputs, values, fast=True)
    assert ratio > 1
    assert named == "direct"


def ratios_of(
    graph: LayerGraph, inputs: np.ndarray, values: Values, *, fast: bool
) -> list[tuple[float, str]]:
    check = LocalCheck(graph, fast=fast)
    check.add([inputs], values)
    return [(layer.ratio, layer.algorithm) for layer in check.ratios()]
