"""Sizes of mini-batches."""

from __future__ import annotations

import numpy as np
import pytest

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Layer
from cifarx.verify.engines.engine import batch_size, layer_batch_size, mini_batches


@pytest.mark.parametrize(
    ("shape", "size"),
    [((3, 32, 32), 64), ((3, 224, 224), 13), ((3, 1024, 1024), 1), ((1, 1, 1), 64)],
)
def test_large_images_come_in_smaller_batches(shape: tuple[int, ...], size: int) -> None:
    inputs = np.broadcast_to(np.float32(0), (100, *shape))
    assert batch_size(64, [inputs]) == size


def test_several_inputs_count_together() -> None:
    image, vector = np.zeros((100, 3, 224, 224), np.float32), np.zeros((100, 8), np.float32)
    assert batch_size(64, [image, image, vector]) == 6
    sizes = [[len(x) for x in part] for part in mini_batches([image[:5], vector[:5]], 2)]
    assert sizes == [[2, 2], [2, 2], [1, 1]]


def test_no_image_has_a_batch_size_too() -> None:
    assert batch_size(64, [np.empty((0, 3, 8, 8), np.float32)]) == 64


@pytest.mark.parametrize(("side", "size"), [(8, 64), (1024, 7), (16384, 1)])
def test_the_outputs_of_all_layers_count(side: int, size: int) -> None:
    layers = (Layer("a", "ReLULayer", ("image",)), Layer("b", "ReLULayer", ("a",)))
    # 9 side^2 values with the input's, of 2^26
    graph = LayerGraph((Input("image", (3, side, side)),), layers, (Output("b"),))
    assert layer_batch_size(64, graph) == size
