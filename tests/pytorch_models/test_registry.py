from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cifarx.pytorch_models import registry
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.mixed_convolution import MixedConv2d
from cifarx.pytorch_models.recipe import load_recipe
from cifarx.pytorch_models.registry import ModelSpec

ZOO = registry.models().values()
every_network = pytest.mark.parametrize("spec", ZOO, ids=lambda spec: spec.name)


@every_network
def test_the_parameters_are_as_many_as_stated(spec: ModelSpec) -> None:
    module = spec.builder(10)
    assert sum(p.numel() for p in module.parameters()) == spec.parameters


@every_network
def test_the_multiply_adds_are_as_many_as_stated(spec: ModelSpec) -> None:
    counter = FlopCounterMode(display=False)  # counts two for a multiply-add
    with counter, torch.no_grad():
        spec.builder(10).eval()(torch.zeros(1, *spec.input_size))
    assert counter.get_total_flops() == 2 * spec.multiply_adds


@pytest.mark.parametrize("family", sorted({spec.family for spec in ZOO}))
def test_every_family_has_a_tiny_member(family: str) -> None:
    tiny = [s for s in ZOO if s.family == family and s.name.endswith("-tiny")]
    assert len(tiny) == 1
    assert tiny[0].parameters < 100_000


@pytest.mark.parametrize("name", [s.name for s in ZOO if re.match(r"plain-\d", s.name)])
def test_plain_networks_have_as_many_layers_as_their_names_say(name: str) -> None:
    _, convolutions, linear, *dropout = name.split("-")
    modules = list(registry.find(name).builder(10).modules())
    assert sum(isinstance(m, nn.Conv2d) for m in modules) == int(convolutions)
    assert sum(isinstance(m, nn.Linear) for m in modules) == int(linear)
    assert sum(isinstance(m, nn.Dropout) for m in modules) == len(dropout)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in modules)


def test_the_mixed_convolution_is_the_formula_of_the_write_up() -> None:
    torch.manual_seed(0)
    layer = MixedConv2d(3, 5, 4).double()
    fc = nn.Linear(3, 4).double()
    with torch.no_grad():
        for k, coefficient in enumerate(layer.coefficients):
            fc.weight[k] = coefficient.weight[0, :, 0, 0]
            fc.bias[k] = coefficient.bias[0]
        x = torch.randn(2, 3, 6, 7, dtype=torch.float64)
        a = fc(x.mean((2, 3)))  # (N, K)
        images = [
            sum(a[n, k] * conv(x[n : n + 1]) for k, conv in enumerate(layer.convolutions))
            for n in range(2)
        ]
        torch.testing.assert_close(layer(x), torch.cat(images))


@every_network
def test_the_default_recipe_is_shipped(spec: ModelSpec) -> None:
    load_recipe(spec.recipe)


@every_network
def test_every_parameter_gets_a_gradient(spec: ModelSpec) -> None:
    module = spec.builder(7)
    logits = module(torch.randn(3, *spec.input_size))
    assert logits.shape == (3, 7)
    logits.square().sum().backward()
    untouched = [n for n, p in module.named_parameters() if p.grad is None or not p.grad.any()]
    assert not untouched


def test_bn8_is_as_the_write_up_says() -> None:
    modules = dict(registry.find("bn8").builder(10).named_children())
    kinds = [type(m).__name__ for m in modules.values()]
    assert kinds[:24] == ["Conv2d", "ReLU", "BatchNorm2d"] * 8
    assert [m.stride[0] for m in modules.values() if type(m).__name__ == "Conv2d"] == [
        1, 2, 1, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    assert [m.out_features for m in modules.values() if type(m).__name__ == "Linear"] == [
        512, 256, 10,
    ]  # fmt: skip
    assert modules["fc1"].in_features == 2048
    assert "Dropout" not in kinds


def test_bn5_is_the_listing() -> None:
    modules = dict(registry.find("bn5").builder(10).named_children())
    convolutions = [m for m in modules.values() if type(m).__name__ == "Conv2d"]
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [
        (3, 32), (32, 64), (64, 128), (128, 256), (256, 512),
    ]  # fmt: skip
    names = list(modules)
    assert names.index("drop4") == names.index("norm4") + 1
    assert modules["drop4"].p == 0.2


def test_an_unknown_network_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"no network 'bn9' in the zoo. Did you mean 'bn[58]'\?"):
        registry.find("bn9")


def test_a_name_taken_twice_raises() -> None:
    def bn8(classes: int) -> torch.nn.Module:
        """Another."""
        return torch.nn.Identity()

    enter = registry.register(
        source="x", input_size=(3, 1, 1), parameters=0, multiply_adds=0, recipe="bn8"
    )
    with pytest.raises(ValueError, match="'bn8' is registered by both"):
        enter(bn8)
