"""Reports of the toolbox's tests: written by Octave here, refused unless MATLAB wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stand_in import ROOT, Octave

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.exchange.matlab_report import HEADER, LARGEST, read_report, row

REPORT: dict[str, Any] = {
    "format": "cifarx-matlab-report",
    "version": 1,
    "runtime": "matlab R2099b",
    "stand_in": "",
    "computer": "PCWIN64",
    "products": [
        {"Name": "MATLAB", "Version": "99.2"},
        {"Name": "Deep Learning Toolbox", "Version": "99.1"},
    ],
    "tests": [
        {"name": "testA", "outcome": "passed", "identifier": "", "message": "", "seconds": 1},
        {"name": "testB", "outcome": "failed", "identifier": "a:b", "message": "no", "seconds": 1},
        {"name": "testC", "outcome": "skipped", "identifier": "c:d", "message": "", "seconds": 0},
    ],
    "networks": [
        {"name": "oldest", "predict_ratio": 0.5, "dlnetwork_ratio": 0.75},
        {"name": "curves", "predict_ratio": 2, "dlnetwork_ratio": []},
    ],
}


def written(folder: Path, change: Callable[[dict[str, Any]], Any] = lambda report: None) -> Path:
    report = json.loads(json.dumps(REPORT))
    change(report)
    path = folder / "cifarx-matlab-report.json"
    path.write_text(json.dumps(report), "utf-8")
    return path


def test_a_row_has_as_many_cells_as_the_table(tmp_path: Path) -> None:
    report = read_report(written(tmp_path))
    assert report.failed == 1
    assert row(report) == (
        "| R2099b | PCWIN64 | 99.1 | 1 | 1 | 1 | at most 2.0x float32, 2 networks "
        "| at most 0.8x float32, 1 networks |"
    )
    assert {line.count("|") for line in (*HEADER, row(report))} == {9}


def test_the_readme_has_the_table_without_a_row() -> None:
    """Until somebody sends a report. A row here must come from a file, so change this test then."""
    text = (ROOT / "matlab" / "README.md").read_text("utf-8")
    table = "\n".join(HEADER)
    assert f"{table}\n\n" in text


def test_numbers_that_are_not_finite_are_seen(tmp_path: Path) -> None:
    path = written(tmp_path, lambda r: r["networks"][0].update(predict_ratio=None))
    assert "at most infx float32" in row(read_report(path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.update(format="other"), "its format is not"),
        (lambda r: r.update(version=2), "version 2; this cifarx reads version 1"),
        (lambda r: r.update(tests=[]), "no tests"),
        (lambda r: r["tests"][0].update(outcome="fine"), "outcomes that do not exist"),
        (lambda r: r["tests"][0].update(name="a | b"), "is not a name"),
        (lambda r: r.update(computer="<script>"), "is not a name"),
        (lambda r: r.update(runtime="matlab"), "runtime matlab"),
        (lambda r: r["networks"][0].update(predict_ratio="1"), "is not a number"),
        (lambda r: r.pop("products"), "products"),
    ],
)
def test_what_is_not_a_report_is_refused(
    change: Callable[[dict[str, Any]], Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said):
        read_report(written(tmp_path, change))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 10**5, b" " * (LARGEST + 1)])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is not a report of runCifarxTests"):
        read_report(path)
    with pytest.raises(UserError, match="Cannot read"):
        read_report(tmp_path / "missing.json")


def test_the_command_prints_the_row_and_fails_with_the_tests(
    cifarx: Callable[..., Any], tmp_path: Path
) -> None:
    finished = cifarx("verify", "--matlab-report", written(tmp_path))
    assert finished.code == 1
    assert finished.out.splitlines() == [*HEADER, row(read_report(written(tmp_path)))]
    passed = written(tmp_path, lambda r: r["tests"].pop(1))
    assert cifarx("verify", "--matlab-report", passed).code == 0
    octave = written(tmp_path, lambda r: r.update(runtime="octave 7.3.0"))
    finished = cifarx("verify", "--matlab-report", octave)
    assert finished.code == 2
    assert "was written in octave 7.3.0, not in MATLAB" in " ".join(finished.err.split())


@pytest.mark.octave
def test_what_runcifarxtests_writes_is_a_report(octave_program: str, tmp_path: Path) -> None:
    """All but the name of the runtime, which is Octave's and keeps it out of the table."""
    Octave(octave_program, tmp_path, release="R2024b")(
        "setenv('CIFARX_STANDIN_RELEASE', 'R2024b'); runCifarxTests('Digest|Signatures');"
    )
    path = tmp_path / "cifarx-matlab-report.json"
    with pytest.raises(UserError, match=r"was written in octave \S+, not in MATLAB"):
        read_report(path)
    content = json.loads(path.read_text("utf-8"))
    assert content["stand_in"] == "R2024b"
    assert [t["outcome"] for t in content["tests"]] == ["passed", "skipped"]
    assert content["tests"][1]["identifier"] == "cifarx:test:skipped"
    assert str(ROOT) not in path.read_text("utf-8")
    networks = {network["name"]: network for network in content["networks"]}
    data = ROOT / "matlab" / "tests" / "data"
    assert set(networks) == {path.stem for path in data.glob("*.mat")} - {"version1"}
    assert networks["curves"]["dlnetwork_missing"].startswith("cifarx:dlnetwork:release: Layer")
    assert all(0 < n["predict_ratio"] < 3 and n["predict_seconds"] > 0 for n in networks.values())
    path.write_text(path.read_text("utf-8").replace("octave 7", "matlab R2099b", 1), "utf-8")
    text = path.read_text("utf-8").replace("matlab R2099b.3.0", "matlab R2099b")
    path.write_text(text, "utf-8")
    report = read_report(path)
    assert report.outcomes == {"testDigestIsSha256": "passed", "testSignaturesAreValid": "skipped"}
    assert (len(report.predict), len(report.dlnetwork)) == (12, 9)
