"""Truths and bounds of single layers: of every kind, by hand, and against Octave's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_networks import CARD, SIZE, STEPS, Drawing, drawn, no_batch, often
from hypothesis import given, settings
from hypothesis import strategies as st
from layers_by_hand import convolution, layer, maps, ratio, single
from matlab_layers import Octave, from_matlab
from scipy.io import loadmat, savemat

from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network import layout
from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Hyper
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.verify.ladder.layers.bounds import EXACT, TRUTHS, layer_truth
from cifarx.verify.ladder.layers.rounding import TINY, gamma

U = 2.0**-24
OCTAVE_BOUNDS = """
load('images.mat');
for i = 0:COUNT - 1
    net = cifarx.load(sprintf('net%d.mat', i));
    names = [{net.inputs.Name}, {net.layers.Name}];
    values = {X};
    [truths, bounds] = deal(cell(1, numel(net.layers)));
    for k = 1:numel(net.layers)
        [~, from] = ismember(net.layers(k).Inputs(:).', names);
        values{k + 1} = cifarx.internal.applyLayer(net.layers(k), values(from));
        [truths{k}, bounds{k}] = cifarx.internal.truth.localTruth(net.layers(k), values(from));
    end
    save('-v6', sprintf('out%d.mat', i), 'truths', 'bounds');
end
"""


def test_every_kind_has_a_truth() -> None:
    assert set(TRUTHS) == set(VOCABULARY)
    assert set(VOCABULARY) >= EXACT


@pytest.mark.parametrize("kind", sorted(VOCABULARY))
@settings(often, max_examples=25)
@given(data=st.data())
def test_float32_stays_within_the_bound(kind: str, data: st.DataObject) -> None:
    drawing = Drawing(data)
    STEPS["Convolution2DLayer"](drawing)
    if data.draw(st.booleans()) and "Pooling" not in kind:
        STEPS["ReLULayer"](drawing)
    if kind == "FullyConnectedLayer":
        STEPS["FlattenLayer"](drawing)
    STEPS[kind](drawing)
    shapes = drawing.shapes
    la = next(la for la in reversed(drawing.layers) if la.kind == kind)
    size = data.draw(st.sampled_from([1e-3, 1.0, 30.0]))
    torch.manual_seed(drawing.number(0, 2**16))
    inputs = [(size * torch.randn(3, *shapes[name])).double() for name in la.inputs]
    if kind == "PowerLayer":  # of numbers below zero it is not real
        inputs = [x.abs() for x in inputs]
    truth, bound = layer_truth(la, inputs)
    bound = bound.broadcast_to(truth.shape)
    assert ratio(truth, compute_layer(la, inputs, layer_tensors(la)), bound) < 1e-6
    assert ratio(single(la, inputs), truth, bound) <= 1
    assert bool((bound == 0).all()) == (kind in EXACT) or kind in (
        "ClippedReLULayer",  # where the ceiling is a float32
        "LeakyReLULayer",
        "PReLULayer",
        "ELULayer",  # where nothing is below zero
        "ElementwiseLayer",  # some functions
        "BinaryElementwiseLayer",
    )
    assert float(bound.max()) <= 1e-3 * float(truth.abs().max()) + TINY


@pytest.mark.parametrize("kind", sorted(set(VOCABULARY) - EXACT))
def test_nothing_comes_of_nothing(kind: str) -> None:
    """Zeros are no NaN, and the same in float32."""
    fill = {"Scale": 2.0, "TrainedVariance": 1.0, "Weights": 0.5, "Alpha": 0.3}
    hyper: dict[str, Hyper] = {
        "Stride": (1, 1),
        "Padding": (0, 0, 0, 0),
        "Cropping": (0, 0, 0, 0),
        "DilationFactor": (1, 1),
        "PoolSize": (2, 2),
        "NumGroups": 2.0,
        "WindowChannelSize": 3.0,
        "Epsilon": 1e-5,
        "Ceiling": 6.0,
        "Approximation": "none",
        "PaddingValue": 0.0,
        "Function": "max" if kind == "BinaryElementwiseLayer" else "softplus",
        "OutputSize": (10, 15),
        "Method": "bilinear",
        "GeometricTransformMode": "half-pixel",
        "NearestRoundingMode": "round",
    }
    if kind == "Resize2DLayer":
        hyper["Scale"] = (2.0, 3.0)
    row = VOCABULARY[kind]
    shape = {"FullyConnectedLayer": (5, 4), "GroupedConvolution2DLayer": (4, 2, 3, 3)}
    la = layer(
        kind,
        {key: hyper.get(key, 0.5) for key in row.hyper},
        **{
            key: np.full(shape.get(kind, (4, 4, 3, 3)) if key == "Weights" else 4, fill.get(key, 0))
            for key in row.arrays
            if not (kind == "FullyConnectedLayer" and key == "Bias")
        },
        **({"Bias": np.zeros(5)} if kind == "FullyConnectedLayer" else {}),
    )
    size = (2, 4) if kind == "FullyConnectedLayer" else (2, 4, 5, 5)
    inputs = [torch.zeros(size, dtype=torch.float64)] * (row.inputs or 2)
    truth, bound = layer_truth(la, inputs)
    assert torch.isfinite(truth).all()
    assert torch.isfinite(bound).all()
    assert ratio(single(la, inputs), truth, bound.broadcast_to(truth.shape)) <= 1


def test_average_pooling_with_and_without_its_edges() -> None:
    for value, divisors in ((0.0, (2, 2, 2)), ("mean", (1, 2, 1))):
        hyper: dict[str, Hyper] = {
            "PoolSize": (1, 2),
            "Stride": (1, 1),
            "Padding": (0, 0, 1, 1),
            "PaddingValue": value,
        }
        truth, bound = layer_truth(layer("AveragePooling2DLayer", hyper), [maps(-1, 2)])
        expected = [n / d for n, d in zip((-1, 1, 2), divisors, strict=True)]
        assert truth.flatten().tolist() == expected
        sizes = [gamma(3, 3) * n / d for n, d in zip((1, 3, 2), divisors, strict=True)]
        assert bound.flatten().tolist() == pytest.approx(sizes)


def test_subnormal_numbers_may_be_taken_for_zero() -> None:
    small = maps(1e-39, -1e-30, 1e-20)
    for la in (
        convolution(np.full((1, 1, 1, 1), 1e-20), Padding=(0, 0, 0, 0)),
        layer("ScalingLayer", Scale=[1e-20], Offset=[0]),
        layer("SwishLayer"),
        layer("TanhLayer"),
    ):
        truth, bound = layer_truth(la, [small])
        flushed = torch.where(truth.abs() < TINY, 0.0, truth)
        assert ratio(flushed, truth, bound) <= 1


def some_of_every_kind() -> list[LayerGraph]:
    found: list[LayerGraph] = []

    def draw_one(kind: str) -> None:
        def draw(data: st.DataObject) -> None:
            found.append(drawn(data, kind))

        settings(often, max_examples=2)(given(data=st.data())(draw))()

    for kind in sorted(VOCABULARY):
        draw_one(kind)
    return found


@pytest.mark.octave
def test_octave_has_the_same_truths_and_bounds(octave: Octave, tmp_path: Path) -> None:
    """Each side computes the layers in its own float32, so bounds differ in their last digits."""
    graphs = some_of_every_kind()
    random = np.random.RandomState(0)
    images = random.standard_normal((3, *SIZE)).astype(np.float32)
    savemat(tmp_path / "images.mat", {"X": layout.to_matlab(images)})
    for i, graph in enumerate(graphs):
        (tmp_path / f"net{i}.mat").write_bytes(mat_bytes(graph, CARD, no_batch(), ""))
    octave(OCTAVE_BOUNDS.replace("COUNT", str(len(graphs))))
    compared = set()
    for i, graph in enumerate(graphs):
        out = loadmat(tmp_path / f"out{i}.mat")
        values = {graph.inputs[0].name: torch.from_numpy(images)}
        for k, la in enumerate(graph.layers):
            inputs = [values[name] for name in la.inputs]
            values[la.name] = single(la, inputs)
            truth, bound = layer_truth(la, inputs)
            wanted = bound.double().broadcast_to(truth.shape)
            for name, mine in (("truths", truth.double()), ("bounds", wanted)):
                theirs = from_matlab(out[name][0, k], mine.shape)
                if mine.ndim == 2:  # Octave's features are those of flattened H x W x C maps
                    theirs, mine = np.sort(theirs), mine.sort().values
                largest = float(mine.abs().max())
                np.testing.assert_allclose(
                    theirs, mine.numpy(), rtol=1e-3, atol=1e-5 * largest, err_msg=f"{la}"
                )
            compared.add(la.kind)
    assert compared == set(VOCABULARY)
