"""The JSON of a result, and what is read from it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import results

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.report import json_report
from cifarx.verify.report.json_report import as_json, as_text, lines, read_report


def saved(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "report.json"
    path.write_text(json.dumps(content))
    return path


def test_the_parts_that_machines_read() -> None:
    result = results.different()
    content = json.loads(as_text(result))
    assert (content["format"], content["version"]) == ("cifarx-report", 2)
    assert (content["verdict"], content["exit_code"]) == ("DIFFERENT", 1)
    assert content["compared"] == ["onnxruntime"]
    assert content["lines"] == lines(result)
    assert content["first_divergence"]["onnx_node"] == "/conv1"
    engines = {engine["engine"]: engine for engine in content["engines"]}
    assert engines["onnxruntime"]["outcome"] == "FAILED"
    assert engines["onnxruntime"]["worst_layer"]["ratio"] is None  # infinite
    assert (engines["matlab"]["outcome"], engines["matlab"]["logits"]) == ("SKIPPED", None)


def test_the_verdict_is_last() -> None:
    assert lines(results.sound())[-1].startswith("EQUIVALENT | compared 1 of 2 engines")
    stopped = replace(results.sound(), interrupted="octave")
    assert lines(stopped)[-1] == "NOT VERIFIED | compared 1 engine; stopped during: octave"


@pytest.mark.parametrize("key", ["verdict", "exit_code", "lines", "first_divergence"])
def test_what_follows_from_the_figures_is_not_read(tmp_path: Path, key: str) -> None:
    content = as_json(results.different())
    content[key] = "EQUIVALENT"
    assert read_report(saved(tmp_path, content)) == results.different()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c.update(version=99), "version 99"),
        (lambda c: c.update(format="other"), "not a report of cifarx"),
        (lambda c: c.pop("images"), "is damaged: images: "),
        (lambda c: c.update(smallest_margin="large"), "is damaged: smallest_margin: "),
    ],
)
def test_a_report_that_cannot_be_judged_is_refused(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object], words: str
) -> None:
    content = as_json(results.sound())
    edit(content)
    path = saved(tmp_path, content)
    with pytest.raises(UserError) as refused:
        read_report(path)
    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, as_json(results.sound()))
    monkeypatch.setattr(json_report, "_LARGEST", path.stat().st_size - 1)
    with pytest.raises(UserError, match="a report has at most"):
        read_report(path)
