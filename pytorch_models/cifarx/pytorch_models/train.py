"""One plain training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.recipe import Recipe


@dataclass(frozen=True)
class Epoch:
    """One line of history.csv."""

    epoch: int
    train_loss: float
    train_accuracy: float
    """Over the epoch, while the weights changed, in training mode."""
    test_loss: float
    test_accuracy: float
    """After the epoch, in evaluation mode."""
    learning_rate: float
    """Of the epoch's last step."""
    seconds: float


class Resident:
    """Images on the device as uint8, normalised a batch at a time."""

    def __init__(
        self,
        images: Images,
        mean: NDArray[np.float32],
        std: NDArray[np.float32],
        device: torch.device,
    ) -> None:
        self.pixels = torch.from_numpy(images.pixels).to(device)  # (N, C, H, W) uint8
        self.labels = torch.from_numpy(images.labels).to(device)  # (N,) int64
        self.mean = torch.from_numpy(mean).to(device)[:, None, None]
        self.std = torch.from_numpy(std).to(device)[:, None, None]

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """(n, C, H, W) float32 as `preprocess` defines it, and (n,) labels."""
        return (self.pixels[index].float() - self.mean) / self.std, self.labels[index]


def train(
    model: nn.Module,
    train_data: Resident,
    test_data: Resident,
    recipe: Recipe,
    *,
    seed: int,
    after_step: Callable[[int], None],
    after_epoch: Callable[[Epoch], None],
) -> None:
    """Train `model` in place by the recipe with the cross-entropy loss.

    Args:
        model: on the data's device; (n, C, H, W) float32 -> (n, K) logits.
        train_data: shuffled anew each epoch by a generator seeded with `seed`.
        test_data: evaluated after each epoch; it never influences the weights.
        recipe: see `Recipe`.
        seed: of the order of the images. The caller seeds the initialisation.
        after_step: called with the number of images of the step, for progress.
        after_epoch: called with each epoch's figures, with the model in evaluation mode.
    """
    optimizer = make_optimizer(model, recipe)
    shuffle = torch.Generator().manual_seed(seed)
    steps = math.ceil(len(train_data) / recipe.batch_size) * recipe.epochs
    step = 0
    for epoch in range(1, recipe.epochs + 1):
        start = time.perf_counter()
        model.train()
        order = torch.randperm(len(train_data), generator=shuffle).to(train_data.labels.device)
        loss_sum = torch.zeros((), device=order.device)
        correct = torch.zeros((), device=order.device, dtype=torch.int64)
        for index in torch.split(order, recipe.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, step / steps)
            x, y = train_data.batch(index)
            logits = model(x)  # (n, K)
            loss = nn.functional.cross_entropy(logits, y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            loss_sum += loss.detach() * len(y)  # stays on the device: no wait for it in the epoch
            correct += (logits.detach().argmax(1) == y).sum()
            step += 1
            after_step(len(y))
        test_loss, predictions = evaluate(model, test_data)
        after_epoch(
            Epoch(
                epoch,
                loss_sum.item() / len(train_data),
                correct.item() / len(train_data),
                test_loss,
                (predictions == test_data.labels).float().mean().item(),
                optimizer.param_groups[0]["lr"],
                time.perf_counter() - start,
            )
        )


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer over all parameters of the model."""
    if recipe.optimizer == "adam":
        return torch.optim.Adam(
            model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
    return torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
    )


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The rate at `progress` in [0, 1) of the run; 'cosine' falls from the recipe's rate to 0.

    See Loshchilov and Hutter, SGDR, arXiv:1608.03983, eq. 5, with one cycle.
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))


@torch.no_grad()
def evaluate(model: nn.Module, data: Resident, batch_size: int = 250) -> tuple[float, Tensor]:
    """Mean cross-entropy, and the (N,) int64 predictions, in evaluation mode."""
    model.eval()
    loss_sum, predictions = torch.zeros((), device=data.labels.device), []
    for start in range(0, len(data), batch_size):
        x, y = data.batch(slice(start, start + batch_size))
        logits = model(x)
        loss_sum += nn.functional.cross_entropy(logits, y, reduction="sum")
        predictions.append(logits.argmax(1))
    return loss_sum.item() / len(data), torch.cat(predictions)
