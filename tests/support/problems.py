"""A small problem to learn, for tests of the training's parts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.distributed import ALONE
from cifarx.pytorch_models.optimizer import make_optimizer
from cifarx.pytorch_models.recipe import Recipe, load_recipe
from cifarx.pytorch_models.resident import Resident
from cifarx.pytorch_models.train import Epoch, train


def recipe(**changes: object) -> Recipe:
    return load_recipe("bn8").model_copy(update=changes)


def small_problem() -> tuple[nn.Module, Resident]:
    """A linear network, and 40 images of 2x2 pixels: is it bright?"""
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (40, 1, 2, 2), dtype=np.uint8)
    labels = (pixels.mean((1, 2, 3)) > 127).astype(np.int64)
    half = np.full(1, 127.5, np.float32)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    return model, Resident(Images(pixels, labels), half, half, torch.device("cpu"))


def gradient(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Of the linear network's weights, by the formula of the softmax, in float64."""
    weights, bias = (p.detach().double() for p in model[1].parameters())
    z = x.flatten(1).double() @ weights.T + bias
    softmax = z.exp() / z.exp().sum(1, keepdim=True)
    return (softmax - nn.functional.one_hot(y, 2)).T @ x.flatten(1).double() / len(y)


def learn(model: nn.Module, data: Resident, recipe: Recipe) -> tuple[list[int], list[Epoch]]:
    """Train; the images of each step, and the history."""
    steps: list[int] = []
    history: list[Epoch] = []
    train(
        model,
        make_optimizer(model, recipe),
        data,
        data,
        recipe,
        seed=0,
        first_epoch=1,
        world=ALONE,
        after_step=steps.append,
        after_epoch=lambda epoch, predictions: history.append(epoch),
    )
    return steps, history
