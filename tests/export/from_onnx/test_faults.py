"""Everything that cannot be read is in one error."""

from __future__ import annotations

import pytest
from foreign_onnx import HEAD, N, foreign, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.pytorch_models.errors import UserError


def test_everything_that_cannot_be_read_is_listed_at_once() -> None:
    nodes = [
        N("Conv", ["in put", "k"], ["a"], name="c1", group=3),
        N("Tan", ["in put"], ["b"], name="n1"),
        N("Relu", ["b"], ["c"], name="r1"),
        N("Tan", ["c"], ["e"], name="n2"),
        N("MaxPool", ["in put"], ["d"], name="p1", kernel_shape=[2, 2], dilations=[2, 2]),
        N("Sum", ["a", "d", "e"], ["s"], name="s1"),
        N("Gemm", ["s", "w"], ["y"], name="g1"),
        N("Erf", ["in put"], ["unused"], name="m1"),
    ]
    with pytest.raises(UserError) as caught:
        read_onnx(foreign(nodes, {"k": weights(3, 1, 3, 3), "w": weights(3, 3)}))
    text = str(caught.value)
    assert "Conv (node c1): " in text
    assert "3 kernels for 1 channels in 3 groups and gets 2" in text
    assert "Tan (nodes n1, n2): no layer kind for it" in text
    assert "MaxPool (node p1): dilations" in text
    assert "r1" not in text  # it only follows n1
    assert "s1" not in text
    assert "m1" not in text  # nothing needs it
    assert "Operators that cifarx reads: Abs, Add, " in text


def test_what_mixes_the_images_of_a_batch_is_rejected() -> None:
    nodes = [
        N("Transpose", ["in put"], ["t"], perm=[1, 0, 2, 3], name="swap"),
        N("Relu", ["t"], ["h"], name="r"),
        *HEAD,
    ]
    with pytest.raises(UserError, match=r"Relu .*does not keep the batch.*Transpose swap"):
        read_onnx(foreign(nodes, {"w": weights(4, 84), "b": weights(4)}))


def test_images_channels_last_are_named_as_the_reason() -> None:
    nodes = [N("Transpose", ["in put"], ["h"], perm=[0, 3, 1, 2]), N("Conv", ["h", "k"], ["y"])]
    model = foreign(nodes, {"k": weights(4, 3, 2, 2)}, shape=(1, 8, 9, 3))
    with pytest.raises(UserError, match=r"channels-last, N x H x W x C\?.*--inputs-as-nchw"):
        read_onnx(model)
