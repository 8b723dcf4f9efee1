"""Resized maps of the MATLAB toolbox, run in GNU Octave, against PyTorch in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matlab_layers import Octave, apply, double, from_matlab, layer, roundings, row, single
from torch.nn import functional

from cifarx.export.network.compute import compute_layer
from cifarx.export.network.layer import Layer
from cifarx.export.network.resampling import MODES, ROUNDINGS

pytestmark = pytest.mark.octave

SIZES = [
    ((5, 7), (11, 9)),
    ((8, 6), (16, 3)),
    ((9, 10), (4, 7)),
    ((1, 6), (3, 11)),
    ((6, 1), (1, 5)),
]


def options(
    output: tuple[int, int],
    scale: tuple[float, float],
    method: str,
    mode: str,
    rounding: str = "round",
) -> dict[str, Any]:
    return {
        "OutputSize": output,
        "Scale": scale,
        "Method": method,
        "GeometricTransformMode": mode,
        "NearestRoundingMode": rounding,
    }


def in_matlab(hyper: dict[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, str) else row(*v) for k, v in hyper.items()}


@pytest.mark.parametrize("align", [False, True])
def test_bilinear_is_pytorchs(octave: Octave, tmp_path: Path, align: bool) -> None:
    mode = "align-corners" if align else "half-pixel"
    cases, expected = [], []
    for size, output in SIZES:
        x = single(2, 3, *size)
        scale = (output[0] / size[0], output[1] / size[1])
        hyper = options(output, scale, "bilinear", mode)
        cases.append((layer("Resize2DLayer", **in_matlab(hyper)), [x]))
        expected.append(
            functional.interpolate(double(x), output, mode="bilinear", align_corners=align)
        )
    for y, truth in zip(apply(octave, tmp_path, *cases), expected, strict=True):
        assert roundings(y, truth) < 20


def test_by_scales_that_are_no_quotients_of_the_sizes(octave: Octave, tmp_path: Path) -> None:
    x = single(1, 2, 5, 9)
    hyper = options((7, 6), (1.5, 0.7), "bilinear", "half-pixel")
    (y,) = apply(octave, tmp_path, (layer("Resize2DLayer", **in_matlab(hyper)), [x]))
    expected = functional.interpolate(double(x), scale_factor=(1.5, 0.7), mode="bilinear")
    assert roundings(y, expected) < 20


@pytest.mark.parametrize("mode", MODES)
def test_every_way_as_in_python(octave: Octave, tmp_path: Path, mode: str) -> None:
    hypers = [
        options(output, (output[0] / size[0], output[1] / size[1]), method, mode, rounding)
        for size, output in SIZES
        for method, rounding in [("bilinear", "round"), *(("nearest", r) for r in ROUNDINGS)]
    ]
    xs = [single(2, 3, *size) for size, _ in SIZES for _ in range(1 + len(ROUNDINGS))]
    cases = [
        (layer("Resize2DLayer", **in_matlab(hyper)), [x])
        for hyper, x in zip(hypers, xs, strict=True)
    ]
    for y, hyper, x in zip(apply(octave, tmp_path, *cases), hypers, xs, strict=True):
        expected = compute_layer(Layer("a", "Resize2DLayer", ("x",), hyper), [double(x)], {})
        if hyper["Method"] == "nearest":
            assert np.array_equal(from_matlab(y, expected.shape), expected.numpy())
        else:
            assert roundings(y, expected) < 20


def test_nearest_is_pytorchs(octave: Octave, tmp_path: Path) -> None:
    x = single(2, 3, 7, 10)
    hyper = options((11, 4), (11 / 7, 0.4), "nearest", "asymmetric", "floor")
    (y,) = apply(octave, tmp_path, (layer("Resize2DLayer", **in_matlab(hyper)), [x]))
    expected = functional.interpolate(torch.from_numpy(x), (11, 4)).double()
    assert np.array_equal(from_matlab(y, expected.shape), expected.numpy())
