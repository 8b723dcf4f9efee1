"""What the user says of a network that is not a run: pixels and classes, for its model card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.front import own_normalization
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.layer import Shape
from cifarx.export.network.model_card import CLASSIFICATION, REGRESSION, SEGMENTATION, ModelCard
from cifarx.export.network.task import task_of
from cifarx.export.test_inputs import TestInputs
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

_WHITE = 255.0  # a pixel in the files; in options it is 1


@dataclass(frozen=True)
class SourceOptions:
    """What the user says about a network that is not a run."""

    weights: Path | None = None
    """A state dict for a module."""
    input_sizes: tuple[Shape, ...] = ()
    """Per input of a module: (C, H, W), (C, L) or (F,)."""
    input_names: tuple[str, ...] = ()
    """Names of its forward's arguments, one per size; empty to pass them in order."""
    task: str = ""
    """One of `TASKS`; '' to tell it from classes, data and outputs."""
    mean: tuple[float, ...] = ()
    """Per channel, in units of pixels from 0 to 1, as on the command line; empty if unknown."""
    std: tuple[float, ...] = ()
    """In the same units."""
    data: str | None = None
    """Inputs for the test batch; what `cifarx train --data` takes, or an .npy or .npz file."""
    classes: Path | None = None
    """A text file with one name per line."""


def new_card(name: str, digest: str, classes: int = 0) -> ModelCard:
    """A card of a network of which only the weights' digest is known."""
    return ModelCard(name, "", made_up_names(classes), (), (), digest)


def made_up_names(classes: int) -> tuple[str, ...]:
    return tuple(f"class_{i + 1}" for i in range(classes))


def require_contract(options: SourceOptions, inputs: Sequence[Input]) -> None:
    """Raise `UserError` unless mean and std have one valid number per channel of the image."""
    mean, std = options.mean, options.std
    images = [given for given in inputs if given.format == "SSCB"]
    if (mean or std) and len(images) != 1:
        raise UserError(
            f"--mean and --std are of the pixels of an image, and the network takes {len(images)} "
            "images. Leave them out; model.mat then takes inputs as the network does."
        )
    channels = images[0].shape[0] if images else 0
    if (mean or std) and (not len(mean) == len(std) == channels or min(std) <= 0):
        raise UserError(
            f"--mean and --std need {channels} numbers each, separated by commas, those of --std "
            f"above 0; got {len(mean)} and {len(std)}."
        )
    if _beyond_one(mean) or _beyond_one(std):
        given, right = (
            " ".join(
                f"{option} {_typed(v, _WHITE if divided and _beyond_one(v) else 1)}"
                for option, v in (("--mean", mean), ("--std", std))
            )
            for divided in (False, True)
        )
        raise UserError(
            f"{given} exceeds 1, but both are in units of pixels from 0 to 1, as in torchvision. "
            f"Divide values for pixels from 0 to 255 by 255: {right}."
        )


def _typed(values: tuple[float, ...], divisor: float) -> str:
    return ",".join(f"{value / divisor:.6g}" for value in values)


def _beyond_one(values: tuple[float, ...]) -> bool:
    return max(map(abs, values), default=0) > 1


def with_normalization(card: ModelCard, options: SourceOptions) -> ModelCard:
    """The card with the user's mean and std, in the files' units and precision."""
    if not options.mean:
        return card
    mean, std = (
        tuple(np.float32(_WHITE * value).tolist() for value in values)
        for values in (options.mean, options.std)
    )
    return replace(card, mean=mean, std=std)


def with_task(
    card: ModelCard, graph: LayerGraph, options: SourceOptions, labels: NDArray[np.int64]
) -> ModelCard:
    """The card with the network's task and its classes, made up where no names are known.

    Args:
        card: with the class names that the source has, if it has any.
        graph: the network.
        options: with the user's task and names.
        labels: of the user's data; empty without any.

    Raises:
        UserError: task, names and outputs do not fit.
    """
    named = options.classes is not None or bool(card.classes)
    axes = labels.ndim if labels.size else 0
    task = task_of(graph, named=named, labels=axes, asked=options.task)
    if task == REGRESSION:
        return replace(card, task=task, classes=())
    names = card.classes or made_up_names(graph.output_shapes()[0][0])
    return with_class_names(replace(card, task=task, classes=names), options.classes)


def with_class_names(card: ModelCard, path: Path | None) -> ModelCard:
    """The card with the class names of a file, if one is given."""
    if path is None:
        return card
    names = _class_names(path)
    if len(names) != len(card.classes):
        raise UserError(
            f"--classes {path} has {len(names)} names, but the network gives "
            f"{len(card.classes)} numbers, one per class. Give a text file with one name per line, "
            "in the order of these numbers."
        )
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise UserError(f"--classes {path} has {twice!r} twice. Give every class its own name.")
    return replace(card, classes=tuple(names))


def _class_names(path: Path) -> list[str]:
    """The lines of a UTF-8 text file without the empty ones."""
    with reading(path):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")  # editors on Windows write a byte order mark
    except UnicodeDecodeError as error:
        raise UserError(
            f"--classes {path} is not UTF-8 text (byte {error.start + 1} is "
            f"0x{content[error.start]:02X}). Save it as UTF-8, with one name per line."
        ) from error
    names = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    odd = next((name for name in names if any(category(c) == "Cc" for c in name)), None)
    if odd is not None:
        raise UserError(
            f"--classes {path} has a name with control characters, {odd!r}. Give a text file in "
            "UTF-8 with one name per line."
        )
    return names


def with_classes_of_data(
    card: ModelCard, given: TestInputs, data: str | None, output: Shape
) -> tuple[ModelCard, TestInputs]:
    """The card with the class names of the user's data, and the data with the card's labels.

    Names that the card has (of --classes, or of the metadata of cifarx's own ONNX files) come
    first; labels then follow their order.

    Raises:
        UserError: the data have other classes than the network.
    """
    outputs = len(card.classes)
    if outputs and len(given.classes) == outputs and card.classes == made_up_names(outputs):
        card = replace(card, classes=given.classes)
    return card, with_labels_of(card, given, data, output)


def with_labels_of(
    card: ModelCard, given: TestInputs, data: str | None, output: Shape
) -> TestInputs:
    """The user's data with labels in the order of the card's classes.

    Args:
        card: of the network.
        given: the data.
        data: the value of --data.
        output: shape of the network's first output, without the batch.

    Raises:
        UserError: the data have other classes than the network, or labels of another size.
    """
    if card.task == REGRESSION:
        return replace(given, labels=np.empty(0, np.int64), classes=())
    _require_label_size(data, given.labels, card.task, output)
    outputs = len(card.classes)
    if given.classes and len(given.classes) != outputs:
        raise UserError(
            f"--data {data} has {len(given.classes)} classes, but the network gives {outputs} "
            "logits. Give data of its classes, or an .npy file of inputs without labels."
        )
    if len(given.labels) and given.labels.max() >= outputs:
        raise UserError(
            f"--data {data} has the label {given.labels.max()}, but the network gives {outputs} "
            f"logits, for the labels 0 to {outputs - 1}."
        )
    if not given.classes:
        return given
    if other := sorted(set(given.classes) - set(card.classes)):
        raise UserError(
            f"--data {data} has a class {other[0]!r}, which is not one of the network's: "
            f"{', '.join(card.classes[:10])}. Give data of the same classes, or --classes with the "
            "names of the data in the order of the logits."
        )
    place = np.array([card.classes.index(name) for name in given.classes])
    return replace(given, labels=place[given.labels])


def _require_label_size(
    data: str | None, labels: NDArray[np.int64], task: str, output: Shape
) -> None:
    """Raise `UserError` if there are labels, but not one per image or per pixel of the output."""
    wanted = output[1:] if task == SEGMENTATION else ()
    if labels.size and labels.shape[1:] != wanted:
        given, needed = (
            " x ".join(map(str, size)) or "one number" for size in (labels.shape[1:], wanted)
        )
        raise UserError(
            f"--data {data} has labels of {given} per input, and a {task} of this network needs "
            f"{needed}. Give labels of that size, or data without labels."
        )


def require_once(text: str, graph: LayerGraph, options: SourceOptions) -> None:
    """Raise `UserError` where --mean and --std would normalise what the network normalises."""
    own = own_normalization(graph)
    divided_only = not any(options.mean) and all(value == 1 for value in options.std)
    if own and options.mean and not divided_only:
        raise UserError(
            f"{text} normalises its own input, in {' and '.join(own)}; with --mean and --std its "
            "input would be normalised twice. Leave them out. If the network takes pixels divided "
            "by 255, --mean 0,0,0 --std 1,1,1 says so."
        )


def contract_notes(card: ModelCard, graph: LayerGraph, options: SourceOptions) -> tuple[str, ...]:
    """What a user should know of the files' inputs and outputs."""
    ending = (
        "the network ends in a log-softmax, which MATLAB does not have: the files end in the "
        "logits before it, and say so; predictions are the same",
    )
    notes = (*_normalization_notes(card, graph), *(ending if card.ending else ()))
    return (*notes, *_task_notes(card, graph, options))


def _task_notes(card: ModelCard, graph: LayerGraph, options: SourceOptions) -> Iterator[str]:
    """Which task was assumed, where the user might mean another one."""
    if options.task or options.classes or options.data:
        return
    made_up = card.classes == made_up_names(len(card.classes))
    if card.task == CLASSIFICATION and made_up:
        yield (
            f"taken as a classifier of {len(card.classes)} classes; --classes gives their names, "
            "and --task regression says that the output has no classes"
        )
    shapes = graph.output_shapes()
    rank = len(shapes[0])
    if card.task == REGRESSION and len(shapes) == 1 and rank in (1, 3) and shapes[0][0] > 1:
        word = "segmentation" if rank == 3 else "classification"
        yield f"the output is taken as numbers; --task {word} or --classes FILE gives it classes"


def _normalization_notes(card: ModelCard, graph: LayerGraph) -> tuple[str, ...]:
    if card.mean or not any(given.format == "SSCB" for given in graph.inputs):
        return ()
    if own := own_normalization(graph):
        return (
            f"the network normalises its own input, in {' and '.join(own)}, so model.mat expects "
            "inputs as they are before that; --mean and --std would normalise them twice",
        )
    return (
        "normalisation is unknown, so model.mat expects normalised inputs; pass --mean and --std",
    )
