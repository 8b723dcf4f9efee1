"""Rung 6 over the whole data set: mini-batches, several processes, nothing kept but predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from cifarx.export.bundle import read_images
from cifarx.pytorch_models.distributed import World, joined, summed, world_from_environment
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.verify.accuracy import AccuracyReport, Predictions, accuracy_report
from cifarx.verify.compared import ComparedImages
from cifarx.verify.engines.engine import Engine
from cifarx.verify.subject import Subject

_CHUNK = 512
"""Images read at a time; whole mini-batches of every engine, so that shards compute alike."""
_NO_IMAGES = np.empty(0, np.uint8)


def sweep(
    subject: Subject,
    compared: ComparedImages,
    engines: Mapping[str, Engine],
    logits: Mapping[str, NDArray[np.float32]],
    ties: Mapping[str, float],
    count: int | None,
    doing: Callable[[str], None],
) -> AccuracyReport | None:
    """Score every engine on the run's test images; None where there are none.

    Under torchrun each process takes its share, and all have the whole at the end.

    Args:
        subject: what is verified.
        compared: the images of rungs 1 to 5.
        engines: by name, those that work.
        logits: by name, what they gave for the compared images.
        ties: by name, the margins that rounding may overcome.
        count: test images to score on; None takes the compared ones, which costs nothing.
        doing: called with what is being done.

    Raises:
        EngineError: an engine broke down.
    """
    run, part = subject.run, compared.part
    if run is None or part is None or not logits:
        return None
    if count is None:
        images = Predictions.of(compared.places, compared.images.labels, logits)
    else:
        chosen = np.sort(part.limited(count).index)
        places = np.flatnonzero(np.isin(part.index, chosen))
        images = Predictions.empty(tuple(engines), len(places))
        world = world_from_environment()
        starts = range(world.rank * _CHUNK, len(places), world.size * _CHUNK)
        for start in starts:
            doing(f"accuracy, {start} of {len(places)} test images")
            here = places[start : start + _CHUNK]
            read = read_images(run, replace(part, index=part.index[here]))
            inputs = preprocess(read.pixels, *run.mean_std())
            made = {name: e.run(_NO_IMAGES, inputs).logits for name, e in engines.items()}
            images.put(start, Predictions.of(here, read.labels, made))
        images = _joined(images, world)
    return accuracy_report(
        images, len(part), f"test images of {run.record.data.name}", len(run.record.classes), ties
    )


def _joined(mine: Predictions, world: World) -> Predictions:
    """Every process's share; what another process scored is zero in this one."""
    with joined(world, torch.device("cpu")):
        arrays = [
            summed(torch.from_numpy(array), world).numpy()
            for array in (mine.images, mine.labels, mine.predicted, mine.margins)
        ]
    return Predictions(mine.engines, *arrays)
