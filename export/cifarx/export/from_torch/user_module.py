"""Load a user's PyTorch module, named as `package.module:callable`."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from cifarx.export.network.interface import Input
from cifarx.export.network.layer import Shape
from cifarx.export.network.names import INPUTS
from cifarx.pytorch_models.errors import UserError, nearest

if TYPE_CHECKING:
    from torch import nn


def load_user_module(text: str) -> nn.Module:
    """Import `package.module:callable` and return the module that it is or makes.

    Raises:
        UserError: it cannot be imported or called, or does not give a `torch.nn.Module`.
    """
    from torch import nn

    package, _, attribute = text.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the current folder, as 'python -m' has it
    try:
        found: Any = importlib.import_module(package)
    except Exception as error:  # the user's code may raise anything
        raise UserError(
            f"The module {package!r} of {text} cannot be imported ({type(error).__name__}: "
            f"{error}). Give package.module:callable as Python imports it from this folder, as in "
            "torchvision.models:resnet18."
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UserError(
                f"{package} has nothing called {attribute!r}. {nearest(part, dir(found))}Give a "
                "subclass of nn.Module, a function that returns a module, or a module."
            )
        found = getattr(found, part)
    if not isinstance(found, nn.Module):
        found = _called(text, found)
    if not isinstance(found, nn.Module):
        raise UserError(
            f"{text} gives a {type(found).__name__}, not a torch.nn.Module. Give a subclass of "
            "nn.Module, a function without arguments that returns a module, or a module."
        )
    return found


def module_inputs(
    text: str, module: nn.Module, sizes: Sequence[Shape], names: Sequence[str] = ()
) -> tuple[Input, ...]:
    """The inputs of a module, one per size.

    Args:
        text: what an error calls the module.
        module: its forward takes them.
        sizes: (C, H, W), (C, L) or (F,) each.
        names: of forward's arguments, one per size; without them, the first ones in order.

    Raises:
        UserError: there is no size, or there are other names than sizes or arguments.
    """
    if not sizes:
        raise UserError(
            f"{text} needs the size of its input: --input-size CHANNELS,HEIGHT,WIDTH for images, "
            "as in --input-size 3,224,224, CHANNELS,LENGTH for signals, or the number of features; "
            "once per input for several."
        )
    arguments = _arguments(module)
    if names and len(names) != len(sizes):
        raise UserError(
            f"{text}: {len(names)} names of --input-name for {len(sizes)} sizes of --input-size. "
            "Give one name per size, in the same order, or no name."
        )
    if odd := [name for name in names if name not in arguments]:
        raise UserError(
            f"{text}: its forward has no argument {odd[0]!r}; it has {', '.join(arguments)}. "
            "--input-name takes the names of these arguments."
        )
    if not names and len(sizes) == 1:
        return (Input(INPUTS[len(sizes[0])], sizes[0]),)
    known = names or arguments
    rest = (f"{INPUTS[len(size)]}_{i}" for i, size in enumerate(sizes, start=1))
    paired = zip_longest(known[: len(sizes)], zip(rest, sizes, strict=True))
    return tuple(Input(name or other, size) for name, (other, size) in paired)


def _arguments(module: nn.Module) -> list[str]:
    """Names of forward's arguments that can be given."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    try:
        parameters = signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one.name for one in parameters if one.kind in kinds]


def _called(text: str, function: Callable[[], Any]) -> Any:
    if not callable(function):
        return function
    try:
        return function()
    except Exception as error:
        raise UserError(
            f"{text} cannot be called without arguments ({type(error).__name__}: {error}). Write a "
            "function that makes the network, as in 'def net(): return MyNet(classes=10)', and "
            "give that."
        ) from error


def require_float32(text: str, module: nn.Module) -> None:
    """Raise `UserError` for a module whose weights are lazy, quantised, or not float32."""
    import torch
    from torch.nn.parameter import is_lazy

    tensors = (*module.named_parameters(), *module.named_buffers())
    lazy = next((name for name, tensor in tensors if is_lazy(tensor)), None)
    if lazy is not None:
        raise UserError(
            f"{text} has lazy layers, whose weights do not exist before the first forward pass, "
            f"such as {lazy}. Run it once where it is made: 'def net(): m = MyNet().eval(); "
            "m(torch.zeros(1, 3, 224, 224)); return m', with the size of its images."
        )
    quantised = next((n for n, part in module.named_modules() if _is_quantised(part)), None)
    if quantised is not None:
        raise UserError(
            f"{text} is quantised (part: {quantised or 'the whole module'}), and cifarx does not "
            "read quantised modules. Export the float module that it was made from."
        )
    wrong = {
        name: str(tensor.dtype).removeprefix("torch.")
        for name, tensor in module.state_dict().items()
        if isinstance(tensor, torch.Tensor)
        and tensor.is_floating_point()
        and tensor.dtype != torch.float32
    }
    if wrong:
        name, kind = next(iter(wrong.items()))
        raise UserError(
            f"{text} has {len(wrong)} tensors that are not float32, such as {name} ({kind}); both "
            "files hold single precision. Call float() on the module before the export."
        )


def _is_quantised(part: nn.Module) -> bool:
    own = (*part.parameters(recurse=False), *part.buffers(recurse=False))
    return ".quantized." in type(part).__module__ or any(tensor.is_quantized for tensor in own)


def digest_of(module: nn.Module) -> str:
    """SHA-256 over names and bytes of a state dict."""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).data)
    return digest.hexdigest()
