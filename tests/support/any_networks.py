"""Tiny networks of every task, as `any_networks:NAME`, and their files."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.sources import SourceOptions, open_source


class Segmenter(nn.Module):
    """A U-Net of one level: four classes of pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(3, 6, 3, padding=1)
        self.deep = nn.Conv2d(6, 6, 3, padding=1)
        self.up = nn.ConvTranspose2d(6, 6, 2, stride=2)
        self.head = nn.Conv2d(12, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = torch.relu(self.down(x))
        deep = torch.relu(self.deep(torch.max_pool2d(skip, 2)))
        maps: Tensor = self.head(torch.cat([self.up(deep), skip], 1))
        return maps


class Heads(nn.Module):
    """A large output beside two small ones of the same size."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(3, 8, 3, padding=1)
        self.left, self.right = nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        maps = torch.relu(self.body(x))
        vector = maps.mean((2, 3))
        return {"maps": 100 * maps, "left": self.left(vector), "right": self.right(vector)}


class Policy(nn.Module):
    """Two actions and a value, [N, 2] and [N]."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.actor, self.critic = nn.Linear(8, 16), nn.Linear(16, 2), nn.Linear(16, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.tanh(self.body(x))
        return self.actor(x).clamp(-1, 1), self.critic(x).squeeze(-1)


class Signals(nn.Sequential):
    """A signal of another length."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(nn.Conv1d(2, 6, 5, padding=2), nn.ReLU(), nn.Conv1d(6, 3, 3, stride=2))


class ImageAndState(nn.Module):
    """Two inputs, and a decision among three classes."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.state, self.out = nn.Conv2d(3, 6, 3), nn.Linear(4, 6), nn.Linear(12, 3)

    def forward(self, image: Tensor, state: Tensor) -> Tensor:
        seen = torch.relu(self.conv(image)).mean((2, 3))
        logits: Tensor = self.out(torch.cat([seen, torch.tanh(self.state(state))], 1))
        return logits


class Decoder(nn.Module):
    """Features that become maps."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.wide, self.up = nn.Linear(10, 8 * 4 * 4), nn.ConvTranspose2d(8, 1, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.up(self.wide(x).view(-1, 8, 4, 4)))


SIZES: dict[str, tuple[tuple[int, ...], ...]] = {
    "Segmenter": ((3, 8, 10),),
    "Heads": ((3, 6, 6),),
    "Policy": ((8,),),
    "Signals": ((2, 40),),
    "ImageAndState": ((3, 6, 6), (4,)),
    "Decoder": ((10,),),
}
TASKS = {"Segmenter": "segmentation", "ImageAndState": "classification"}


def write(name: str, folder: Path) -> None:
    """Write model.onnx and model.mat of a network."""
    options = SourceOptions(input_sizes=SIZES[name], task=TASKS.get(name, "regression"))
    bundle = open_source(f"any_networks:{name}", options).bundle
    write_bundle(bundle, folder, "model", Formats(onnx=True, mat=True))
