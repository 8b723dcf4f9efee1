"""Read and write the run folder of a network that was imported without a parent run.

runs/net/
model.safetensors   the state dict, float32
network.json        `NetworkPlan`: the layers, from which cifarx builds the module
network.py          the same as PyTorch source, for readers; cifarx never executes it
run.json            `ImportedRecord`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256 as sha256_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.imported.plan import Name, NetworkPlan, parse_plan
from cifarx.pytorch_models.run import RECORD, WEIGHTS

if TYPE_CHECKING:
    from torch import nn

PLAN, SOURCE = "network.json", "network.py"
_AGAIN = "Import the file again with 'cifarx import'."


class ImportedRecord(BaseModel):
    """The content of run.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["cifarx-imported"] = "cifarx-imported"
    version: Literal[1] = 1
    name: Name
    """Of the network, a MATLAB identifier."""
    file: str
    """Name of the imported file, without its folder."""
    file_sha256: str
    task: Annotated[str, Field(pattern="^(classification|segmentation|regression)$")]
    """As in model.mat."""
    classes: tuple[str, ...]
    mean: tuple[FiniteFloat, ...]
    """Per channel of its image, in units of pixels from 0 to 255; empty if unknown."""
    std: tuple[Annotated[FiniteFloat, Field(gt=0)], ...]
    ending: Annotated[str, Field(pattern="^(log_softmax)?$")] = ""
    """What the file applies to its logits last, and the layers leave out."""
    weights_sha256: str
    versions: dict[str, str]
    created: str
    """UTC, ISO 8601."""


@dataclass(frozen=True)
class ImportedRun:
    """An imported network on disk."""

    folder: Path
    record: ImportedRecord
    plan: NetworkPlan
    tensors: Mapping[str, NDArray[np.generic]] = field(repr=False, compare=False)
    """The weights by their PyTorch names."""

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return every tensor of the weights by its PyTorch name."""
        return dict(self.tensors)


def is_imported(folder: Path) -> bool:
    """Whether a folder holds such a run, damaged or not."""
    return (folder / PLAN).is_file()


def load_imported(folder: Path) -> ImportedRun:
    """Read and check the folder.

    Raises:
        UserError: a file is missing, damaged, or not the one that run.json describes.
    """
    try:
        text = (folder / RECORD).read_text("utf-8")
        record = ImportedRecord.model_validate_json(text, strict=False)
        plan = parse_plan((folder / PLAN).read_text("utf-8"), str(folder / PLAN))
        if sha256(folder / WEIGHTS) != record.weights_sha256:
            raise UserError(f"{folder} has other weights than run.json describes. {_AGAIN}")
        tensors = load_file(folder / WEIGHTS)
    except (OSError, UnicodeDecodeError, ValidationError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{folder} is not a network that 'cifarx import' made, or it is damaged ({reason}). "
            f"{_AGAIN}"
        ) from error
    return ImportedRun(folder, record, plan, tensors)


def build_imported(run: ImportedRun) -> nn.Module:
    """Build the module with its weights, on the CPU, in evaluation mode.

    Raises:
        UserError: a layer kind is not known, or the weights do not fit.
    """
    from cifarx.pytorch_models.imported.network import as_tensor, build_network

    return build_network(run.plan, {name: as_tensor(x) for name, x in run.tensors.items()})


def imported_files(
    record: ImportedRecord, plan: NetworkPlan, state: Mapping[str, NDArray[np.generic]]
) -> dict[str, bytes]:
    """The content of the folder's files; the record gets the digest of the weights."""
    from cifarx.pytorch_models.imported.source import network_source

    weights = save(dict(state))
    whole = record.model_copy(update={"weights_sha256": sha256_of(weights).hexdigest()})
    return {
        WEIGHTS: weights,
        PLAN: (plan.model_dump_json(indent=1) + "\n").encode(),
        SOURCE: network_source(plan, record.file).encode(),
        RECORD: (whole.model_dump_json(indent=2) + "\n").encode(),
    }
