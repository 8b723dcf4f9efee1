"""Compute convolutions and linear layers in float64, with the bound gamma (|W| |x| + |b|)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor

from cifarx.export.network.compute import layer_tensors
from cifarx.export.network.layer import Layer, number, pair, sides
from cifarx.verify.ladder.layers import winograd
from cifarx.verify.ladder.layers.rounding import TINY, gamma

LayerTruth = Callable[[list[Tensor]], tuple[Tensor, Tensor]]
"""Inputs of a layer, float32 or float64 -> the layer in float64, and the largest error allowed."""

_ABOUT = 1.0 + 1e-4
"""A factor that covers the error of a float32 sum of positive terms: up to 1,600 terms always, and
up to 10,000,000 by the probabilistic bound. It lets the sums in a bound be computed in float32."""
_WIDE = 64
"""Number of channels and filters from which F(4 x 4, 3 x 3) is faster in float64."""
_COLUMNS = 2**22
"""Most numbers in a matrix of windows: 32 MB, about the size of a cache."""
_FAST = tuple(winograd.make_winograd(tile) for tile in (2, 4, 6))


def truth_of_linear(layer: Layer) -> LayerTruth:
    """Make the truth of a fully connected layer for (N, C) features."""
    arrays = layer_tensors(layer)
    weights, bias = arrays["Weights"], arrays["Bias"]
    sizes, room = weights.abs().float(), bias.abs().float()

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        absolute = x.abs().float() @ sizes.T
        if not torch.isfinite(absolute).all():
            absolute = x.abs() @ sizes.double().T
        y = F.linear(x, weights, bias)
        return y, _bound(weights.shape[1], absolute.add_(room))

    return truth


def truth_of_transposed(layer: Layer) -> LayerTruth:
    """Make the truth of a transposed convolution.

    Each output is a sum over the kernel positions that the stride lets it see.
    """
    arrays = layer_tensors(layer)
    weights, bias, stride = arrays["Weights"], arrays["Bias"], pair(layer, "Stride")
    top, bottom, left, right = sides(layer, "Cropping")
    positions = math.prod(-(-k // s) for k, s in zip(weights.shape[2:], stride, strict=True))

    def sums(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        whole = F.conv_transpose2d(x, w, b, stride=stride)
        return whole[:, :, top : whole.shape[2] - bottom, left : whole.shape[3] - right]

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        absolute = sums(x.abs(), weights.abs(), bias.abs())
        return sums(x, weights, bias), _bound(weights.shape[0] * positions, absolute)

    return truth


def truth_of_convolution(layer: Layer) -> LayerTruth:
    """Make the truth of a convolution: by matrix products, or in half the time by Winograd."""
    arrays = layer_tensors(layer)
    weights, bias = arrays["Weights"], arrays["Bias"].view(-1, 1, 1)
    groups, fast = _groups(layer), _FAST[1]
    wide = groups == 1 and min(weights.shape[:2]) >= _WIDE and _is_fast(layer)
    prepared = winograd.transformed(weights, groups, fast) if wide else _in_columns(weights, groups)
    sizes, room = weights.abs(), arrays["Bias"].abs()
    singles = sizes.float()
    # The error of Winograd in float64 is far below the rounding of float32, except for an output
    # whose own inputs are all 0 while those of its neighbours are not. So it is added to the bound.
    lost = winograd.amplification(fast) * sizes.flatten(1).sum(1)
    lost *= gamma(weights.shape[1] + fast.roundings, unit=2.0**-53)

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        x = _padded(layer, inputs[0]).float()
        size = x.abs()
        if wide:
            y = winograd.convolve(x, prepared, groups, fast).add_(bias)
        else:
            y = _direct(layer, x, prepared).add_(bias)
        factor = _ABOUT * gamma(math.prod(weights.shape[1:]) + 1, y.numel())
        least = lost * size.amax() + TINY if wide else TINY
        offset = room + least / factor
        bound = _absolute(layer, size, singles, offset.float()).mul_(factor)
        if not torch.isfinite(bound.sum()):
            bound = _absolute(layer, size.double(), sizes, offset).mul_(factor)
        return y, bound

    return truth


def fast_convolution_bound(layer: Layer, x: Tensor) -> Tensor | None:
    """Bound the error of a Winograd convolution, F(2), F(4) or F(6), at each element.

    To first order, each output is a sum of paths |A|'((|G||w||G|') * (|B|'|x||B|))|A|, summed over
    the channels, and each path is rounded at most once per operation: once for the product, once
    for each further channel and the bias, and `Winograd.roundings` times in the three transforms.
    Gamma of this number, times the sum of the paths' absolute values, bounds the error of each
    element (Barabasz, Anderson, Soodhalter and Gregg 2020, Error Analysis
    and Improving the Accuracy of Winograd Convolution for Deep Neural Networks, ACM TOMS 46).

    Args:
        layer: of any kind of convolution.
        x: (N, C, H, W) float32 or float64, its input.

    Returns:
        The largest of the three bounds, and at least the direct bound, because a library may
        compute any part directly; None unless the kernel is 3 x 3 with stride and dilation 1.
    """
    if layer.kind == "TransposedConvolution2DLayer" or not _is_fast(layer):
        return None
    arrays = layer_tensors(layer)
    weights, bias, groups = arrays["Weights"].abs(), arrays["Bias"].abs(), _groups(layer)
    size = _padded(layer, x).abs()
    _, bound = truth_of_convolution(layer)([x])
    bound = bound.double()
    for exact in _FAST:
        algorithm = exact.absolute()
        kernels = winograd.transformed(weights, groups, algorithm)
        paths = winograd.convolve(size, kernels, groups, algorithm) + bias.view(-1, 1, 1)
        factor = gamma(weights.shape[1] + 1 + algorithm.roundings, paths.numel())
        bound = torch.maximum(bound, factor * paths + TINY)
    return bound


def _bound(terms: int, absolute: Tensor) -> Tensor:
    """Return the bound for |W| |x| + |b|, in the memory of `absolute`."""
    return absolute.mul_(_ABOUT * gamma(terms + 1, absolute.numel())).add_(TINY)


def _groups(layer: Layer) -> int:
    return int(number(layer, "NumGroups")) if "NumGroups" in layer.hyper else 1


def _is_fast(layer: Layer) -> bool:
    plain = pair(layer, "Stride") == pair(layer, "DilationFactor") == (1, 1)
    return plain and layer.arrays["Weights"].value.shape[2:] == (winograd.KERNEL,) * 2


def _padded(layer: Layer, x: Tensor) -> Tensor:
    top, bottom, left, right = sides(layer, "Padding")
    return F.pad(x, (left, right, top, bottom))


def _absolute(layer: Layer, x: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    """Compute |W| |x| + |b| of padded maps, without NNPACK, whose Winograd subtracts."""
    with torch.backends.nnpack.flags(enabled=False):
        return F.conv2d(
            x,
            weights,
            bias,
            stride=pair(layer, "Stride"),
            dilation=pair(layer, "DilationFactor"),
            groups=_groups(layer),
        )


def _direct(layer: Layer, x: Tensor, kernels: Tensor) -> Tensor:
    """Compute the convolution of padded maps as matrix products, some images at a time.

    F.conv2d in float64 gives the same, but is five times slower with strides.

    Args:
        x: (N, C, H, W), fastest if channels-last.
        kernels: of `_in_columns`.
    """
    groups, terms, filters = kernels.shape
    window = layer.arrays["Weights"].value.shape[2:]
    windows = x.permute(0, 2, 3, 1)  # (N, H, W, C)
    for axis, k, d, s in zip(
        (1, 2), window, pair(layer, "DilationFactor"), pair(layer, "Stride"), strict=True
    ):
        windows = windows.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
    images, height, width, *_ = windows.shape
    step = max(1, _COLUMNS // (windows.numel() // images))
    parts = []
    for part in torch.split(windows, step):  # (n, H', W', C, kH, kW)
        apart = part.view(*part.shape[:3], groups, -1, *window).permute((3, 0, 1, 2, 5, 6, 4))
        columns = kernels.new_empty(apart.shape).copy_(apart).view(groups, -1, terms)
        sums = torch.bmm(columns, kernels).transpose(0, 1)
        parts.append(sums.reshape(-1, height, width, groups * filters))
    return torch.cat(parts).permute(0, 3, 1, 2)


def _in_columns(weights: Tensor, groups: int) -> Tensor:
    """(F, C / groups, kH, kW) -> (groups, kH * kW * C / groups, F / groups)."""
    filters = weights.shape[0] // groups
    apart = weights.view(groups, filters, *weights.shape[1:]).permute(0, 3, 4, 2, 1)
    return apart.reshape(groups, -1, filters)
