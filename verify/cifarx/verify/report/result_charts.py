"""Build the charts of a result: layer errors over their bounds, accuracy, accuracy per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.engine import LayerFinding
from cifarx.verify.findings.pixel_accuracy import PixelAccuracyReport
from cifarx.verify.findings.result import Result
from cifarx.verify.findings.scores import Accuracy
from cifarx.verify.report.dot_charts import Mark, Scale, axis, key, ratio_scale, row, share_scale


@dataclass(frozen=True)
class Row:
    """One row of a chart."""

    name: str
    note: str
    strip: Markup
    figure: str
    """The row as one or two numbers."""
    failed: bool = False


@dataclass(frozen=True)
class Chart:
    """A table with a drawing in each row."""

    legend: tuple[tuple[Markup, str], ...]
    axis: Markup
    rows: tuple[Row, ...]


def number(value: float) -> str:
    """Format with three digits; ∞ also stands for values that are not finite or of another shape.

    >>> number(0.012345), number(float("inf"))
    ('0.0123', '∞')
    """
    return f"{value:.3g}" if isfinite(value) else "∞"


def per_cent(share: float) -> str:
    """Format a proportion as a percentage.

    >>> per_cent(0.9883)
    '98.83%'
    """
    return f"{100 * share:.2f}%" if isfinite(share) else "none"


def layer_chart(result: Result) -> Chart | None:
    """Chart every layer in every engine; None if no layer was compared."""
    engines = [e for e in result.engines if e.layers]
    if not engines:
        return None
    by_engine = [{f.layer: f for f in e.layers} for e in engines]
    scale = ratio_scale(f.ratio for layers in by_engine for f in layers.values())
    kinds = {n.layer: n.kind for n in result.layers}
    kinds |= {f.layer: f.kind for layers in by_engine for f in layers.values()}
    names = [e.engine for e in engines]
    rows = (
        _layer_row(scale, names, name, kind, [layers.get(name) for layers in by_engine])
        for name, kind in kinds.items()
    )
    legend = tuple((key(i), e.runtime) for i, e in enumerate(engines))
    return Chart(legend, axis(scale), tuple(rows))


def _layer_row(
    scale: Scale,
    engines: Sequence[str],
    name: str,
    kind: str,
    findings: Sequence[LayerFinding | None],
) -> Row:
    marks, fast = [], []
    for i, (engine, finding) in enumerate(zip(engines, findings, strict=True)):
        if finding is not None:
            how = "" if finding.algorithm == "direct" else f", {finding.algorithm}"
            marks.append(Mark(i, finding.ratio, f"{engine}: {number(finding.ratio)}{how}"))
            fast += [f"{finding.algorithm} in {engine}"] if how else []
    compared = [f for f in findings if f is not None]
    worst = max((f.ratio for f in compared), default=None)
    return Row(
        name,
        "; ".join([kind.removesuffix("Layer"), *fast]),
        row(scale, marks, len(engines), "; ".join(m.title for m in marks) or "not compared"),
        "not compared" if worst is None else number(worst),
        not all(f.passed for f in compared),
    )


def layer_figures(result: Result) -> list[tuple[str, list[str]]]:
    """Return one row per layer: kind, names, and the ratio in each engine."""
    by_engine = [{f.layer: f for f in e.layers} for e in result.engines if e.layers]
    return [
        (
            n.layer,
            [
                *(n.kind, n.module, n.onnx_node, n.matlab_layer),
                *(
                    number(fs[n.layer].ratio) if n.layer in fs else "not compared"
                    for fs in by_engine
                ),
            ],
        )
        for n in result.layers
    ]


def accuracy_chart(report: AccuracyReport) -> Chart:
    """Chart one row per runtime, with its interval."""
    parts = [r.overall for r in report.runtimes]
    scale = _scale(parts)
    rows = []
    for runtime, check in zip(report.runtimes, report.checks(), strict=True):
        rows.append(
            Row(
                runtime.engine,
                f"{runtime.overall.correct} of {runtime.overall.images} right",
                row(scale, [_mark(0, "", runtime.overall)], 1, runtime.overall.words()),
                per_cent(runtime.overall.proportion),
                check.outcome is not Outcome.PASSED,
            )
        )
    return Chart((), axis(scale), tuple(rows))


def pixel_chart(report: PixelAccuracyReport) -> Chart:
    """Chart one row per runtime of a segmentation: its share of right pixels, with its interval."""
    scale = share_scale(end for r in report.engines for end in (r.interval.low, r.interval.high))
    rows = []
    for runtime in report.engines:
        share = runtime.correct / report.pixels
        mark = Mark(0, share, per_cent(share), (runtime.interval.low, runtime.interval.high))
        note = f"{runtime.correct} of {report.pixels} right"
        strip = row(scale, [mark], 1, f"{per_cent(share)}, {note}")
        rows.append(Row(runtime.engine, note, strip, per_cent(share), not runtime.passed))
    return Chart((), axis(scale), tuple(rows))


def class_chart(report: AccuracyReport, classes: Sequence[str]) -> Chart:
    """Chart one row per class, with the intervals of all runtimes."""
    names = [r.engine for r in report.runtimes]
    scale = _scale([a for r in report.runtimes for a in r.by_class if a.images])
    rows = []
    for k in range(max((len(r.by_class) for r in report.runtimes), default=0)):
        of_class = [
            (i, r.by_class[k]) for i, r in enumerate(report.runtimes) if k < len(r.by_class)
        ]
        marks = [_mark(i, f"{names[i]}: ", a) for i, a in of_class if a.images]
        shares = sorted(
            {per_cent(a.proportion): a.proportion for _, a in of_class}.items(),
            key=lambda entry: entry[1],
        )
        rows.append(
            Row(
                classes[k] if k < len(classes) else f"class {k}",
                f"{of_class[0][1].images} images",
                row(scale, marks, len(names), "; ".join(m.title for m in marks) or "no images"),
                " to ".join(dict.fromkeys((shares[0][0], shares[-1][0]))),
            )
        )
    legend = tuple((key(i), name) for i, name in enumerate(names))
    return Chart(legend, axis(scale), tuple(rows))


def _mark(series: int, before: str, accuracy: Accuracy) -> Mark:
    ends = accuracy.interval.low, accuracy.interval.high
    return Mark(series, accuracy.proportion, f"{before}{accuracy.words()}", ends)


def _scale(parts: Sequence[Accuracy]) -> Scale:
    return share_scale(end for a in parts for end in (a.interval.low, a.interval.high))
