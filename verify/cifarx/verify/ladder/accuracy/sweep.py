"""Rung 6 over the whole data set: mini-batches, several processes, nothing kept but predictions."""

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
"""Images read at a time; whole mini-batches of every engine, so that any shards compute alike."""
_PATIENCE = timedelta(hours=24)  # the others wait while the first runs all other checks
_NO_IMAGES = np.empty(0, np.uint8)
_CPU = torch.device("cpu")


class Sweep:
    """Every engine over the run's test images.

    Under torchrun each process scores its share of the mini-batches, and the first has all in the
    end. The first process decides on the engines, for it knows which work.
    """

    def __init__(self, run: Run, part: Part, count: int, open_engine: Callable[[str], Engine]):
        """Score on `count` of the images of `part`, evenly over the classes."""
        self._run, self._part, self._open = run, part, open_engine
        chosen = np.sort(part.limited(count).index)
        self._places = np.flatnonzero(np.isin(part.index, chosen))

    def run(self, engines: tuple[str, ...], doing: Callable[[str], None]) -> Iterator[Predictions]:
        """Score.

        Args:
            engines: names; those of the first process count.
            doing: called with what is being done.

        Yields:
            What this process has scored so far; in the end what all processes have.

        Raises:
            BrokeDownError: an engine did.
            CutShortError: an image cannot be read, or torchrun lost one of the processes.
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
        except UserError as error:  # all that was found until here must not be lost by it
            raise CutShortError(str(error).rstrip(".")) from error
        inputs = preprocess(images.pixels, *self._run.mean_std())
        size = len(inputs), len(self._run.record.classes)
        made = {name: _logits(name, engine, inputs, size) for name, engine in opened.items()}
        return Predictions.of(places, images.labels, made)


@contextmanager
def _others_there() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # which all of torch.distributed raises
        raise CutShortError("another process was lost") from error


def _logits(
    name: str, engine: Engine, inputs: NDArray[np.float32], size: tuple[int, int]
) -> NDArray[np.float32]:
    try:
        found = engine.run(_NO_IMAGES, inputs).logits
    except EngineError as error:
        raise BrokeDownError(name, str(error)) from error
    if found.shape != size:
        raise BrokeDownError(name, f"it gives logits of {found.shape}, not {size}")
    return found


def _joined(mine: Predictions, world: World) -> Predictions:
    """Every process's share; what another process scored is zero in this one."""
    arrays = [
        summed(torch.from_numpy(array), world).numpy()
        for array in (mine.images, mine.labels, mine.predicted, mine.margins, mine.apart)
    ]
    return Predictions(mine.engines, *arrays)
