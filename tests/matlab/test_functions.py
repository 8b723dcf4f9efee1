"""Functions, powers and log-softmax of the toolbox, in GNU Octave, against PyTorch in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matlab_layers import Octave, apply, channels, double, from_matlab, layer, single

from cifarx.export.network.compute import compute_layer
from cifarx.export.network.layer import Layer
from cifarx.export.network.vocabulary import ONE_TO_ONE, TWO_TO_ONE

pytestmark = pytest.mark.octave

SHAPES = [(4, 3), (1, 3), (4, 6, 5, 7), (1, 6, 5, 7), (2, 1, 5, 7)]
UNIT = 2**-24
ABOVE_ZERO = ("log", "sqrt", "reciprocal")


def expected(name: str, *inputs: np.ndarray) -> np.ndarray:
    kind = "ElementwiseLayer" if len(inputs) == 1 else "BinaryElementwiseLayer"
    found = compute_layer(Layer("f", kind, (), {"Function": name}), list(map(double, inputs)), {})
    return found.numpy()


@pytest.mark.parametrize("shape", SHAPES)
def test_functions_of_one_element(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = 3 * single(*shape)
    given = {n: np.abs(x) + np.float32(0.1) if n in ABOVE_ZERO else x for n in ONE_TO_ONE}
    outputs = apply(
        octave,
        tmp_path,
        *((layer("ElementwiseLayer", Function=name), [v]) for name, v in given.items()),
    )
    for y, (name, value) in zip(outputs, given.items(), strict=True):
        truth = expected(name, value)
        error = np.abs(from_matlab(y, truth.shape) - truth)
        assert (error <= 3 * UNIT * np.abs(truth)).all(), name


def test_softplus_neither_overflows_nor_loses_digits(octave: Octave, tmp_path: Path) -> None:
    x = np.linspace(-85, 200, 20001, dtype=np.float32)[None]
    (y,) = apply(octave, tmp_path, (layer("ElementwiseLayer", Function="softplus"), [x]))
    truth = expected("softplus", x)
    assert (np.abs(y.T - truth) <= 3 * UNIT * truth).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TWO_TO_ONE)
def test_functions_of_two_elements(
    octave: Octave, tmp_path: Path, shape: tuple[int, ...], name: str
) -> None:
    a = single(*shape)
    pairs = [(a, single(*shape)), (a, single(shape[0], 1, *[1] * (len(shape) - 2)))]
    pairs += [pair[::-1] for pair in pairs]
    kind = layer("BinaryElementwiseLayer", Function=name)
    outputs = apply(octave, tmp_path, *((kind, list(pair)) for pair in pairs))
    for y, pair in zip(outputs, pairs, strict=True):
        truth = expected(name, *pair)
        error = np.abs(from_matlab(y, truth.shape) - truth)
        assert (error <= (UNIT if name == "divide" else 0) * np.abs(truth)).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_powers(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = np.abs(single(*shape)) + np.float32(0.01)
    turned = single(*shape)
    one, each = np.float32([2.75]), single(shape[1])
    cases = [(x, one), (x, each), (turned, np.float32([3])), (turned, np.float32([0]))]
    outputs = apply(
        octave, tmp_path, *((layer("PowerLayer", Exponent=channels(e, v)), [v]) for v, e in cases)
    )
    for y, (v, e) in zip(outputs, cases, strict=True):
        truth = double(v).numpy() ** e.astype(float).reshape(-1, *[1] * (len(shape) - 2))
        error = np.abs(from_matlab(y, truth.shape) - truth)
        assert (error <= 3 * UNIT * np.abs(truth)).all()


@pytest.mark.parametrize("shape", SHAPES[:4])  # of one channel all are 0
def test_log_softmax(octave: Octave, tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = 10 * single(*shape)
    x.flat[:2] = 500, -500  # exp alone would overflow
    (y,) = apply(octave, tmp_path, (layer("LogSoftmaxLayer"), [x]))
    truth = torch.log_softmax(double(x), 1).numpy()
    error = np.abs(from_matlab(y, truth.shape) - truth)
    assert (error <= 4 * UNIT * (np.abs(truth) + 10)).all()


def test_what_is_not_real_is_nan_as_in_pytorch(octave: Octave) -> None:
    octave(
        """
        X = single([-4 NaN 4]);
        same = @(Y, Z) isreal(Y) && isequaln(Y, single(Z));
        assert(same(cifarx.layer.elementwise(X, 'sqrt'), [NaN NaN 2]));
        assert(same(cifarx.layer.elementwise(X, 'softplus'), ...
                    [log1p(exp(single(-4))), NaN, 4 + log1p(exp(single(-4)))]));
        assert(isnan(cifarx.layer.elementwise(X, 'log')), logical([1 1 0]));
        assert(isreal(cifarx.layer.elementwise(X, 'log')));
        assert(same(cifarx.layer.power(X, single(0.5)), [NaN NaN 2]));
        assert(same(cifarx.layer.power(X, single(2)), [16 NaN 16]));
        assert(same(cifarx.layer.power(X, single(-1)), [-0.25 NaN 0.25]));
        assert(same(cifarx.layer.binaryElementwise({X, single(0)}, 'max'), [0 NaN 4]));
        assert(same(cifarx.layer.binaryElementwise({single(0), X}, 'min'), [-4 NaN 0]));
        assert(same(cifarx.layer.binaryElementwise({X, X}, 'divide'), [1 NaN 1]));
        """
    )


@pytest.mark.parametrize("function", ["elementwise", "binaryElementwise"])
def test_an_unknown_function_is_an_error(octave: Octave, function: str) -> None:
    octave(
        f"""
        try
            cifarx.layer.{function}({{single(1), single(2)}}, 'system');
            said = '';
        catch e
            said = e.identifier;
        end
        assert(said, 'cifarx:predict:unknownFunction');
        """
    )
