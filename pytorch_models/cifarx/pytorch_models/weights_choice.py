"""Choose what fits a network from the state dicts of a file, whose names may have a prefix.

Checkpoints hold a state dict under a key, beside the optimizer's and others. `nn.DataParallel`
writes `module.` before each name, a module that holds the network, such as Lightning's, the name of
the attribute that holds it, and `torch.compile` writes `_orig_mod.` anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.weights_file import StateDict

_COMPILED = "_orig_mod."


@dataclass(frozen=True)
class _Candidate:
    key: str
    """That holds the state dict in the file; '' if the file is one."""
    prefix: str
    """Of the names of the network's tensors in the state dict."""
    score: tuple[int, int]
    """How many tensors of the network it has in their size, and in any size."""


def choose(path: Path, own: StateDict, found: Mapping[str, StateDict]) -> tuple[StateDict, str]:
    """The state dict for a network, with the network's names.

    Args:
        path: names the file in errors.
        own: the network's state dict.
        found: state dicts by key, of `weights_file.state_dicts`.

    Returns:
        The tensors that have the chosen prefix, without it; what was unwrapped, '' if nothing was.

    Raises:
        UserError: several state dicts or prefixes fit equally well.
    """
    plain = {key: _uncompiled(state, own) for key, state in found.items()}
    every = [c for key, state in plain.items() for c in _candidates(key, state, own)]
    best = max(c.score for c in every)
    fitting = [c for c in every if c.score == best]
    if len({c.key for c in fitting}) > 1 or (len(fitting) > 1 and all(c.prefix for c in fitting)):
        raise UserError(_ambiguous(path, fitting))
    chosen = min(fitting, key=lambda c: c.prefix)
    state, prefix = plain[chosen.key], chosen.prefix
    others = [name for name in state if not name.startswith(prefix)]
    word = "1 other tensor was" if len(others) == 1 else f"{len(others)} other tensors were"
    said = {
        f"the state dict was found under {chosen.key!r}": chosen.key,
        f"{_COMPILED!r} of torch.compile was removed": state is not found[chosen.key],
        f"the prefix {prefix!r} was removed": prefix,
        f"{word} left out, such as {', '.join(others[:1])}": others,
    }
    told = "; ".join(text for text, applies in said.items() if applies)
    if not told:
        return state, ""
    return _renamed(state, lambda n: n[len(prefix) :] if n.startswith(prefix) else None), told


def _uncompiled(state: StateDict, own: StateDict) -> StateDict:
    """A state dict without the parts of its names that `torch.compile` writes."""
    compiled = any(_COMPILED in name for name in state)
    if not compiled or any(_COMPILED in name for name in own):
        return state
    return _renamed(state, lambda name: name.replace(_COMPILED, ""))


def _renamed(state: StateDict, rename: Callable[[str], str | None]) -> StateDict:
    """The tensors under their new names, those without one left out.

    The versions of modules, which PyTorch keeps beside the tensors by the modules' paths, follow.
    """
    names = {name: rename(name) for name in state}
    renamed = OrderedDict({new: state[name] for name, new in names.items() if new is not None})
    versions: Mapping[str, object] | None = getattr(state, "_metadata", None)
    if versions is not None:
        paths = {path: rename(f"{path}.") for path in versions}
        renamed._metadata = OrderedDict(  # type: ignore[attr-defined]
            {new.removesuffix("."): versions[p] for p, new in paths.items() if new is not None}
        )
    return renamed


def _candidates(key: str, state: StateDict, own: StateDict) -> Iterator[_Candidate]:
    """The empty prefix, and others with at least half of the network's names."""
    names: dict[str, list[str]] = {"": []}
    for name in state:
        starts = [0, *(i + 1 for i, letter in enumerate(name) if letter == ".")]
        for start in starts:
            if name[start:] in own:
                names.setdefault(name[:start], []).append(name[start:])
    for prefix, found in names.items():
        if not prefix or 2 * len(found) >= len(own):
            same = sum(state[prefix + name].shape == own[name].shape for name in found)
            yield _Candidate(key, prefix, (same, len(found)))


def _ambiguous(path: Path, fitting: list[_Candidate]) -> str:
    """The error for several state dicts or prefixes that fit equally well."""
    keys = sorted({c.key for c in fitting})
    load = f"torch.load({str(path)!r}, weights_only=True)"
    if len(keys) > 1:
        fit = "fit the network equally well" if fitting[0].score[1] else "do not fit the network"
        return (
            f"--weights {path} holds state dicts under {' and '.join(map(repr, keys))}, which "
            f"{fit}. Save the one to use, as in torch.save({load}[{keys[0]!r}], 'weights.pt'), and "
            "give weights.pt."
        )
    prefixes = sorted(c.prefix for c in fitting)
    inside = f"[{keys[0]!r}]" if keys[0] else ""
    return (
        f"--weights {path} holds the network's tensors more than once, with the prefixes "
        f"{' and '.join(map(repr, prefixes))}. Save the ones to use: state = {load}{inside}; "
        "torch.save({n.removeprefix(p): t for n, t in state.items() if n.startswith(p)}, "
        f"'weights.pt'), where p is a prefix such as {prefixes[0]!r}. Then give weights.pt."
    )
