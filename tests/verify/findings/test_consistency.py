"""A saved report that is incomplete or edited is not judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import results

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.report.json_report import as_json, read_report

Edit = Callable[[dict[str, Any]], object]


def saved(folder: Path, edit: Edit = lambda report: None) -> Path:
    report = as_json(results.sound())
    edit(report)
    path = folder / "report.json"
    path.write_text(json.dumps(report))
    return path


@pytest.mark.parametrize("make", [results.sound, results.different, lambda: results.deep(7, 3)])
def test_what_was_saved_is_read_again(tmp_path: Path, make: Callable[[], Any]) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(as_json(make())))
    assert read_report(path) == make()


def _of(engine: int, **figures: Any) -> Edit:
    return lambda report: report["engines"][engine]["logits"].update(figures)


EDITS: dict[str, tuple[Edit, str]] = {
    "no weights": (lambda r: r.update(weights=[]), "lacks the audit of the files"),
    "no export": (lambda r: r.update(export=[]), "lacks the audit of the files"),
    "no names": (lambda r: r.update(layers=[]), "lacks the audit of the files"),
    "no image": (lambda r: r["images"].update(count=0), "it covers 0 images"),
    "fewer than none": (lambda r: r["images"].update(count=-5), "it covers -5 images"),
    "an engine twice": (
        lambda r: r["engines"].append(r["engines"][1]),
        "lists the engine onnxruntime 2 times",
    ),
    "an error below 0": (_of(1, ratio=-3.0), "onnxruntime has a negative error"),
    "any error allowed": (_of(1, largest_allowed=-1.0), "onnxruntime has a negative error"),
    "predictions that do not add up": (_of(1, top1=0), "predicts 0 of 60 images like float64"),
    "other classes": (_of(1, classes=2), "gave logits for 60 images and 2 classes"),
    "true for a number": (_of(1, ratio=True), "is damaged: engines.1.logits.ratio"),
    "text for a number": (_of(1, ratio="0.5"), "is damaged: engines.1.logits.ratio"),
    "more tensors than there are": (
        lambda r: r["weights"][0].update(tensors_equal=9),
        "9 of 4 tensors of model.onnx are equal",
    ),
    "layers judged on nothing": (
        lambda r: r["engines"][1].update(layer_images=0),
        "onnxruntime's layers were judged on 0 images",
    ),
    "a layer twice": (
        lambda r: r["engines"][1]["layers"].append(r["engines"][1]["layers"][0]),
        "onnxruntime lists a layer twice",
    ),
    "accuracy on nothing": (
        lambda r: r["accuracy"].update(images=0),
        "the accuracy is that of 0 of 300 test images",
    ),
    "more right than there are": (
        lambda r: r["accuracy"]["runtimes"][1]["overall"].update(correct=10**9),
        "onnxruntime has scores that do not fit 60 images",
    ),
    "a comparison of nothing": (
        lambda r: r["accuracy"]["runtimes"][1]["comparison"].update(images=0),
        "onnxruntime's comparison with PyTorch does not add up",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_report_is_refused(tmp_path: Path, name: str) -> None:
    edit, said = EDITS[name]
    with pytest.raises(UserError) as refused:
        read_report(saved(tmp_path, edit))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("left", [0, 1])
def test_layers_that_were_left_out_are_no_pass(tmp_path: Path, left: int) -> None:
    def cut(report: dict[str, Any]) -> None:
        for engine in report["engines"]:
            del engine["layers"][left:]

    result = read_report(saved(tmp_path, cut))
    assert results.sound().verdict == "EQUIVALENT"
    assert result.verdict != "EQUIVALENT"


def test_layers_that_an_engine_does_not_speak_of_are_no_pass(tmp_path: Path) -> None:
    result = read_report(
        saved(tmp_path, lambda r: r["engines"][1].update(layers=[], layers_in_all=0))
    )
    assert result.verdict != "EQUIVALENT"


def test_a_name_makes_no_line_of_its_own(tmp_path: Path) -> None:
    forged = "shapes\nEQUIVALENT | compared 5 of 5 engines\x1b[31m\ud800"
    result = read_report(saved(tmp_path, lambda r: r["images"].update(origin=forged)))
    line = result.closing_line()
    assert line.isprintable()
    assert line.endswith(r"shapes\nEQUIVALENT | compared 5 of 5 engines\x1b[31m?")
