"""Score the whole data set (rung 6): in mini-batches and several processes, keeping predictions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import numpy as np
import torch
from numpy.typing import NDArray

from cifarx.pytorch_models.data.split import Part
from cifarx.pytorch_models.distributed import (
    World,
    joined,
    shared_bytes,
    summed,
    world_from_environment,
)
from cifarx.pytorch_models.errors import BrokeDownError, CutShortError, EngineError, UserError
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run import Run
from cifarx.pytorch_models.run_images import read_images
from cifarx.verify.engines.engine import Engine
from cifarx.verify.ladder.accuracy.predictions import Predictions

_CHUNK = 256
"""Images read at a time: whole mini-batches of every engine, so that the number of processes does
not change what is computed."""
_PATIENCE = timedelta(hours=24)  # they wait while the first process makes all other checks
_NO_IMAGES = np.empty(0, np.uint8)
_CPU = torch.device("cpu")


class Sweep:
    """Run every engine on the run's test images.

    Under torchrun, each process scores its share of the mini-batches, and in the end all have the
    scores of all. The first process decides on the engines, because it knows which ones work.
    """

    def __init__(self, run: Run, part: Part, count: int, open_engine: Callable[[str], Engine]):
        """Choose `count` images of `part`, evenly over the classes.

        Args:
            run: the run that the images belong to.
            part: its test images.
            count: number of images.
            open_engine: gives the engine of a name.
        """
        self._run, self._part, self._open = run, part, open_engine
        chosen = np.sort(part.limited(count).index)
        self._places = np.flatnonzero(np.isin(part.index, chosen))

    def run(self, engines: tuple[str, ...], doing: Callable[[str], None]) -> Iterator[Predictions]:
        """Score the images.

        Args:
            engines: their names; those given to the first process count.
            doing: called with the step that begins.

        Yields:
            What this process has scored so far; in the end what all processes have.

        Raises:
            BrokeDownError: an engine broke down.
            CutShortError: an image cannot be read, or another process of torchrun died.
        """
        world = world_from_environment()
        with joined(world, _CPU, _PATIENCE):
            with _others_there():
                told = shared_bytes(json.dumps(engines).encode(), world, _CPU)
            opened = {name: self._open(name) for name in json.loads(told)}
            if not opened:
                return
            count = len(self._places)
            found = Predictions.empty(tuple(opened), count)
            done: list[NDArray[np.int64]] = []
            for start in range(world.rank * _CHUNK, count, world.size * _CHUNK):
                doing(f"accuracy, {start:,} of {count:,} test images")
                part = np.arange(start, min(start + _CHUNK, count))
                found.put(start, self._scored(opened, self._places[part]))
                done.append(part)
                yield found.select(np.concatenate(done))
            with _others_there():
                yield _joined(found, world)

    def _scored(self, opened: dict[str, Engine], places: NDArray[np.int64]) -> Predictions:
        try:
            images = read_images(self._run, replace(self._part, index=self._part.index[places]))
        except UserError as error:  # keep what was scored so far
            raise CutShortError(str(error).rstrip(".")) from error
        inputs = preprocess(images.pixels, *self._run.mean_std())
        size = len(inputs), len(self._run.record.classes)
        made = {name: _logits(name, engine, inputs, size) for name, engine in opened.items()}
        return Predictions.of(places, images.labels, made)


@contextmanager
def _others_there() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # the error of torch.distributed
        raise CutShortError("another process of torchrun died") from error


def _logits(
    name: str, engine: Engine, inputs: NDArray[np.float32], size: tuple[int, int]
) -> NDArray[np.float32]:
    try:
        found = engine.run(_NO_IMAGES, [inputs]).logits
    except EngineError as error:
        raise BrokeDownError(name, str(error)) from error
    if found.shape != size:
        raise BrokeDownError(name, f"its logits have the shape {found.shape}, not {size}")
    return found


def _joined(mine: Predictions, world: World) -> Predictions:
    """Join the shares of all processes; a share is zero in every other process."""
    arrays = [
        summed(torch.from_numpy(array), world).numpy()
        for array in (mine.images, mine.labels, mine.predicted, mine.margins, mine.apart)
    ]
    return Predictions(mine.engines, *arrays)
