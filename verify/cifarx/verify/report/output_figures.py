"""Words and figures on one output of an engine, for the table of engines."""

from __future__ import annotations

from cifarx.verify.findings.logits import CLASSIFICATION, REGRESSION, SEGMENTATION, Judgement
from cifarx.verify.findings.result import Result
from cifarx.verify.report.result_charts import number, per_cent

Figure = tuple[str, str]
"""Heading and text."""


def things(result: Result) -> str:
    """Return what the network is fed with: 'images' or 'inputs'."""
    return "images" if result.contract.takes_image else "inputs"


def outputs_word(result: Result) -> str:
    """Return what the network gives: 'logits' or 'outputs'."""
    return "logits" if result.task == CLASSIFICATION else "outputs"


def decision_heads(result: Result) -> list[str]:
    """Return the headings of `decisions`."""
    if result.task == CLASSIFICATION:
        return ["Top 1", "Top 5"]
    return ["Same class", "Mean IoU"] if result.task == SEGMENTATION else ["Of its spread"]


def decisions(result: Result, output: Judgement) -> list[Figure]:
    """Return the figures on what an output decides: of images, of pixels, or its error alone."""
    if result.task == CLASSIFICATION:
        texts = [f"{output.top1}/{output.images}", f"{output.top5}/{output.images}"]
    elif result.task == SEGMENTATION:
        pixels = output.pixels
        texts = ["none", "none"] if pixels is None else [_same(output), f"{pixels.mean_iou:.4f}"]
    else:
        texts = ["no spread" if output.spread is None else number(output.spread)]
    return list(zip(decision_heads(result), texts, strict=True))


def _same(output: Judgement) -> str:
    assert output.pixels is not None
    share = per_cent(output.pixels.agreement) if output.pixels.changed else "100%"
    return f"{share} of {output.pixels.pixels} pixels"


def worst_place(result: Result, output: Judgement) -> str:
    """Return where the largest error is."""
    if result.task != REGRESSION:
        return f"image {output.worst_image}, {result.class_name(output.worst_class)}"
    what = "number" if output.shape is None else "channel"
    at = f", {what} {output.worst_class}" if output.shape != () else ""
    return f"{things(result).removesuffix('s')} {output.worst_image}{at}"
