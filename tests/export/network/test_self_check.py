"""What is plainly another network is not written; the module itself is the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cifarx.export.from_torch.answers import make_answers
from cifarx.export.from_torch.calls import Example
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input
from cifarx.export.network.self_check import require_agreement
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.errors import UserError

NOTHING = np.empty(0, np.int64)
IMAGE = Example((Input("image", (2, 8, 8)),))


def module_and_batch() -> tuple[nn.Module, TestBatch]:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(4 * 36, 3)
    ).eval()
    inputs = torch.randn(2, 2, 8, 8).numpy()
    images = np.empty((0, 2, 8, 8), np.uint8)
    return module, TestBatch(images, (inputs,), NOTHING, *make_answers(module, IMAGE, [inputs]))


def test_the_network_itself_agrees() -> None:
    module, batch = module_and_batch()
    require_agreement(graph_from_module(module, IMAGE.inputs), batch)


def test_an_operation_that_is_lost_on_the_way_is_noticed() -> None:
    module, batch = module_and_batch()
    graph = graph_from_module(module, IMAGE.inputs)
    layers = tuple(
        replace(layer, hyper={"Scale": 0.201}) if layer.kind == "LeakyReLULayer" else layer
        for layer in graph.layers
    )
    with pytest.raises(UserError, match=r"do not compute what the network computes.*Nothing was"):
        require_agreement(replace(graph, layers=layers), batch)


def test_answers_that_are_no_numbers_are_left_to_verify() -> None:
    module, batch = module_and_batch()
    batch = replace(batch, references=(np.full_like(batch.references[0], np.nan),))
    require_agreement(graph_from_module(module, IMAGE.inputs), batch)
