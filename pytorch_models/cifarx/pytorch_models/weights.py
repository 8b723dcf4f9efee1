"""Load weights to start from: those that torchvision publishes, or a file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor, nn

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.weights_choice import choose
from cifarx.pytorch_models.weights_file import state_dicts

NONE = "none"


def start_from(model: nn.Module, weights: str) -> str:
    """Load pretrained weights into a new model; those of its last layer only if they fit.

    Args:
        model: newly initialised.
        weights: the name of a torchvision weight entry such as ResNet18_Weights.IMAGENET1K_V1, or
            the path of a file that holds a state dict (.safetensors; or .pt, .pth, read by
            torch.load with weights_only, which runs no code).

    Returns:
        What was loaded, for the record of the run.

    Raises:
        UserError: the weights cannot be downloaded or read, or do not fit the network.
    """
    path = Path(weights)
    if weights.partition(".")[0].endswith("_Weights") and not path.is_file():
        state, origin = _published(weights), weights
    else:
        state, _ = choose(path, model.state_dict(), state_dicts(path))
        origin = file_origin(path)
    _load(model, state, weights)
    return origin


def file_origin(path: Path) -> str:
    """Return what the record of a run states for weights from a file."""
    return f"{path.name}, SHA-256 {sha256(path)}"


def load_exactly(model: nn.Module, path: Path) -> str:
    """Load a state dict that must have exactly the tensors of the model.

    Returns:
        What was unwrapped, such as "the prefix 'module.' was removed"; '' if nothing was.

    Raises:
        UserError: the file cannot be read, several parts of it fit the model, it lacks tensors of
            the model, has others or has them in other sizes, or a tensor would change in the model
            (another kind of number, or values that are not finite).
    """
    own = model.state_dict()
    found, unwrapped = choose(path, own, state_dicts(path))
    state = OrderedDict({**_implied(own, found), **found})
    lacking = sorted(own.keys() - state.keys())
    foreign = sorted(state.keys() - own.keys())
    other = sorted(n for n in own.keys() & state.keys() if own[n].shape != state[n].shape)
    faults = [
        f"{word} {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}"
        for word, names in (
            ("lacks", lacking),
            ("has in addition", foreign),
            ("has in another size", other),
        )
        if names
    ]
    if faults:
        how = f" ({unwrapped})" if unwrapped else ""
        raise UserError(
            f"--weights {path}{how} does not fit the network: it {'; '.join(faults)}. Give the "
            "state dict of the same network, saved by model.state_dict()."
        )
    for name, tensor in state.items():
        _require_kept(path, name, own[name], tensor)
    # MNASNet of torchvision needs the versions of modules, which safetensors does not keep.
    state._metadata = getattr(found, "_metadata", own._metadata)  # type: ignore[attr-defined]
    model.load_state_dict(state)
    return unwrapped


def _implied(own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors that a file may leave out.

    `safetensors.torch.save_model` writes a tensor with several names only once. Tensors named
    `num_batches_tracked` count training steps, exist since PyTorch 0.4.1 and affect no output.
    """

    def place(tensor: Tensor) -> tuple[object, ...]:
        return tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride()

    by_place = {place(own[name]): t for name, t in found.items() if name in own}
    implied = {}
    for name in own.keys() - found.keys():
        if own[name].numel() and place(own[name]) in by_place:
            implied[name] = by_place[place(own[name])]
        elif name.rpartition(".")[2] == "num_batches_tracked":
            implied[name] = own[name]
    return implied


def _require_kept(path: Path, name: str, own: Tensor, given: Tensor) -> None:
    """Raise `UserError` if a tensor would change silently when it is loaded."""
    kinds = [str(t.dtype).removeprefix("torch.") for t in (given, own)]
    if given.is_floating_point() != own.is_floating_point() or given.is_complex():
        raise UserError(
            f"--weights {path} does not fit the network: {name} is {kinds[0]}, but {kinds[1]} in "
            "the network. Weights are floating-point numbers; give the state dict as it was "
            "trained, not one that was quantised or cast."
        )
    if given.layout != torch.strided:
        raise UserError(
            f"--weights {path} has a sparse tensor, {name}. Save {name}.to_dense() instead."
        )
    if own.isfinite().all() and not given.to(own.dtype).isfinite().all():
        raise UserError(
            f"--weights {path} has NaN or infinite values in {name}, or values too large for "
            f"{kinds[1]}, so the network cannot compute. Give the state dict of a training that "
            "did not diverge."
        )


def _published(name: str) -> Mapping[str, Tensor]:
    from torchvision.models import get_weight

    try:
        entry = get_weight(name)
    except (KeyError, ValueError) as error:
        raise UserError(
            f"--weights {name} is neither a file nor an entry of torchvision. Give the file of a "
            "state dict, or a name such as ResNet18_Weights.IMAGENET1K_V1."
        ) from error
    try:
        state: Mapping[str, Tensor] = entry.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        raise UserError(
            f"The pretrained weights {name} could not be downloaded from {entry.url} ({error}). "
            "Download that file on a machine with internet access and give it with --weights FILE, "
            f"or start from random weights with --weights {NONE}."
        ) from error
    return state


def _load(model: nn.Module, state: Mapping[str, Tensor], weights: str) -> None:
    own = model.state_dict()
    last = next(reversed(dict(model.named_parameters()))).rpartition(".")[0]
    fitting = {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}
    wanted = {n for n in own if n.rpartition(".")[0] != last}
    lacking = sorted(wanted - fitting.keys())
    if lacking:
        shown = ", ".join(lacking[:3]) + (" and more" if len(lacking) > 3 else "")
        raise UserError(
            f"The weights {weights} do not fit the network: {len(lacking)} of its {len(own)} "
            f"tensors are missing or have other sizes ({shown}). Only the last layer, {last}, may "
            "differ. Give the weights of the same network."
        )
    model.load_state_dict(fitting, strict=False)
