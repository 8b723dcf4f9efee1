"""Make the recipe's optimizer and set its learning rate."""

from __future__ import annotations

import math

import torch
from torch import nn

from cifarx.pytorch_models.recipe import Recipe


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the recipe's optimizer over all parameters of the model, fused into one kernel.

    On CUDA the learning rate is a tensor on the device, so that a captured step reads its current
    value.
    """
    device = next(model.parameters()).device
    on_cuda = device.type == "cuda"
    rate = torch.tensor(recipe.learning_rate, device=device) if on_cuda else recipe.learning_rate
    fused = device.type in ("cpu", "cuda")
    if recipe.optimizer == "adam":
        return torch.optim.Adam(
            model.parameters(),
            lr=rate,
            weight_decay=recipe.weight_decay,
            fused=fused,
            capturable=on_cuda,
        )
    return torch.optim.SGD(
        model.parameters(),
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=fused,
    )


def learning_rate(recipe: Recipe, progress: float) -> float:
    """Return the rate at `progress`, the finished fraction of the run, in [0, 1).

    'cosine' falls from the recipe's rate to 0: Loshchilov and Hutter, SGDR, arXiv:1608.03983,
    eq. 5, with one cycle.

    >>> from cifarx.pytorch_models.recipe import load_recipe
    >>> learning_rate(load_recipe("bn8-shapes"), 0.5)
    0.00025
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of the next steps; a tensor is changed in place."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
