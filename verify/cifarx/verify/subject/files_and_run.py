"""What is to be verified: the files, and the run they came from where it can be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from cifarx.export.from_onnx.load import load_onnx, side_files
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_onnx.reader import Place, read_onnx_places
from cifarx.export.mat.reader import MatFile, read_mat
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.pytorch_models.errors import UnreadableError, UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.run import Run, load_run, runs_in


@dataclass(frozen=True)
class Subject:
    """Everything at hand about one network."""

    onnx_path: Path
    onnx: onnx.ModelProto
    onnx_graph: LayerGraph | None
    """Its network; None where it has parts that no layer kind stands for."""
    onnx_problem: str
    """Which, in that case."""
    onnx_unread: tuple[str, ...]
    """Names of the nodes that are such parts."""
    places: Mapping[str, Place]
    """Where the file computes what each layer of it gives."""
    onnx_card: ModelCard | None
    """None where the file has no (whole) metadata of cifarx."""
    mat_path: Path
    mat: MatFile | None
    run: Run | None
    sha256: Mapping[str, str]
    """Digests of the files by name, side files of weights among them."""


def open_subject(path: Path, checkpoint: Path | None) -> Subject:
    """Read PATH, the .mat beside it, and the run: the one named, else the one whose weights it has.

    Raises:
        UserError: a file that is missing, damaged or of another kind; or nothing to compare with.
    """
    model = load_onnx(path)
    card = ModelCard.from_metadata(metadata(model))
    mat_path = path.with_suffix(".mat")
    mat = read_mat(mat_path) if mat_path.exists() else None
    if checkpoint is not None:
        run: Run | None = load_run(checkpoint)
    else:
        found = list(_runs_with(path, card, mat))  # several, where the same seed trained twice
        alike = [r for r in found if card is not None and r.record.classes == card.classes]
        run = next(iter(alike + found), None)
    if run is None and mat is None:
        wanted = f" (SHA-256 {card.checkpoint_sha256[:16]}…)" if card else ""
        raise UserError(
            f"There is nothing to compare {path} with: no {mat_path.name} beside it, and no run "
            f"with its checkpoint{wanted} in runs/ here or beside it. Name the run with "
            "--checkpoint RUN, or export again with 'cifarx export --onnx --mat'."
        )
    digests = {p.name: sha256(p) for p in (path, mat_path) if p.exists()}
    digests |= {name: sha256(path.parent / name) for name in side_files(path)}
    graph: LayerGraph | None = None
    places: Mapping[str, Place] = {}
    problem = ""
    unread: tuple[str, ...] = ()
    try:
        graph, places = read_onnx_places(model)
    except UserError as error:
        problem = str(error)
        unread = error.nodes if isinstance(error, UnreadableError) else ()
    return Subject(path, model, graph, problem, unread, places, card, mat_path, mat, run, digests)


def _runs_with(path: Path, card: ModelCard | None, mat: MatFile | None) -> Iterator[Run]:
    """Runs in ./runs and beside the file whose weights either file names as its own."""
    digests = {c.checkpoint_sha256 for c in (card, mat.card if mat else None) if c}
    for run in runs_in((Path("runs"), path.resolve().parent / "runs")):
        if run.record.weights_sha256 in digests:
            yield run
