"""Train by a plan and write the run folder."""

from __future__ import annotations

import hashlib
import math
import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from cifarx.pytorch_models import plots
from cifarx.pytorch_models.checkpoint import pack, read_draft, unpack
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.data.split import Part, split_data
from cifarx.pytorch_models.distributed import joined, shared_bytes
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import write_bytes, write_text
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.optimizer import make_optimizer
from cifarx.pytorch_models.plan import Plan
from cifarx.pytorch_models.preprocess import pixel_units
from cifarx.pytorch_models.resident import Resident
from cifarx.pytorch_models.run import (
    NEXT_WEIGHTS,
    RECORD,
    RESUME,
    WEIGHTS,
    DataRecord,
    Run,
    RunRecord,
    load_run,
)
from cifarx.pytorch_models.run_folder import history_csv, new_folder
from cifarx.pytorch_models.step import set_precision
from cifarx.pytorch_models.train import Epoch, evaluate, train
from cifarx.pytorch_models.weights import start_from


def fit(plan: Plan, observer: Observer | None = None) -> Run | None:
    """Train by the plan; from the start, the folder holds a run that can be resumed.

    Args:
        plan: from `make_plan`.
        observer: receives the progress, in the first process only.

    Returns:
        The finished run; None in every process but the first.

    Raises:
        UserError: images that cannot be read or do not fit the network, weights that do not fit,
            a folder that cannot be made, a training that diverges.
    """
    observer = observer or Observer()
    with joined(plan.world, plan.device):
        training = _Training(plan, observer)
        try:
            training.train()
        except UserError:
            training.discard_if_empty()
            raise
        return training.finish() if plan.world.rank == 0 else None


class _Training:
    """The state of one training: model, optimizer, images on the device, history, folder."""

    def __init__(self, plan: Plan, observer: Observer) -> None:
        self.plan, self.observer = plan, observer
        first = plan.world.rank == 0
        parts = split_data(plan.data, plan.recipe, plan.limit)
        train_images, test_images = _read(parts.train, plan), _read(parts.test, plan)
        held_out = _read(parts.validation, plan) if parts.validation else None
        self.test_images = test_images
        channels = plan.spec.input_size[0]
        mean, std = (pixel_units(v, channels) for v in (plan.recipe.mean, plan.recipe.std))
        self.train_data = Resident(train_images, mean, std, plan.device)
        self.test_data = Resident(test_images, mean, std, plan.device)
        self.held_out = Resident(held_out, mean, std, plan.device) if held_out else self.test_data
        self.held_out_name = "validation" if held_out else "test"
        self.predictions: Tensor | None = None
        torch.manual_seed(plan.seed)
        self.model = plan.spec.builder(len(plan.data.classes))
        pretrained = plan.weights
        if plan.weights and not plan.resume:
            pretrained = start_from(self.model, plan.weights)
        if plan.device.type == "cuda":
            set_precision(plan.recipe)
            self.model = self.model.to(memory_format=torch.channels_last)
        self.model = self.model.to(plan.device)
        self.optimizer = make_optimizer(self.model, plan.recipe)
        self.history: list[Epoch] = []
        self.record = RunRecord(
            model=plan.spec.name,
            recipe_name=plan.recipe_name,
            recipe=plan.recipe,
            classes=plan.data.classes,
            input_size=plan.spec.input_size,
            mean=tuple(map(float, mean)),
            std=tuple(map(float, std)),
            data=DataRecord(
                name=plan.data.name,
                origin=plan.data.origin,
                root=plan.data.root,
                limit=plan.limit,
                train_images=len(train_images),
                validation_images=len(held_out) if held_out else 0,
                test_images=len(test_images),
                train_sha256=train_images.digest(),
                validation_sha256=held_out.digest() if held_out else "",
                test_sha256=test_images.digest(),
            ),
            seed=plan.seed,
            pretrained=pretrained,
            device=_device_name(plan),
            versions={
                "python": platform.python_version(),
                **{name: version(name) for name in ("cifarx", "torch", "numpy")},
            },
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.folder = plan.folder
        content = b""
        if first and plan.resume:
            content = self._go_on()
        elif first:
            files = {RESUME: self._packed()}
            self.folder = new_folder(plan.folder, files, numbered=plan.numbered)
        if plan.resume:
            content = shared_bytes(content, plan.world, plan.device)
            unpack(content, self.model, self.optimizer)
        self.epochs_done = int.from_bytes(
            shared_bytes(len(self.history).to_bytes(4, "big"), plan.world, plan.device), "big"
        )
        if first:
            observer.on_start(self.folder, self.record)

    def train(self) -> None:
        """Run the remaining epochs."""
        train(
            self.model,
            self.optimizer,
            self.train_data,
            self.held_out,
            self.plan.recipe,
            seed=self.plan.seed,
            first_epoch=self.epochs_done + 1,
            world=self.plan.world,
            after_step=self.observer.after_step if self.plan.world.rank == 0 else lambda _: None,
            after_epoch=self._save_epoch,
        )

    def discard_if_empty(self) -> None:
        """Remove the folder of a training that failed in its first epoch."""
        if not self.history and not self.plan.resume and self.plan.world.rank == 0:
            (self.folder / RESUME).unlink(missing_ok=True)
            with suppress(OSError):  # the user's own folder, with other files in it
                self.folder.rmdir()

    def finish(self) -> Run:
        """Test the saved weights, draw the pictures and remove the file for resuming."""
        plan, folder = self.plan, self.folder
        if self.held_out_name == "validation" or self.predictions is None:
            self.model.load_state_dict(load_file(folder / WEIGHTS, device=str(plan.device)))
            loss, self.predictions = evaluate(self.model, self.test_data)
            hits = (self.predictions == self.test_data.labels).float().mean().item()
            metrics = {**self.record.metrics, "test_loss": loss, "test_accuracy": hits}
            self.record = self.record.model_copy(update={"metrics": metrics})
        predictions = self.predictions.cpu().numpy()
        title = f"{plan.spec.name} on {plan.data.name}"
        accuracy = 100 * self.record.metrics["test_accuracy"]
        caption = f"{title}: {accuracy:.1f}% of {len(self.test_images):,} test images"
        classes = plan.data.classes
        plots.save_curves(self.history, self.held_out_name, title, folder / "curves.png")
        plots.save_confusion(
            self.test_images.labels, predictions, classes, caption, folder / "confusion.png"
        )
        plots.save_samples(self.test_images, predictions, classes, caption, folder / "samples.png")
        write_text(folder / RECORD, self.record.model_dump_json(indent=2) + "\n")
        (folder / RESUME).unlink(missing_ok=True)
        return load_run(folder)

    def _go_on(self) -> bytes:
        """Continue the unfinished run; return the content of its resume.safetensors."""
        draft = read_draft(self.folder)
        now, then = self.record.data, draft.record.data
        if now.model_copy(update={"root": then.root}) != then:
            raise UserError(
                f"The images of {self.plan.data.origin} are not those that {self.folder} was "
                "started with, so this run cannot be resumed. Restore them, or start a new run."
            )
        self.history = list(draft.history)
        self.record = draft.record
        return (self.folder / RESUME).read_bytes()

    def _packed(self) -> bytes:
        return pack(self.model, self.optimizer, self.record, self.history)

    def _save_epoch(self, epoch: Epoch, predictions: Tensor) -> None:
        """Write history, weights, record and state so that a crash at any moment loses nothing.

        New weights keep a temporary name until run.json names them; `load_run` completes the
        renaming after a crash. A run that stops before its state is replaced repeats this epoch.
        """
        if not (math.isfinite(epoch.train_loss) and math.isfinite(epoch.held_out_loss)):
            raise UserError(
                f"The training diverged: the losses of epoch {epoch.epoch} are {epoch.train_loss} "
                f"(training) and {epoch.held_out_loss} ({self.held_out_name}). "
                f"The learning rate, {self.plan.recipe.learning_rate:g}, is too high for these "
                f"data. Earlier epochs, if any, are kept in {self.folder}."
            )
        self.history.append(epoch)
        best = max(self.history, key=lambda e: e.held_out_accuracy)  # the first of equals
        saved = best if self.held_out_name == "validation" else epoch
        update: dict[str, Any] = {"epochs_done": epoch.epoch, "best_epoch": saved.epoch}
        write_text(self.folder / "history.csv", history_csv(self.history, self.held_out_name))
        if saved is epoch:
            self.predictions = predictions
            state = self.model.state_dict()
            tensors = {name: t.detach().cpu().contiguous() for name, t in state.items()}
            weights = safetensors_bytes(tensors)
            write_bytes(self.folder / NEXT_WEIGHTS, weights)
            update["weights_sha256"] = hashlib.sha256(weights).hexdigest()
        update["metrics"] = {
            "train_loss": saved.train_loss,
            "train_accuracy": saved.train_accuracy,
            f"{self.held_out_name}_loss": saved.held_out_loss,
            f"{self.held_out_name}_accuracy": saved.held_out_accuracy,
            "seconds": sum(e.seconds for e in self.history),
        }
        self.record = self.record.model_copy(update=update)
        write_text(self.folder / RECORD, self.record.model_dump_json(indent=2) + "\n")
        if saved is epoch:
            os.replace(self.folder / NEXT_WEIGHTS, self.folder / WEIGHTS)
        write_bytes(self.folder / RESUME, self._packed())
        self.observer.after_epoch(epoch)


def _read(part: Part, plan: Plan) -> Images:
    """Read the images of a part; raise `UserError` if they do not have the network's input size."""
    images = part.read()
    size, wanted = images.pixels.shape[1:], plan.spec.input_size
    if size != wanted:
        grey = " Or use --data shapes-grey, which fits." if wanted == (1, 28, 28) else ""
        raise UserError(
            f"The network {plan.spec.name!r} takes images of {_size(wanted)}, "
            f"but those of {plan.data.origin} are {_size(size)}. Choose other data (--data), "
            f"another network ('cifarx models'), or resize the images.{grey}"
        )
    return images


def _size(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width}x{height} with {channels} channel{'s' if channels > 1 else ''}"


def _device_name(plan: Plan) -> str:
    device, processes = plan.device, plan.world.size
    several = f", {processes} processes" if processes > 1 else ""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)}{several})"
    return f"{device.type} ({torch.get_num_threads()} threads{several})"
