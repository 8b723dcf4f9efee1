"""Open what can be exported: a run, an ONNX file, or a module that Python can import."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.bundle import Bundle, Formats, bundle_run
from cifarx.export.from_onnx.answers import at_once, image_shape
from cifarx.export.from_onnx.answers import logits_float32 as logits_of_file
from cifarx.export.from_onnx.double import read_onnx_exactly
from cifarx.export.from_onnx.load import load_onnx
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_torch.user_module import digest_of, load_user_module, require_float32
from cifarx.export.model_contract import (
    SourceOptions,
    contract_notes,
    made_up_names,
    new_card,
    require_contract,
    require_once,
    with_class_names,
    with_classes_of_data,
    with_normalization,
)
from cifarx.export.network.classifier import (
    as_classifier,
    require_classifier,
    require_image_size,
)
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import identifier
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.test_inputs import TestInputs, batch_size, from_data, noise, products_of
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import sha256
from cifarx.pytorch_models.run import load_run, newest_run


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
    _require_none(
        text or "the newest run",
        "a run",
        weights=options.weights,
        input_size=options.input_size,
        mean=options.mean,
        std=options.std,
        classes=options.classes,
        data=options.data,
    )
    run = newest_run() if text is None else load_run(path)
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


def matlab_calls(formats: Formats, name: str, input_size: tuple[int, int, int]) -> list[str]:
    """The calls to type in MATLAB for PyTorch's own formats, from MathWorks' documentation."""
    channels, height, width = input_size
    sizes = f"PyTorchInputSizes=[1 {channels} {height} {width}]"
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
    _require_none(str(path), "an ONNX file", weights=options.weights, input_size=options.input_size)
    model = load_onnx(path)
    graph = as_classifier(read_onnx_exactly(model))
    classes = require_classifier(graph)
    require_contract(options, graph.input_size[0])
    known = ModelCard.from_metadata(metadata(model))
    if known is None or len({*known.classes} - {""}) != classes:
        known = new_card(identifier(path.stem), sha256(path), classes)
    card = with_class_names(with_normalization(known, options), options.classes)
    require_once(str(path), graph, options)
    batch = None
    if answers:
        from cifarx.export.network.compute import run_graph, run_graph_float32, with_ending
        from cifarx.export.network.self_check import require_same

        step = at_once(model)
        count = -(-batch_size(products_of(graph)) // step) * step
        given = _test_inputs(options, graph.input_size, card, count)
        card, given = with_classes_of_data(card, given, options.data)
        given = _whole_batches(given, step, options)
        inputs = given.inputs
        logits = logits_of_file(model, inputs.reshape(-1, *image_shape(model)))
        reference = run_graph(graph, inputs, exact=True)
        require_same(logits, with_ending(reference, graph.ending))
        if graph.ending:
            logits = run_graph_float32(graph, inputs)
        batch = TestBatch(given.images, inputs, given.labels, logits, reference)
    card = replace(card, ending=graph.ending)
    known_notes = contract_notes(card, graph)
    return Source(Bundle(graph, card, batch), str(path), identifier(path.stem), known_notes, path)


def _from_callable(text: str, options: SourceOptions, answers: bool) -> Source:
    from cifarx.export.from_torch.answers import logits_float32, logits_float64, products_of_module
    from cifarx.export.from_torch.failures import told_in_a_paragraph
    from cifarx.export.from_torch.reader import graph_from_module
    from cifarx.export.network.compute import run_graph
    from cifarx.export.network.self_check import require_agreement, require_same

    if options.input_size is None:
        raise UserError(
            f"{text} needs the size of its images: --input-size CHANNELS,HEIGHT,WIDTH, as in "
            "--input-size 3,224,224."
        )
    require_image_size(options.input_size)
    require_contract(options, options.input_size[0])
    module = load_user_module(text).cpu()
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
    probe = noise(options.input_size, card, 1).inputs
    with told_in_a_paragraph(module, options.input_size):
        logits_float32(module, probe)
        count = batch_size(products_of_module(module, probe)) if answers else 1
    given = _test_inputs(options, options.input_size, card, count)
    with told_in_a_paragraph(module, options.input_size):
        logits = logits_float32(module, given.inputs).reshape(len(given.inputs), -1)
    reference: NDArray[np.float64] | None = None
    with suppress(Exception):  # such as x.float(), or a constant of its own in float32
        # first, for the graph shares its memory
        reference = logits_float64(module, given.inputs).reshape(len(given.inputs), -1)
    graph = as_classifier(graph_from_module(module, options.input_size))
    require_once(text, graph, options)
    card = replace(card, classes=made_up_names(require_classifier(graph)), ending=graph.ending)
    card = with_class_names(card, options.classes)
    card, given = with_classes_of_data(card, given, options.data)
    if reference is None:
        reference = run_graph(graph, given.inputs, exact=True)
        require_same(logits, reference)
        notes.append("it computes in float32 only; its layers gave the answers in float64")
    batch = TestBatch(given.images, given.inputs, given.labels, logits, reference)
    require_agreement(graph, batch)
    bundle = Bundle(graph, card, batch if answers else None, module)
    return Source(bundle, text, name, (*notes, *contract_notes(card, graph)))


def _test_inputs(
    options: SourceOptions, size: tuple[int, int, int], card: ModelCard, count: int
) -> TestInputs:
    if options.data is None:
        return noise(size, card, count)
    return from_data(options.data, size, card, count)


def _whole_batches(given: TestInputs, step: int, options: SourceOptions) -> TestInputs:
    """As many inputs as whole batches of an ONNX file with a fixed batch hold."""
    if len(given.inputs) < step:
        raise UserError(
            f"--data {options.data} has {len(given.inputs)} inputs, and the ONNX file takes "
            f"{step} at a time. Give {step} or more."
        )
    return given.first(len(given.inputs) // step * step)
