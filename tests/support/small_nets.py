"""Small modules with inputs and outputs of every kind, for `cifarx export small_nets:NAME`."""

from __future__ import annotations

from collections import namedtuple

import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)
from torch import Tensor, nn

Pair = namedtuple("Pair", "mean spread")


class Regressor(nn.Sequential):
    """Features to one number each."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


class Value(Regressor):
    """The same without an axis but the batch."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze(1)


class Beats(nn.Sequential):
    """Signals to classes: strides, groups, dilation, pools and norms in one dimension."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv1d(12, 16, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm1d(16),
            nn.LeakyReLU(0.1),
            nn.MaxPool1d(3, 2, padding=1),
            nn.Conv1d(16, 24, 5, groups=2, dilation=2, padding=2),
            nn.GroupNorm(4, 24),
            nn.GELU(),
            nn.AvgPool1d(2),
            nn.Conv1d(24, 24, 3, groups=24, padding="same"),
            nn.InstanceNorm1d(24, affine=True),
            nn.PReLU(24),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(24, 5),
        )


class Filtered(nn.Module):
    """Signals to signals: transposed convolution, a layer norm over channels, a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv1d(2, 8, 4, stride=2, padding=1)
        self.norm = nn.LayerNorm(8)
        self.up = nn.ConvTranspose1d(8, 4, 4, stride=2, padding=1)
        self.out = nn.Conv1d(6, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(F.elu(self.down(x)).transpose(1, 2)).transpose(1, 2)
        return self.out(torch.cat([self.up(y), x], 1))


class Two(nn.Module):
    """An image and a state to numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.seen, self.felt = nn.Linear(8 * 16, 16), nn.Linear(4, 8)
        self.out = nn.Linear(24, 3)

    def forward(self, image: Tensor, state: Tensor) -> Tensor:
        x = torch.flatten(F.max_pool2d(F.relu(self.conv(image)), 2), 1)
        x = torch.cat([F.relu(self.seen(x)), torch.tanh(self.felt(state))], 1)
        return self.out(x)


class ActorCritic(nn.Module):
    """Normalised observations to a clipped action and a value [N]."""

    mean: Tensor
    var: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body, self.actor, self.critic = nn.Linear(8, 32), nn.Linear(32, 2), nn.Linear(32, 1)
        self.register_buffer("mean", torch.arange(8) / 10)
        self.register_buffer("var", torch.arange(8) / 8 + 0.5)

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        x = ((obs - self.mean) / torch.sqrt(self.var + 1e-8)).clamp(-10, 10)
        x = torch.tanh(self.body(x))
        return self.actor(x).clamp(-1, 1), self.critic(x).squeeze(-1)


class Levels(nn.Module):
    """A backbone: a dict of maps, one entry None."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 8, 3, 2, padding=1)

    def forward(self, x: Tensor) -> dict[str, Tensor | None]:
        a = F.relu(self.a(x))
        return {"p3": a, "aux": None, "p4": self.b(a)}


class Nested(Levels):
    """Tensors in lists and a named tuple in a dict."""

    def forward(self, x: Tensor) -> dict[str, object]:  # type: ignore[override]
        a = F.relu(self.a(x))
        b = self.b(a)
        return {"maps": [a, b], "stat": Pair(b.mean((2, 3)), b.amax((2, 3)))}


class Coder(nn.Module):
    """An autoencoder of images through a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.maps = nn.Linear(64, 8), nn.Linear(8, 8 * 4 * 4)
        self.up = nn.ConvTranspose2d(8, 1, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        z = F.relu(self.maps(self.encode(torch.flatten(x, 1))))
        return torch.sigmoid(self.up(z.view(-1, 8, 4, 4)))


class Generator(nn.Module):
    """A vector to a flattened image."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.up = nn.Linear(10, 8 * 4 * 3), nn.ConvTranspose2d(8, 2, 2, 2)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.up(self.maps(z).view(-1, 8, 4, 3))).flatten(1)


class ToSignal(nn.Module):
    """Images of several rows to signals, as over the electrodes of an EEG."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.line = nn.Conv2d(1, 8, (6, 5), padding=(0, 2)), nn.Conv1d(8, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.line(F.elu(self.rows(x)).squeeze(2))


class Volumes(nn.Module):
    """Maps split into groups: an output of four axes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).unflatten(1, (2, 3))


class Pixels(nn.Sequential):
    """Maps of numbers per class."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 1))


class Named(Two):
    """Keyword arguments only, and one that may be left out."""

    def forward(self, *, image: Tensor, state: Tensor, scale: float = 1.0) -> Tensor:
        return super().forward(image, state) * scale


class Odd(Regressor):
    """An argument whose name MATLAB does not have."""

    def forward(self, *, _x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(_x)


class Text(Regressor):
    """An output that is not a tensor."""

    def forward(self, x: Tensor) -> tuple[Tensor, str]:  # type: ignore[override]
        return super().forward(x), "note"


class Nothing(Regressor):
    """No output at all."""

    def forward(self, x: Tensor) -> None:  # type: ignore[override]
        super().forward(x)


Sizes = tuple[tuple[int, ...], ...]
SMALL_NETS: dict[str, tuple[Sizes, dict[str, tuple[int, ...]], str]] = {
    "Regressor": (((8,),), {"output": (1,)}, "regression"),
    "Value": (((8,),), {"output": ()}, "regression"),
    "Beats": (((12, 100),), {"logits": (5,)}, "classification"),
    "Filtered": (((2, 50),), {"output": (3, 50)}, "regression"),
    "Two": (((3, 8, 8), (4,)), {"logits": (3,)}, "classification"),
    "ActorCritic": (((8,),), {"output_1": (2,), "output_2": ()}, "regression"),
    "Levels": (((3, 8, 6),), {"p3": (4, 8, 6), "p4": (8, 4, 3)}, "regression"),
    "Nested": (
        ((3, 8, 6),),
        {
            "maps_1": (4, 8, 6),
            "maps_2": (8, 4, 3),
            "stat_mean": (8,),
            "stat_spread": (8,),
        },
        "regression",
    ),
    "Coder": (((1, 8, 8),), {"output": (1, 8, 8)}, "regression"),
    "Generator": (((10,),), {"output": (96,)}, "regression"),
    "ToSignal": (((1, 6, 40),), {"output": (4, 38)}, "regression"),
    "Volumes": (((1, 6, 7),), {"output": (2, 3, 4, 5)}, "regression"),
    "Pixels": (((3, 8, 6),), {"output": (4, 8, 6)}, "regression"),
}
"""By name: sizes of the inputs, outputs by name with their shapes, and the task that is assumed."""
