"""From a network's name and options to a finished run folder."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save as safetensors_bytes
from torch import nn

from cifarx.pytorch_models import plots
from cifarx.pytorch_models.data.images import DataSet, Images, balanced_index
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import write_bytes, write_text
from cifarx.pytorch_models.preprocess import pixel_units
from cifarx.pytorch_models.recipe import Recipe, find_recipe
from cifarx.pytorch_models.registry import ModelSpec, find
from cifarx.pytorch_models.run import (
    NEXT_WEIGHTS,
    RECORD,
    WEIGHTS,
    DataRecord,
    Run,
    RunRecord,
    load_run,
)
from cifarx.pytorch_models.train import Epoch, Resident, evaluate, train

TEST_SHARE = (
    5  # --limit N takes N training images and N / 5 test images, as CIFAR-10's 50,000:10,000
)


@dataclass(frozen=True)
class Options:
    """What the user may set; None leaves it to the recipe."""

    model: str
    data: str | None = None
    epochs: int | None = None
    limit: int | None = None
    seed: int = 0
    device: str | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What will be done, known before the first image is read."""

    spec: ModelSpec
    recipe_name: str
    recipe: Recipe
    data: DataSet
    device: torch.device
    folder: Path
    """Where the run goes; `folder-2` and so on if it is `numbered` and the name is taken."""
    numbered: bool
    seed: int
    limit: int | None


def make_plan(options: Options) -> Plan:
    """Resolve names and defaults.

    Raises:
        UserError: unknown network, data or device, or a run that would be overwritten.
    """
    spec = find(options.model)
    recipe_name, recipe = find_recipe(spec.recipe, options.data)
    if options.epochs is not None:
        recipe = recipe.model_copy(update={"epochs": options.epochs})
    device = find_device(options.device)
    data = open_data(options.data or recipe.dataset)
    folder = options.out or Path("runs") / f"{spec.name}-{data.name}"
    if options.out is not None and (folder / RECORD).exists():
        raise UserError(
            f"--out {folder} already holds a run, and cifarx overwrites none. Give another "
            "--out, or remove that folder."
        )
    numbered = options.out is None
    return Plan(
        spec, recipe_name, recipe, data, device, folder, numbered, options.seed, options.limit
    )


def find_device(name: str | None) -> torch.device:
    """The device of this name; without one, CUDA where there is one, else the CPU.

    Raises:
        UserError: torch does not know it or cannot use it.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.ones(1, device=device).cpu()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        usable = "cpu, cuda" if torch.cuda.is_available() else "cpu"
        raise UserError(
            f"--device {name} cannot be used here ({reason}). Usable: {usable}."
        ) from error
    return device


def fit(
    plan: Plan,
    *,
    on_start: Callable[[Path, int, int], None],
    after_step: Callable[[int], None],
    after_epoch: Callable[[Epoch], None],
) -> Run:
    """Train by the plan; after every epoch the folder is a valid run.

    Args:
        plan: from `make_plan`.
        on_start: called with the run's folder and the numbers of training and test images, once
            they are read.
        after_step: called with the number of images of the step.
        after_epoch: called with the epoch's figures, once they and the weights are saved.

    Raises:
        UserError: images that cannot be read, or do not fit the network.
    """
    train_images, test_images = read_images(plan)
    with _reserved(plan) as folder:
        on_start(folder, len(train_images), len(test_images))
        placed = replace(plan, folder=folder)
        return _fit(placed, train_images, test_images, after_step, after_epoch)


def _fit(
    plan: Plan,
    train_images: Images,
    test_images: Images,
    after_step: Callable[[int], None],
    after_epoch: Callable[[Epoch], None],
) -> Run:
    channels = plan.spec.input_size[0]
    mean = pixel_units(plan.recipe.mean, channels)
    std = pixel_units(plan.recipe.std, channels)
    train_data = Resident(train_images, mean, std, plan.device)
    test_data = Resident(test_images, mean, std, plan.device)
    data_record = DataRecord(
        name=plan.data.name,
        origin=plan.data.origin,
        root=plan.data.root,
        limit=plan.limit,
        train_images=len(train_images),
        test_images=len(test_images),
        train_sha256=train_images.digest(),
        test_sha256=test_images.digest(),
    )
    if plan.device.type == "cuda":  # float32 is to mean float32; cuDNN would take TF32
        torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(plan.seed)
    model = plan.spec.builder(len(plan.data.classes)).to(plan.device)
    history: list[Epoch] = []

    def save(epoch: Epoch) -> None:
        if not (math.isfinite(epoch.train_loss) and math.isfinite(epoch.test_loss)):
            raise UserError(
                f"The training diverged: the losses of epoch {epoch.epoch} are {epoch.train_loss} "
                f"(training) and {epoch.test_loss} (test). "
                f"The recipe's learning rate, {plan.recipe.learning_rate:g}, is too high for these "
                f"data; epochs before it are kept in {plan.folder}, if there are any."
            )
        history.append(epoch)
        _save_epoch(plan, data_record, model, history, mean, std)
        after_epoch(epoch)

    train(
        model,
        train_data,
        test_data,
        plan.recipe,
        seed=plan.seed,
        after_step=after_step,
        after_epoch=save,
    )
    title = f"{plan.spec.name} on {plan.data.name}"
    plots.save_curves(history, title, plan.folder / "curves.png")
    plots.save_confusion(
        test_images.labels,
        evaluate(model, test_data)[1].cpu().numpy(),
        plan.data.classes,
        f"{title}: {100 * history[-1].test_accuracy:.1f}% of {len(test_images):,} test images",
        plan.folder / "confusion.png",
    )
    return load_run(plan.folder)


def read_images(plan: Plan) -> tuple[Images, Images]:
    """The training and the test images of the plan.

    Raises:
        UserError: they cannot be read or are not of the size the network takes.
    """
    limit = plan.limit
    data = plan.data
    train_images = data.read("train", balanced_index(data.labels("train"), limit))
    classes = len(data.classes)
    test_limit = None if limit is None else max(limit // TEST_SHARE, classes)
    test_images = data.read("test", balanced_index(data.labels("test"), test_limit))
    for images in (train_images, test_images):
        size = images.pixels.shape[1:]
        if size != plan.spec.input_size:
            raise UserError(
                f"The network {plan.spec.name!r} takes images of {_size(plan.spec.input_size)}, "
                f"but those of {plan.data.origin} are {_size(size)}. Choose other data (--data), "
                "another network ('cifarx models'), or resize the images."
            )
    return train_images, test_images


def _size(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width}x{height} with {channels} channel{'s' if channels > 1 else ''}"


@contextmanager
def _reserved(plan: Plan) -> Iterator[Path]:
    """Make the run's folder, so that no other training takes it; remove it if it stays empty."""
    folder, n = plan.folder, 1
    ours = plan.numbered or not folder.exists()
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=not plan.numbered)
            break
        except FileExistsError as error:
            if not plan.numbered:
                raise UserError(f"--out {folder} is a file. Give a folder.") from error
            n += 1
            folder = plan.folder.with_name(f"{plan.folder.name}-{n}")
        except OSError as error:
            raise UserError(
                f"Cannot make the folder {folder}: {error.strerror}. Give another with --out."
            ) from error
    try:
        yield folder
    finally:
        if ours:
            with suppress(OSError):  # not empty
                folder.rmdir()
                if plan.numbered:
                    folder.parent.rmdir()


def _save_epoch(
    plan: Plan,
    data: DataRecord,
    model: nn.Module,
    history: Sequence[Epoch],
    mean: NDArray[np.float32],
    std: NDArray[np.float32],
) -> None:
    """Write history, weights and record such that a crash at any moment leaves a valid run.

    New weights wait under another name until run.json names them; `load_run` ends the change.
    """
    last = history[-1]
    state = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    weights = safetensors_bytes(state)
    write_text(plan.folder / "history.csv", _history_csv(history))
    write_bytes(plan.folder / NEXT_WEIGHTS, weights)
    record = RunRecord(
        model=plan.spec.name,
        recipe_name=plan.recipe_name,
        recipe=plan.recipe,
        classes=plan.data.classes,
        input_size=plan.spec.input_size,
        mean=tuple(map(float, mean)),
        std=tuple(map(float, std)),
        data=data,
        seed=plan.seed,
        device=_device_name(plan.device),
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in ("cifarx", "torch", "numpy")},
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        epochs_done=last.epoch,
        metrics={
            "train_loss": last.train_loss,
            "train_accuracy": last.train_accuracy,
            "test_loss": last.test_loss,
            "test_accuracy": last.test_accuracy,
            "seconds": sum(e.seconds for e in history),
        },
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )
    write_text(plan.folder / RECORD, record.model_dump_json(indent=2) + "\n")
    os.replace(plan.folder / NEXT_WEIGHTS, plan.folder / WEIGHTS)


def _history_csv(history: Sequence[Epoch]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, [f.name for f in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return table.getvalue()


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({torch.get_num_threads()} threads)"
