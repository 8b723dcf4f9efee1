"""The result as one page that needs nothing else: no network, no script, no other file.

Everything that a file can name reaches the page through jinja2's escaping and `printable`; and the
page's own policy forbids scripts and connections, should either have a hole.
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
from cifarx.verify.findings.logits import LIMIT
from cifarx.verify.findings.printable import printable
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.report.changed_images import changed_images
from cifarx.verify.report.dot_charts import definitions
from cifarx.verify.report.result_charts import (
    accuracy_chart,
    class_chart,
    layer_chart,
    layer_figures,
    number,
    per_cent,
)

_TONES = {
    Verdict.EQUIVALENT: "good",
    Verdict.SAME_PREDICTIONS: "fair",
    Verdict.DIFFERENT: "bad",
    None: "none",
}
_EXIT_CODES = {0: "passed", 1: "not passed", 2: "the check could not be made"}


def as_html(result: Result) -> str:
    """The content of report.html: the same bytes for the same result."""
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
            changed=changed_images(result),
            limit=LIMIT,
            export_limit=EXPORT_LIMIT,
        )
    )


def meaning(result: Result) -> str:
    """The verdict in a sentence."""
    images = f"these {result.images.count} images"
    match result.verdict:
        case Verdict.EQUIVALENT:
            return (
                f"{_original(result)}; every engine that ran computes it on {images} to within the "
                "rounding of float32 arithmetic."
            )
        case Verdict.SAME_PREDICTIONS:
            accepted = ", which --accept predictions accepts" if result.exit_code == 0 else ""
            return (
                "Something differs from the original by more than float32 rounding explains (the "
                f"failed checks below say what), but no prediction changed on {images}{accepted}."
            )
        case Verdict.DIFFERENT:
            return f"This is not the original network: {' and '.join(_differences(result))}."
    reasons = [f"it was stopped during: {result.interrupted}"] * bool(result.interrupted)
    reasons += [f"{e.engine} broke down" for e in result.engines if e.broke_down]
    if not result.compared():
        reasons.append("no engine beside PyTorch gave outputs")
    return (
        f"The check could not be made: {'; '.join(reasons)}. What was found until then stands "
        "below; it is no pass."
    )


def _original(result: Result) -> str:
    """What the files are known to hold."""
    files = [audit.file for audit in result.audits]
    truths = {audit.weights_from for audit in result.audits}
    verb = "hold" if len(files) > 1 else "holds"
    if truths == {CHECKPOINT}:
        whose = "the original network's layers and weights bit for bit"
        return f"{' and '.join(files)} {verb} {whose}"
    return (
        f"{' and '.join(files)} {verb} the layers and weights of {' and '.join(sorted(truths))} "
        "bit for bit (that they are the original network's was not checked, for its PyTorch "
        "checkpoint was not at hand)"
    )


def _differences(result: Result) -> list[str]:
    """Why the verdict is DIFFERENT."""
    found = [f"{a.file} holds other {a.found_by}" for a in result.audits if not a.passed]
    runs = [(e.engine, j) for e in result.engines for j in (e.judgement, e.marked) if j]
    broken = dict.fromkeys(engine for engine, judgement in runs if not judgement.finite)
    if broken:
        found.append(f"{', '.join(broken)} gives outputs that are no numbers, or of another size")
    images = len(changed_images(result))
    if images:
        found.append(f"the prediction of {images} image{'s' if images > 1 else ''} changes")
    if result.contract.meaning_changed:
        found.append("its files give images or classes another meaning")
    return found


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
    """What an expression of the template puts into the page."""
    if isinstance(value, Markup):
        return Markup(printable(value, keep="\n"))
    return printable(value, keep="\n") if isinstance(value, str) else value
