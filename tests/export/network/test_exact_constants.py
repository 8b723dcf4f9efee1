"""Constants that PyTorch's exporter computes: rounded once, from what float64 gives."""

from __future__ import annotations

from dataclasses import replace

import computed_constants as networks
import numpy as np
import pytest
import torch

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.compute import run_graph
from cifarx.export.network.exact_constants import computed_constants, ulps_off, with_exact
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer

NAMES = list(networks.CONSTANTS)


def exact_places(graph: LayerGraph) -> list[tuple[str, str]]:
    return [
        (layer.kind, key)
        for layer in graph.layers
        for key, array in layer.arrays.items()
        if array.exact is not None
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_layers_with_exact_constants_compute_the_module_in_float64(name: str) -> None:
    graph, x = networks.graph_of(name), networks.noise(8)
    expected = networks.in_float64(name, x)
    size = np.sqrt(np.mean(expected**2))
    assert np.abs(run_graph(graph, x, exact=True) - expected).max() <= 1e-11 * size
    assert np.abs(run_graph(graph, x) - expected).max() > 1e-9 * size  # rounded, they do not


@pytest.mark.parametrize("name", NAMES)
def test_every_constant_is_half_a_unit_from_float64_at_most(name: str) -> None:
    graph = networks.graph_of(name)
    assert exact_places(graph) == networks.CONSTANTS[name]
    for array in graph.arrays().values():
        if array.exact is not None:
            assert array.exact.dtype == np.float64
            assert ulps_off(array.value, array.exact) <= 0.5


def test_the_constants_are_those_of_the_modules_own_numbers() -> None:
    std = np.float32([0.229, 0.224, 0.225]).astype(np.float64)
    folded, normed = (networks.graph_of(name).layers for name in NAMES)
    scales = [la.arrays["Scale"].exact for la in (*folded, *normed) if "Scale" in la.arrays]
    wanted = [1 / std, 1 / 6, 1 / 1.7, torch.nn.functional.selu(torch.ones(())).item(), 16.3]
    found = [scale for scale in scales if scale is not None]
    for exact, value in zip(found, wanted, strict=True):
        np.testing.assert_allclose(exact, value, rtol=1e-7 if np.size(value) == 1 else 1e-14)
    head = networks.made("normed").head.detach().double().numpy()
    rows = head / np.linalg.norm(head, axis=1, keepdims=True)
    (linear,) = (la for la in normed if la.kind == "FullyConnectedLayer")
    np.testing.assert_allclose(linear.arrays["Weights"].exact, rows, rtol=1e-14)


def test_the_module_keeps_its_float32_tensors() -> None:
    module = networks.made("normed")
    before = {name: (t.data_ptr(), t.clone()) for name, t in module.state_dict().items()}
    graph_from_module(module, [Input("image", networks.SIZE)])
    for name, tensor in module.state_dict().items():
        place, value = before[name]
        assert tensor.dtype == torch.float32
        assert tensor.data_ptr() == place
        assert torch.equal(tensor, value)


def scaled(value: np.ndarray, source: str = "") -> LayerGraph:
    offset = Array(np.zeros_like(value), "")
    arrays = {"Scale": Array(value, source), "Offset": offset}
    layer = Layer("scaled", "ScalingLayer", ("image",), {}, arrays)
    return LayerGraph((Input("image", (len(value), 2, 2)),), (layer,), (Output("scaled"),))


THIRDS = np.float64([1 / 3, 2 / 3])
PLACE = ("scaled", "Scale")


def test_tensors_of_the_source_and_short_binary_numbers_are_not_computed() -> None:
    thirds = THIRDS.astype(np.float32)
    assert computed_constants(scaled(thirds), ()) == [PLACE]
    assert computed_constants(scaled(thirds, "weight"), ("weight",)) == []
    assert computed_constants(scaled(np.float32([0.5, -3.25])), ()) == []


def test_constants_are_rounded_from_float64_where_they_are_asked_for() -> None:
    sloppy = np.nextafter(THIRDS.astype(np.float32), np.float32(1))
    graph, wide = scaled(sloppy), scaled(THIRDS)
    found = with_exact(graph, wide, [PLACE]).layers[0].arrays["Scale"]
    np.testing.assert_array_equal(found.value, THIRDS.astype(np.float32))
    assert found.value.dtype == np.float32
    assert found.exact is not None
    np.testing.assert_array_equal(found.exact, THIRDS)
    untouched = with_exact(graph, wide, []).layers[0].arrays["Scale"]
    assert untouched.exact is None
    np.testing.assert_array_equal(untouched.value, sloppy)


@pytest.mark.parametrize("other", [THIRDS * 1.01, THIRDS * np.nan])
def test_constants_that_are_not_alike_are_left_alone(other: np.ndarray) -> None:
    graph = scaled(THIRDS.astype(np.float32))
    assert with_exact(graph, scaled(other), [PLACE]).layers[0].arrays["Scale"].exact is None


def test_another_network_gives_no_constants() -> None:
    graph = scaled(THIRDS.astype(np.float32))
    outputs = (Output("scaled", "flat", (8,)),)
    assert with_exact(graph, replace(scaled(THIRDS), outputs=outputs), [PLACE]) is graph
    assert with_exact(graph, scaled(np.float64([1 / 3])), [PLACE]) is graph


def test_units_in_the_last_place() -> None:
    one = np.float32([1.0])
    assert ulps_off(one, np.float64([1.0])) == 0
    assert ulps_off(np.nextafter(one, np.float32(2)), np.float64([1.0])) == 1
    assert ulps_off(np.float32([0.0]), np.float64([0.0])) == 0
    assert ulps_off(one, np.float64([1.0, 1.0])) == np.inf
