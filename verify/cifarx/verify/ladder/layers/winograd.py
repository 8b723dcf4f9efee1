"""Compute Winograd's fast convolution of 3x3 kernels, and count its roundings.

F(m x m, 3 x 3) computes m x m outputs at a time from (m + 2) x (m + 2) inputs, with as many
multiplications per channel: Y = A'[(G w G') * (B' x B)]A (Lavin and Gray 2016, Fast Algorithms for
Convolutional Neural Networks, arXiv 1509.09308). Additions and subtractions before the
multiplications cost accuracy, the more the larger m is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from numpy.typing import NDArray
from torch import Tensor

KERNEL = 3
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)


@dataclass(frozen=True)
class Winograd:
    """The matrices of one tile size, for both axes at once (Kronecker products), float64."""

    tile: int
    """m, the number of outputs per axis."""
    before: Tensor
    """((m + 2)^2, (m + 2)^2): B' on both axes of a tile of x."""
    kernel: Tensor
    """((m + 2)^2, 9): G."""
    after: Tensor
    """(m^2, (m + 2)^2): A'."""
    roundings: int
    """Number of roundings in a row, besides the sum over channels; see `make_winograd`."""

    def absolute(self) -> Winograd:
        """Return the matrices with the absolute values of all entries."""
        return Winograd(
            self.tile, self.before.abs(), self.kernel.abs(), self.after.abs(), self.roundings
        )


def make_winograd(tile: int) -> Winograd:
    """Make F(tile x tile, 3 x 3) on the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity.

    Lavin and Gray, cuDNN and NNPACK use the same points. A row of one matrix may be scaled if the
    matching row of another is scaled back; neither values nor bounds depend on it, up to rounding.

    Per axis, `roundings` counts one for each term of the longest sum of B' and of A', and four for
    G: one for each of its three terms, and one because thirds are not binary numbers.
    """
    size = tile + KERNEL - 1
    points = np.array(_POINTS[: size - 1])
    before = np.zeros((size, size))
    kernel = np.zeros((size, KERNEL))
    after = np.zeros((tile, size))
    for j, point in enumerate(points):
        others = np.delete(points, j)
        before[j, :-1] = np.poly(others)[::-1]  # the coefficient of 1 first
        kernel[j] = point ** np.arange(KERNEL) / np.prod(point - others)
        after[:, j] = point ** np.arange(tile)
    before[-1] = np.poly(points)[::-1]
    kernel[-1, -1] = after[-1, -1] = 1.0
    longest = [int(np.count_nonzero(matrix, 1).max()) for matrix in (before, after)]
    return Winograd(
        tile, _both(before), _both(kernel), _both(after), 2 * (sum(longest) + KERNEL + 1)
    )


def _both(matrix: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.kron(matrix, matrix))


def transformed(weights: Tensor, groups: int, algorithm: Winograd) -> Tensor:
    """Transform kernels: (F, C / groups, 3, 3) -> ((m + 2)^2 * groups, C / groups, F / groups)."""
    filters, channels = weights.shape[:2]
    flat = weights.flatten(2).permute(2, 0, 1).reshape(KERNEL**2, -1)
    seen = (algorithm.kernel.to(weights.dtype) @ flat).view(-1, filters // groups, channels)
    return seen.transpose(1, 2).contiguous()


def convolve(x: Tensor, kernels: Tensor, groups: int, algorithm: Winograd) -> Tensor:
    """Convolve padded maps with stride 1; output tiles start at the top left corner.

    Moving numbers takes as long as multiplying them. In channels-last order, a tile is copied in
    runs of all its channels.

    Args:
        x: (N, C, H + 2, W + 2) with the layer's padding, fastest if channels-last.
        kernels: of `transformed`; everything is computed in their dtype.
        groups: number of groups.
        algorithm: that of `transformed`.

    Returns:
        (N, F, H, W) in the dtype of the kernels, channels-last.
    """
    images, channels = x.shape[:2]
    m, size = algorithm.tile, algorithm.tile + KERNEL - 1
    height, width = (n - KERNEL + 1 for n in x.shape[2:])
    rows, columns = -(-height // m), -(-width // m)
    whole = F.pad(x, (0, columns * m - width, 0, rows * m - height)).permute(0, 2, 3, 1)
    tiles = whole.unfold(1, size, m).unfold(2, size, m)  # (N, rows, columns, C, size, size)
    flat = kernels.new_empty((size, size, images, rows, columns, channels))
    flat.copy_(tiles.permute(4, 5, 0, 1, 2, 3))
    seen = (algorithm.before.to(kernels.dtype) @ flat.view(size**2, -1)).view(size**2, -1, channels)
    products = _products(seen, kernels, groups)
    y = algorithm.after.to(kernels.dtype) @ products.view(size**2, -1)
    maps = y.view(m, m, images, rows, columns, -1).permute(2, 3, 0, 4, 1, 5)
    maps = maps.reshape(images, rows * m, columns * m, -1)
    return maps[:, :height, :width].permute(0, 3, 1, 2)


def _products(seen: Tensor, kernels: Tensor, groups: int) -> Tensor:
    """Multiply (size^2, tiles, C) by kernels of `transformed` -> (size^2, tiles, F)."""
    if groups == 1:
        return torch.bmm(seen, kernels)
    places, tiles, _ = seen.shape
    apart = seen.view(places, tiles, groups, -1).transpose(1, 2).reshape(-1, tiles, len(kernels[0]))
    products = torch.bmm(apart, kernels).view(places, groups, tiles, -1)
    return products.transpose(1, 2).reshape(places, tiles, -1)


def amplification(algorithm: Winograd) -> float:
    """Return the largest |A|'((|G||w||G|') * (|B|'|x||B|))|A| for |x| <= 1 and sum |w| = 1."""
    parts = algorithm.absolute()
    reach = parts.before.sum(1)  # of |x| = 1
    return float((parts.after @ (reach[:, None] * parts.kernel)).max())
