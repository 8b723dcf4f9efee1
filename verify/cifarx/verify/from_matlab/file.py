"""Read a network from MATLAB: a .mat file of cifarx.save, or ONNX of exportONNXNetwork."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cifarx.export.from_onnx.load import load_onnx
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import matlab_layers
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.errors import NoParentError, UserError
from cifarx.pytorch_models.files import sha256


@dataclass(frozen=True)
class TunedFile:
    """The content of the file."""

    path: Path
    sha256: str
    graph: LayerGraph
    card: ModelCard | None
    """None for an ONNX file that cifarx did not write."""
    base_sha256: str
    """SHA-256 of the weights before the tuning, or '' if the file does not say."""
    batch: TestBatch | None
    """Inputs and the logits of the tuned network for them in MATLAB or Octave; None if the file
    has no such outputs."""
    stored: TestBatch | None = None
    """The test batch of a .mat file, also where its outputs are PyTorch's."""

    @property
    def is_mat(self) -> bool:
        return self.path.suffix == ".mat"


def read_tuned(path: Path, progress: Callable[[str], None] = lambda _: None) -> TunedFile:
    """Read NAME.mat or NAME.onnx; `progress` is called with the current stage.

    Raises:
        UserError: the file is neither, is damaged, or has parts that cifarx cannot read.
    """
    progress(f"reading {path}")
    if path.suffix not in (".mat", ".onnx"):
        raise UserError(
            f"{path} is named neither .mat nor .onnx. 'cifarx import' reads .mat files that "
            "cifarx.save wrote in MATLAB or Octave, and .onnx files that MATLAB's "
            "exportONNXNetwork wrote. Give one of these."
        )
    if path.suffix == ".mat":
        mat = read_mat(path)
        tuned = not mat.batch.references  # else the outputs are PyTorch's, for other weights
        base = mat.base_sha256 or mat.card.checkpoint_sha256
        batch = mat.batch if tuned else None
        if tuned and mat.arrays_sha256 != matlab_layers(mat.graph)[1]:
            raise UserError(
                f"The arrays in {path} are not those that cifarx.save wrote (format.arrays_sha256 "
                f"is {mat.arrays_sha256[:16]}…): the file was damaged or edited. Save it again "
                "with cifarx.save."
            )
        return TunedFile(path, sha256(path), mat.graph, mat.card, base, batch, stored=mat.batch)
    model = load_onnx(path)
    graph = read_onnx(model)
    card = ModelCard.from_metadata(metadata(model))
    base = card.checkpoint_sha256 if card else ""
    return TunedFile(path, sha256(path), graph, card, base, None)


def require_classifier(path: Path, graph: LayerGraph) -> None:
    """Raise `NoParentError` unless the network is one that a trained run can have."""
    shapes = graph.output_shapes()
    if [one.format for one in graph.inputs] == ["SSCB"] and [len(s) for s in shapes] == [1]:
        return
    given, gives = (
        " and ".join(" x ".join(map(str, shape)) or "1" for shape in all_shapes)
        for all_shapes in ([one.shape for one in graph.inputs], shapes)
    )
    raise NoParentError(
        f"{path} takes {given} and gives {gives} numbers, while runs of 'cifarx train' are "
        "classifiers of images with one vector as output."
    )
