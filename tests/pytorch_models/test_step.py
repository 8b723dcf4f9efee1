from __future__ import annotations

import pytest
import torch
from problems import gradient, learn, recipe, small_problem
from torch import nn

from cifarx.pytorch_models.distributed import ALONE, World
from cifarx.pytorch_models.optimizer import make_optimizer
from cifarx.pytorch_models.step import Step, precision


def test_accumulated_batches_are_one_larger_batch() -> None:
    (one, data), (many, _) = small_problem(), small_problem()
    settings = {"optimizer": "sgd", "learning_rate": 0.5, "epochs": 3}
    whole, _ = learn(one, data, recipe(batch_size=16, **settings))
    parts, _ = learn(many, data, recipe(batch_size=4, accumulate=4, **settings))
    assert whole == parts == [16, 16, 8] * 3
    torch.testing.assert_close(many[1].weight, one[1].weight, rtol=1e-5, atol=1e-6)


def test_each_image_of_an_uneven_step_weighs_the_same() -> None:
    model, data = small_problem()
    settings = recipe(optimizer="sgd", learning_rate=0.5, batch_size=4, accumulate=3)
    index = torch.arange(9)  # batches of 4, 4 and 1
    weights = model[1].weight.detach().double()
    wanted = weights - 0.5 * gradient(model, *data.batch(index))
    step = Step(model, make_optimizer(model, settings), data, settings, ALONE)
    step(index)
    torch.testing.assert_close(model[1].weight.double(), wanted, rtol=0, atol=1e-6)


def test_the_loss_and_the_hits_are_summed_over_the_images() -> None:
    model, data = small_problem()
    settings = recipe(optimizer="sgd", learning_rate=1e-12, batch_size=7, accumulate=2)
    step = Step(model, make_optimizer(model, settings), data, settings, ALONE)
    for index in torch.split(torch.arange(40), 14):
        step(index)
    x, y = data.batch(slice(None))
    loss = nn.functional.cross_entropy(model(x), y, reduction="sum").item()
    assert step.loss_sum.item() == pytest.approx(loss, rel=1e-5)
    assert step.correct.item() == (model(x).argmax(1) == y).sum().item()


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_the_mean_of_the_shares_gradients_is_the_batchs(count: int) -> None:
    gradients, counted = [], 0.0
    settings = recipe(optimizer="sgd", learning_rate=1e-12, batch_size=4)
    for rank in range(3):  # with 1 and 2 images, some processes have none
        model, data = small_problem()
        wanted = gradient(model, *data.batch(torch.arange(count)))
        step = Step(model, make_optimizer(model, settings), data, settings, World(rank, 3, rank))
        step(torch.arange(count))
        gradients.append(model[1].weight.grad.double())
        counted += step.loss_sum.item()
    torch.testing.assert_close(sum(gradients) / 3, wanted, rtol=0, atol=1e-6)
    x, y = data.batch(torch.arange(count))
    loss = nn.functional.cross_entropy(model(x), y, reduction="sum").item()
    assert counted == pytest.approx(loss, rel=1e-5)


def test_label_smoothing_mixes_the_label_with_all_classes() -> None:
    model, data = small_problem()
    settings = recipe(learning_rate=1e-12, batch_size=40, label_smoothing=0.2)
    step = Step(model, make_optimizer(model, settings), data, settings, ALONE)
    step(torch.arange(40))
    x, y = data.batch(slice(None))
    shares = 0.8 * nn.functional.one_hot(y, 2) + 0.2 / 2
    loss = -(shares * model(x).log_softmax(1)).sum().item()
    assert step.loss_sum.item() == pytest.approx(loss, rel=1e-5)


def test_bf16_computes_in_bf16_and_keeps_float32_weights() -> None:
    kinds = []
    weights = {}
    for name in ("float32", "bf16"):
        model, data = small_problem()
        model.register_forward_hook(lambda module, x, y: kinds.append(y.dtype))
        settings = recipe(optimizer="sgd", learning_rate=0.5, batch_size=40, precision=name)
        step = Step(model, make_optimizer(model, settings), data, settings, ALONE)
        step(torch.arange(40))
        weights[name] = model[1].weight.detach()
    assert kinds == [torch.float32, torch.bfloat16]
    assert weights["bf16"].dtype == torch.float32
    assert not torch.equal(weights["bf16"], weights["float32"])
    torch.testing.assert_close(weights["bf16"], weights["float32"], rtol=0, atol=0.02)


def test_float32_is_never_autocast() -> None:
    with precision(recipe(), torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
