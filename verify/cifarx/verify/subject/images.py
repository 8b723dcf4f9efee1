"""Choose the images to compare on, and normalise them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifarx.export.model_contract import with_labels_of
from cifarx.export.network.model_card import CLASSIFICATION
from cifarx.export.test_inputs import from_data
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.data.split import Part
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run_images import read_images, run_test_part
from cifarx.verify.subject.files_and_run import Subject

_NUMBERS, _FEWEST = 2**26, 4
"""Most numbers in the outputs of all compared inputs, 512 MB in float64; of networks with larger
outputs at least the second number of inputs are compared."""


@dataclass(frozen=True)
class ComparedImages:
    """The images, or other inputs, of rungs 1 to 5."""

    images: Images
    """Pixels of the network's image, empty if there are none or their normalisation is unknown;
    labels (N,), or (N, H, W) of pixels with -1 where there is none; empty if unknown."""
    inputs: tuple[NDArray[np.float32], ...]
    """(N, ...) float32 per input of the network; an image normalised."""
    origin: str
    """Where they come from, for the report."""
    part: Part | None
    """All test images of the run's data; None if these are not available."""
    places: NDArray[np.int64]
    """(N,) index of each image in `part`, or in model.mat's test batch without one."""

    @property
    def count(self) -> int:
        """N."""
        return len(self.inputs[0])


def compared_images(subject: Subject, count: int, data: str | None = None) -> ComparedImages:
    """Return the user's data, the run's test images, or those of model.mat.

    If the normalisation of pixels is unknown, model.mat's inputs are used as they are.

    Args:
        subject: the files and the run.
        count: number of images; of data other than model.mat's, at least one per class.
        data: the value of --data, if it is given.

    Raises:
        UserError: the images cannot be read, or --data does not fit.
    """
    if data is not None:
        return _of_data(subject, count, data)
    if subject.run is not None:
        try:
            part = run_test_part(subject.run)
            chosen = part.limited(max(count, len(subject.run.record.classes)))
            images = read_images(subject.run, chosen)
        except UserError:
            if subject.mat is None:
                raise
        else:
            normalized = preprocess(images.pixels, *subject.run.mean_std())
            order = np.argsort(part.index, kind="stable")
            places = order[np.searchsorted(part.index, chosen.index, sorter=order)]
            origin = f"test images of {subject.run.record.data.name}"
            return ComparedImages(images, (normalized,), origin, part, places)
    assert subject.mat is not None
    batch, card, name = subject.mat.batch, subject.mat.card, subject.mat_path.name
    images = Images(batch.images[:count], batch.labels[:count])
    given = tuple(values[:count] for values in batch.inputs)
    places = np.arange(len(given[0]))
    if not card.mean or not len(batch.images):
        return ComparedImages(images, given, f"inputs of the test batch in {name}", None, places)
    mean, std = np.asarray(card.mean, np.float32), np.asarray(card.std, np.float32)
    normalized = preprocess(images.pixels, mean, std)
    formats = [one.format for one in subject.mat.graph.inputs]
    at = formats.index("SSCB")
    inputs = (*given[:at], normalized, *given[at + 1 :])
    return ComparedImages(images, inputs, f"images of the test batch in {name}", None, places)


def _of_data(subject: Subject, count: int, data: str) -> ComparedImages:
    """Return the user's own inputs, for a network that is not a run."""
    if subject.run is not None:
        raise UserError(
            f"--data cannot be used here: these files come from the run {subject.run.folder}, and "
            "its own test images are compared. Leave it out, or pass --checkpoint none."
        )
    assert subject.mat is not None
    card, graph = subject.mat.card, subject.mat.graph
    per_class = len(card.classes) if card.task == CLASSIFICATION else 1
    numbers = sum(map(math.prod, graph.output_shapes()))
    most = max(_FEWEST, _NUMBERS // max(1, numbers))
    found = from_data(data, graph.inputs, card, min(most, max(count, per_class)))
    given = with_labels_of(card, found, data, graph.output_shapes()[0])
    images = Images(given.images, given.labels)
    return ComparedImages(images, given.inputs, given.origin, None, np.arange(given.count))
