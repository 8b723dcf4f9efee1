"""Write the result as one HTML page without scripts, network access or other files.

All text from files goes through jinja2's escaping and `printable`. In addition, the page has a
content security policy that forbids scripts and connections.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from cifarx.verify.findings.audit import CHECKPOINT
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.export_error import LIMIT as EXPORT_LIMIT
from cifarx.verify.findings.logits import LIMIT, REGRESSION
from cifarx.verify.findings.printable import printable
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.report.changed_images import changed_images
from cifarx.verify.report.dot_charts import definitions
from cifarx.verify.report.output_figures import (
    decision_heads,
    decisions,
    outputs_word,
    things,
    worst_place,
)
from cifarx.verify.report.result_charts import (
    accuracy_chart,
    class_chart,
    layer_chart,
    layer_figures,
    number,
    per_cent,
    pixel_chart,
)
from cifarx.verify.report.signal_charts import signal_chart

_TONES = {
    Verdict.EQUIVALENT: "good",
    Verdict.SAME_PREDICTIONS: "fair",
    Verdict.DIFFERENT: "bad",
    None: "none",
}
_EXIT_CODES = {0: "passed", 1: "not passed", 2: "the check could not be made"}


def as_html(result: Result) -> str:
    """Return the content of report.html; the same result gives the same bytes."""
    accuracy = result.accuracy
    titled = result.titled_checks()
    outcomes = [check.outcome for _, check in titled]
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            result=result,
            version=result.environment.versions.get("cifarx", "")[:40],
            files=list(result.environment.files),
            verdict=result.verdict or "NOT VERIFIED",
            tone=_TONES[result.verdict],
            meaning=meaning(result),
            exit_words=_EXIT_CODES[result.exit_code],
            counts=[(word, outcomes.count(word)) for word in Outcome if word in outcomes],
            checks=titled,
            first=result.first_divergence,
            definitions=definitions(),
            layer_chart=layer_chart(result),
            figure_engines=[e.engine for e in result.engines if e.layers],
            figures=layer_figures(result),
            accuracy_chart=accuracy_chart(accuracy) if accuracy else None,
            class_chart=class_chart(accuracy, result.classes) if accuracy else None,
            pixel_chart=pixel_chart(result.pixel_accuracy) if result.pixel_accuracy else None,
            changed=changed_images(result),
            things=things(result),
            outputs_word=outputs_word(result),
            decision_heads=decision_heads(result),
            decisions=decisions,
            worst_place=worst_place,
            signal_chart=signal_chart,
            limit=LIMIT,
            export_limit=EXPORT_LIMIT,
        )
    )


def meaning(result: Result) -> str:
    """Explain the verdict in a sentence."""
    images = f"these {result.images.count} {things(result)}"
    match result.verdict:
        case Verdict.EQUIVALENT:
            return (
                f"{_original(result)}. Every engine that ran computes the network on {images} to "
                "within the rounding of float32 arithmetic."
            )
        case Verdict.SAME_PREDICTIONS:
            accepted = ", which --accept predictions accepts" if result.exit_code == 0 else ""
            return (
                "Something differs from the original by more than float32 rounding (see the failed "
                f"checks below), but no prediction changed on {images}{accepted}."
            )
        case Verdict.DIFFERENT:
            return f"This is not the original network: {' and '.join(_differences(result))}."
    reasons = [f"it was stopped during: {result.interrupted}"] * bool(result.interrupted)
    reasons += [f"{e.engine} failed" for e in result.engines if e.broke_down]
    if not result.compared_engines():
        reasons.append("no engine other than PyTorch gave outputs")
    return (
        f"The check could not be made: {'; '.join(reasons)}. The findings so far are below; they "
        "are not a pass."
    )


def _original(result: Result) -> str:
    """State what the files hold."""
    files = [audit.file for audit in result.audits]
    truths = {audit.weights_from for audit in result.audits}
    verb = "hold" if len(files) > 1 else "holds"
    if truths == {CHECKPOINT}:
        whose = "the original network's layers and weights bit for bit"
        return f"{' and '.join(files)} {verb} {whose}"
    return (
        f"{' and '.join(files)} {verb} the layers and weights of {' and '.join(sorted(truths))} "
        "bit for bit (not compared with the original network, because its PyTorch checkpoint was "
        "not available)"
    )


def _differences(result: Result) -> list[str]:
    """Return the reasons for DIFFERENT, as parts of a sentence."""
    reasons = [f"{a.file} has different {a.found_by}" for a in result.audits if not a.passed]
    both = [(e.engine, j) for e in result.engines for j in (e.judgement, e.marked) if j]
    runs = [(engine, j) for engine, judgement in both for j in judgement.every]
    broken = dict.fromkeys(engine for engine, judgement in runs if not judgement.finite)
    if broken:
        verb = "gives" if len(broken) == 1 else "give"
        reasons.append(
            f"{', '.join(broken)} {verb} outputs that are not finite or have another shape"
        )
    images = len(changed_images(result))
    if images:
        reasons.append(f"the prediction of {images} image{'s' if images > 1 else ''} changes")
    pixels = max((j.pixels.changed for _, j in runs if j.pixels), default=0)
    if pixels:
        reasons.append(f"the class of {pixels} pixel{'s' if pixels > 1 else ''} changes")
    if result.contract.meaning_changed:
        reasons.append(f"its files change the meaning of {things(result)} or {_given(result)}")
    wrong = dict.fromkeys(e.engine for e in result.engines if e.judgement and not e.passed)
    if wrong and not reasons:
        verb = "gives" if len(wrong) == 1 else "give"
        reasons.append(f"{', '.join(wrong)} {verb} outputs or layers beyond float32 rounding")
    return reasons or ["a check below failed"]


def _given(result: Result) -> str:
    return "outputs" if result.task == REGRESSION else "classes"


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"number": number, "per_cent": per_cent}
    return made


def _source(name: str) -> str:
    return (resources.files("cifarx.verify.report") / name).read_text("utf-8")


def _shown(value: Any) -> Any:
    """Escape unprintable characters in the value of a template expression."""
    if isinstance(value, Markup):
        return Markup(printable(value, keep="\n"))
    return printable(value, keep="\n") if isinstance(value, str) else value
