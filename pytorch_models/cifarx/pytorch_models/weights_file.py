"""Read the state dicts that a file holds, without running any code of the file."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint

from cifarx.pytorch_models.errors import UserError, plain
from cifarx.pytorch_models.file_kind import HEAD, other_kind

StateDict = Mapping[str, Tensor]

_LONGEST = 200  # characters of what torch says
_NAMED = 3  # classes to name
_SAVE = "torch.save(model.state_dict(), 'weights.pt')"


def state_dicts(path: Path) -> dict[str, StateDict]:
    """The state dicts of a file, by the key that holds them; by '' if the file itself is one.

    Args:
        path: a .safetensors file, or what `torch.save` wrote: a state dict, or a checkpoint, a dict
            with state dicts and other things.

    Raises:
        UserError: the file cannot be read as tensors, or holds no state dict.
    """
    try:
        if path.suffix == ".safetensors":
            return {"": load_file(path)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as that a TorchScript archive looks like one
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can raise any exception
        raise UserError(_refusal(path, error)) from error
    if _is_state_dict(found) or found == {}:
        return {"": found}
    inside = found.items() if isinstance(found, Mapping) else ()
    by_key = {str(key): value for key, value in inside if _is_state_dict(value)}
    if not by_key:
        raise UserError(
            f"--weights {path} holds a {type(found).__name__}, not a state dict of tensors or a "
            f"dict with one. Save it with {_SAVE} and give that file."
        )
    return by_key


def _is_state_dict(found: object) -> bool:
    return (
        isinstance(found, Mapping)
        and bool(found)
        and all(isinstance(n, str) and isinstance(t, Tensor) for n, t in found.items())
    )


def _refusal(path: Path, error: Exception) -> str:
    """Why a file cannot be read, and what to give instead."""
    if isinstance(error, OSError):
        return _unreadable(path, error)
    with path.open("rb") as file:
        head = file.read(HEAD)
    kind = other_kind(head)
    if "MAT-file" in kind:
        return (
            f"--weights {path} is a MAT-file; --weights takes a state dict of PyTorch. Weights "
            f"that were tuned in MATLAB become a run with 'cifarx import {path}'."
        )
    if path.suffix == ".onnx" or _starts_like_onnx(head):
        return (
            f"--weights {path} is an ONNX file, which holds the network with its weights. Export "
            f"it alone, with 'cifarx export {path}', or give a state dict as --weights."
        )
    names = _names_in_archive(path)
    if any("/code/" in name for name in names):
        return (
            f"--weights {path} is a TorchScript archive (torch.jit.save): a program, not a state "
            f"dict. Save the weights where the network is made, with {_SAVE}, or take them from "
            f"the archive: torch.save(torch.jit.load({str(path)!r}).state_dict(), 'weights.pt'). "
            "Then give weights.pt."
        )
    if any(name.endswith(("/archive_format", "exported_program.json")) for name in names):
        return (
            f"--weights {path} is an exported program (torch.export.save), not a state dict. Save "
            f"the weights where the network is made, with {_SAVE}, or take them from the program: "
            f"torch.save(dict(torch.export.load({str(path)!r}).state_dict), 'weights.pt'). Then "
            "give weights.pt."
        )
    if refused := _refused_classes(path, error, archive=bool(names)):
        return _with_objects(path, refused)
    return _unreadable(path, error, "" if names else kind)


def _with_objects(path: Path, classes: list[str]) -> str:
    """The refusal of a file whose objects only code of their classes can restore."""
    shown = ", ".join(classes[:_NAMED]) + (" and others" if len(classes) > _NAMED else "")
    load = f"torch.load({str(path)!r}, weights_only=False)"
    if any(name.startswith("torch.nn.modules.") for name in classes):
        return (
            f"--weights {path} cannot be read as a state dict: it is or holds a whole module, a "
            f"pickle ({shown}), and loading it would run code; cifarx runs no code of a file. If "
            f"you trust it, save its weights in Python, where its classes can be imported: model = "
            f"{load}; {_SAVE}. If that gives a dict, its module or state dict is under one of its "
            "keys. Then give weights.pt."
        )
    return (
        f"--weights {path} cannot be read as a state dict: beside tensors it holds objects "
        f"({shown}), and restoring them would run code; cifarx runs no code of a file. If you "
        f"trust it, save its state dict alone in Python: checkpoint = {load}; "
        "torch.save(checkpoint['state_dict'], 'weights.pt'), with the key that holds the state "
        "dict. Then give weights.pt."
    )


def _unreadable(path: Path, error: Exception, kind: str = "") -> str:
    reason = plain(error)
    for before in ("from a trusted source.", "WeightsUnpickler error: "):  # torch's own advice
        reason = reason.rpartition(before)[2]
    for behind in ("Please use", "Check the documentation"):
        reason = reason.partition(behind)[0]
    looks = f"; it looks like {kind}" if kind else ""
    return (
        f"--weights {path} cannot be read as a state dict{looks} ({type(error).__name__}: "
        f"{reason.strip()[:_LONGEST]}). Give a .safetensors file, or a .pt or .pth file "
        "written by torch.save(model.state_dict(), ...)."
    )


def _starts_like_onnx(head: bytes) -> bool:
    """Whether bytes start as `onnx.save` writes: the IR version, and another field of a model."""
    return len(head) > 2 and head[0] == 0x08 and head[1] < 64 and head[2] in b"\x12\x1a\x22\x3a\x42"


def _names_in_archive(path: Path) -> list[str]:
    """Names of the entries of a zip file; none if it is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return []


def _refused_classes(path: Path, error: Exception, *, archive: bool) -> list[str]:
    """Full names of the classes and functions for which torch refuses a pickle."""
    first = re.findall(r"Unsupported global: GLOBAL (\S+)", plain(error))
    if not first or not archive:  # before PyTorch 1.6, a file was not an archive
        return first
    found = sorted(get_unsafe_globals_in_checkpoint(path))
    return sorted(found, key=lambda name: name.startswith("torch.nn."))  # the user's own first
