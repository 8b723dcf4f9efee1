"""The recipe's optimizer and its learning rate."""

from __future__ import annotations

import math

import torch
from torch import nn

from cifarx.pytorch_models.recipe import Recipe


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer over all parameters of the model, in one kernel a step.

    On CUDA the learning rate is a tensor there, so that a captured step reads its present value.
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
    """The rate at `progress` in [0, 1) of the run; 'cosine' falls from the recipe's rate to 0.

    See Loshchilov and Hutter, SGDR, arXiv:1608.03983, eq. 5, with one cycle.
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of the next steps, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
