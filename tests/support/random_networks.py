"""Networks with random weights, ready to be written: what the arithmetic makes of them is all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from cifarx.export.bundle import Bundle
from cifarx.export.from_torch.answers import make_batch
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import ModelCard
from cifarx.pytorch_models.data.images import Images

Builder = Callable[[int], nn.Module]


def random_bundle(
    builder: Builder, name: str, input_size: tuple[int, int, int], count: int = 6
) -> Bundle:
    """A network of seven classes with `count` images of noise."""
    torch.manual_seed(0)
    module = builder(7).eval()
    for key, buffer in module.named_buffers():
        if key.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif key.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    pixels = np.random.RandomState(0).randint(0, 256, (count, *input_size), dtype=np.uint8)
    half = np.full(input_size[0], 127.5, np.float32)
    images = Images(pixels, np.arange(count) % 7)
    numbers = tuple(map(float, half))
    card = ModelCard(name, "none", tuple("abcdefg"), numbers, numbers, "0" * 64)
    return Bundle(
        graph_from_module(module, [Input("image", input_size)]),
        card,
        make_batch(module, images, half, half),
    )
