"""Permute axes between PyTorch and MATLAB; no other module does.

| what                | PyTorch, ONNX, LayerGraph      | MATLAB, model.mat                  |
|---------------------|--------------------------------|------------------------------------|
| images, activations | N x C x H x W                  | H x W x C x N                      |
| features, logits    | N x F                          | F x N                              |
| signals             | N x C x L                      | L x C x N                          |
| kernels             | F x C x kH x kW  (O I H W)     | kH x kW x C x F  (H W I O)         |
| transposed kernels  | C x F x kH x kW  (I O H W)     | kH x kW x F x C  (H W O I)         |
| grouped kernels     | F x C/g x kH x kW              | kH x kW x C/g x F/g x g            |
| grouped biases      | F                              | 1 x 1 x F/g x g                    |
| channel vectors     | C                              | 1 x 1 x C beside maps, else F x 1  |
| linear weights      | out x in                       | out x in                           |
| flattened maps      | w fastest, then h, then c      | h fastest, then w, then c          |
| pads                | ONNX: top left bottom right    | top bottom left right              |

An array has the same indices in numpy and in MATLAB (`py[i, j] == m(i+1, j+1)`), so only the order
of the axes matters here, not the order in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.layer import Shape
from cifarx.pytorch_models.errors import GraphError

_ROWS = 64  # fit into a core's cache together with their copy


def to_matlab(values: NDArray[Any]) -> NDArray[Any]:
    """(N, d1, d2, ..., dk) -> (d2, ..., dk, d1, N), the channels last before the batch.

    It is H x W x C x N of images, L x C x N of signals, F x N of features, 1 x N of (N,).

    >>> to_matlab(np.zeros((5, 3, 7, 9))).shape, to_matlab(np.zeros((5,))).shape
    ((7, 9, 3, 5), (1, 5))
    """
    if values.ndim == 1:
        return values.reshape(1, -1)
    return values.transpose(*range(2, values.ndim), 1, 0)


def from_matlab(values: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """(d2, ..., dk, d1, N) -> (N, d1, d2, ..., dk), with trailing axes of length 1 restored.

    Args:
        values: of MATLAB, which drops trailing axes of length 1.
        shape: (d1, ..., dk), without the batch.

    Raises:
        GraphError: the array is of another size.
    """
    size = matlab_size(shape) or (1,)
    whole = values.reshape(values.shape + (1,) * (len(size) + 1 - values.ndim))
    if whole.shape[:-1] != size:
        raise GraphError(f"an array of {values.shape}, not of {size} for each input")
    if not shape:
        return whole.reshape(-1)
    return whole.transpose(whole.ndim - 1, whole.ndim - 2, *range(whole.ndim - 2))


def arrays_to_matlab(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One array in MATLAB's axes as it is, several as a 1 x n cell array."""
    found = [to_matlab(array) for array in arrays]
    if len(found) == 1:
        return found[0]
    cells = np.empty((1, len(found)), object)
    cells[0, :] = found
    return cells


def arrays_from_matlab(
    value: NDArray[Any], shapes: Sequence[Shape], dtype: Any, what: str
) -> tuple[NDArray[Any], ...]:
    """The inverse: arrays (N, ...) of one array or of a cell array of several.

    Args:
        value: of MATLAB.
        shapes: of the arrays, without the batch.
        dtype: that all must have.
        what: the arrays are called in the error.

    Raises:
        GraphError: there are other arrays.
    """
    cells = list(value.ravel()) if value.dtype == object else [value]
    if len(cells) != len(shapes) or any(cell.dtype != dtype for cell in cells):
        kinds = ", ".join(f"{cell.dtype} {cell.shape}" for cell in cells[:10])
        raise GraphError(f"{what} of {kinds} for {len(shapes)} of {np.dtype(dtype)}")
    return tuple(
        np.ascontiguousarray(from_matlab(cell, shape))
        for cell, shape in zip(cells, shapes, strict=True)
    )


def matlab_size(shape: Shape) -> Shape:
    """(d1, d2, ..., dk) -> (d2, ..., dk, d1): the size of an array in MATLAB without the batch.

    >>> matlab_size((3, 32, 48)), matlab_size((12, 1000)), matlab_size((8,))
    ((32, 48, 3), (1000, 12), (8,))
    """
    return (*shape[1:], *shape[:1])


def shape_of_matlab(size: Shape) -> Shape:
    """The inverse of `matlab_size`."""
    return (*size[-1:], *size[:-1])


def kernels_to_matlab(kernels: NDArray[Any]) -> NDArray[Any]:
    """(F, C, kH, kW) -> (kH, kW, C, F)."""
    return kernels.transpose(2, 3, 1, 0)


def kernels_from_matlab(kernels: NDArray[Any]) -> NDArray[Any]:
    """(kH, kW, C, F) -> (F, C, kH, kW)."""
    return kernels.transpose(3, 2, 0, 1)


def grouped_kernels_to_matlab(kernels: NDArray[Any], groups: int) -> NDArray[Any]:
    """(F, C/g, kH, kW) -> (kH, kW, C/g, F/g, g)."""
    filters, *rest = kernels.shape
    return kernels.reshape(groups, filters // groups, *rest).transpose(3, 4, 2, 1, 0)


def grouped_kernels_from_matlab(kernels: NDArray[Any]) -> NDArray[Any]:
    """(kH, kW, C/g, F/g, g) -> (F, C/g, kH, kW)."""
    height, width, channels, _, _ = kernels.shape
    return kernels.transpose(4, 3, 2, 0, 1).reshape(-1, channels, height, width)


def grouped_channels_to_matlab(vector: NDArray[Any], groups: int) -> NDArray[Any]:
    """(F,) -> (1, 1, F/g, g)."""
    return vector.reshape(groups, -1).T[None, None]


def grouped_channels_from_matlab(vector: NDArray[Any], groups: int) -> NDArray[Any]:
    """(1, 1, F/g, g) -> (F,)."""
    return vector.reshape(-1, groups).T.reshape(-1)


def image_to_matlab(image: NDArray[Any]) -> NDArray[Any]:
    """(C, H, W) -> (H, W, C)."""
    return image.transpose(1, 2, 0)


def image_from_matlab(image: NDArray[Any]) -> NDArray[Any]:
    """(H, W, C) -> (C, H, W)."""
    return image.transpose(2, 0, 1)


def channels_to_matlab(vector: NDArray[Any], *, maps: bool) -> NDArray[Any]:
    """(C,) -> (1, 1, C) for a layer that gives maps, (C, 1) for one that gives features."""
    return vector.reshape((1, 1, -1) if maps else (-1, 1))


def channels_from_matlab(vector: NDArray[Any]) -> NDArray[Any]:
    """(1, 1, C) or (C, 1) -> (C,)."""
    return vector.reshape(-1)


def linear_to_matlab(weights: NDArray[Any], order: NDArray[np.int64] | None) -> NDArray[Any]:
    """(out, in), its columns in another order, in column-major memory as MATLAB has it.

    It copies block by block, in a third of the time of two whole copies of a 400 MB matrix.
    """
    if order is None and weights.flags.f_contiguous:
        return weights
    whole = np.empty(weights.shape, weights.dtype, order="F")
    for i in range(0, len(weights), _ROWS):
        rows = weights[i : i + _ROWS]
        whole[i : i + _ROWS] = rows if order is None else np.take(rows, order, axis=1)
    return whole


def flatten_order(channels: int, height: int, width: int) -> NDArray[np.int64]:
    """(C*H*W,) indices p such that MATLAB's flattened maps are PyTorch's [p].

    >>> flatten_order(1, 2, 3).tolist()
    [0, 3, 1, 4, 2, 5]
    """
    torch_order = np.arange(channels * height * width).reshape(channels, height, width)
    return torch_order.transpose(0, 2, 1).ravel()  # c slowest, then w, h fastest


def pads_from_onnx(pads: tuple[int, ...]) -> tuple[int, int, int, int]:
    """ONNX (top, left, bottom, right) -> (top, bottom, left, right).

    >>> pads_from_onnx((1, 2, 3, 4))
    (1, 3, 2, 4)
    """
    top, left, bottom, right = pads
    return top, bottom, left, right


def pads_to_onnx(padding: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) -> ONNX (top, left, bottom, right)."""
    top, bottom, left, right = padding
    return top, left, bottom, right
