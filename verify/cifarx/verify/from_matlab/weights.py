"""The weights of a network that comes back from MATLAB -> a state dict for its run's module.

A run is a network of the zoo, what it is trained on, and weights. Only the weights can come from a
file, so that everything else in it must be as the run has it: the classes and their order, the
normalisation of the input, layers and their options. Whatever is not is refused, in one list.
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
_NAMED = 8  # differences in an error
_ROUNDINGS = 2.0**-20  # relative, of a normalisation that went through float32 a few times


@dataclass(frozen=True)
class NewWeights:
    """What an import takes."""

    state: State
    """Every tensor of the checkpoint by its PyTorch name."""
    changed: tuple[str, ...]
    """Names of those that are not the parent's, bit for bit."""
    notes: tuple[str, ...]
    """What the file could not say."""


def new_weights(tuned: TunedFile, parent: Run, graph: LayerGraph) -> NewWeights:
    """The parent's state dict with the file's weights in it.

    Args:
        tuned: the file.
        parent: the run whose network, recipe and data the new run will have.
        graph: that run's network, its arrays named after the tensors of its state dict.

    Raises:
        UserError: listing all that a run of that network could not hold, or that is no number.
    """
    found = match(tuned.graph, graph, dropout=tuned.is_mat)
    before = parent.state()
    state: State = before
    absorbed: list[str] = []
    faults = [*_contract(tuned, parent), *found.differences, *_normalization(found, parent)]
    if not found.differences:
        faults += _not_numbers(found.pairs)
        pairs, absorbed = absorb_biases(found.pairs)
        state, strange = _filled(before, pairs)
        faults += strange
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise UserError(
            f"{tuned.path} cannot become a run of {parent.record.model!r} like "
            f"{parent.folder.name}: {'; '.join(faults[:_NAMED])}{more}. A run takes weights alone: "
            "its layers, their options, the classes and the normalisation are those of its parent. "
            "Put these right in MATLAB and save again, or name the run that the file came from "
            "with --run RUN."
        )
    changed = tuple(n for n in state if state[n].tobytes() != before[n].tobytes())
    return NewWeights(state, changed, tuple(_notes(tuned, found, parent, graph, changed, absorbed)))


def fits(tuned: TunedFile, graph: LayerGraph) -> bool:
    """Whether the file holds the layers of this network, whatever their weights."""
    return not match(tuned.graph, graph, dropout=tuned.is_mat).differences


def _contract(tuned: TunedFile, parent: Run) -> Iterator[str]:
    """What the file says otherwise than the run of the same image and the same answer."""
    card, record = tuned.card, parent.record
    given = tuned.graph.shapes()[tuned.graph.output][0] if card is None else len(card.classes)
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


def _normalization(found: Match, parent: Run) -> Iterator[str]:
    """Whether the file's input layer, where it normalises, does what the run does."""
    given = found.normalization
    if given is None:
        return
    mean, std = (values.astype(np.float64) for values in parent.mean_std())
    theirs = "numbers for each pixel"
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
        f"it normalises pixels by {theirs} in {' and '.join(given.layers[::-1])}, the run by the "
        f"mean {_numbers(mean)} and the std {_numbers(std)}"
    )


def _not_numbers(pairs: Sequence[tuple[Layer, Layer]]) -> Iterator[str]:
    for f, w in pairs:
        for key, array in f.arrays.items():
            if bad := np.count_nonzero(~np.isfinite(array.value)):
                yield f"{w.name}.{key} has {bad} of {array.value.size} values that are NaN or Inf"
            elif key == "TrainedVariance" and (array.value < 0).any():
                yield f"{w.name}.{key} has values below zero"


def _filled(before: State, pairs: Sequence[tuple[Layer, Layer]]) -> tuple[State, list[str]]:
    """The state dict with the file's arrays in it, and what has no place there."""
    state = dict(before)
    places: dict[str, str] = {}
    faults = []
    for f, w in pairs:
        for key, ours in w.arrays.items():
            value, place, name = f.arrays[key].value, f"{w.name}.{key}", ours.source
            tensor = before.get(name)
            if tensor is None or not _same(tensor, ours.value):  # made of nothing, or of several
                if not np.array_equal(value, ours.value):
                    faults.append(
                        f"{place} was changed, but is no tensor of the network in PyTorch (keep it "
                        "as it was exported: a learn rate factor of 0 freezes it)"
                    )
                continue
            new = np.ascontiguousarray(value).reshape(tensor.shape)
            if name in places and new.tobytes() != state[name].tobytes():
                faults.append(f"{places[name]} and {place} differ, but are one tensor in PyTorch")
            places.setdefault(name, place)
            state[name] = new
    return state, faults


def _same(tensor: NDArray[Any], value: NDArray[np.float32]) -> bool:
    """Whether an array is a checkpoint's tensor, whatever axes of length 1 it has besides."""
    alike = tensor.dtype == value.dtype and tensor.size == value.size
    return alike and np.ascontiguousarray(tensor).tobytes() == np.ascontiguousarray(value).tobytes()


def _notes(
    tuned: TunedFile,
    found: Match,
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
            "biases that PyTorch's layers do not have went into the means of the batch norms "
            f"behind them: {', '.join(absorbed)}"
        )
    if tuned.base_sha256 not in ("", parent.record.weights_sha256):
        yield (
            f"{name} began with other weights (SHA-256 {tuned.base_sha256[:16]}…) than those of "
            f"{run}, and has replaced them all"
        )
    if not tuned.is_mat:
        theirs, ours = _dropouts(tuned.graph), _dropouts(graph)
        if theirs and theirs != ours:
            yield (
                f"{name} has dropout with {_numbers(theirs)}, {run} with {_numbers(ours)}, which "
                "the new run keeps"
            )
        yield f"{name} holds no outputs to compare PyTorch's with; tuned.mat of cifarx.save does"
    if tuned.card is None:
        yield f"{name} does not name its classes; they are taken to be in {run}'s order"
        if found.normalization is None:
            yield f"{name} does not normalise; its images are taken to come as {run}'s do"


def _dropouts(graph: LayerGraph) -> list[float]:
    return [number(i, "Probability") for i in graph.layers if i.kind == "DropoutLayer"]


def _listed(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})"


def _numbers(values: Sequence[float] | NDArray[Any]) -> str:
    return ", ".join(f"{value:.7g}" for value in np.ravel(values)) or "none"
