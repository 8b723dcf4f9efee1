"""The result as lines for people, and as JSON for machines and for judging again.

README.md has the schema of the JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading
from cifarx.verify.findings.consistency import contradiction
from cifarx.verify.findings.divergence import Divergence
from cifarx.verify.findings.engine import LayerFinding
from cifarx.verify.findings.printable import printable
from cifarx.verify.findings.result import Result

FORMAT = "cifarx-report"
SCHEMA = 2
_LARGEST = 2**28
_DERIVED = ("verdict", "exit_code", "compared", "lines", "first_divergence")
_RESULT = TypeAdapter(Result)
_DIVERGENCE: TypeAdapter[Divergence | None] = TypeAdapter(Divergence | None)
_FINDING: TypeAdapter[LayerFinding | None] = TypeAdapter(LayerFinding | None)


def lines(result: Result) -> list[str]:
    """One line a check, the verdict last."""
    return [*(check.line() for check in result.checks()), result.closing_line()]


def as_json(result: Result) -> dict[str, Any]:
    """Everything that was found, in types that JSON has; null stands for infinity."""
    facts = _RESULT.dump_python(result, mode="json", by_alias=True)
    _with_verdicts(facts, result)
    return {
        "format": FORMAT,
        "version": SCHEMA,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "compared": list(result.compared()),
        "lines": lines(result),
        "first_divergence": _DIVERGENCE.dump_python(result.first_divergence, mode="json"),
        **facts,
    }


def _with_verdicts(facts: dict[str, Any], result: Result) -> None:
    """Add what follows from the parts' figures, for readers; it is not read again."""
    for entry, audit in zip(facts["weights"], result.audits, strict=True):
        entry["passed"] = audit.passed
    facts["input"]["passed"] = not result.contract.faults
    for entry, exported in zip(facts["export"], result.export, strict=True):
        entry["passed"] = exported.passed
    for entry, engine in zip(facts["engines"], result.engines, strict=True):
        check = engine.check()
        worst = engine.worst_layer
        entry["outcome"], entry["detail"] = check.outcome, check.detail
        entry["worst_layer"] = _FINDING.dump_python(worst, mode="json")


def as_text(result: Result) -> str:
    """The content of report.json."""
    return json.dumps(as_json(result), indent=2, allow_nan=False) + "\n"


def read_report(path: Path) -> Result:
    """A saved report; what follows from its figures is not read, but judged anew.

    Raises:
        UserError: no report, or one of another version.
    """
    with reading(path):
        if path.stat().st_size > _LARGEST:
            raise UserError(f"{path} has {path.stat().st_size:,} bytes, more than any report.")
        text = path.read_text("utf-8", errors="replace")
    advice = "Give a file that 'cifarx verify' wrote as report.json or by --json."
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON ({error}). {advice}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is no report of cifarx. {advice}")
    if content.get("version") != SCHEMA:
        raise UserError(
            f"{path} is a report of version {content.get('version')!r}; this cifarx reads version "
            f"{SCHEMA}. Run 'cifarx verify' again."
        )
    facts = {k: v for k, v in content.items() if k not in ("format", "version", *_DERIVED)}
    # halves of characters, which a file's names may hold, are no JSON to every reader
    sound = json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")
    try:
        result = _RESULT.validate_json(sound, strict=True, by_alias=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path} is damaged: {where}: {first['msg']}, and {error.error_count() - 1} more. "
            f"{advice}"
        ) from error
    if fault := contradiction(result):
        raise UserError(
            f"{path} is not what 'cifarx verify' writes: {printable(fault)}. It was cut short or "
            "edited. Run 'cifarx verify' again."
        )
    return result
