"""A network that comes back from MATLAB, as a model.mat or as exportONNXNetwork writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cifarx.export.from_onnx.load import load_onnx
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import matlab_layers
from cifarx.export.network.classifier import require_classifier
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256


@dataclass(frozen=True)
class TunedFile:
    """What the file says."""

    path: Path
    sha256: str
    graph: LayerGraph
    card: ModelCard | None
    """None for an ONNX file that cifarx did not write."""
    base_sha256: str
    """Of the weights that the tuning began with, as far as the file knows; else ''."""
    batch: TestBatch | None
    """Inputs, and the logits that the tuned network gave for them in MATLAB or Octave; None where
    the file has no such answers."""

    @property
    def is_mat(self) -> bool:
        return self.path.suffix == ".mat"


def read_tuned(path: Path) -> TunedFile:
    """Read NAME.mat or NAME.onnx.

    Raises:
        UserError: it is neither, is damaged, or has parts that cifarx does not read.
    """
    if path.suffix not in (".mat", ".onnx"):
        raise UserError(
            f"{path} is named neither .mat nor .onnx. 'cifarx import' takes what cifarx.save "
            "writes in MATLAB or Octave (tuned.mat), and what MATLAB's exportONNXNetwork writes "
            "(tuned.onnx)."
        )
    if path.suffix == ".mat":
        mat = read_mat(path)
        tuned = not len(mat.batch.reference)  # else the answers are PyTorch's, of other weights
        base = mat.base_sha256 or mat.card.checkpoint_sha256
        answers = mat.batch if tuned else None
        if tuned and mat.arrays_sha256 != matlab_layers(mat.graph)[1]:
            raise UserError(
                f"{path}: its arrays are not those that cifarx.save wrote (format.arrays_sha256 is "
                f"{mat.arrays_sha256[:16]}…); it was damaged or edited. Save it again with "
                "cifarx.save."
            )
        return TunedFile(path, sha256(path), mat.graph, mat.card, base, answers)
    model = load_onnx(path)
    graph = read_onnx(model)
    require_classifier(graph)
    card = ModelCard.from_metadata(metadata(model))
    base = card.checkpoint_sha256 if card else ""
    return TunedFile(path, sha256(path), graph, card, base, None)
