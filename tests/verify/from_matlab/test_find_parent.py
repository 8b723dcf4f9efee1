"""Which run a file from MATLAB is taken to come from."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cifarx.pytorch_models.errors import NoParentError, UserError
from cifarx.verify.from_matlab.file import TunedFile, read_tuned
from cifarx.verify.from_matlab.find_parent import find_parent

pytestmark = pytest.mark.usefixtures("remembered")


def parent(tuned: TunedFile, named: Path | None = None) -> str:
    run, graph = find_parent(tuned, named, lambda _: None)
    assert [la.name for la in graph.layers] == [la.name for la in tuned.graph.layers]
    return run.folder.name


def copy(name: str, age: int, **changes: object) -> None:
    """A copy of runs/tiny that is older by so many seconds, with other entries in its record."""
    shutil.copytree("runs/tiny", f"runs/{name}")
    record = Path("runs", name, "run.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), **changes}))
    time = Path("runs/tiny/run.json").stat().st_mtime - age
    os.utime(record, (time, time))


def unnamed(work: Path) -> TunedFile:
    return replace(read_tuned(work / "model.onnx"), base_sha256="", card=None)


def test_the_oldest_run_with_the_weights_is_the_parent(work: Path) -> None:
    copy("older", 100)
    copy("newer", -100)
    assert parent(read_tuned(work / "model.mat")) == "older"
    assert parent(read_tuned(work / "model.mat"), Path("runs/newer")) == "newer"


def test_without_a_digest_the_newest_run_with_the_layers_is_the_parent(work: Path) -> None:
    copy("older", 100)
    copy("newer", -100)
    assert parent(unnamed(work)) == "newer"


def test_runs_are_searched_beside_the_file_too(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert parent(read_tuned(work / "model.mat")) == "tiny"


def test_runs_with_other_classes_must_be_told_apart(work: Path) -> None:
    classes = json.loads(Path("runs/tiny/run.json").read_text())["classes"]
    copy("other", 100, classes=classes[::-1])
    with pytest.raises(UserError, match=r"several have its layers: .*--run RUN"):
        parent(unnamed(work))


@pytest.mark.parametrize(
    ("model", "words"), [("bn-tiny", "is neither in runs/ here"), ("resnet18", "cifarx models")]
)
def test_a_run_that_is_gone_is_named(work: Path, model: str, words: str) -> None:
    shutil.rmtree("runs")
    tuned = read_tuned(work / "model.mat")
    assert tuned.card is not None
    with pytest.raises(NoParentError, match=words) as refused:
        parent(replace(tuned, card=replace(tuned.card, model=model)))
    assert repr(model) in str(refused.value)


def test_no_run_of_the_right_size(work: Path) -> None:
    shutil.rmtree("runs")
    with pytest.raises(NoParentError, match=r"3 x 32 x 32 .* and 10 classes \(runs there: none\)"):
        parent(unnamed(work))
