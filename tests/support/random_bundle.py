"""A network of the zoo, or any other, with random weights and statistics, ready to be written."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from cifarx.export.bundle import Bundle
from cifarx.export.card import ModelCard
from cifarx.export.reference import make_batch
from cifarx.export.torch_reader import graph_from_module
from cifarx.pytorch_models.data.images import Images

Builder = Callable[[int], nn.Module]
COUNT = 6


def random_bundle(builder: Builder, name: str, input_size: tuple[int, int, int]) -> Bundle:
    """Seven classes, six images of noise with PyTorch's answers."""
    torch.manual_seed(0)
    module = builder(7).eval()
    for key, buffer in module.named_buffers():
        if key.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif key.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    pixels = np.random.RandomState(0).randint(0, 256, (COUNT, *input_size), dtype=np.uint8)
    half = np.full(input_size[0], 127.5, np.float32)
    images = Images(pixels, np.arange(COUNT) % 7)
    numbers = tuple(map(float, half))
    card = ModelCard(name, "none", tuple("abcdefg"), numbers, numbers, "0" * 64)
    return Bundle(
        graph_from_module(module, input_size), card, make_batch(module, images, half, half)
    )
