from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input
from cifarx.verify.engines.recorded_layers import activations, recorded
from cifarx.verify.ladder.layers.local_check import LocalCheck

SIZE = (3, 8, 8)


class Functions(nn.Module):
    """Convolutions with functions between them, the first of which may be computed otherwise."""

    def __init__(self, wrong: bool = False) -> None:
        super().__init__()
        self.conv1 = weight_norm(nn.Conv2d(3, 4, 3))
        self.conv2 = nn.Conv2d(4, 4, 3)
        self.act = nn.Hardswish()
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.fc = nn.Linear(4, 2)
        self.wrong = wrong

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x), inplace=True)
        if self.wrong:
            x = x * 1.001
        logits: Tensor = self.fc(self.pool(self.act(self.conv2(x))).flatten(1))
        return logits


def made(wrong: bool = False) -> nn.Module:
    torch.manual_seed(0)
    return Functions(wrong).eval()


def found(module: nn.Module) -> tuple[dict[str, np.ndarray], LocalCheck, Tensor]:
    """Activations under the names of the right network, and its check fed with them."""
    graph = graph_from_module(made(), [Input("image", SIZE)])
    inputs = torch.randn(4, *SIZE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad(), recorded(module) as calls:
        module(inputs)
    values = activations(graph, calls, [inputs])
    check = LocalCheck(graph, library="pytorch")
    check.add([inputs.numpy()], values)
    return values, check, inputs


def test_every_layer_of_a_sound_module_is_within_its_bound() -> None:
    _, check, _ = found(made())
    assert not check.not_compared()
    assert all(ratio.passed for ratio in check.ratios()), check.ratios()


def test_a_function_is_judged_by_what_the_module_behind_it_gets() -> None:
    _, check, _ = found(made(wrong=True))
    wrong = [(ratio.name, ratio.kind) for ratio in check.ratios() if not ratio.passed]
    assert [kind for _, kind in wrong] == ["ReLULayer"]


def test_a_module_shows_its_output_as_it_was_before_it_changed_in_place() -> None:
    module = made()
    values, _, inputs = found(module)
    with torch.no_grad():
        expected = module.get_submodule("conv1")(inputs).numpy()
    assert (expected < 0).any()
    assert np.array_equal(values["conv1"], expected)


def test_no_hook_stays() -> None:
    module = made()
    found(module)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
