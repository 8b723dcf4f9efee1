"""Check that the figures of a saved report agree with each other.

A report is not signed, so a consistent change of all its figures cannot be detected. A report that
is incomplete or contradicts itself is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.audit import Audit
from cifarx.verify.findings.logits import Judgement
from cifarx.verify.findings.result import Result


def contradiction(result: Result) -> str:
    """Return the first contradiction, as part of a sentence, or '' if there is none."""
    return next(_contradictions(result), "")


def _contradictions(result: Result) -> Iterator[str]:
    names = [engine.engine for engine in result.engines]
    for name in names:
        if names.count(name) > 1:
            yield f"it lists the engine {name} {names.count(name)} times"
    if result.images.count < 1:
        yield f"it covers {result.images.count} images"
    if not result.audits or not result.export or not result.layers:
        yield "it lacks the audit of the files, the export error or the layers of the network"
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
        layers = [finding.layer for finding in engine.layers]
        if len(set(layers)) < len(layers) or len(layers) > engine.layers_in_all:
            yield f"{engine.engine} lists a layer twice, or more layers than the network has"
        if engine.layers and not engine.layer_images >= 1:
            yield f"{engine.engine}'s layers were judged on {engine.layer_images} images"
        if any(not finding.ratio >= 0 for finding in engine.layers) or not engine.marked_apart >= 0:
            yield f"{engine.engine} has a negative error"
    if result.accuracy is not None:
        yield from _of_accuracy(result.accuracy)


def _of_files(result: Result) -> Iterator[str]:
    """Check that each file has its entries; the audit of model.onnx comes first in every report."""
    first = result.audits[0]
    mat = f"{first.file.rpartition('.')[0]}.mat"
    files = [first.file] + [mat] * (mat in result.environment.files)
    audited = [name for name in files if name != first.weights_from]
    for what, given, expected in (
        ("the layers and weights", [audit.file for audit in result.audits], audited),
        ("the export", [entry.file for entry in result.export], files),
    ):
        if given != expected:
            names = ", ".join(given) or "no file"
            yield f"it reports {what} of {names}, but the check covered {', '.join(expected)}"


def _of_audit(audit: Audit) -> Iterator[str]:
    """Check that an audit that names no fault counts everything as equal."""
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
            yield f"{equal} of {in_all} {what} of {audit.file} are equal, but no fault is named"


def _of_logits(engine: str, judgement: Judgement, classes: int) -> Iterator[str]:
    images, changed = judgement.images, len(judgement.changed)
    if images < 1 or judgement.classes != classes:
        yield f"{engine} gave logits for {images} images and {judgement.classes} classes"
    figures = (judgement.ratio, judgement.largest, judgement.largest_allowed)
    if not all(figure >= 0 for figure in figures) or judgement.largest_allowed == float("inf"):
        yield f"{engine} has a negative error, or an unlimited one is allowed"
    if judgement.finite and judgement.top1 != images - changed:
        yield (
            f"{engine} predicts {judgement.top1} of {images} images like float64, and {changed} "
            "differently"
        )


def _of_accuracy(report: AccuracyReport) -> Iterator[str]:
    if not 1 <= report.images <= report.in_all:
        yield f"the accuracy is that of {report.images} of {report.in_all} test images"
    for runtime in report.runtimes:
        parts = (runtime.overall, *runtime.by_class)
        if runtime.overall.images != report.images or any(
            not 0 <= part.correct <= part.images for part in parts
        ):
            yield f"{runtime.engine} has scores that do not fit {report.images} images"
        if not 0 <= runtime.not_finite <= report.images or not runtime.apart >= 0:
            yield f"{runtime.engine} has a negative number of images, or a negative error"
        comparison = runtime.comparison
        if comparison is not None and (
            comparison.images != report.images
            or comparison.agree + len(runtime.changed) != report.images
            or min(comparison.only_first, comparison.only_second, comparison.agree) < 0
        ):
            yield f"{runtime.engine}'s comparison with PyTorch does not add up"
