"""Tell what a network is for: classes of its inputs, classes of pixels, or numbers."""

from __future__ import annotations

import math
from dataclasses import replace

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Layer, Shape
from cifarx.export.network.model_card import (
    CLASSIFICATION,
    REGRESSION,
    SEGMENTATION,
    TASKS,
    ModelCard,
)
from cifarx.export.network.names import NUMBERS, OUTPUT, Namer
from cifarx.pytorch_models.errors import GraphError, UserError

LARGEST_INPUT = 2**26  # numbers, 256 MB in float32; some layers give many times as much


def as_classifier(graph: LayerGraph) -> LayerGraph:
    """The graph with its only output flattened if that is maps of one pixel."""
    shapes = graph.output_shapes()
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][1:] != (1, 1):
        return graph
    (output,) = graph.outputs
    namer = Namer(*(given.name for given in graph.inputs), *(layer.name for layer in graph.layers))
    flatten = Layer(namer("flatten"), "FlattenLayer", (output.layer,))
    flattened = Output(flatten.name, OUTPUT)
    return replace(graph, layers=(*graph.layers, flatten), outputs=(flattened,))


def with_output_of(graph: LayerGraph, task: str) -> LayerGraph:
    """The graph with its only output named after the task: logits, or numbers."""
    if len(graph.outputs) != 1:
        return graph
    if task == CLASSIFICATION:
        return replace(graph, outputs=(replace(graph.outputs[0], name=OUTPUT),))
    namer = Namer(*(given.name for given in graph.inputs), *(layer.name for layer in graph.layers))
    return replace(graph, outputs=(replace(graph.outputs[0], name=namer(NUMBERS)),))


def task_of(graph: LayerGraph, *, named: bool, labels: int, asked: str = "") -> str:
    """Tell the task of a network.

    Args:
        graph: the network.
        named: whether class names are given.
        labels: axes of the labels that the user's data have; 0 without labels.
        asked: the task that the user names, or ''.

    Returns:
        The task that the user names; else what names or labels and the only output say; without
        these, classification for one vector of two or more numbers that is made of images or
        signals, and regression for everything else.

    Raises:
        UserError: the outputs are not those of the task, or cannot have class names.
    """
    shapes = graph.output_shapes()
    shape = shapes[0] if len(shapes) == 1 else ()
    kinds = {1: CLASSIFICATION, 3: SEGMENTATION}
    fits = kinds.get(len(shape), REGRESSION) if shape and shape[0] > 1 else REGRESSION
    if asked not in ("", fits, REGRESSION):
        needs = "one vector" if asked == CLASSIFICATION else "maps"
        raise UserError(
            f"--task {asked} needs one output of {needs} with a number per class, and the network "
            f"gives {_listed(shapes)} per input. Use --task regression, or leave it out."
        )
    if named and REGRESSION in (asked, fits):
        raise UserError(
            f"Class names need one output, a vector or maps with a number per class; the network "
            f"gives {_listed(shapes)} per input{' and is a regression' if asked else ''}. Leave "
            "--classes out."
        )
    if asked:
        return asked
    if named or (fits != REGRESSION and labels == len(shape)):
        return fits
    features_only = all(given.format == "CB" for given in graph.inputs)
    return CLASSIFICATION if fits == CLASSIFICATION and not features_only else REGRESSION


def _listed(shapes: tuple[Shape, ...]) -> str:
    return " and ".join(" x ".join(map(str, shape)) or "1" for shape in shapes) + " numbers"


def require_input_size(given: Input) -> None:
    """Raise `UserError` for an input with more than LARGEST_INPUT numbers."""
    if math.prod(given.shape) > LARGEST_INPUT:
        raise UserError(
            f"Inputs of {' x '.join(map(str, given.shape))} are {math.prod(given.shape):,} numbers "
            f"each; cifarx takes up to {LARGEST_INPUT:,}, as in images of 3 x 4096 x 4096. Export "
            "the network for smaller inputs."
        )


def require_task(card: ModelCard, graph: LayerGraph) -> None:
    """Raise `GraphError` unless classes and outputs are those of the task."""
    if card.task not in TASKS:
        raise GraphError(f"the task {card.task!r}")
    if card.task == REGRESSION:
        if card.classes:
            raise GraphError("classes of a regression")
        return
    shapes, axes = graph.output_shapes(), 1 if card.task == CLASSIFICATION else 3
    if len(shapes) != 1 or len(shapes[0]) != axes or shapes[0][0] != len(card.classes):
        raise GraphError(f"{len(card.classes)} classes for outputs of {shapes}")
