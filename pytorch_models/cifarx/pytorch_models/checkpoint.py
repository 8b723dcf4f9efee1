"""The state of an unfinished run, `resume.safetensors`: everything that the next epoch needs.

Tensors `model.NAME` (the state dict) and `optimizer.I.KEY` (state KEY of parameter I, as torch's
optimizers keep it); in the metadata, under `state`, a JSON object of the draft of run.json, the
history so far and the epochs done. No random state is kept: `train` derives it from the epoch.
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
    """What is known of an unfinished run without its tensors."""

    record: RunRecord
    history: tuple[Epoch, ...]


def pack(
    model: nn.Module, optimizer: torch.optim.Optimizer, record: RunRecord, history: Sequence[Epoch]
) -> bytes:
    """The content of resume.safetensors."""
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
    """Put the tensors of resume.safetensors into the model and the optimizer."""
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
    """What an unfinished run was doing.

    Raises:
        UserError: there is no such run, or its file is damaged.
    """
    path = folder / RESUME
    if not path.is_file():
        raise UserError(
            f"{folder} has no {RESUME}, so there is nothing to resume: it is no run, or a finished "
            "one. Name an unfinished run with --out, or train without --resume."
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
            f"{path} is damaged or from another version of cifarx ({type(error).__name__}: "
            f"{detail}), so this run cannot be resumed. Train again."
        ) from error
