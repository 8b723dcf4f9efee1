"""Open what can be exported: a run, an ONNX file, or a module that Python can import."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from cifarx.export.bundle import Bundle, Formats, bundle_run
from cifarx.export.from_onnx.answers import at_once, image_shape
from cifarx.export.from_onnx.answers import logits_float32 as logits_of_file
from cifarx.export.from_onnx.double import read_onnx_exactly
from cifarx.export.from_onnx.load import load_onnx
from cifarx.export.from_onnx.metadata import metadata
from cifarx.export.from_torch.user_module import digest_of, load_user_module, require_float32
from cifarx.export.network.classifier import (
    as_classifier,
    require_classifier,
    require_image_size,
)
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import identifier
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading, sha256
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run import load_run, newest_run

IMAGES = 4  # of noise, if there are no data
_WHITE = 255.0  # a pixel in the files; in options it is 1
_UNKNOWN = np.empty(0, np.int64)  # labels


@dataclass(frozen=True)
class SourceOptions:
    """What the user says about a network that is not a run."""

    weights: Path | None = None
    """A state dict for a module."""
    input_size: tuple[int, int, int] | None = None
    """(C, H, W) for a module."""
    mean: tuple[float, ...] = ()
    """Per channel, in units of pixels from 0 to 1, as on the command line; empty if unknown."""
    std: tuple[float, ...] = ()
    """In the same units."""
    classes: Path | None = None
    """A text file with one name per line."""


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
    _require_contract(options, graph.input_size[0])
    known = ModelCard.from_metadata(metadata(model))
    if known is None or len({*known.classes} - {""}) != classes:
        known = _new_card(identifier(path.stem), sha256(path), classes)
    card = _with_class_names(_with_normalization(known, options), options.classes)
    batch = None
    if answers:
        from cifarx.export.network.compute import run_graph
        from cifarx.export.network.self_check import require_same

        inputs, images = _noise(graph.input_size, card, at_once(model))
        given = inputs.reshape(-1, *image_shape(model))
        logits, reference = logits_of_file(model, given), run_graph(graph, inputs, exact=True)
        require_same(logits, reference)
        batch = TestBatch(images, inputs, _UNKNOWN, logits, reference)
    return Source(Bundle(graph, card, batch), str(path), identifier(path.stem), _notes(card), path)


def _from_callable(text: str, options: SourceOptions, answers: bool) -> Source:
    from cifarx.export.from_torch.answers import logits_float32, logits_float64
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
    _require_contract(options, options.input_size[0])
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

        load_exactly(module, options.weights)
        digest = sha256(options.weights)
    else:
        digest = digest_of(module)
        notes.append("no --weights: the module keeps the weights that its callable gave it")
    name = identifier(text.rpartition(":")[2].rpartition(".")[2])
    card = _with_normalization(_new_card(name, digest), options)
    inputs, images = _noise(options.input_size, card)
    if not answers:  # one image is enough for the self-check
        inputs, images = inputs[:1], images[:1]
    with told_in_a_paragraph(module, options.input_size):
        logits = logits_float32(module, inputs).reshape(len(inputs), -1)
    reference: NDArray[np.float64] | None = None
    with suppress(Exception):  # some modules compute in float32 only, by x.float() for instance
        # before the graph is read, as the graph shares the module's memory
        reference = logits_float64(module, inputs).reshape(len(inputs), -1)
    graph = as_classifier(graph_from_module(module, options.input_size))
    card = replace(card, classes=_made_up_names(require_classifier(graph)))
    card = _with_class_names(card, options.classes)
    if reference is None:
        reference = run_graph(graph, inputs, exact=True)
        require_same(logits, reference)
        notes.append("it computes in float32 only; the float64 answers are those of its layers")
    batch = TestBatch(images, inputs, _UNKNOWN, logits, reference)
    require_agreement(graph, batch)
    bundle = Bundle(graph, card, batch if answers else None, module)
    return Source(bundle, text, name, (*notes, *_notes(card)))


def _new_card(name: str, digest: str, classes: int = 0) -> ModelCard:
    return ModelCard(name, "", _made_up_names(classes), (), (), digest)


def _made_up_names(classes: int) -> tuple[str, ...]:
    return tuple(f"class_{i + 1}" for i in range(classes))


def _require_contract(options: SourceOptions, channels: int) -> None:
    """Raise `UserError` unless mean and std have one valid number per channel each."""
    mean, std = options.mean, options.std
    if (mean or std) and (not len(mean) == len(std) == channels or min(std) <= 0):
        raise UserError(
            f"--mean and --std need {channels} numbers each, separated by commas, those of --std "
            f"above 0; got {len(mean)} and {len(std)}."
        )
    if _beyond_one(mean) or _beyond_one(std):
        given, right = (
            " ".join(
                f"{option} {_typed(v, _WHITE if divided and _beyond_one(v) else 1)}"
                for option, v in (("--mean", mean), ("--std", std))
            )
            for divided in (False, True)
        )
        raise UserError(
            f"{given} exceeds 1, but both are in units of pixels from 0 to 1, as in torchvision. "
            f"Divide values for pixels from 0 to 255 by 255: {right}."
        )


def _typed(values: tuple[float, ...], divisor: float) -> str:
    return ",".join(f"{value / divisor:.6g}" for value in values)


def _beyond_one(values: tuple[float, ...]) -> bool:
    return max(map(abs, values), default=0) > 1


def _with_normalization(card: ModelCard, options: SourceOptions) -> ModelCard:
    """The card with the user's mean and std, in the files' units and precision."""
    if not options.mean:
        return card
    mean, std = (
        tuple(np.float32(_WHITE * value).tolist() for value in values)
        for values in (options.mean, options.std)
    )
    return replace(card, mean=mean, std=std)


def _with_class_names(card: ModelCard, path: Path | None) -> ModelCard:
    """The card with the class names of a file, if one is given."""
    if path is None:
        return card
    names = _class_names(path)
    if len(names) != len(card.classes):
        raise UserError(
            f"--classes {path} has {len(names)} names, but the network gives "
            f"{len(card.classes)} logits. Give a text file with one name per line, in the order "
            "of the logits."
        )
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise UserError(f"--classes {path} has {twice!r} twice. Give every class its own name.")
    return replace(card, classes=tuple(names))


def _class_names(path: Path) -> list[str]:
    """The lines of a UTF-8 text file without the empty ones."""
    with reading(path):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")  # editors on Windows write a byte order mark
    except UnicodeDecodeError as error:
        raise UserError(
            f"--classes {path} is not UTF-8 text (byte {error.start + 1} is "
            f"0x{content[error.start]:02X}). Save it as UTF-8, with one name per line."
        ) from error
    names = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    odd = next((name for name in names if any(category(c) == "Cc" for c in name)), None)
    if odd is not None:
        raise UserError(
            f"--classes {path} has a name with control characters, {odd!r}. Give a text file in "
            "UTF-8 with one name per line."
        )
    return names


def _notes(card: ModelCard) -> tuple[str, ...]:
    if card.mean:
        return ()
    return (
        "normalisation is unknown, so model.mat expects normalised inputs; pass --mean and --std",
    )


def _noise(
    input_size: tuple[int, int, int], card: ModelCard, at_once: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Noise in whole batches: inputs (N, C, H, W), and their pixels if the card can make any."""
    random = np.random.RandomState(0)  # its sequence is the same in every version of numpy
    shape = (-(-IMAGES // at_once) * at_once, *input_size)
    if card.mean:
        pixels = random.randint(0, 256, shape, dtype=np.uint8)
        mean, std = (np.asarray(v, np.float32) for v in (card.mean, card.std))
        return preprocess(pixels, mean, std), pixels
    inputs = random.standard_normal(shape).astype(np.float32)
    return inputs, np.empty((0, *input_size), np.uint8)
