"""Compute normalisations in float64, and bound their errors operation by operation."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor

from cifarx.export.network.compute import layer_tensors
from cifarx.export.network.layer import Layer, number
from cifarx.verify.ladder.layers.rounding import TINY, gamma
from cifarx.verify.ladder.layers.truth_of_sums import LayerTruth
from cifarx.verify.ladder.truth_of_output import UNIT


def truth_of_batch_norm(layer: Layer) -> LayerTruth:
    """Make the truth of batch norm, folded or not: x * factor + (offset - mean * factor)."""
    arrays = layer_tensors(layer)
    factor = arrays["Scale"] / torch.sqrt(arrays["TrainedVariance"] + number(layer, "Epsilon"))
    shift = arrays["TrainedMean"] * factor
    offset = arrays["Offset"]
    # a little more, because the bound is rounded to float32 three times
    allowed = gamma(7) * (1.0 + 4 * UNIT)
    slope = (allowed * factor.abs()).float()
    room = (allowed * (shift.abs() + offset.abs()) + TINY).float()

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        y = x.to(torch.float64, copy=True)
        y.mul_(channelwise(factor, x)).add_(channelwise(offset - shift, x))
        return y, torch.addcmul(channelwise(room, x), x.abs().float(), channelwise(slope, x))

    return truth


def truth_of_layer_norm(layer: Layer) -> LayerTruth:
    """Make the truth of layer norm over the channels of a pixel, or the features of an image."""
    arrays = layer_tensors(layer)

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        return _affine(arrays, *_standardized(inputs[0], 1, number(layer, "Epsilon")))

    return truth


def truth_of_group_norm(layer: Layer) -> LayerTruth:
    """Make the truth of group norm; in instance norm each channel is a group."""
    arrays = layer_tensors(layer)

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        groups = int(number(layer, "NumGroups")) if "NumGroups" in layer.hyper else x.shape[1]
        sets = x.reshape(x.shape[0], groups, -1)
        z, off_by = _standardized(sets, 2, number(layer, "Epsilon"))
        return _affine(arrays, z.reshape(x.shape), off_by.reshape(x.shape))

    return truth


def truth_of_cross_channel(layer: Layer) -> LayerTruth:
    """Make the truth of cross-channel norm: x over a power of the squares in nearby channels."""
    window = int(number(layer, "WindowChannelSize"))
    beta, k = number(layer, "Beta"), number(layer, "K")
    alpha = number(layer, "Alpha") / window

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        around = (0, 0, 0, 0, window // 2, window // 2)
        squares = F.pad(x.square(), around).unfold(1, window, 1).sum(-1)
        base = k + alpha * squares
        y = x / base**beta
        sizes = (abs(k) + abs(alpha) * squares) / base.abs()
        of_base = gamma(window + 4, x.numel()) * sizes
        # the power itself, the rounding of beta, and the division
        of_power = UNIT * (beta * base.abs().log()).abs() + 10 * UNIT
        return y, y.abs() * (abs(beta) * of_base + of_power) + TINY

    return truth


def channelwise(vector: Tensor, x: Tensor) -> Tensor:
    """Shape one number per channel, or per element, to broadcast over a batch."""
    return vector.reshape(-1, *[1] * (x.ndim - 2)) if vector.ndim == 1 else vector


def _affine(arrays: dict[str, Tensor], z: Tensor, off_by: Tensor) -> tuple[Tensor, Tensor]:
    scale, offset = channelwise(arrays["Scale"], z), channelwise(arrays["Offset"], z)
    scaled = scale * z
    bound = scale.abs() * off_by + 2 * UNIT * (scaled.abs() + offset.abs())
    return scaled + offset, bound + TINY


def _standardized(x: Tensor, dim: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """Standardise along `dim` to mean 0 and variance 1; return the result and its bound."""
    n = x.shape[dim]
    g = gamma(n + 1, 2 * x.numel() // n)
    deviation = x - x.mean(dim, keepdim=True)
    variance = deviation.square().mean(dim, keepdim=True) + epsilon
    z = deviation / variance.sqrt()
    of_mean = g * x.abs().mean(dim, keepdim=True)
    of_variance = g + 4 * UNIT + of_mean.square() / variance  # relative
    off_by = (of_mean + UNIT * deviation.abs()) / variance.sqrt()
    return z, off_by + z.abs() * (of_variance / 2 + 4 * UNIT)
