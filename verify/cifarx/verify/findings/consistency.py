"""Check that the figures of a saved report agree with each other.

A report is not signed, so a consistent change of all its figures cannot be detected. A report that
is incomplete or contradicts itself is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.audit import Audit
from cifarx.verify.findings.logits import CLASSIFICATION, REGRESSION, SEGMENTATION, Judgement
from cifarx.verify.findings.pixel_accuracy import PixelAccuracyReport
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
                yield from _of_outputs(engine.engine, judgement, result)
        apart = (engine.marked_apart, *engine.others_apart)
        if engine.marked is not None and len(apart) != len(engine.marked.every):
            yield f"{engine.engine} compares {len(apart)} outputs of {len(engine.marked.every)}"
        layers = [finding.layer for finding in engine.layers]
        if len(set(layers)) < len(layers) or len(layers) > engine.layers_in_all:
            yield f"{engine.engine} lists a layer twice, or more layers than the network has"
        if engine.layers and not engine.layer_images >= 1:
            yield f"{engine.engine}'s layers were judged on {engine.layer_images} images"
        if not all(by >= 0 for by in (*apart, *(finding.ratio for finding in engine.layers))):
            yield f"{engine.engine} has a negative error"
    if result.accuracy is not None:
        yield from _of_accuracy(result.accuracy)
    if result.pixel_accuracy is not None:
        yield from _of_pixels(result.pixel_accuracy)
    if result.task not in (CLASSIFICATION, SEGMENTATION, REGRESSION):
        yield "its task is not known"
    if result.task == REGRESSION and result.classes:
        yield "it has classes of a regression"
    if (result.accuracy and result.task != CLASSIFICATION) or (
        result.pixel_accuracy and result.task != SEGMENTATION
    ):
        yield f"it has an accuracy that a {result.task} does not have"


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


def _of_outputs(engine: str, judgement: Judgement, result: Result) -> Iterator[str]:
    names = [one.output for one in judgement.every]
    plain = next((e.judgement for e in result.engines if e.judgement is not None), judgement)
    if len(set(names)) < len(names) or names != [one.output for one in plain.every]:
        yield f"{engine} lists an output twice, or other outputs than another engine"
    if (
        any(one.others for one in judgement.others)
        or len({one.images for one in judgement.every}) > 1
    ):
        yield f"the outputs of {engine} are not of the same images"
    for one in judgement.every:
        if one.task != result.task:
            yield f"{engine} judges the {one.task} of a {result.task}"
        yield from _of_output(engine, one, result.task, len(result.classes))


def _of_output(engine: str, judgement: Judgement, task: str, classes: int) -> Iterator[str]:
    images, changed = judgement.images, len(judgement.changed)
    if images < 1 or (task != REGRESSION and judgement.classes != classes):
        yield f"{engine} gave logits for {images} images and {judgement.classes} classes"
    figures = (judgement.ratio, judgement.largest, judgement.largest_allowed)
    if not all(figure >= 0 for figure in figures) or judgement.largest_allowed == float("inf"):
        yield f"{engine} has a negative error, or an unlimited one is allowed"
    if judgement.spread is not None and not judgement.spread >= 0:
        yield f"{engine} has a negative error"
    if task == SEGMENTATION and judgement.finite:
        yield from _of_classes_of_pixels(engine, judgement)
    if task == CLASSIFICATION and judgement.finite and judgement.top1 != images - changed:
        yield (
            f"{engine} predicts {judgement.top1} of {images} images like float64, and {changed} "
            "differently"
        )


def _of_classes_of_pixels(engine: str, judgement: Judgement) -> Iterator[str]:
    pixels, shape = judgement.pixels, judgement.shape or ()
    if pixels is None:
        yield f"{engine} lacks the classes of the pixels"
    elif (
        pixels.pixels != judgement.images * math.prod(shape[1:])
        or not 0 <= pixels.beyond_ties <= pixels.changed <= pixels.pixels
        or not bool(pixels.changed) == bool(pixels.images) == (pixels.largest is not None)
        or not 0 <= pixels.images <= judgement.images
    ):
        yield f"{engine} has figures of {pixels.pixels} pixels that do not add up"
    elif pixels.largest is not None and bool(pixels.beyond_ties) != (
        not pixels.largest.margin <= 2.0 * judgement.largest_allowed
    ):
        yield f"{engine}'s largest margin is not that of its changed pixels"


def _of_pixels(report: PixelAccuracyReport) -> Iterator[str]:
    if report.images < 1 or report.pixels < 1:
        yield f"the accuracy is that of {report.pixels} pixels in {report.images} images"
    for runtime in report.engines:
        comparison = runtime.comparison
        if not 0 <= runtime.correct <= report.pixels or not (
            0 <= runtime.beyond_ties <= report.pixels and 0 <= runtime.not_finite <= report.images
        ):
            yield f"{runtime.engine} has scores that do not fit {report.pixels} pixels"
        if comparison is not None and (
            (comparison.images, comparison.pixels) != (report.images, report.pixels)
            or min(comparison.only_first, comparison.only_second, comparison.agree) < 0
            or comparison.only_first + comparison.only_second + comparison.agree > report.pixels
            or runtime.beyond_ties > report.pixels - comparison.agree
        ):
            yield f"{runtime.engine}'s comparison with {report.against} does not add up"


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
