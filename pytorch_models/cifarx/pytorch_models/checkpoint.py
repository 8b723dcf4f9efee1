"""Write and read `resume.safetensors`, the state of an unfinished run.

The file holds all that the next epoch needs: tensors `model.NAME` (the state dict) and
`optimizer.I.KEY` (state KEY of parameter I, as torch's optimizers keep it); in the metadata, under
`state`, a JSON object with the draft of run.json and the history so far. It holds no random state,
since `train` derives random numbers from the epoch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import RESUME, RunRecord
from cifarx.pytorch_models.train import Epoch


@dataclass(frozen=True)
class Draft:
    """An unfinished run without its tensors."""

    record: RunRecord
    history: tuple[Epoch, ...]


def pack(
    model: nn.Module, optimizer: torch.optim.Optimizer, record: RunRecord, history: Sequence[Epoch]
) -> bytes:
    """Return the content of resume.safetensors."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for i, state in optimizer.state_dict()["state"].items():
        tensors |= {
            f"optimizer.{i}.{key}": value
            for key, value in state.items()
            if isinstance(value, torch.Tensor)
        }
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    state = {"record": record.model_dump_json(), "history": [asdict(epoch) for epoch in history]}
    metadata = {"format": "cifarx-resume", "version": "1", "state": json.dumps(state)}
    return save_tensors(on_cpu, metadata)


def unpack(content: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Load the tensors of resume.safetensors into the model and the optimizer."""
    tensors = load_tensors(content)
    state: dict[int, dict[str, torch.Tensor]] = {}
    weights = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "model":
            weights[rest] = tensor
        else:
            i, _, key = rest.partition(".")
            state.setdefault(int(i), {})[key] = tensor
    model.load_state_dict(weights, strict=True)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def read_draft(folder: Path) -> Draft:
    """Read the record and the history of an unfinished run.

    Raises:
        UserError: the folder holds no unfinished run, or its file is damaged.
    """
    path = folder / RESUME
    if not path.is_file():
        raise UserError(
            f"{folder} has no {RESUME}, so there is nothing to resume: it is not a run, or the run "
            "is finished. Name an unfinished run with --out, or train without --resume."
        )
    try:
        with safe_open(path, "pt") as file:
            state = json.loads((file.metadata() or {})["state"])
        return Draft(
            RunRecord.model_validate_json(state["record"], strict=False),
            tuple(Epoch(**row) for row in state["history"]),
        )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, ValidationError) as error:
        detail = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path} is damaged or was written by another version of cifarx "
            f"({type(error).__name__}: {detail}), so this run cannot be resumed. Train again."
        ) from error
