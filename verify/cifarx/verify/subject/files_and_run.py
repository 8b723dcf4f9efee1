"""Open the files to verify, and find the run that they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from cifarx.export.from_onnx.load import load_onnx, side_files
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_onnx.reader import Place, read_onnx_places
from cifarx.export.mat.reader import MatFile, read_mat
from cifarx.export.network.compute import with_ending
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import CLASSIFICATION, ModelCard
from cifarx.export.network.names import OUTPUT
from cifarx.pytorch_models.errors import UnreadableError, UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.imported.folder import is_imported
from cifarx.pytorch_models.run import RECORD, Run, load_run, run_folders

NO_RUN = Path("none")
"""The value of --checkpoint for comparing the files with each other only."""


@dataclass(frozen=True)
class Subject:
    """Everything that is available of one network."""

    onnx_path: Path
    onnx: onnx.ModelProto
    onnx_graph: LayerGraph | None
    """Its network; None if it has parts without a layer kind."""
    onnx_problem: str
    """Which parts, in that case, else ''."""
    onnx_unread: tuple[str, ...]
    """Names of the nodes of such parts."""
    places: Mapping[str, Place]
    """By layer of `onnx_graph`, where the file computes its output."""
    onnx_card: ModelCard | None
    """None if the metadata of cifarx is missing or incomplete."""
    mat_path: Path
    mat: MatFile | None
    run: Run | None
    unusable_runs: tuple[str, ...]
    """Why runs with these files' weights cannot be used, if no other run has them."""
    sha256: Mapping[str, str]
    """By file name, the digest of each file and of the side files of model.onnx."""

    @property
    def ending(self) -> str:
        """What the source applies to its logits last; see `ModelCard.ending`."""
        cards = (self.onnx_card, self.mat.card if self.mat else None)
        found = [card.ending for card in cards if card]
        found.append(self.onnx_graph.ending if self.onnx_graph else "")
        return next(filter(None, found), "")

    def compared_values(self, outputs: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        """Return what is compared of a runtime's outputs: these, or the log-softmax of logits.

        A file may end in the logits or in their log-softmax. The log-softmax of either is the same.
        """
        return tuple(
            values
            if values.ndim != 2 or not np.isfinite(values).all()
            else with_ending(values, self.ending)
            for values in outputs
        )

    @property
    def task(self) -> str:
        """The network's task; runs are classifiers."""
        if self.run is not None or self.mat is None:
            return CLASSIFICATION
        return self.mat.card.task

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        if self.run is not None or self.mat is None:
            return (OUTPUT,)
        return tuple(output.name for output in self.mat.graph.outputs)


def open_subject(path: Path, checkpoint: Path | None) -> Subject:
    """Read an ONNX file, the .mat file beside it, and the run that they came from.

    Args:
        path: the ONNX file.
        checkpoint: the run's folder; None searches for the run whose weights the files name;
            `NO_RUN` uses no run.

    Raises:
        UserError: a file is missing, damaged or of another kind, or there is nothing to compare
            the ONNX file with.
    """
    model = load_onnx(path)
    card = ModelCard.from_metadata(metadata(model))
    mat_path = path.with_suffix(".mat")
    mat = read_mat(mat_path) if mat_path.exists() else None
    run, unusable = _run_of(path, card, mat) if checkpoint is None else (None, ())
    if checkpoint is not None and checkpoint != NO_RUN:
        run = load_run(checkpoint)
    if run is None and mat is None and unusable:
        raise UserError(
            f"There is nothing to compare {path} with: no {mat_path.name} beside it, and its run "
            f"cannot be used. {unusable[0]}"
        )
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
    return Subject(
        onnx_path=path,
        onnx=model,
        onnx_graph=graph,
        onnx_problem=problem,
        onnx_unread=unread,
        places=places,
        onnx_card=card,
        mat_path=mat_path,
        mat=mat,
        run=run,
        unusable_runs=unusable,
        sha256=digests,
    )


def _run_of(
    path: Path, card: ModelCard | None, mat: MatFile | None
) -> tuple[Run | None, tuple[str, ...]]:
    """Find the run, in ./runs or beside the file, with the weights that one of the files names.

    Returns:
        The run, and nothing; or None, and why each run with these weights cannot be used.
    """
    digests = {c.checkpoint_sha256 for c in (card, mat.card if mat else None) if c} - {""}
    found: list[Run] = []  # several if the same seed was trained twice
    unusable: list[str] = []
    for folder in run_folders((Path("runs"), path.resolve().parent / "runs")):
        if is_imported(folder):  # neither recipe nor data; the .mat file has its outputs
            continue
        with suppress(OSError):
            text = (folder / RECORD).read_text("utf-8", errors="replace")
            if any(digest in text for digest in digests):
                try:
                    found.append(load_run(folder))
                except UserError as error:
                    unusable.append(str(error))
    found = [run for run in found if run.record.weights_sha256 in digests]
    alike = [run for run in found if card is not None and run.record.classes == card.classes]
    run = next(iter(alike + found), None)
    return run, () if run else tuple(unusable)
