"""Compare the training speed of cifarx's loop and of the write-up's loop (S2a) in one run.

The write-up's loop passes images one by one through torchvision's transforms in a DataLoader with
two workers, and reads `loss.item()` at each step. Network, recipe, images and machine are the same;
the loops alternate, epoch by epoch, and the first epoch of each is not counted.

    python benchmarks/training.py --network bn5 --limit 1500
    python benchmarks/training.py --network bn5 --data FOLDER --device cuda --precision tf32 bf16
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.data.split import split_data
from cifarx.pytorch_models.distributed import ALONE
from cifarx.pytorch_models.files import write_text
from cifarx.pytorch_models.optimizer import make_optimizer
from cifarx.pytorch_models.plan import find_device
from cifarx.pytorch_models.preprocess import pixel_units
from cifarx.pytorch_models.recipe import Recipe, changed, load_recipe
from cifarx.pytorch_models.registry import ModelSpec, find
from cifarx.pytorch_models.resident import Resident
from cifarx.pytorch_models.step import Step, make_step, set_precision

EpochOf = Callable[[], float]
"""Trains one epoch and returns its mean loss."""


class Listed(Dataset[tuple[torch.Tensor, int]]):
    """Images as torchvision's data sets give them: one by one, transformed on access."""

    def __init__(self, images: Images, recipe: Recipe) -> None:
        self._pixels = images.pixels.transpose(0, 2, 3, 1)  # (N, H, W, C), as PIL has them
        self._labels = images.labels
        channels = images.pixels.shape[1]
        mean, std = (list(v) * (channels if len(v) == 1 else 1) for v in (recipe.mean, recipe.std))
        self._transform = v2.Compose(
            [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self._transform(self._pixels[i]), int(self._labels[i])


def write_up(images: Images, spec: ModelSpec, recipe: Recipe, device: torch.device) -> EpochOf:
    """The write-up's loop."""
    loader = DataLoader(
        Listed(images, recipe), batch_size=recipe.batch_size, shuffle=True, num_workers=2
    )
    torch.manual_seed(0)
    model = spec.builder(10).to(device)
    adam = recipe.optimizer == "adam"
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
        if adam
        else torch.optim.SGD(model.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum)
    )
    criterion = nn.CrossEntropyLoss()

    def epoch() -> float:
        model.train()
        running = 0.0
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        return running / len(loader)

    return epoch


def cifarx(images: Images, spec: ModelSpec, recipe: Recipe, device: torch.device) -> EpochOf:
    """cifarx's loop, set up as `fit` does."""
    channels = images.pixels.shape[1]
    mean, std = (pixel_units(v, channels) for v in (recipe.mean, recipe.std))
    data = Resident(images, mean, std, device)
    torch.manual_seed(0)
    model = spec.builder(10)
    if device.type == "cuda":
        model = model.to(memory_format=torch.channels_last)
    model = model.to(device)
    plain = Step(model, make_optimizer(model, recipe), data, recipe, ALONE)
    step = make_step(plain, recipe, device, ALONE)

    def epoch() -> float:
        model.train()
        plain.loss_sum.zero_()
        order = torch.randperm(len(data)).to(device)
        for index in torch.split(order, recipe.step_size):
            step(index)
        return plain.loss_sum.item() / len(data)  # waits for the device

    return epoch


def compare(
    images: Images, spec: ModelSpec, recipe: Recipe, device: torch.device, epochs: int
) -> dict[str, object]:
    """Median seconds per epoch of both loops, and the ratio of the write-up's to cifarx's."""
    if device.type == "cuda":
        set_precision(recipe)
    loops = {
        "write_up": write_up(images, spec, changed(recipe, {"precision": "float32"}), device),
        "cifarx": cifarx(images, spec, recipe, device),
    }
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    losses = {}
    for _ in range(epochs + 1):
        for name, epoch in loops.items():
            start = time.perf_counter()
            losses[name] = epoch()
            seconds[name].append(time.perf_counter() - start)
    median = {name: statistics.median(s[1:]) for name, s in seconds.items()}
    return {
        "network": spec.name,
        "precision": recipe.precision,
        "batch_size": recipe.batch_size,
        "images": len(images),
        "epochs": epochs,
        "seconds": median,
        "images_per_second": {name: len(images) / s for name, s in median.items()},
        "ratio": median["write_up"] / median["cifarx"],
        "losses": losses,
    }


def main() -> None:
    """Parse, measure, print a table, and write JSON if --json names a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", nargs="+", default=["bn5"])
    parser.add_argument("--data", default="shapes")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int, default=3, help="counted ones")
    parser.add_argument("--device")
    parser.add_argument("--precision", nargs="+", default=["float32"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = []
    for name in options.network:
        spec = find(name)
        own = load_recipe(spec.recipe)
        part = split_data(open_data(options.data), own, options.limit).train
        images = part.read()
        for precision in options.precision:
            recipe = changed(own, {"precision": precision})
            device = find_device(options.device, recipe, ALONE)
            found = compare(images, spec, recipe, device, options.epochs)
            results.append(found)
            seconds = found["seconds"]
            assert isinstance(seconds, dict)
            print(
                f"{name} in {precision}, {len(images):,} images, batch {recipe.batch_size}, on "
                f"{device}: write-up {seconds['write_up']:.2f} s an epoch, "
                f"cifarx {seconds['cifarx']:.2f} s, ratio {found['ratio']:.2f}",
                flush=True,
            )
    conditions = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    if options.json:
        write_text(options.json, json.dumps({**conditions, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
