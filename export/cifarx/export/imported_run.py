"""Export a network that `cifarx import` made of a file without a parent."""

from __future__ import annotations

from cifarx.export.bundle import Bundle
from cifarx.export.model_contract import with_classes_of_data
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.task import require_task
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.test_inputs import batch_size_of, chosen_inputs
from cifarx.export.to_torch.plan import graph_of
from cifarx.pytorch_models.errors import GraphError, UserError
from cifarx.pytorch_models.imported.folder import PLAN, ImportedRun, build_imported
from cifarx.pytorch_models.run import RECORD


def card_of_imported(run: ImportedRun) -> ModelCard:
    """The model card of an imported network."""
    record = run.record
    return ModelCard(
        record.name,
        "",
        record.classes,
        record.mean,
        record.std,
        record.weights_sha256,
        ending=record.ending,
        task=record.task,
    )


def bundle_imported(run: ImportedRun, data: str | None, *, answers: bool) -> Bundle:
    """The network with its test batch: the user's data, or noise.

    Args:
        run: the network.
        data: the value of --data, if it is given.
        answers: whether to compute the test batch.

    Raises:
        UserError: the folder is damaged, or the data do not fit.
    """
    from cifarx.export.from_torch.answers import make_answers
    from cifarx.export.from_torch.calls import Example

    graph, card = graph_of(run.plan, run.tensors), card_of_imported(run)
    _require_contract(run, graph, card)
    module = build_imported(run)
    if not answers:
        return Bundle(graph, card, None, module)
    found = chosen_inputs(data, graph.inputs, card, batch_size_of(graph))
    card, given = with_classes_of_data(card, found, data, graph.output_shapes()[0])
    outputs = make_answers(module, Example(graph.inputs), given.inputs)
    batch = TestBatch(given.images, given.inputs, given.labels, *outputs)
    return Bundle(graph, card, batch, module)


def _require_contract(run: ImportedRun, graph: LayerGraph, card: ModelCard) -> None:
    """Raise `UserError` unless classes and normalisation are those of the network."""
    try:
        require_task(card, graph)
        images = [given for given in graph.inputs if given.format == "SSCB"]
        if card.mean and (len(images) != 1 or len(card.mean) != images[0].shape[0]):
            raise GraphError(f"a mean of {len(card.mean)} channels")
        if len(card.mean) != len(card.std):
            raise GraphError(f"a mean of {len(card.mean)} channels, a std of {len(card.std)}")
    except GraphError as error:
        raise UserError(
            f"{run.folder / RECORD} does not fit the network in {PLAN} ({error}). Import the file "
            "again with 'cifarx import'."
        ) from error
