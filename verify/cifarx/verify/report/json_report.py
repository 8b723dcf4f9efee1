"""Convert a result to printed lines and to JSON, and read the JSON again.

README.md describes the JSON.
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
    """Return one line per check, the verdict last."""
    return [*(check.line() for check in result.checks()), result.closing_line()]


def as_json(result: Result) -> dict[str, Any]:
    """Return all findings in the types of JSON; null stands for infinity."""
    facts = _RESULT.dump_python(result, mode="json", by_alias=True)
    _with_verdicts(facts, result)
    return {
        "format": FORMAT,
        "version": SCHEMA,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "compared": list(result.compared_engines()),
        "lines": lines(result),
        "first_divergence": _DIVERGENCE.dump_python(result.first_divergence, mode="json"),
        **facts,
    }


def _with_verdicts(facts: dict[str, Any], result: Result) -> None:
    """Add the outcomes that follow from the figures; they are for readers and not read again."""
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
    """Return the content of report.json."""
    return json.dumps(as_json(result), indent=2, allow_nan=False) + "\n"


def read_report(path: Path) -> Result:
    """Read a saved report; its verdict is not read, but follows again from its figures.

    Raises:
        UserError: the file is not a report, is damaged or edited, or is of another version.
    """
    advice = "Give a report.json that 'cifarx verify' wrote."
    with reading(path):
        if path.stat().st_size > _LARGEST:
            raise UserError(
                f"{path} has {path.stat().st_size:,} bytes; a report has at most {_LARGEST:,}. "
                f"{advice}"
            )
        text = path.read_text("utf-8", errors="replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON ({error}). {advice}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not a report of cifarx. {advice}")
    if content.get("version") != SCHEMA:
        raise UserError(
            f"{path} is a report of version {content.get('version')!r}; this cifarx reads version "
            f"{SCHEMA}. Run 'cifarx verify' again."
        )
    facts = {k: v for k, v in content.items() if k not in ("format", "version", *_DERIVED)}
    # lone surrogates, which names in files may hold, are not valid JSON for every reader
    sound = json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")
    try:
        result = _RESULT.validate_json(sound, strict=True, by_alias=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path} is damaged: {where}: {first['msg']}{_more(error.error_count() - 1)}. {advice}"
        ) from error
    if fault := contradiction(result):
        raise UserError(
            f"{path} contradicts itself: {printable(fault)}. It is incomplete or was edited. Run "
            "'cifarx verify' again."
        )
    return result


def _more(count: int) -> str:
    return f" (and {count} more error{'' if count == 1 else 's'})" if count else ""
