"""The result as lines for people and as JSON for machines (README.md has the schema)."""

from __future__ import annotations

import math
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from cifarx.verify.audit import Audit
from cifarx.verify.result import EngineReport, Result

SCHEMA = 1


def lines(result: Result) -> list[str]:
    """One line a check, the verdict last."""
    return [*(check.line() for check in result.checks()), result.closing_line()]


def as_json(result: Result) -> dict[str, Any]:
    """Everything that was found, in types that JSON has.

    `export`, `accuracy` and `first_divergence` are null: their rungs are not built yet.
    """
    subject = result.subject
    return {
        "format": "cifarx-report",
        "version": SCHEMA,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "compared": list(result.compared()),
        "lines": lines(result),
        "images": {"count": result.images, "origin": result.images_origin},
        "truth": result.truth_origin,
        "weights": [_audit(a) for a in result.audits],
        "input": {
            "passed": not result.contract.faults,
            "faults": list(result.contract.faults),
            "sha256": result.contract.inputs_sha256,
            "normalized_by": list(result.contract.normalized_by),
        },
        "export": None,
        "engines": [_engine(e) for e in result.engines],
        "smallest_margin": result.margin if math.isfinite(result.margin) else None,
        "accuracy": None,
        "first_divergence": None,
        "files": dict(subject.sha256),
        "onnx_is_the_one_exported": _is_the_one_exported(result),
        "run": subject.run.folder.name if subject.run else None,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("cifarx", "numpy", "onnx")},
        },
    }


def _is_the_one_exported(result: Result) -> bool | None:
    """Whether model.onnx has the digest that model.mat names; null without a model.mat."""
    subject = result.subject
    if subject.mat is None:
        return None
    return subject.sha256[subject.onnx_path.name] == subject.mat.onnx_sha256


def _audit(found: Audit) -> dict[str, Any]:
    return {"passed": found.passed, **asdict(found)}


def _engine(found: EngineReport) -> dict[str, Any]:
    check = found.check()
    logits = _finite(asdict(found.judgement)) if found.judgement is not None else None
    layer = _finite(asdict(found.worst_layer)) if found.worst_layer is not None else None
    return {
        "engine": found.engine,
        "runtime": found.runtime,
        "outcome": check.outcome,
        "detail": check.detail,
        "logits": logits,
        "worst_layer": layer,
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """The same with null for infinity, which JSON does not have."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
