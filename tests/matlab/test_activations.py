"""Activations of the MATLAB toolbox, run in GNU Octave, against PyTorch in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matlab_layers import Octave, apply, channels, double, from_matlab, layer, row, single
from torch.nn import functional

pytestmark = pytest.mark.octave

SHAPES = [(4, 3), (1, 3), (4, 6, 5, 7), (1, 6, 5, 7), (2, 1, 5, 7)]
UNIT = 2**-24
LEAST = 2.0**-149  # the smallest single above zero

RELATIVE = {
    "ReLULayer": ({}, functional.relu, 0),
    "LeakyReLULayer": ({"Scale": row(0.01)}, lambda x: functional.leaky_relu(x, 0.01), 3),
    "ClippedReLULayer": ({"Ceiling": row(6)}, functional.relu6, 0),
    "ELULayer": ({"Alpha": row(1.5)}, lambda x: functional.elu(x, 1.5), 5),
    "SigmoidLayer": ({}, torch.sigmoid, 5),
    "SwishLayer": ({}, functional.silu, 6),
    "TanhLayer": ({}, torch.tanh, 4),
}
"""Options, the function in PyTorch, and the relative error allowed, in roundings."""


@pytest.mark.parametrize("shape", SHAPES)
def test_every_element_to_within_a_few_roundings(
    octave: Octave, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    x = 3 * single(*shape)
    outputs = apply(
        octave, tmp_path, *((layer(kind, **o), [x]) for kind, (o, _, _) in RELATIVE.items())
    )
    for y, (kind, (_, function, allowed)) in zip(outputs, RELATIVE.items(), strict=True):
        expected = function(double(x))
        error = np.abs(from_matlab(y, expected.shape) - expected.numpy())
        assert (error <= allowed * UNIT * expected.abs().numpy() + LEAST).all(), kind


@pytest.mark.parametrize("kind", ["SigmoidLayer", "SwishLayer", "TanhLayer", "ELULayer"])
def test_nothing_overflows_or_cancels(octave: Octave, tmp_path: Path, kind: str) -> None:
    x = np.linspace(-100, 100, 20001, dtype=np.float32)[None]
    x = np.concatenate([x, np.geomspace(1e-30, 1, 20001, dtype=np.float32)[None] * [[-1]]], 1)
    x = x.astype(np.float32)
    options, function, allowed = RELATIVE[kind]
    (y,) = apply(octave, tmp_path, (layer(kind, **options), [x]))
    expected = function(double(x)).numpy()
    # below the least normal number, singles are 2^-149 apart
    error = np.abs(y.T - expected) - allowed * UNIT * np.abs(expected) - 150 * LEAST
    assert (error <= 0).all()


@pytest.mark.parametrize("form", ["none", "tanh"])
def test_gelu(octave: Octave, tmp_path: Path, form: str) -> None:
    x = np.linspace(-10, 10, 20001, dtype=np.float32)[None]
    maps = single(2, 6, 5, 7)
    y, small = apply(
        octave, tmp_path, *((layer("GELULayer", Approximation=form), [v]) for v in (x, maps))
    )
    expected = functional.gelu(double(x), approximate=form).numpy()
    error = np.abs(y.T - expected)
    assert (error <= 4 * UNIT * np.maximum(np.abs(expected), 1)).all()
    if form == "none":  # by erfc the tail below zero is right too; 1 + erf(x) would be 0 there
        tail = x[x < 0].astype(np.float64)
        truth = 0.5 * tail * torch.special.erfc(torch.tensor(-tail / np.sqrt(2))).numpy()
        assert (np.abs(y.T[x < 0] - truth) <= (4 + 2 * tail**2) * UNIT * np.abs(truth)).all()
    truth = functional.gelu(double(maps), approximate=form)
    assert np.abs(from_matlab(small, truth.shape) - truth.numpy()).max() < 4 * UNIT * 3


@pytest.mark.parametrize("shape", SHAPES)
def test_prelu(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = single(*shape)
    for slopes in (single(shape[1]), single(1)):
        fields = layer("PReLULayer", Alpha=channels(slopes, x))
        (y,) = apply(octave, tmp_path, (fields, [x]))
        expected = functional.prelu(double(x), double(slopes))
        error = np.abs(from_matlab(y, expected.shape) - expected.numpy())
        assert (error <= UNIT * expected.abs().numpy()).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = 10 * single(*shape)
    x.flat[:2] = 500, -500  # exp alone would overflow
    (y,) = apply(octave, tmp_path, (layer("SoftmaxLayer"), [x]))
    expected = torch.softmax(double(x), 1)
    error = np.abs(from_matlab(y, expected.shape) - expected.numpy())
    # x - max(x) is rounded before exp makes its error a relative one
    assert (error <= 100 * UNIT * expected.numpy() + LEAST).all()


def test_activations_by_hand(octave: Octave) -> None:
    octave(
        """
        X = single([-2 0 7]);
        assert(cifarx.layer.relu(X), single([0 0 7]));
        assert(cifarx.layer.leakyReLU(X, 0.5), single([-1 0 7]));
        assert(cifarx.layer.pReLU(X.', single([0.25; 2; 3])), single([-0.5; 0; 7]));
        assert(cifarx.layer.clippedReLU(X, 6), single([0 0 6]));
        assert(cifarx.layer.sigmoid(single([-Inf 0 Inf])), single([0 0.5 1]));
        assert(cifarx.layer.swish(single([0 200])), single([0 200]));
        assert(cifarx.layer.tanh(single([-Inf 0 Inf])), single([-1 0 1]));
        assert(cifarx.layer.softmax(single([0; 0; 0; 0])), single([1; 1; 1; 1] / 4));
        """
    )
