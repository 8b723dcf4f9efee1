"""`cifarx export`: a run -> model.onnx and model.mat."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cifarx.export.card import ModelCard
from cifarx.export.graph import LayerGraph
from cifarx.export.mat_writer import TestBatch, mat_bytes
from cifarx.export.names import identifier
from cifarx.export.onnx_writer import OPSET, check_opset, onnx_bytes, onnx_from_graph
from cifarx.pytorch_models.data.images import Images, balanced_index
from cifarx.pytorch_models.data.open import reopen_data
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import write_bytes
from cifarx.pytorch_models.run import Run, build_module


@dataclass(frozen=True)
class Bundle:
    """A network ready to be written."""

    graph: LayerGraph
    card: ModelCard
    batch: TestBatch


def card_of(run: Run) -> ModelCard:
    """The model card of a run."""
    record = run.record
    return ModelCard(
        record.model,
        record.recipe_name,
        record.classes,
        record.mean,
        record.std,
        record.weights_sha256,
    )


def bundle_run(run: Run) -> Bundle:
    """Read a run's network and compute its test batch.

    Raises:
        UserError: the run's data are gone, or the network has parts that cannot be exported.
    """
    from cifarx.export.reference import SIZE, make_batch
    from cifarx.export.torch_reader import graph_from_module

    module = build_module(run)
    graph = graph_from_module(module, run.record.input_size)
    images = sample_images(run, max(SIZE, len(run.record.classes)))
    return Bundle(graph, card_of(run), make_batch(module, images, *run.mean_std()))


def sample_images(run: Run, count: int) -> Images:
    """At most `count` test images of the run's data, evenly over its classes.

    Raises:
        UserError: the data cannot be had any more, or have other classes than the run.
    """
    data = reopen_data(run.record.data.origin, run.record.data.root)
    if data.classes != run.record.classes:
        raise UserError(
            f"The data {data.origin} now have the classes {', '.join(data.classes)}, but the run "
            f"{run.folder} was trained on {', '.join(run.record.classes)}. Restore the data, or "
            "train again."
        )
    limit = min(count, run.record.data.test_images)
    images = data.read("test", balanced_index(data.labels("test"), limit))
    if images.pixels.shape[1:] != run.record.input_size:
        raise UserError(
            f"The images of {data.origin} are now {images.pixels.shape[1:]} (channels, height, "
            f"width), but the run {run.folder} was trained on {run.record.input_size}. Restore "
            "the data, or train again."
        )
    return images


def check_name(name: str, opset: int) -> None:
    """Raise `UserError` for a name or an opset that `write_bundle` would not take."""
    check_opset(opset)
    if name != identifier(name):
        raise UserError(
            f"--name {name!r} cannot name a MATLAB namespace, which the importer makes of it. "
            f"Use letters, digits and _, such as {identifier(name)!r}."
        )


def write_bundle(
    bundle: Bundle, folder: Path, name: str, *, onnx: bool, mat: bool, opset: int = OPSET
) -> list[Path]:
    """Write NAME.onnx and NAME.mat, as asked for, and give their paths.

    Both contents are complete before the first file appears, and each appears by rename.

    Raises:
        UserError: a name that MATLAB could not use, an opset out of range, no room or permission.
    """
    check_name(name, opset)
    content = onnx_bytes(onnx_from_graph(bundle.graph, bundle.card, opset))
    digest = hashlib.sha256(content).hexdigest()
    files = {}
    if onnx:
        files[folder / f"{name}.onnx"] = content
    if mat:
        files[folder / f"{name}.mat"] = mat_bytes(bundle.graph, bundle.card, bundle.batch, digest)
    for path, data in files.items():
        write_bytes(path, data)
    return list(files)
