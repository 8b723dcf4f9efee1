"""Write a network as model.onnx, model.mat and PyTorch's own formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cifarx.export.mat.writer import write_mat
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import INPUT, identifier
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.to_onnx.file_bytes import OnnxFile
from cifarx.export.to_onnx.writer import OPSET, check_opset, onnx_from_graph
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import replacing
from cifarx.pytorch_models.run import Run, build_module
from cifarx.pytorch_models.run_images import sample_images

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Bundle:
    """A network ready to be written."""

    graph: LayerGraph
    card: ModelCard
    batch: TestBatch | None
    """None if no model.mat is wanted."""
    module: nn.Module | None = None
    """The PyTorch module that it was read from, if there is one."""
    keywords: tuple[str, ...] = ()
    """Names of the arguments of its forward that get the inputs; empty where they go in order."""


@dataclass(frozen=True)
class Formats:
    """Which files to write."""

    onnx: bool = False
    mat: bool = False
    pt2: bool = False
    torchscript: bool = False


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
    from cifarx.export.from_torch.answers import SIZE, make_batch
    from cifarx.export.from_torch.reader import graph_from_module

    module = build_module(run)
    images = sample_images(run, max(SIZE, len(run.record.classes)))
    batch = make_batch(module, images, *run.mean_std())
    graph = graph_from_module(module, [Input(INPUT, run.record.input_size)])
    return Bundle(graph, card_of(run), batch, module)


def check_name(name: str, opset: int) -> None:
    """Raise `UserError` for a name or an opset that `write_bundle` does not accept."""
    check_opset(opset)
    if name != identifier(name):
        raise UserError(
            f"--name {name!r} is not a MATLAB identifier, and MATLAB's importer makes a namespace "
            f"of it. Use letters, digits and _, as in {identifier(name)!r}."
        )


def write_bundle(
    bundle: Bundle, folder: Path, name: str, formats: Formats, opset: int = OPSET
) -> list[Path]:
    """Write NAME.onnx, NAME.mat, NAME.pt2 and NAME.pt, as asked for, and return their paths.

    All are complete under temporary names before the first one is renamed to its own.

    Raises:
        UserError: a name that MATLAB cannot use, an opset out of range, no module for a format
            that needs one, more data than a file can hold, no space or no permission.
    """
    check_name(name, opset)
    file = onnx_from_graph(bundle.graph, bundle.card, opset)
    written: list[Path] = []
    with ExitStack() as stack, ThreadPoolExecutor(1) as worker:

        def opened(ending: str) -> BinaryIO:
            written.append(folder / f"{name}.{ending}")
            return stack.enter_context(replacing(written[-1])).open("w+b")

        # a thread writes model.onnx, or computes its digest, while this one prepares model.mat
        digest = worker.submit(_written, file, opened("onnx") if formats.onnx else None)
        if formats.mat:
            assert bundle.batch is not None
            with opened("mat") as out:
                write_mat(out, bundle.graph, bundle.card, bundle.batch, digest.result)
        digest.result()
        for ending, write in _for_pytorch(bundle, formats).items():
            with opened(ending) as out:
                write(out)
    return written


def _written(file: OnnxFile, out: BinaryIO | None) -> str:
    """Write the file to `out`, if that is given, and return its SHA-256."""
    digest = hashlib.sha256()
    with out or BytesIO() as stream:
        for chunk in file.chunks():
            digest.update(chunk)
            if out is not None:
                stream.write(chunk)
    return digest.hexdigest()


def _for_pytorch(bundle: Bundle, formats: Formats) -> dict[str, Callable[[BinaryIO], None]]:
    """Writers of PyTorch's own formats, by file ending."""
    if not (formats.pt2 or formats.torchscript):
        return {}
    if bundle.module is None:
        raise UserError(
            "--pt2 and --torchscript need a PyTorch module, which an ONNX file does not contain. "
            "Give the run or the package.module:callable that the file was made from."
        )
    from cifarx.export.from_torch.calls import Example
    from cifarx.export.from_torch.pt_formats import write_pt2, write_torchscript

    module, example = bundle.module, Example(bundle.graph.inputs, bundle.keywords)
    writers: dict[str, Callable[[BinaryIO], None]] = {}
    if formats.pt2:
        writers["pt2"] = lambda out: write_pt2(out, module, example)
    if formats.torchscript:
        writers["pt"] = lambda out: write_torchscript(out, module, example)
    return writers
