from __future__ import annotations

from itertools import product

import pytest
import torch
from problems import gradient, learn, recipe, small_problem
from torch import Tensor, nn

from cifarx.pytorch_models.resident import Resident
from cifarx.pytorch_models.train import derived_seed, evaluate


def test_one_step_is_the_step_of_plain_gradient_descent() -> None:
    model, data = small_problem()
    x, y = data.batch(slice(None))
    weights = model[1].weight.detach().double()
    wanted = weights - 0.1 * gradient(model, x, y)
    learn(model, data, recipe(optimizer="sgd", learning_rate=0.1, batch_size=40, epochs=1))
    torch.testing.assert_close(model[1].weight.double(), wanted, rtol=0, atol=1e-6)


def test_the_figures_of_an_epoch_are_those_of_its_model() -> None:
    model, data = small_problem()
    steps, history = learn(model, data, recipe(batch_size=16, epochs=3))
    assert steps == [16, 16, 8] * 3
    assert [epoch.epoch for epoch in history] == [1, 2, 3]
    x, y = data.batch(slice(None))
    loss = nn.functional.cross_entropy(model(x), y).item()
    assert history[-1].held_out_loss == pytest.approx(loss)
    hits = (model(x).argmax(1) == y).float().mean().item()
    assert history[-1].held_out_accuracy == pytest.approx(hits)
    assert not model.training


def test_training_figures_are_means_over_the_images_of_an_epoch() -> None:
    model, data = small_problem()
    _, (epoch,) = learn(model, data, recipe(batch_size=16, epochs=1, learning_rate=1e-12))
    x, y = data.batch(slice(None))  # the weights have hardly moved
    loss = nn.functional.cross_entropy(model(x), y).item()
    assert epoch.train_loss == pytest.approx(loss, rel=1e-5)
    assert epoch.train_accuracy == (model(x).argmax(1) == y).float().mean().item()


class Spy(Resident):
    """Notes which images are asked for."""

    def __init__(self, data: Resident) -> None:
        self.__dict__.update(data.__dict__)
        self.seen: list[int] = []

    def batch(self, index: Tensor | slice, *settings: object) -> tuple[Tensor, Tensor]:
        if isinstance(index, Tensor):  # evaluation takes slices
            self.seen += index.tolist()
        return super().batch(index)


def test_each_epoch_sees_each_image_once_in_an_order_of_its_own() -> None:
    model, data = small_problem()
    spy = Spy(data)
    learn(model, spy, recipe(batch_size=16, epochs=2))
    first, second = spy.seen[:40], spy.seen[40:]
    assert sorted(first) == sorted(second) == list(range(40))
    assert len({tuple(first), tuple(second), tuple(range(40))}) == 3


def test_cosine_sets_the_rate_of_each_step() -> None:
    model, data = small_problem()
    cosine = recipe(batch_size=10, epochs=2, schedule="cosine", learning_rate=0.1)
    _, history = learn(model, data, cosine)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
    rates = []
    for _ in range(8):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        reference.step()
    assert [epoch.learning_rate for epoch in history] == pytest.approx([rates[3], rates[7]])


def test_derived_seeds_depend_on_every_number_and_on_their_count() -> None:
    numbers = [n for count in (1, 2, 3) for n in product((0, 1, 2, 2**32 - 1), repeat=count)]
    seeds = {derived_seed(*n) for n in numbers}
    assert len(seeds) == len(numbers)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derived_seed(1, 2) == derived_seed(1, 2)


def test_evaluation_does_not_depend_on_its_batches() -> None:
    model, data = small_problem()
    loss, predictions = evaluate(model.train(), data)
    in_parts, same = evaluate(model, data, batch_size=7)
    assert in_parts == pytest.approx(loss)
    assert torch.equal(predictions, same)
    assert not model.training
