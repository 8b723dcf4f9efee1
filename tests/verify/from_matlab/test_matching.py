"""Layers of two networks find each other, whatever became of them in MATLAB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_networks import CARD, drawn, no_batch, often
from hypothesis import event, given, settings
from hypothesis import strategies as st
from matlab_export import as_matlab_exports

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Hyper, Layer
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.registry import models
from cifarx.verify.from_matlab.matching import Match, match


def layer(
    name: str,
    kind: str,
    *inputs: str,
    hyper: Mapping[str, Hyper] | None = None,
    **arrays: tuple[int, ...],
) -> Layer:
    """Arrays of these shapes, numbered through, named after layer and property."""
    made = {
        key: Array(np.arange(np.prod(shape), dtype=np.float32).reshape(shape), f"{name}.{key}")
        for key, shape in arrays.items()
    }
    return Layer(name, kind, inputs, hyper or {}, made)


WINDOW: dict[str, Hyper] = {"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)}


def convolution(name: str, given: str, filters: int, channels: int, size: int) -> Layer:
    shapes = {"Weights": (filters, channels, size, size), "Bias": (filters,)}
    return layer(name, "Convolution2DLayer", given, hyper=WINDOW, **shapes)


def linear(name: str, given: str, out: int, features: int) -> Layer:
    shapes = {"Weights": (out, features), "Bias": (out,)}
    return layer(name, "FullyConnectedLayer", given, **shapes)


def network(*layers: Layer, size: tuple[int, int, int] = (2, 3, 3)) -> LayerGraph:
    return LayerGraph((Input("image", size),), layers, (Output(layers[-1].name),))


def branches(first: str, second: str) -> LayerGraph:
    """Two branches that differ in their kinds, added in this order."""
    return network(
        convolution("a", "image", 2, 2, 1),
        layer("b", "ReLULayer", "image"),
        layer("sum", "AdditionLayer", first, second),
        layer("flat", "FlattenLayer", "sum"),
        linear("fc", "flat", 3, 18),
    )


def names(found: LayerGraph, wanted: LayerGraph, *, dropout: bool = True) -> dict[str, str]:
    """Wanted name -> found name, of networks without a difference."""
    result = match(found, wanted, dropout=dropout)
    assert not result.differences
    return {w.name: f.name for f, w in result.pairs}


def test_a_linear_layer_is_found_in_a_convolution_as_large_as_its_maps() -> None:
    wanted = network(layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 18))
    found = network(
        convolution("fc_Conv", "image", 4, 2, 3), layer("out", "FlattenLayer", "fc_Conv")
    )
    ((f, w),) = match(found, wanted, dropout=True).pairs
    assert f.arrays["Weights"].value.tobytes() == w.arrays["Weights"].value.tobytes()
    assert f.arrays["Weights"].value.shape == (4, 18)
    padded = replace(found.layers[0], hyper={**WINDOW, "Padding": (1, 1, 1, 1)})
    other = network(padded, layer("out", "FlattenLayer", "fc_Conv"))
    assert match(other, wanted, dropout=True).differences


def test_the_inputs_of_a_sum_may_change_places() -> None:
    assert names(branches("b", "a"), branches("a", "b"))["a"] == "a"


def test_the_inputs_of_a_concatenation_may_not() -> None:
    def joined(first: str, second: str) -> LayerGraph:
        return network(
            convolution("a", "image", 2, 2, 1),
            layer("b", "ReLULayer", "image"),
            layer("join", "DepthConcatenationLayer", first, second),
            layer("flat", "FlattenLayer", "join"),
            linear("fc", "flat", 3, 36),
        )

    (fault,) = match(joined("b", "a"), joined("a", "b"), dropout=True).differences
    assert fault.startswith("its layers are connected differently: ")


def test_dropout_may_be_missing_only_where_that_is_allowed() -> None:
    wanted = network(
        layer("drop", "DropoutLayer", "image", hyper={"Probability": 0.5}),
        layer("flat", "FlattenLayer", "drop"),
        linear("fc", "flat", 4, 18),
    )
    found = network(layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 18))
    assert names(found, wanted, dropout=False) == {"fc": "fc"}
    assert match(found, wanted, dropout=True).differences == ("drop (DropoutLayer) is missing",)


def test_a_softmax_at_the_end_is_no_difference_but_one_before_the_end_is() -> None:
    wanted = network(layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 18))
    at_the_end = network(*wanted.layers, layer("prob", "SoftmaxLayer", "fc"))
    assert names(at_the_end, wanted) == {"fc": "fc"}
    assert match(wanted, at_the_end, dropout=True).differences == (
        "prob (SoftmaxLayer) is missing",
    )
    before = network(
        layer("flat", "FlattenLayer", "image"),
        layer("prob", "SoftmaxLayer", "flat"),
        linear("fc", "prob", 4, 18),
    )
    assert match(before, wanted, dropout=True).differences == (
        "prob (SoftmaxLayer) is not in the run",
    )


def test_scalings_in_front_are_the_normalisation_all_together() -> None:
    wanted = network(layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 18))
    shift = layer("sub", "ScalingLayer", "image", Scale=(1,), Offset=(2,))
    stretch = layer("div", "ScalingLayer", "sub", Scale=(2,), Offset=(1,))
    arrays = {"sub": ([2], [-10, -20]), "div": ([0.5, 0.25], [1])}

    def filled(of: Layer) -> Layer:
        values = (np.array(v, np.float32) for v in arrays[of.name])
        return replace(of, arrays={k: Array(v, "") for k, v in zip(of.arrays, values, strict=True)})

    behind = replace(wanted.layers[0], inputs=("div",))
    found = network(filled(shift), filled(stretch), behind, wanted.layers[1])
    result = match(found, wanted, dropout=True)
    assert not result.differences
    assert result.normalization is not None
    assert result.normalization.layers == ("div", "sub")
    x = np.array([3.0, 7.0])
    first = 2 * x - [10, 20]
    expected = first * [0.5, 0.25] + 1
    given = result.normalization
    assert given.scale * x + given.offset == pytest.approx(expected)


def test_a_layer_that_nothing_reads_is_a_difference() -> None:
    wanted = network(layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 18))
    idle = layer("idle", "ReLULayer", "image")
    found = LayerGraph((Input("image", (2, 3, 3)),), (idle, *wanted.layers), (Output("fc"),))
    assert match(found, wanted, dropout=True).differences == ("idle (ReLULayer) is not in the run",)


def test_layers_that_changed_places_are_told_by_their_names() -> None:
    def two(first: str, second: str) -> LayerGraph:
        return network(
            layer("flat", "FlattenLayer", "image"),
            linear(first, "flat", 18, 18),
            linear(second, first, 18, 18),
        )

    differences = match(two("b", "a"), two("a", "b"), dropout=True).differences
    assert "b is in the place of a of the run" in differences
    assert "a.Weights is b.Weights, not a.Weights" in differences
    assert names(two("x", "y"), replace_sources(two("a", "b"))) == {"a": "x", "b": "y"}


def replace_sources(graph: LayerGraph) -> LayerGraph:
    def renamed(of: Layer) -> Layer:
        arrays = {k: replace(a, source=f"torch.{a.source}") for k, a in of.arrays.items()}
        return replace(of, arrays=arrays)

    return replace(graph, layers=tuple(map(renamed, graph.layers)))


def test_other_images_are_the_one_difference() -> None:
    small = network(layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 18))
    large = network(
        layer("flat", "FlattenLayer", "image"), linear("fc", "flat", 4, 32), size=(2, 4, 4)
    )
    assert match(large, small, dropout=True).differences == (
        "its images (channels, height, width) are 2 x 4 x 4, not 2 x 3 x 3",
    )


def tuned(graph: LayerGraph) -> LayerGraph:
    """The network with every array times 1.5."""

    def changed(of: Layer) -> Layer:
        arrays = of.arrays.items()
        return replace(
            of, arrays={k: replace(a, value=a.value * np.float32(1.5)) for k, a in arrays}
        )

    return replace(graph, layers=tuple(map(changed, graph.layers)))


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
@settings(often, max_examples=200)
def test_tuned_weights_of_any_network_come_back_from_a_mat_file_bit_for_bit(
    folder: Path, data: st.DataObject, kind: str
) -> None:
    wanted = drawn(data, kind)
    try:
        content = mat_bytes(tuned(wanted), CARD, no_batch(), "")
    except UserError as error:
        if "joins features that were flattened" not in str(error):
            raise
        event("refused: two orders of features meet")
        return
    (folder / "tuned.mat").write_bytes(content)
    assert_found(match(read_mat(folder / "tuned.mat").graph, wanted, dropout=True), wanted)


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
@settings(often, max_examples=100)
def test_tuned_weights_of_any_network_come_back_from_an_onnx_file_bit_for_bit(
    data: st.DataObject, kind: str
) -> None:
    wanted = drawn(data, kind)
    proto = onnx_from_graph(tuned(wanted), CARD).proto()
    assert_found(match(read_onnx(proto), wanted, dropout=False), wanted)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in models() if name.endswith("-tiny")])
def test_every_network_of_the_zoo_comes_back_with_a_place_for_every_tensor(
    folder: Path, name: str
) -> None:
    spec = models()[name]
    module = spec.builder(3).eval()
    wanted = graph_from_module(module, [Input("image", spec.input_size)])
    sources = {array.source for array in wanted.arrays().values()}
    tensors = {n for n in module.state_dict() if not n.endswith("num_batches_tracked")}
    assert tensors == sources - {""}
    proto = onnx_from_graph(tuned(wanted), CARD).proto()
    batch = no_batch(spec.input_size)
    (folder / "tuned.mat").write_bytes(mat_bytes(tuned(wanted), CARD, batch, ""))
    ones = [1.0] * spec.input_size[0]
    matlab = as_matlab_exports(proto, mean=ones, std=ones, linear="transposed")
    assert_found(match(read_mat(folder / "tuned.mat").graph, wanted, dropout=True), wanted)
    assert_found(match(read_onnx(proto), wanted, dropout=False), wanted)
    assert_found(match(read_onnx(matlab), wanted, dropout=False), wanted)


def assert_found(result: Match, wanted: LayerGraph) -> None:
    """Every layer with arrays is paired, with the arrays of `tuned`."""
    assert not result.differences
    pairs = {w.name: (f, w) for f, w in result.pairs}
    for of in wanted.layers:
        for key in of.arrays:
            f, w = pairs[of.name]
            expected = w.arrays[key].value * np.float32(1.5)
            assert f.arrays[key].value.tobytes() == expected.tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("correspondence")
