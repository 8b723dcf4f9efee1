"""`cifarx import` of a file that came from no run: a network of its own, in PyTorch.

The module is built from the file's layers, and must give the outputs of ONNX Runtime for an ONNX
file, or those that a .mat file stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from cifarx.export.model_contract import SourceOptions
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import identifier
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.sources import open_source
from cifarx.export.to_torch.plan import plan_of, state_of
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.imported.folder import (
    ImportedRecord,
    ImportedRun,
    imported_files,
    load_imported,
)
from cifarx.pytorch_models.run_folder import new_folder
from cifarx.verify.findings.check import Check, Outcome, judged
from cifarx.verify.from_matlab.file import TunedFile, read_tuned
from cifarx.verify.from_matlab.make_run import ImportOptions, folder_of
from cifarx.verify.ladder.logits import judge_logits, make_truth

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ImportedNetwork:
    """The new run, with notes and checks."""

    run: ImportedRun
    notes: tuple[str, ...]
    checks: tuple[Check, ...]
    """PyTorch's outputs against those of the file, one per output."""


def import_network(
    options: ImportOptions, progress: Callable[[str], None] = lambda _: None
) -> ImportedNetwork:
    """Make a run of a file's network, without a parent.

    Everything is checked before anything is written, and the folder appears by rename.

    Args:
        options: see `ImportOptions`; `run` is not used.
        progress: called with the current stage.

    Raises:
        UserError: the file cannot be read, PyTorch gives other outputs, or the folder exists.
    """
    folder, numbered = folder_of(options)
    progress(f"reading {options.file}")
    tuned = read_tuned(options.file)
    graph, card, batch, origin, notes = _network(tuned)
    progress("outputs")
    plan = plan_of(graph)
    state = state_of(graph, plan)
    from cifarx.pytorch_models.imported.network import as_tensor, build_network

    module = build_network(plan, {name: as_tensor(value) for name, value in state.items()})
    checks = tuple(_checks(module, graph, batch, origin))
    if failed := [check for check in checks if check.outcome is not Outcome.PASSED]:
        raise UserError(
            f"The layers of {tuned.path} give other outputs in PyTorch than {origin}: "
            f"{failed[0].detail}. An operation was lost or changed; nothing was written. Please "
            "report it."
        )
    record = ImportedRecord(
        name=identifier(tuned.path.stem),
        file=tuned.path.name,
        file_sha256=tuned.sha256,
        task=card.task,
        classes=card.classes,
        mean=card.mean,
        std=card.std,
        ending=card.ending,
        weights_sha256="",
        versions={"cifarx": version("cifarx")},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    files = imported_files(record, plan, state)
    made = new_folder(folder, files, numbered=numbered, option="--into")
    return ImportedNetwork(load_imported(made), notes, checks)


def _network(
    tuned: TunedFile,
) -> tuple[LayerGraph, ModelCard, TestBatch, str, tuple[str, ...]]:
    """The network, with inputs and outputs of it, and the runtime that gave these."""
    if tuned.stored is not None:
        assert tuned.card is not None
        return tuned.graph, tuned.card, tuned.stored, f"{tuned.path.name} stores", ()
    source = open_source(str(tuned.path), SourceOptions())
    bundle = source.bundle
    assert bundle.batch is not None
    runtime = "its layers in float32" if bundle.card.ending else "ONNX Runtime"
    return bundle.graph, bundle.card, bundle.batch, f"{runtime} gives", source.notes


def _checks(module: nn.Module, graph: LayerGraph, batch: TestBatch, origin: str) -> Iterator[Check]:
    """Judge the file's outputs by those of the module, one by one."""
    from cifarx.export.from_torch.answers import make_answers
    from cifarx.export.from_torch.calls import Example

    own, exact = make_answers(module, Example(graph.inputs), batch.inputs)
    for output, values, single, double in zip(
        graph.outputs, batch.outputs, own, exact, strict=True
    ):
        truth = make_truth(_flat(double), _flat(single), "PyTorch")
        judgement = judge_logits(_flat(values), truth)
        name = output.name if len(graph.outputs) > 1 else "outputs"
        detail = f"{name}, as {origin} them: {judgement.detail()}"
        yield judged(judgement.passed and truth.credible, "import", detail)


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(len(values), -1)
