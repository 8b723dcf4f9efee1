from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cifarx.export.network import layout
from cifarx.pytorch_models.errors import GraphError

sizes = st.integers(1, 5)
four = hnp.arrays(np.float32, st.tuples(sizes, sizes, sizes, sizes), elements=st.floats(width=32))


@given(four)
def test_images_survive_the_round_trip(x: np.ndarray) -> None:
    back = layout.from_matlab(layout.to_matlab(x), x.shape[1:])
    assert back.tobytes() == x.tobytes()


@given(four)
def test_kernels_survive_the_round_trip(x: np.ndarray) -> None:
    back = layout.kernels_from_matlab(layout.kernels_to_matlab(x))
    assert back.tobytes() == x.tobytes()


def test_images_go_from_nchw_to_hwcn() -> None:
    x = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    y = layout.to_matlab(x)
    assert y.shape == (4, 5, 3, 2)
    assert y[3, 1, 2, 0] == x[0, 2, 3, 1]


def test_an_array_of_another_size_is_refused_and_dropped_axes_come_back() -> None:
    x = np.arange(2 * 3 * 4 * 1.0).reshape(2, 3, 4, 1)
    y = layout.to_matlab(x)
    assert layout.from_matlab(y, (3, 4, 1)).tobytes() == x.tobytes()
    one = layout.to_matlab(x[:1, :1])[:, 0, 0, 0][:, None]  # as MATLAB drops trailing ones
    assert layout.from_matlab(one, (1, 4, 1)).tobytes() == x[:1, :1].tobytes()
    with pytest.raises(GraphError, match=r"an array of \(4, 1, 3, 2\), not of \(1, 4, 3\)"):
        layout.from_matlab(y, (3, 1, 4))


def test_kernels_go_from_oihw_to_hwio() -> None:
    w = np.arange(7 * 2 * 3 * 5).reshape(7, 2, 3, 5)
    k = layout.kernels_to_matlab(w)
    assert k.shape == (3, 5, 2, 7)
    assert k[1, 4, 0, 6] == w[6, 0, 1, 4]


@given(sizes, sizes, sizes)
def test_flattening_follows_the_height_first(c: int, h: int, w: int) -> None:
    maps = np.arange(c * h * w).reshape(c, h, w)  # PyTorch's flatten is 0, 1, 2 ...
    expected = [maps[k, i, j] for k in range(c) for j in range(w) for i in range(h)]
    assert layout.flatten_order(c, h, w).tolist() == expected


@given(st.tuples(sizes, sizes, sizes, sizes))
def test_pads_survive_the_round_trip(pads: tuple[int, int, int, int]) -> None:
    assert layout.pads_to_onnx(layout.pads_from_onnx(pads)) == pads


def test_pads_go_from_top_left_bottom_right_to_top_bottom_left_right() -> None:
    assert layout.pads_from_onnx((1, 2, 3, 4)) == (1, 3, 2, 4)


def test_channel_vectors_are_1_by_1_by_c_beside_maps_and_columns_beside_features() -> None:
    vector = np.arange(3)
    assert layout.channels_to_matlab(vector, maps=True).shape == (1, 1, 3)
    assert layout.channels_to_matlab(vector, maps=False).shape == (3, 1)
    assert layout.channels_from_matlab(layout.channels_to_matlab(vector, maps=True)).tolist() == [
        0,
        1,
        2,
    ]
