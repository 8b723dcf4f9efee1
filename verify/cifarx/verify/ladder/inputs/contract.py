"""Rung 1: check that an image gives every runtime the same numbers, with the same meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from onnx import ValueInfoProto, defs

from cifarx.export.bundle import card_of
from cifarx.export.from_onnx.interface import model_inputs
from cifarx.export.mat.reader import MatFile
from cifarx.export.mat.writer import matlab_layers
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import OPSET, onnx_from_graph
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.verify.engines.engine import Inputs
from cifarx.verify.findings.contract import Contract
from cifarx.verify.ladder.inputs.labels import label_faults
from cifarx.verify.subject.files_and_run import Subject

_MEANING = ("classes", "mean", "std", "task")
_IDENTITY = ("model", "recipe", "checkpoint_sha256")


def check_contract(
    subject: Subject,
    images: Images,
    inputs: Inputs,
    normalized: Mapping[str, NDArray[np.float32]],
) -> Contract:
    """Compare cards, sizes, layout and the normalised images.

    Args:
        subject: what is verified.
        images: the pixels; empty if the inputs were not made from pixels.
        inputs: (N, ...) float32 per input, an image normalised by `preprocess`.
        normalized: (N, C, H, W), the same images as each runtime normalised them, by its name.
    """
    faults = [*_card_faults(subject, _MEANING), *_size_faults(subject)]
    digest, image = _sha256(inputs), _image_of(subject, inputs)
    sure = ["python"] if len(images.pixels) else []
    for runtime, values in normalized.items():
        if image is not None and np.array_equal(_bits(values), _bits(image)):
            sure.append(runtime)
        else:
            faults.append(f"{runtime} normalises the images differently from python")
    if subject.mat is not None and subject.mat.card.mean:
        batch, card = subject.mat.batch, subject.mat.card
        mean, std = np.asarray(card.mean, np.float32), np.asarray(card.std, np.float32)
        normal = _image_of(subject, batch.inputs)
        if normal is not None and np.array_equal(preprocess(batch.images, mean, std), normal):
            sure.append(subject.mat_path.name)
            faults += label_faults(subject, images)
        else:
            faults.append(
                f"{subject.mat_path.name}'s test inputs are not its test images normalised by its "
                "Mean and StandardDeviation"
            )
    identity = _card_faults(subject, _IDENTITY)
    identity += [*_digest_faults(subject), *_rest_faults(subject)]
    if subject.onnx_card is None:
        identity.append(f"{subject.onnx_path.name} lacks the metadata that cifarx writes")
    return Contract(
        faults=(*faults, *identity),
        meaning_changed=bool(faults),
        inputs_sha256=digest,
        normalized_by=tuple(sure),
        takes_image=image is not None,
    )


def _card_faults(subject: Subject, fields: Sequence[str]) -> list[str]:
    """List the differences in these fields between the cards; the first card is the truth."""
    cards: dict[str, ModelCard] = {}
    if subject.run is not None:
        cards["the run"] = card_of(subject.run)
    if subject.onnx_card is not None:
        cards[subject.onnx_path.name] = subject.onnx_card
    if subject.mat is not None:
        cards[subject.mat_path.name] = subject.mat.card
    faults = []
    (truth_name, truth), *others = cards.items()
    for name, card in others:
        for field in fields:
            found, wanted = getattr(card, field), getattr(truth, field)
            if found != wanted:
                faults.append(f"{name} has {field} {_text(found)}, {truth_name} {_text(wanted)}")
    return faults


def _text(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"'{text[:80]}…'" if len(text) > 80 else f"'{text}'"


_Sizes = tuple[tuple[int, ...], ...]


def _size_faults(subject: Subject) -> list[str]:
    """Require the same inputs and outputs everywhere, in number, order, size and rank."""
    inputs = {subject.onnx_path.name: tuple(map(_size, model_inputs(subject.onnx)))}
    outputs = {subject.onnx_path.name: tuple(map(_size, subject.onnx.graph.output))}
    graph = subject.onnx_graph
    if graph is not None:  # which knows the sizes that the file leaves open
        outputs[subject.onnx_path.name] = graph.output_shapes()
    if subject.run is not None:
        inputs["the run"] = (subject.run.record.input_size,)
        outputs["the run"] = ((len(subject.run.record.classes),),)
    if subject.mat is not None:
        mat = subject.mat.graph
        inputs[subject.mat_path.name] = tuple(one.shape for one in mat.inputs)
        outputs[subject.mat_path.name] = mat.output_shapes()
    if graph is None and len({len(sizes) for sizes in outputs.values()}) == 1:
        outputs = {}  # their number is all that is known
    faults = [*_unlike("inputs", inputs), *_unlike("outputs", outputs)]
    if subject.mat is not None and graph is not None and not faults:
        given, wanted = graph, subject.mat.graph
        faults += _order_faults(subject, "inputs", given.inputs, wanted.inputs)
        faults += _order_faults(subject, "outputs", given.outputs, wanted.outputs)
    return faults


def _size(value: ValueInfoProto) -> tuple[int, ...]:
    return tuple(d.dim_value for d in value.type.tensor_type.shape.dim)[1:]


def _unlike(what: str, sizes: Mapping[str, _Sizes]) -> list[str]:
    if len(set(sizes.values())) < 2:
        return []
    listed = "; ".join(
        f"{name} {', '.join(map(str, found)) or 'none'}" for name, found in sizes.items()
    )
    return [f"{what} differ in number or size (without the batch): {listed}"]


def _order_faults(
    subject: Subject,
    what: str,
    found: Sequence[Input] | Sequence[Output],
    wanted: Sequence[Input] | Sequence[Output],
) -> list[str]:
    """Compare the names of several inputs or outputs; the name of an only one does not matter."""
    names, right = ([one.name for one in side] for side in (found, wanted))
    if len(names) < 2 or names == right:
        return []
    return [
        f"{subject.onnx_path.name} has the {what} {', '.join(names)}, in this order; "
        f"{subject.mat_path.name} has {', '.join(right)}"
    ]


def _image_of(subject: Subject, inputs: Inputs) -> NDArray[np.float32] | None:
    """Return the input that is made of pixels: the network's image."""
    if subject.run is not None or subject.mat is None:
        return inputs[0]
    formats = [one.format for one in subject.mat.graph.inputs]
    return inputs[formats.index("SSCB")] if "SSCB" in formats else None


def _bits(values: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.ascontiguousarray(values, "<f4").view("<i4")


def _digest_faults(subject: Subject) -> list[str]:
    if subject.mat is None:
        return []
    name, mat = subject.mat_path.name, subject.mat
    faults = []
    _, digest = matlab_layers(mat.graph)
    if digest != mat.arrays_sha256:
        faults.append(f"{name}'s arrays_sha256 is not that of its arrays")
    onnx_name = subject.onnx_path.name
    known = subject.sha256[onnx_name]
    claimed = mat.onnx_sha256 or mat.batch.references  # cifarx.save names no ONNX file
    if claimed and mat.onnx_sha256 != known and mat.onnx_sha256 not in _exported_digests(mat):
        faults.append(
            f"{name}'s onnx_sha256 ({mat.onnx_sha256[:12]}…) is neither that of {onnx_name} "
            f"({known[:12]}…) nor that of an ONNX file that cifarx {version('cifarx')} writes "
            "for its network; one of the two files was damaged or replaced; export both again"
        )
    return faults


def _exported_digests(mat: MatFile) -> Iterator[str]:
    """Yield the SHA-256 of the ONNX file that cifarx writes for model.mat's network, per opset.

    With one of these, model.mat is sound, and model.onnx may have been rewritten by another tool or
    exported again with another opset. What matters in it is judged by its content.
    """
    with suppress(UserError):
        for opset in range(OPSET, defs.onnx_opset_version() + 1):
            yield onnx_from_graph(mat.graph, mat.card, opset).sha256()


def _rest_faults(subject: Subject) -> list[str]:
    """List what model.mat holds beyond its format; with a run, the audit does."""
    if subject.run is not None or subject.mat is None or not subject.mat.unaccounted:
        return []
    names = _text(subject.mat.unaccounted)
    return [f"{subject.mat_path.name} holds content that its format does not have: {names}"]


def _sha256(inputs: Inputs) -> str:
    digest = hashlib.sha256()
    for values in inputs:
        digest.update(np.ascontiguousarray(values, "<f4").data)
    return digest.hexdigest()
