"""`cifarx import` of a file that came from no run: a network of its own, in PyTorch.

The module is built from the file's layers, and must give the outputs of ONNX Runtime for an ONNX
file, or those that a .mat file stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from cifarx.export.model_contract import SourceOptions, made_up_names
from cifarx.export.network.front import own_normalization
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import identifier
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.sources import open_source
from cifarx.export.to_torch.plan import plan_of, require_finite, state_of
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
from cifarx.verify.ladder.logits import judge_outputs, make_truth

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ImportedNetwork:
    """The new run, with notes and checks."""

    run: ImportedRun
    notes: tuple[str, ...]
    check: Check
    """The file's outputs against PyTorch's."""


def import_network(
    options: ImportOptions,
    progress: Callable[[str], None] = lambda _: None,
    tuned: TunedFile | None = None,
) -> ImportedNetwork:
    """Make a run of a file's network, without a parent.

    Everything is checked before anything is written, and the folder appears by rename.

    Args:
        options: see `ImportOptions`; `run` is not used.
        progress: called with the current stage.
        tuned: the file, if it has been read.

    Raises:
        UserError: the file cannot be read, PyTorch gives other outputs, or the folder exists.
    """
    folder, numbered = folder_of(options)
    tuned = tuned or read_tuned(options.file, progress)
    require_finite(tuned.graph, options.file)
    network = _network(tuned)
    card = network.card
    progress("outputs")
    plan = plan_of(network.graph)
    state = state_of(network.graph, plan)
    from cifarx.pytorch_models.imported.network import as_tensor, build_network

    module = build_network(plan, {name: as_tensor(value) for name, value in state.items()})
    check = _check(module, network)
    if check.outcome is not Outcome.PASSED:
        raise UserError(
            f"PyTorch gives other outputs for the layers of {tuned.path} than {network.origin}: "
            f"{check.detail}. An operation was lost or changed; nothing was written. Please report "
            "it."
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
    return ImportedNetwork(load_imported(made), network.notes, check)


@dataclass(frozen=True)
class _Network:
    graph: LayerGraph
    card: ModelCard
    batch: TestBatch
    """Inputs, and the outputs that `origin` gave for them."""
    origin: str
    notes: tuple[str, ...] = ()


def _network(tuned: TunedFile) -> _Network:
    """The network, with inputs and outputs of it, and what gave these."""
    if tuned.stored is not None:
        assert tuned.card is not None
        name, graph, card = tuned.path.name, tuned.graph, tuned.card
        return _Network(graph, card, tuned.stored, name, tuple(_notes(name, graph, card)))
    source = open_source(str(tuned.path), SourceOptions())
    bundle = source.bundle
    assert bundle.batch is not None
    origin = "the file's layers in float32" if bundle.card.ending else "ONNX Runtime"
    notes = tuple(_notes(tuned.path.name, bundle.graph, bundle.card))
    return _Network(bundle.graph, bundle.card, bundle.batch, origin, notes)


def _notes(name: str, graph: LayerGraph, card: ModelCard) -> Iterator[str]:
    """What a user should know of the run's inputs and outputs."""
    images = any(given.format == "SSCB" for given in graph.inputs)
    if own := own_normalization(graph):
        yield f"the network normalises its own input, in {' and '.join(own)}"
    elif images and not card.mean:
        yield f"{name} does not say how pixels are normalised; the module takes normalised inputs"
    if card.ending:
        yield f"{name} ends in a log-softmax; the module gives the logits before it"
    if card.classes and card.classes == made_up_names(len(card.classes)):
        yield f"{name} names no classes; they are called {card.classes[0]} to {card.classes[-1]}"


def _check(module: nn.Module, network: _Network) -> Check:
    """Judge the file's outputs by those of the module."""
    from cifarx.export.from_torch.answers import make_answers
    from cifarx.export.from_torch.calls import Example

    graph, batch = network.graph, network.batch
    own, exact = make_answers(module, Example(graph.inputs), batch.inputs)
    names = [output.name for output in graph.outputs]
    truth = make_truth(exact, own, "PyTorch", task=network.card.task, names=names)
    judgement = judge_outputs(batch.outputs, truth)
    return judged(judgement.passed and truth.credible, network.origin, judgement.detail())
