"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cifarx.pytorch_models.distributed import World, averaging, summed, wait_for_all
from cifarx.pytorch_models.optimizer import learning_rate, set_learning_rate
from cifarx.pytorch_models.recipe import Recipe
from cifarx.pytorch_models.resident import Resident
from cifarx.pytorch_models.step import Step, make_step


@dataclass(frozen=True)
class Epoch:
    """One line of history.csv."""

    epoch: int
    train_loss: float
    train_accuracy: float
    """Fraction of the training images, over the epoch, while the weights change; training mode."""
    held_out_loss: float
    held_out_accuracy: float
    """Fraction of the validation images, or of the test images if the recipe holds out none for
    validation; after the epoch, in evaluation mode."""
    learning_rate: float
    """The rate of the last step."""
    seconds: float
    """Training time, without evaluation."""


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    train_data: Resident,
    held_out: Resident,
    recipe: Recipe,
    *,
    seed: int,
    first_epoch: int,
    world: World,
    after_step: Callable[[int], None],
    after_epoch: Callable[[Epoch, Tensor], None],
) -> None:
    """Train `model` in place by the recipe with the cross-entropy loss.

    The random numbers of an epoch depend only on the seed, the epoch and the process. A run that is
    resumed in epoch n therefore continues exactly as it would have without the interruption.

    Args:
        model: on the device of the data; (n, C, H, W) float32 -> (n, K) logits.
        optimizer: over the parameters of the model.
        train_data: shuffled in each epoch.
        held_out: evaluated after each epoch; it does not influence the weights.
        recipe: see `Recipe`.
        seed: the seed of the run; the caller also seeds the initialisation with it.
        first_epoch: number of the first epoch to train, from 1.
        world: the place of this process; each process trains on its share of every batch, and all
            end with the same weights.
        after_step: called with the number of images of the step.
        after_epoch: called in the first process with the figures of each epoch and the (N,)
            predictions for `held_out`, with the model in evaluation mode.
    """
    device = train_data.labels.device
    plain = Step(averaging(model, world, device), optimizer, train_data, recipe, world)
    step = make_step(plain, recipe, device, world)
    steps = math.ceil(len(train_data) / recipe.step_size)
    for epoch in range(first_epoch, recipe.epochs + 1):
        start = time.perf_counter()
        model.train()
        torch.manual_seed(derived_seed(seed, epoch, world.rank))  # for dropout and augmentation
        generator = torch.Generator().manual_seed(derived_seed(seed, epoch))
        order = torch.randperm(len(train_data), generator=generator).to(device)
        plain.loss_sum.zero_()
        plain.correct.zero_()
        rate = recipe.learning_rate
        for i, index in enumerate(torch.split(order, recipe.step_size)):
            rate = learning_rate(recipe, ((epoch - 1) * steps + i) / (steps * recipe.epochs))
            set_learning_rate(optimizer, rate)
            step(index)
            after_step(len(index))
        loss = summed(plain.loss_sum, world).item() / len(train_data)  # synchronises
        accuracy = summed(plain.correct, world).item() / len(train_data)
        seconds = time.perf_counter() - start
        if world.rank == 0:
            held_out_loss, predictions = evaluate(model, held_out)
            hits = (predictions == held_out.labels).float().mean().item()
            figures = Epoch(
                epoch=epoch,
                train_loss=loss,
                train_accuracy=accuracy,
                held_out_loss=held_out_loss,
                held_out_accuracy=hits,
                learning_rate=rate,
                seconds=seconds,
            )
            after_epoch(figures, predictions)
        wait_for_all(world)


def derived_seed(*numbers: int) -> int:
    """Derive a 63-bit seed from all the numbers by numpy.random.SeedSequence.

    The count of the numbers is included, since SeedSequence treats (1,) and (1, 0) alike.

    >>> derived_seed(1) == derived_seed(1, 0)
    False
    """
    state = np.random.SeedSequence((len(numbers), *numbers)).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


@torch.no_grad()
def evaluate(model: nn.Module, data: Resident, batch_size: int = 250) -> tuple[float, Tensor]:
    """Return mean cross-entropy and (N,) int64 predictions, in evaluation mode and float32."""
    model.eval()
    loss_sum, predictions = torch.zeros((), device=data.labels.device), []
    for start in range(0, len(data), batch_size):
        x, y = data.batch(slice(start, start + batch_size))
        logits = model(x)
        loss_sum += nn.functional.cross_entropy(logits, y, reduction="sum")
        predictions.append(logits.argmax(1))
    return loss_sum.item() / len(data), torch.cat(predictions)
