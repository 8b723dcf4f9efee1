"""Whether the figures of a saved report can be those of one check.

A report is not signed: somebody who changes all its figures alike makes a report of something else.
But one that was cut down, or in which a part says what another contradicts, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.audit import Audit
from cifarx.verify.findings.logits import Judgement
from cifarx.verify.findings.result import Result


def contradiction(result: Result) -> str:
    """What is wrong, as a part of a sentence; '' for nothing."""
    return next(_contradictions(result), "")


def _contradictions(result: Result) -> Iterator[str]:
    names = [engine.engine for engine in result.engines]
    for name in names:
        if names.count(name) > 1:
            yield f"the engine {name} is there {names.count(name)} times"
    if result.images.count < 1:
        yield f"it is of {result.images.count} images"
    if not result.audits or not result.export or not result.layers:
        yield "it lacks what the files' layers and weights were compared with"
    else:
        yield from _of_files(result)
    for audit in result.audits:
        for what, equal, in_all in (
            ("layers", audit.layers_equal, audit.layers),
            ("tensors", audit.tensors_equal, audit.tensors),
        ):
            if not 0 <= equal <= in_all:
                yield f"{equal} of {in_all} {what} of {audit.file} are equal"
        yield from _of_audit(audit)
    for engine in result.engines:
        for judgement in (engine.judgement, engine.marked):
            if judgement is not None:
                yield from _of_logits(engine.engine, judgement, len(result.classes))
        layers = [found.layer for found in engine.layers]
        if len(set(layers)) < len(layers) or len(layers) > engine.layers_in_all:
            yield f"{engine.engine} has layers twice, or more than there are"
        if engine.layers and not engine.layer_images >= 1:
            yield f"{engine.engine}'s layers were judged on {engine.layer_images} images"
        if any(not found.ratio >= 0 for found in engine.layers) or not engine.marked_apart >= 0:
            yield f"{engine.engine} has an error below 0"
    if result.accuracy is not None:
        yield from _of_accuracy(result.accuracy)


def _of_files(result: Result) -> Iterator[str]:
    """Whether each file has its entries: the audit of model.onnx comes first in every report."""
    first = result.audits[0]
    mat = f"{first.file.rpartition('.')[0]}.mat"
    files = [first.file] + [mat] * (mat in result.environment.files)
    audited = [name for name in files if name != first.weights_from]
    for what, found, wanted in (
        ("the layers and weights", [audit.file for audit in result.audits], audited),
        ("the export", [entry.file for entry in result.export], files),
    ):
        if found != wanted:
            told = ", ".join(found) or "no file"
            yield f"it tells {what} of {told}, and the check was of {', '.join(wanted)}"


def _of_audit(audit: Audit) -> Iterator[str]:
    """Whether an audit that names no fault counts everything as equal."""
    named = {
        "layers": audit.layer_faults,
        "tensors": (*audit.differing, *audit.missing, *audit.layer_faults),
    }
    counts = {
        "layers": (audit.layers_equal, audit.layers),
        "tensors": (audit.tensors_equal, audit.tensors),
    }
    for what, (equal, in_all) in counts.items():
        if audit.read and not named[what] and equal != in_all:
            yield f"{equal} of {in_all} {what} of {audit.file} are equal, and no fault is named"


def _of_logits(engine: str, found: Judgement, classes: int) -> Iterator[str]:
    if found.images < 1 or found.classes != classes:
        yield f"{engine} gave logits of {found.images} images and {found.classes} classes"
    figures = (found.ratio, found.largest, found.largest_allowed)
    if not all(figure >= 0 for figure in figures) or found.largest_allowed == float("inf"):
        yield f"{engine} has an error below 0, or one that may be of any size"
    if found.finite and found.top1 != found.images - len(found.changed):
        yield (
            f"{engine} predicts {found.top1} of {found.images} images as float64 does, and "
            f"{len(found.changed)} otherwise"
        )


def _of_accuracy(found: AccuracyReport) -> Iterator[str]:
    if not 1 <= found.images <= found.in_all:
        yield f"accuracy is of {found.images} of {found.in_all} test images"
    for runtime in found.runtimes:
        parts = (runtime.overall, *runtime.by_class)
        if runtime.overall.images != found.images or any(
            not 0 <= part.correct <= part.images for part in parts
        ):
            yield f"{runtime.engine} has scores that are no part of {found.images} images"
        if not 0 <= runtime.not_finite <= found.images or not runtime.apart >= 0:
            yield f"{runtime.engine} has numbers of images, or errors, below 0"
        compared = runtime.comparison
        if compared is not None and (
            compared.images != found.images
            or compared.agree + len(runtime.changed) != found.images
            or min(compared.only_first, compared.only_second, compared.agree) < 0
        ):
            yield f"{runtime.engine}'s comparison with PyTorch does not add up"
