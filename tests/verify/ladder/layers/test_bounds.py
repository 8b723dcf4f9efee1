"""Truths and bounds of single layers: of every kind, by hand, and against Octave's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from drawn_networks import CARD, SIZE, STEPS, Drawing, drawn, no_batch, often
from hypothesis import given, settings
from hypothesis import strategies as st
from matlab_layers import Octave, from_matlab
from scipy.io import loadmat, savemat
from torch import Tensor

from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network import layout
from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Hyper, Layer
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.verify.ladder.layers.bounds import EXACT, TRUTHS, layer_truth
from cifarx.verify.ladder.layers.rounding import TINY, gamma
from cifarx.verify.ladder.layers.truth_of_sums import fast_convolution_bound
from cifarx.verify.ladder.layers.winograd import convolve, make_winograd, transformed

U = 2.0**-24
OCTAVE_BOUNDS = """
load('images.mat');
for i = 0:COUNT - 1
    net = cifarx.load(sprintf('net%d.mat', i));
    names = [{net.input.Name}, {net.layers.Name}];
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


def layer(kind: str, hyper: dict[str, Hyper] | None = None, **arrays: object) -> Layer:
    made = {key: Array(np.asarray(value, np.float32), key) for key, value in arrays.items()}
    return Layer("a", kind, ("in",), hyper or {}, made)


def convolution(weights: np.ndarray, bias: np.ndarray | None = None, **hyper: Hyper) -> Layer:
    window: dict[str, Hyper] = {
        "Stride": (1, 1),
        "Padding": (1, 1, 1, 1),
        "DilationFactor": (1, 1),
        **hyper,
    }
    kind = "GroupedConvolution2DLayer" if "NumGroups" in hyper else "Convolution2DLayer"
    zeros = np.zeros(len(weights), np.float32)
    return layer(kind, window, Weights=weights, Bias=zeros if bias is None else bias)


def maps(*numbers: float) -> Tensor:
    """(1, 1, 1, W)."""
    return torch.tensor([[[numbers]]], dtype=torch.float64)


def ratio(found: Tensor, truth: Tensor, bound: Tensor) -> float:
    error = (found.double() - truth).abs()
    assert bool((bound >= 0).all())
    return float(torch.where(error == 0, 0.0, error / bound).max())


def single(la: Layer, inputs: list[Tensor]) -> Tensor:
    """The layer by PyTorch in float32."""
    return compute_layer(la, [x.float() for x in inputs], layer_tensors(la, torch.float32))


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
    shapes = drawing.shapes
    STEPS[kind](drawing)
    la = drawing.layers[-1]
    assert la.kind == kind
    size = data.draw(st.sampled_from([1e-3, 1.0, 30.0]))
    torch.manual_seed(drawing.number(0, 2**16))
    inputs = [(size * torch.randn(3, *shapes[name])).double() for name in la.inputs]
    truth, bound = layer_truth(la, inputs)
    bound = bound.broadcast_to(truth.shape)
    assert ratio(truth, compute_layer(la, inputs, layer_tensors(la)), bound) < 1e-6
    assert ratio(single(la, inputs), truth, bound) <= 1
    assert bool((bound == 0).all()) == (kind in EXACT) or kind in (
        "ClippedReLULayer",  # where the ceiling is a float32
        "LeakyReLULayer",
        "PReLULayer",
        "ELULayer",  # where nothing is below zero
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
    }
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


def test_the_bound_of_a_convolution_by_hand() -> None:
    la = convolution(np.array([[[[1, -2, 3]]]]), np.array([-4]), Padding=(0, 0, 0, 0))
    truth, bound = layer_truth(la, [maps(1, 2, -1, 0)])
    assert truth.flatten().tolist() == [1 - 4 - 3 - 4, 2 + 2 - 4]
    expected = [gamma(4, 2) * (1 + 4 + 3 + 4), gamma(4, 2) * (2 + 2 + 4)]
    assert bound.flatten().tolist() == pytest.approx(expected, rel=2e-4)


def test_the_bound_of_a_transposed_convolution_counts_what_the_stride_lets_it_see() -> None:
    hyper: dict[str, Hyper] = {"Stride": (1, 2), "Cropping": (0, 0, 0, 0)}
    la = layer("TransposedConvolution2DLayer", hyper, Weights=[[[[1, -2, 3]]]], Bias=[0.5])
    truth, bound = layer_truth(la, [maps(1, 2)])
    assert truth.flatten().tolist() == [1.5, -1.5, 5.5, -3.5, 6.5]
    expected = [gamma(3, 5) * size for size in (1.5, 2.5, 5.5, 4.5, 6.5)]
    assert bound.flatten().tolist() == pytest.approx(expected, rel=2e-4)


def test_the_bound_of_batch_norm_by_hand() -> None:
    la = layer(
        "BatchNormalizationLayer",
        {"Epsilon": 0.25},
        Scale=[-1],
        Offset=[0.5],
        TrainedMean=[2],
        TrainedVariance=[0],
    )
    truth, bound = layer_truth(la, [maps(2, 3)])
    assert truth.flatten().tolist() == [0.5, -1.5]
    expected = [gamma(7) * (4 + 4 + 0.5), gamma(7) * (6 + 4 + 0.5)]
    assert bound.flatten().tolist() == pytest.approx(expected)


def test_the_bounds_of_activations_by_hand() -> None:
    x = maps(-2, 0, 3)
    _, leaky = layer_truth(layer("LeakyReLULayer", {"Scale": 0.1}), [x])
    assert leaky.flatten().tolist() == pytest.approx([2.01 * U * 0.2, 0, 0])
    _, clipped = layer_truth(layer("ClippedReLULayer", {"Ceiling": 6.0}), [x])
    assert clipped.tolist() == 0
    _, odd = layer_truth(layer("ClippedReLULayer", {"Ceiling": 0.1}), [x])
    assert odd.tolist() == pytest.approx(float(np.float32(0.1)) - 0.1)
    _, tanh = layer_truth(layer("TanhLayer"), [x])
    expected = [8 * U * math.tanh(2), 0, 8 * U * math.tanh(3)]
    assert tanh.flatten().tolist() == pytest.approx(expected)


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


def test_swish_of_what_exp_cannot_hold_is_zero() -> None:
    x = torch.linspace(-110, -80, 3001).double()[None]
    x = x.float().double()
    la = layer("SwishLayer")
    found = single(la, [x])
    assert float(found[0, 1000]) == 0.0
    assert ratio(found, *layer_truth(la, [x])) <= 1


def test_sizes_beyond_float32_are_summed_in_float64() -> None:
    la = convolution(np.array([[[[2, -2]]]]), Padding=(0, 0, 0, 0))
    truth, bound = layer_truth(la, [maps(3e38, 3e38)])
    assert truth.flatten().tolist() == [0.0]
    assert float(bound) == pytest.approx(gamma(3) * 12e38, rel=1e-2)


def test_winograd_in_float64_grants_what_it_loses_where_all_inputs_are_zero() -> None:
    """128 channels are computed that way, where a neighbour's tile may leave 1e-16 for a 0."""
    la = convolution(np.random.RandomState(0).standard_normal((128, 128, 3, 3)))
    x = torch.zeros(1, 128, 8, 8, dtype=torch.float64)
    x[:, :, 0, 0] = torch.randn(128)
    truth, bound = layer_truth(la, [x])
    plain = F.conv2d(x, layer_tensors(la)["Weights"], padding=1)
    assert float(plain[0, 0, 3, 3]) == 0.0
    assert ratio(plain, truth, bound.double()) <= 1
    assert 0 < bound[0, 0, 3, 3] < 1e-3 * bound[0, 0, 0, 0]


def winograd(la: Layer, x: Tensor, tile: int, half: bool = False) -> Tensor:
    """The layer in float32 by Winograd, and what half-precision weights make of it."""
    arrays = layer_tensors(la, torch.float32)
    weights = arrays["Weights"].half().float() if half else arrays["Weights"]
    algorithm = make_winograd(tile)
    groups = int(la.hyper.get("NumGroups", 1))  # type: ignore[arg-type]
    kernels = transformed(weights, groups, algorithm)
    whole = convolve(F.pad(x.float(), (1, 1, 1, 1)), kernels, groups, algorithm)
    return whole + arrays["Bias"].view(-1, 1, 1)


def test_the_matrices_are_those_of_lavin_and_gray_up_to_the_scale_of_rows() -> None:
    """F(2 x 2, 3 x 3) of their section 4.1; signs go from one matrix to another."""
    found = make_winograd(2)
    before = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]
    kernel = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
    after = [[1, 1, 1, 0], [0, 1, -1, 1]]
    for mine, theirs in ((found.before, before), (found.kernel, kernel), (found.after, after)):
        assert torch.equal(mine.abs(), torch.tensor(np.kron(theirs, theirs)).abs().double())


@pytest.mark.parametrize("tile", [2, 4, 6])
@pytest.mark.parametrize("groups", [1, 2])
def test_fast_convolutions_are_convolutions(tile: int, groups: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 11, 9, dtype=torch.float64)
    weights = torch.randn(6, 4 // groups, 3, 3, dtype=torch.float64)
    algorithm = make_winograd(tile)
    found = convolve(x, transformed(weights, groups, algorithm), groups, algorithm)
    expected = F.conv2d(x, weights, groups=groups)
    assert float((found - expected).abs().max()) < 1e-11


@pytest.mark.parametrize("tile", [2, 4, 6])
@pytest.mark.parametrize(
    ("channels", "groups", "positive"), [(3, 1, True), (16, 4, False), (64, 1, True)]
)
def test_winograd_in_float32_is_within_the_fast_bound(
    tile: int, channels: int, groups: int, positive: bool
) -> None:
    random = np.random.RandomState(tile)
    hyper: dict[str, Hyper] = {"NumGroups": float(groups)} if groups > 1 else {}
    weights = random.standard_normal((32, channels // groups, 3, 3)) / math.sqrt(9 * channels)
    la = convolution(weights, random.standard_normal(32), **hyper)
    x = torch.from_numpy(random.standard_normal((4, channels, 13, 16))).float().double()
    if positive:
        x = x.relu()
    truth, direct = layer_truth(la, [x])
    fast = fast_convolution_bound(la, x)
    assert fast is not None
    assert bool((fast >= direct).all())
    found = winograd(la, x, tile)
    assert 0 < ratio(found, truth, fast) <= 1
    assert ratio(found, truth, direct) > ratio(single(la, [x]), truth, direct)
    assert ratio(winograd(la, x, tile, half=True), truth, fast) > 1 or channels > 16


def test_winograd_in_float32_can_exceed_the_direct_bound() -> None:
    """Small outputs beside large ones: their tiles add and subtract the large ones' inputs."""
    random = np.random.RandomState(0)
    la = convolution(random.standard_normal((8, 3, 3, 3)))
    x = torch.from_numpy(random.standard_normal((2, 3, 16, 16))).float().double()
    x[..., 9:] *= 1e-4
    truth, direct = layer_truth(la, [x])
    fast = fast_convolution_bound(la, x)
    assert fast is not None
    found = winograd(la, x, 4)
    assert ratio(found, truth, direct) > 2
    assert ratio(found, truth, fast) <= 1


def test_other_convolutions_have_no_fast_algorithm() -> None:
    x = torch.zeros(1, 4, 8, 8, dtype=torch.float64)
    three = np.ones((4, 4, 3, 3))
    assert fast_convolution_bound(convolution(three), x) is not None
    assert fast_convolution_bound(convolution(three, Stride=(1, 2)), x) is None
    assert fast_convolution_bound(convolution(three, DilationFactor=(2, 2)), x) is None
    assert fast_convolution_bound(convolution(np.ones((4, 4, 1, 3))), x) is None


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
    savemat(tmp_path / "images.mat", {"X": layout.images_to_matlab(images)})
    for i, graph in enumerate(graphs):
        (tmp_path / f"net{i}.mat").write_bytes(mat_bytes(graph, CARD, no_batch(), ""))
    octave(OCTAVE_BOUNDS.replace("COUNT", str(len(graphs))))
    compared = set()
    for i, graph in enumerate(graphs):
        out = loadmat(tmp_path / f"out{i}.mat")
        values = {graph.input_name: torch.from_numpy(images)}
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
