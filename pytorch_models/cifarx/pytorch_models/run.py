"""Read a run folder, which `cifarx train` writes and every other command starts from.

    runs/bn8-cifar10/
        model.safetensors   the state dict, float32, with PyTorch's names
        run.json            `RunRecord`: all that is needed to rebuild the network and its input
        history.csv, curves.png, confusion.png, samples.png
        resume.safetensors  only while unfinished: the state for `train --resume` (`checkpoint`)

Only `build_module` needs torch.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from cifarx.pytorch_models import registry
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "model.safetensors"
NEXT_WEIGHTS = "model.next.safetensors"
RECORD = "run.json"
RESUME = "resume.safetensors"
IMPORTED = "cifarx-imported"
"""`format` in the run.json of a network that was imported without a parent; see `imported`."""


class DataRecord(BaseModel):
    """The images that a run was trained and tested on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    origin: str
    """The value of --data."""
    root: str
    """The folder of the data."""
    limit: int | None
    """Largest number of training images; None for all. Validation and test images: a fifth."""
    train_images: int
    validation_images: int = 0
    test_images: int
    train_sha256: str
    validation_sha256: str = ""
    test_sha256: str


class ImportRecord(BaseModel):
    """The origin of weights that PyTorch did not train."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    """Name of the imported file, without its folder."""
    sha256: str
    """SHA-256 of the imported file."""
    parent: str
    """Folder of the run that the network, the recipe and the data come from."""
    parent_sha256: str
    """SHA-256 of the parent's weights."""
    changed: tuple[str, ...]
    """Names of the tensors whose bits differ from the parent's."""


class RunRecord(BaseModel):
    """The content of run.json, version 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["cifarx-run"] = "cifarx-run"
    version: Literal[1] = 1
    model: str
    """A network of the zoo."""
    recipe_name: str
    recipe: Recipe
    """The recipe as used, with the changes made by options of the command."""
    classes: tuple[str, ...]
    input_size: tuple[int, int, int]
    """(C, H, W)."""
    mean: tuple[float, ...]
    """Per channel, in pixel units, 0..255; each is a float32."""
    std: tuple[float, ...]
    """Per channel, as `mean`."""
    data: DataRecord
    seed: int
    pretrained: str = ""
    """The weights that the training started from; '' for random ones."""
    device: str
    versions: dict[str, str]
    created: str
    """UTC, ISO 8601."""
    epochs_done: int = 0
    best_epoch: int = 0
    """The epoch of the saved weights: the best by validation, else the last one."""
    metrics: dict[str, float] = {}
    """Loss and accuracy (0..1) of the saved weights on training images (over the epoch), on
    validation images if any, and on test images once they are known; and seconds of training."""
    weights_sha256: str = ""
    imported: ImportRecord | None = None
    """Only for a run that `cifarx import` made: its entries on training are those of the parent."""


@dataclass(frozen=True)
class Run:
    """A run on disk."""

    folder: Path
    record: RunRecord

    @property
    def weights(self) -> Path:
        """The safetensors file."""
        return self.folder / WEIGHTS

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Read every tensor of the weights by its PyTorch name."""
        return dict(load_file(self.weights))

    def mean_std(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mean and standard deviation, (C,) float32 each, in pixel units."""
        return np.asarray(self.record.mean, np.float32), np.asarray(self.record.std, np.float32)


def load_run(folder: Path) -> Run:
    """Read and check a run folder.

    Raises:
        UserError: the folder holds no run, run.json cannot be read, or the weights are missing,
            damaged or not those that run.json describes.
    """
    try:
        record = parse_record((folder / RECORD).read_text("utf-8"), folder / RECORD)
    except OSError as error:
        if (folder / RESUME).is_file():
            raise UserError(
                f"{folder} holds a run with no finished epoch yet. Continue it with "
                f"'cifarx train --resume --out {folder}'."
            ) from error
        raise UserError(
            f"{folder} is not a run: it has no {RECORD}. Give a folder that 'cifarx train' made."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{folder / RECORD} is not UTF-8 text ({error}).") from error
    weights, waiting = folder / WEIGHTS, folder / NEXT_WEIGHTS
    if waiting.is_file() and sha256(waiting) == record.weights_sha256:
        os.replace(waiting, weights)  # a training stopped before its own renaming
    if not weights.is_file() or sha256(weights) != record.weights_sha256:
        state = "other weights than run.json describes" if weights.is_file() else "no weights"
        raise UserError(
            f"{folder} has {state} ({WEIGHTS}, expected SHA-256 {record.weights_sha256[:16]}…). "
            "The training was interrupted or the file was changed. Train again, or give another "
            "run."
        )
    try:
        load_file(weights)
    except SafetensorError as error:
        raise UserError(f"{weights} is not a safetensors file ({error}).") from error
    return Run(folder, record)


def parse_record(text: str, path: Path) -> RunRecord:
    """Parse the text of a run.json; `path` names it in errors.

    Raises:
        UserError: the text is not a run record that this version can read.
    """
    if f'"{IMPORTED}"' in text[:200]:
        raise UserError(
            f"{path.parent} holds a network that 'cifarx import' made of a file, with neither "
            "recipe nor data. 'cifarx export' takes it; here, give a run that 'cifarx train' made."
        )
    try:
        return RunRecord.model_validate_json(text, strict=False)
    except ValidationError as error:
        detail = str(error).splitlines()
        raise UserError(
            f"{path} is not a run record that this version can read "
            f"({' '.join(line.strip() for line in detail[:3])}). Train again, or give another run."
        ) from error


def newest_folder(root: Path = Path("runs")) -> Path:
    """Return the folder in `root` whose run.json is the newest.

    Raises:
        UserError: there is none.
    """
    records = sorted(root.glob(f"*/{RECORD}"), key=lambda p: p.stat().st_mtime_ns)
    if not records:
        raise UserError(
            f"There is no run to use: no {root}/*/{RECORD} in {Path.cwd()}. Train a network first "
            "('cifarx train bn8'), change to the folder that holds runs/, or name a run's folder."
        )
    return records[-1].parent


def runs_in(roots: Iterable[Path]) -> list[Run]:
    """Read every sound run in these folders; within a folder, in the order of their names."""
    found = []
    for folder in run_folders(roots):
        with suppress(UserError):  # skip damaged runs
            found.append(load_run(folder))
    return found


def run_folders(roots: Iterable[Path]) -> list[Path]:
    """List the subfolders of these folders that hold a run.json; in each, ordered by name."""
    found: list[Path] = []
    for root in dict.fromkeys(root.resolve() for root in roots):
        found += sorted(record.parent for record in root.glob(f"*/{RECORD}"))
    return found


def build_module(run: Run) -> nn.Module:
    """Build the run's network with its weights, on the CPU, in evaluation mode.

    Raises:
        UserError: the network is not in the zoo, or the weights do not fit it.
    """
    import torch

    spec = registry.find(run.record.model)
    module = spec.builder(len(run.record.classes))
    state = {name: torch.from_numpy(np.array(value)) for name, value in run.state().items()}
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise UserError(
            f"The weights of {run.folder} do not fit the network {spec.name!r}: "
            f"{' '.join(str(error).split())}. The run was made by another version of cifarx; "
            "train again."
        ) from error
    return module.eval()
