"""Open what can be exported: a run, an ONNX file, or a module that Python can import."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.bundle import Bundle, Formats, bundle_run
from cifarx.export.from_onnx.answers import at_once
from cifarx.export.from_onnx.answers import outputs_float32 as outputs_of_file
from cifarx.export.from_onnx.double import read_onnx_exactly
from cifarx.export.from_onnx.load import load_onnx
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_torch.user_module import (
    digest_of,
    load_user_module,
    module_inputs,
    require_float32,
)
from cifarx.export.imported_run import bundle_imported
from cifarx.export.model_contract import (
    SourceOptions,
    contract_notes,
    new_card,
    require_contract,
    require_once,
    with_classes_of_data,
    with_normalization,
    with_task,
)
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import identifier
from cifarx.export.network.task import (
    as_classifier,
    require_input_size,
    require_task,
    with_output_of,
)
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.test_inputs import (
    TestInputs,
    batch_size,
    batch_size_of,
    chosen_inputs,
    noise,
)
from cifarx.pytorch_models.errors import GraphError, UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.imported.folder import is_imported, load_imported
from cifarx.pytorch_models.run import load_run, newest_folder


@dataclass(frozen=True)
class Source:
    """An opened network, and what to tell the user about it."""

    bundle: Bundle
    origin: str
    """The run's folder, the file, or the callable."""
    name: str
    """Default name of the files to write."""
    notes: tuple[str, ...] = ()
    file: Path | None = None
    """The ONNX file that it was read from, if it was."""


def open_source(text: str | None, options: SourceOptions, *, answers: bool = True) -> Source:
    """Find a network and read it for export.

    Args:
        text: a run's folder, an .onnx file, `package.module:callable`, or None for the newest run.
        options: what the user says about it; must be empty for a run.
        answers: whether to compute the test batch for model.mat.

    Raises:
        UserError: there is nothing of that name, the file is damaged, an option does not apply,
            or the network has parts that cannot be exported.
    """
    path = Path(text or "")
    if text is not None and path.suffix == ".py" and not path.is_dir():
        raise UserError(
            f"{text} is a Python file; 'cifarx export' needs to know what in it makes the network. "
            f"In its folder, give {path.stem}:CALLABLE, where CALLABLE is a subclass of nn.Module, "
            f"a function that returns a module, or a module, as in {path.stem}:Net."
        )
    if text is not None and (path.is_file() or (path.suffix == ".onnx" and not path.is_dir())):
        return _from_onnx(path, options, answers)
    if text is not None and ":" in text and not path.exists():
        return _from_callable(text, options, answers)
    folder = newest_folder() if text is None else path
    imported = is_imported(folder)
    _require_none(
        text or "the newest run",
        "an imported network" if imported else "a run",
        weights=options.weights,
        input_size=options.input_sizes,
        input_name=options.input_names,
        task=options.task,
        mean=options.mean,
        std=options.std,
        classes=options.classes,
        data=None if imported else options.data,
    )
    if imported:
        found = load_imported(folder)
        bundle = bundle_imported(found, options.data, answers=answers)
        return Source(bundle, str(folder), found.record.name)
    run = load_run(folder)
    return Source(bundle_run(run), str(run.folder), "model")


def require_other_file(source: Source, folder: Path, name: str, formats: Formats) -> None:
    """Raise `UserError` if NAME.onnx would replace the file that it is made from."""
    if source.file is None or not formats.onnx:
        return
    target = folder / f"{name}.onnx"
    if target.exists() and target.samefile(source.file):
        raise UserError(
            f"{target} is the file to export, and the export would overwrite it. Choose another "
            f"folder with --out DIR, or another name, as in --name {name}_matlab."
        )


def matlab_calls(formats: Formats, name: str, inputs: Sequence[Input]) -> list[str]:
    """The calls to type in MATLAB for PyTorch's own formats, from MathWorks' documentation."""
    each = [f"[1 {' '.join(map(str, given.shape))}]" for given in inputs]
    all_sizes = each[0] if len(each) == 1 else f"{{{', '.join(each)}}}"
    sizes = f"PyTorchInputSizes={all_sizes}"
    calls = []
    if formats.pt2:
        calls.append(f'MATLAB, R2026a on: net = importNetworkFromPyTorch("{name}.pt2")')
    if formats.torchscript:
        calls.append(f'MATLAB, R2022b on: net = importNetworkFromPyTorch("{name}.pt", {sizes})')
    return calls


def _require_none(text: str, kind: str, **given: object) -> None:
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if names:
        raise UserError(
            f"{', '.join(names)} cannot be used with {text}: it is {kind}, which already holds "
            "this. Leave it out, or give a module as package.module:callable."
        )


def _from_onnx(path: Path, options: SourceOptions, answers: bool) -> Source:
    if path.suffix != ".onnx":
        raise UserError(
            f"{path} does not end in .onnx. 'cifarx export' accepts a run's folder, an ONNX file, "
            "or a module as package.module:callable, with its state dict as --weights. If the file "
            "is ONNX, rename it."
        )
    _require_none(
        str(path),
        "an ONNX file",
        weights=options.weights,
        input_size=options.input_sizes,
        input_name=options.input_names,
    )
    model = load_onnx(path)
    graph = as_classifier(read_onnx_exactly(model))
    require_contract(options, graph.inputs)
    known = ModelCard.from_metadata(metadata(model))
    if known is None or not _describes(known, graph):
        known = new_card(identifier(path.stem), sha256(path))
    elif not options.task and options.classes is None:
        options = replace(options, task=known.task)
    card = with_normalization(known, options)
    require_once(str(path), graph, options)
    step = at_once(model)
    count = -(-batch_size_of(graph) // step) * step if answers else 1
    given = chosen_inputs(options.data, graph.inputs, card, count)
    card = replace(with_task(card, graph, options, given.labels), ending=graph.ending)
    card, given = with_classes_of_data(card, given, options.data, graph.output_shapes()[0])
    graph = with_output_of(graph, card.task)
    batch = None
    if answers:
        from cifarx.export.network.compute import run_network, run_network_float32, with_ending
        from cifarx.export.network.self_check import require_same

        given = _whole_batches(given, step, options)
        shapes = graph.output_shapes()
        outputs = tuple(
            values.reshape(given.count, *shape)
            for values, shape in zip(outputs_of_file(model, given.inputs), shapes, strict=True)
        )
        references = run_network(graph, given.inputs, exact=True)
        require_same(outputs, [with_ending(values, graph.ending) for values in references])
        if graph.ending:
            outputs = run_network_float32(graph, given.inputs)
        batch = TestBatch(given.images, given.inputs, given.labels, outputs, references)
    notes = contract_notes(card, graph, options)
    return Source(Bundle(graph, card, batch), str(path), identifier(path.stem), notes, path)


def _describes(card: ModelCard, graph: LayerGraph) -> bool:
    """Whether the metadata of a file can be of its network."""
    try:
        require_task(card, graph)
    except GraphError:
        return False
    return len({*card.classes} - {""}) == len(card.classes)


def _from_callable(text: str, options: SourceOptions, answers: bool) -> Source:
    from cifarx.export.from_torch.answers import (
        outputs_float32,
        outputs_float64,
        products_of_module,
    )
    from cifarx.export.from_torch.calls import Example
    from cifarx.export.from_torch.failures import told_in_a_paragraph
    from cifarx.export.from_torch.reader import graph_from_module
    from cifarx.export.network.compute import run_network
    from cifarx.export.network.self_check import require_agreement, require_same

    module = load_user_module(text).cpu()
    inputs = module_inputs(text, module, options.input_sizes, options.input_names)
    for one in inputs:
        require_input_size(one)
    require_contract(options, inputs)
    example = Example(inputs, options.input_names)
    notes = []
    if any(part.training for part in module.modules()):
        module.eval()
        notes.append(
            f"{text} was in training mode and is exported in evaluation mode: batch norm uses its "
            "trained statistics, and dropout has no effect"
        )
    require_float32(text, module)
    if options.weights is not None:
        from cifarx.pytorch_models.weights import load_exactly

        if unwrapped := load_exactly(module, options.weights):
            notes.append(f"{options.weights}: {unwrapped}")
        digest = sha256(options.weights)
    else:
        digest = digest_of(module)
        notes.append("no --weights: the module keeps the weights that its callable gave it")
    name = identifier(text.rpartition(":")[2].rpartition(".")[2])
    card = with_normalization(new_card(name, digest), options)
    probe = noise(inputs, card, 1).inputs
    with told_in_a_paragraph(module, inputs):
        numbers = sum(values.size for values in outputs_float32(module, example, probe))
        products = products_of_module(module, example, probe) if answers else 0
    count = batch_size(products, numbers) if answers else 1
    given = chosen_inputs(options.data, inputs, card, count)
    with told_in_a_paragraph(module, inputs):
        outputs = outputs_float32(module, example, given.inputs)
    references: tuple[NDArray[np.float64], ...] | None = None
    with suppress(Exception):  # such as x.float(), or a constant of its own in float32
        # first, for the graph shares its memory
        references = outputs_float64(module, example, given.inputs)
    graph = as_classifier(graph_from_module(module, inputs, example.keywords))
    require_once(text, graph, options)
    card = replace(with_task(card, graph, options, given.labels), ending=graph.ending)
    card, given = with_classes_of_data(card, given, options.data, graph.output_shapes()[0])
    graph = with_output_of(graph, card.task)
    outputs = _in_shape(outputs, graph)
    if references is None:
        references = run_network(graph, given.inputs, exact=True)
        require_same(outputs, references)
        notes.append("it computes in float32 only; its layers gave the answers in float64")
    batch = TestBatch(
        given.images, given.inputs, given.labels, outputs, _in_shape(references, graph)
    )
    require_agreement(graph, batch)
    bundle = Bundle(graph, card, batch if answers else None, module, example.keywords)
    return Source(bundle, text, name, (*notes, *contract_notes(card, graph, options)))


def _in_shape(values: Sequence[NDArray[Any]], graph: LayerGraph) -> tuple[NDArray[Any], ...]:
    """Outputs in the shapes of the graph; a classifier's maps of one pixel become vectors."""
    shapes = graph.output_shapes()
    return tuple(x.reshape(len(x), *shape) for x, shape in zip(values, shapes, strict=True))


def _whole_batches(given: TestInputs, step: int, options: SourceOptions) -> TestInputs:
    """As many inputs as whole batches of an ONNX file with a fixed batch hold."""
    if given.count < step:
        raise UserError(
            f"--data {options.data} has {given.count} inputs, and the ONNX file takes "
            f"{step} at a time. Give {step} or more."
        )
    return given.first(given.count // step * step)
