"""Single layers with arrays written by hand, and how near a result comes to its bound."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cifarx.export.network.compute import compute_layer, layer_tensors
from cifarx.export.network.layer import Array, Hyper, Layer

U = 2.0**-24


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
