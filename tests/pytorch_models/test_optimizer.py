from __future__ import annotations

import copy
import math

import pytest
import torch
from problems import recipe
from torch import nn

from cifarx.pytorch_models.optimizer import learning_rate, make_optimizer, set_learning_rate


def test_cosine_falls_from_the_rate_to_zero() -> None:
    cosine = recipe(schedule="cosine", learning_rate=2.0)
    assert learning_rate(cosine, 0.0) == 2.0
    assert learning_rate(cosine, 0.25) == pytest.approx(1 + math.sqrt(0.5))
    assert learning_rate(cosine, 0.5) == pytest.approx(1.0)
    assert learning_rate(cosine, 1.0) == pytest.approx(0.0)


def test_a_constant_rate_stays() -> None:
    assert learning_rate(recipe(learning_rate=5e-4), 0.9) == 5e-4


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", ["adam", "sgd", "sgd with momentum"])
def test_steps_are_those_of_torchs_plain_optimizers(name: str, decay: float) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    reference = copy.deepcopy(model)
    momentum = 0.9 if "momentum" in name else 0.0
    ours = make_optimizer(
        model, recipe(optimizer=name[:4].strip(), momentum=momentum, weight_decay=decay)
    )
    plain: dict[str, object] = {
        "lr": 1e-9, "weight_decay": decay, "fused": False, "foreach": False,
    }  # fmt: skip
    theirs: torch.optim.Optimizer
    if name == "adam":
        theirs = torch.optim.Adam(reference.parameters(), **plain)
    else:
        theirs = torch.optim.SGD(reference.parameters(), momentum=momentum, **plain)
    start = model[0].weight.detach().clone()
    for rate in (0.05, 0.02, 0.1, 0.01):
        x = torch.randn(7, 5)
        set_learning_rate(ours, rate)
        theirs.param_groups[0]["lr"] = rate
        for network, optimizer in ((model, ours), (reference, theirs)):
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
    assert (model[0].weight - start).abs().max() > 1e-3
    for a, b in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_weight_decay_alone_shrinks_the_weights_of_sgd() -> None:
    model = nn.Linear(2, 2)
    start = model.weight.detach().clone()
    optimizer = make_optimizer(model, recipe(optimizer="sgd", learning_rate=0.5, weight_decay=0.1))
    model(torch.zeros(1, 2)).mul(0).sum().backward()
    optimizer.step()
    torch.testing.assert_close(model.weight.detach(), start * (1 - 0.5 * 0.1))
