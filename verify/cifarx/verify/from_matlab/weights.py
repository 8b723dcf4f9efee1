"""Turn the weights of a network from MATLAB into a state dict for the module of its run.

A run is a network that cifarx knows, its training data, and weights. Only the weights are taken
from the file, so everything else in it must equal the run: classes and their order, normalisation
of the input, layers and their options. All differences are reported in one list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer, number
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run
from cifarx.verify.from_matlab.absorbed_biases import absorb_biases
from cifarx.verify.from_matlab.file import TunedFile
from cifarx.verify.from_matlab.matching import Match, match

State = Mapping[str, NDArray[Any]]
_NAMED = 8  # differences named in an error
_ROUNDINGS = 2.0**-20  # relative error of a normalisation after a few float32 roundings


@dataclass(frozen=True)
class NewWeights:
    """The weights to import."""

    state: State
    """Every tensor of the checkpoint, by its name in the state dict."""
    changed: tuple[str, ...]
    """Names of the tensors that differ from the parent's in any bit."""
    notes: tuple[str, ...]
    """Remarks for the user, such as what the file does not contain."""


def new_weights(tuned: TunedFile, parent: Run, graph: LayerGraph) -> NewWeights:
    """Return the parent's state dict with the weights of the file.

    Args:
        tuned: the file.
        parent: the run whose network, recipe and data the new run takes.
        graph: the network of that run; its arrays name the tensors of the state dict.

    Raises:
        UserError: the file differs in anything but weights, or has NaN or infinite values; the
            text lists all of it.
    """
    matched = match(tuned.graph, graph, dropout=tuned.is_mat)
    before = parent.state()
    state: State = before
    absorbed: list[str] = []
    faults = [*_contract(tuned, parent), *matched.differences, *_normalization(matched, parent)]
    if not matched.differences:
        faults += _not_numbers(matched.pairs)
        pairs, absorbed = absorb_biases(matched.pairs)
        state, misfits = _filled(before, pairs)
        faults += misfits
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise UserError(
            f"{tuned.path} cannot become a run of {parent.record.model!r} like "
            f"{parent.folder.name}: {'; '.join(faults[:_NAMED])}{more}. An import takes only the "
            "weights; layers, their options, classes and normalisation stay those of the parent "
            "run. Correct these in MATLAB and save again, or name the run that the file came from "
            "with --run RUN."
        )
    changed = tuple(n for n in state if state[n].tobytes() != before[n].tobytes())
    return NewWeights(
        state, changed, tuple(_notes(tuned, matched, parent, graph, changed, absorbed))
    )


def fits(tuned: TunedFile, graph: LayerGraph) -> bool:
    """Return whether the file has the layers of this network, with any weights."""
    return not match(tuned.graph, graph, dropout=tuned.is_mat).differences


def _contract(tuned: TunedFile, parent: Run) -> Iterator[str]:
    """Yield the differences in classes, network and normalisation between file and run."""
    card, record = tuned.card, parent.record
    given = tuned.graph.output_shapes()[0][0] if card is None else len(card.classes)
    if given != len(record.classes):
        yield f"it has {given} classes, the run {len(record.classes)}{_listed(record.classes)}"
    elif card is not None and card.classes != record.classes:
        same = set(card.classes) == set(record.classes)
        what = "has the classes in another order" if same else "has other classes"
        yield f"it {what}{_listed(card.classes)}, the run{_listed(record.classes)}"
    if card is None:
        return
    if card.model != record.model:
        yield f"it is a {card.model!r}"
    for name, ours, theirs in (("mean", record.mean, card.mean), ("std", record.std, card.std)):
        if tuple(map(np.float32, theirs)) != tuple(map(np.float32, ours)):
            yield f"it has the {name} {_numbers(theirs)} of pixels, the run {_numbers(ours)}"


def _normalization(matched: Match, parent: Run) -> Iterator[str]:
    """Yield a difference if the file normalises its input differently from the run."""
    given = matched.normalization
    if given is None:
        return
    mean, std = (values.astype(np.float64) for values in parent.mean_std())
    theirs = "different numbers per pixel"
    if max(given.scale.ndim, given.offset.ndim) == 1:
        scale, offset = (np.broadcast_to(v, mean.shape) for v in (given.scale, given.offset))
        tolerance = _ROUNDINGS * np.maximum(mean / std, 1)
        if (np.abs(scale * std - 1) <= _ROUNDINGS).all() and (
            np.abs(offset + mean / std) <= tolerance
        ).all():
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            theirs = f"the mean {_numbers(-offset / scale)} and the std {_numbers(1 / scale)}"
    yield (
        f"it normalises pixels with {theirs} in {' and '.join(given.layers[::-1])}, the run with "
        f"the mean {_numbers(mean)} and the std {_numbers(std)}"
    )


def _not_numbers(pairs: Sequence[tuple[Layer, Layer]]) -> Iterator[str]:
    for f, w in pairs:
        for key, array in f.arrays.items():
            if bad := np.count_nonzero(~np.isfinite(array.value)):
                yield f"{w.name}.{key} has {bad} of {array.value.size} values that are NaN or Inf"
            elif key == "TrainedVariance" and (array.value < 0).any():
                yield f"{w.name}.{key} has negative values"


def _filled(before: State, pairs: Sequence[tuple[Layer, Layer]]) -> tuple[State, list[str]]:
    """Put the arrays of the file into the state dict; also return what does not fit."""
    state = dict(before)
    places: dict[str, str] = {}
    faults = []
    for f, w in pairs:
        for key, ours in w.arrays.items():
            value, place, name = f.arrays[key].value, f"{w.name}.{key}", ours.source
            tensor = before.get(name)
            if tensor is None or not _same(
                tensor, ours.value
            ):  # added by the export, or computed from several
                if not np.array_equal(value, ours.value):
                    faults.append(
                        f"{place} was changed, but is not a tensor of the network in PyTorch (keep "
                        "it as exported; a learn rate factor of 0 freezes it)"
                    )
                continue
            new = np.ascontiguousarray(value).reshape(tensor.shape)
            if name in places and new.tobytes() != state[name].tobytes():
                faults.append(f"{places[name]} and {place} differ, but are one tensor in PyTorch")
            places.setdefault(name, place)
            state[name] = new
    return state, faults


def _same(tensor: NDArray[Any], value: NDArray[np.float32]) -> bool:
    """Return whether an array has the bits of a tensor; axes of length 1 may differ."""
    alike = tensor.dtype == value.dtype and tensor.size == value.size
    return alike and np.ascontiguousarray(tensor).tobytes() == np.ascontiguousarray(value).tobytes()


def _notes(
    tuned: TunedFile,
    matched: Match,
    parent: Run,
    graph: LayerGraph,
    changed: Sequence[str],
    absorbed: Sequence[str],
) -> Iterator[str]:
    name, run = tuned.path.name, parent.folder.name
    if not changed:
        yield f"{name} holds the weights of {run}, bit for bit; nothing was tuned"
    if absorbed:
        yield (
            "biases that PyTorch's layers do not have were moved into the means of the batch norms "
            f"that follow: {', '.join(absorbed)}"
        )
    if tuned.base_sha256 not in ("", parent.record.weights_sha256):
        yield (
            f"the tuning of {name} started from other weights (SHA-256 {tuned.base_sha256[:16]}…) "
            f"than those of {run}; all weights are replaced"
        )
    if not tuned.is_mat:
        theirs, ours = _dropouts(tuned.graph), _dropouts(graph)
        if theirs and theirs != ours:
            yield (
                f"{name} has dropout with {_numbers(theirs)}, {run} with {_numbers(ours)}; the new "
                "run keeps the latter"
            )
        yield f"{name} has no outputs to compare with PyTorch's; a .mat file of cifarx.save has"
    if tuned.card is None:
        yield f"{name} does not name its classes; they are assumed to be in the order of {run}"
        if matched.normalization is None:
            yield f"{name} has no normalisation; that of {run} is assumed"


def _dropouts(graph: LayerGraph) -> list[float]:
    return [number(i, "Probability") for i in graph.layers if i.kind == "DropoutLayer"]


def _listed(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})"


def _numbers(values: Sequence[float] | NDArray[Any]) -> str:
    return ", ".join(f"{value:.7g}" for value in np.ravel(values)) or "none"
