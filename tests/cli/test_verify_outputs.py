"""The files that `cifarx verify` leaves: where they may go, and what they never replace."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cifarx.cli import verify_outputs
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines.choose import ENGINES
from cifarx.verify.exchange import for_polygraphy
from cifarx.verify.report.json_report import read_report

Command = Callable[..., Any]
REPORTS = ("report.json", "report.html", "report.junit.xml")
ONE = ("--engines", "onnxruntime", "--images", "2")

OWN_PAGE = "<!doctype html><html><head><title>cifarx {}</title></head><body>{}</body></html>"
OUR_MARK = '<meta name="generator" content="cifarx 0.1.0">'
OUR_JSON = '{"format": "cifarx-report"}'

pytestmark = pytest.mark.usefixtures("remembered")


def contents(folder: Path) -> dict[Path, bytes | None]:
    """Everything in a folder."""
    return {p: p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def refused(work: Path, cifarx: Command, *arguments: str) -> str:
    """The paragraph of a refusal that came before anything ran, and changed nothing."""
    before = contents(work)
    done = cifarx("verify", "model.onnx", *ONE, *arguments)
    assert done.code == 2, done.out + done.err
    assert done.out == ""
    (paragraph,) = done.err.splitlines()  # no stage was begun
    assert paragraph.startswith("cifarx: ")
    assert contents(work) == before
    return str(paragraph)


# What is there already


@pytest.mark.parametrize(
    ("option", "name", "text"),
    [
        ("--json", "pyproject.toml", '[project]\nname = "uses-cifarx"\n'),
        ("--json", "notes.json", '{"my notes on cifarx": 1}'),
        ("--json", "notes.json", '{"notes": 1, "format": "cifarx-report"}'),
        ("--json", "notes.json", f'{{"why": {OUR_JSON}}}'),
        ("--json", "list.json", f"[{OUR_JSON}]"),
        ("--json", "empty.json", ""),
        ("--json", "outputs.json", '{"lst": [["pytorch", []]], "polygraphy_class": "RunResults"}'),
        ("--report", "report.html", OWN_PAGE.format("by me", "")),
        ("--report", "report.html", OWN_PAGE.format("by me", OUR_MARK)),
        ("--report", "report.html", f"<!-- {OUR_MARK} -->"),
        ("--report", "report.junit.xml", '<testsuites name="my tests of cifarx verify"/>'),
        ("--report", "report.junit.xml", '<a><testsuites name="cifarx verify"/></a>'),
        ("--to-polygraphy", "o.json", '{"my notes on polygraphy_class": 1}'),
        ("--to-polygraphy", "o.json", '{"lst": [["pytorch", []]], "polygraphy_class": "Mine"}'),
        ("--to-polygraphy", "report.json", OUR_JSON),
    ],
)
def test_a_file_without_our_mark_at_its_place_is_not_replaced(
    work: Path, cifarx: Command, option: str, name: str, text: str
) -> None:
    (work / "own").mkdir()
    (work / "own" / name).write_text(text)
    said = refused(work, cifarx, option, "own" if option == "--report" else f"own/{name}")
    kind = {
        "--json": "JSON report",
        "--report": "HTML report" if "html" in name else "JUnit report",
        "--to-polygraphy": "file of outputs for Polygraphy",
    }[option]
    assert f"own/{name} already exists and is not a {kind} " in said
    assert said.endswith("(--report FOLDER, --json FILE, --to-polygraphy FILE).")


def test_what_polygraphy_saved_is_not_replaced(work: Path, cifarx: Command) -> None:
    name = "onnxrt-runner-N0-11/21/26-15:12:32"
    saved = {"lst": [[name, []]], "polygraphy_class": "RunResults"}
    (work / "theirs.json").write_text(json.dumps(saved, indent=4))
    said = refused(work, cifarx, "--to-polygraphy", "theirs.json")
    assert "theirs.json already exists and is not a file of outputs for Polygraphy" in said


@pytest.mark.parametrize("text", ['{"a": 1}', "[1, 2]", '[{"polygraphy_class": "ndarray"}, 1]', ""])
def test_the_inputs_beside_the_outputs_replace_nothing_either(
    work: Path, cifarx: Command, text: str
) -> None:
    (work / "o-inputs.json").write_text(text)
    said = refused(work, cifarx, "--to-polygraphy", "o.json")
    assert "o-inputs.json already exists and is not a file of inputs for Polygraphy" in said


@pytest.mark.parametrize("kind", ["link", "loose link", "folder", "pipe"])
def test_only_a_file_is_ever_replaced(work: Path, cifarx: Command, kind: str) -> None:
    (work / "ours.json").write_text(OUR_JSON)
    place = work / "place.json"
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(work / ("ours.json" if kind == "link" else "nowhere"))
    assert "place.json already exists and is not a JSON report" in refused(
        work, cifarx, "--json", "place.json"
    )


def test_a_way_over_a_folder_that_is_not_there_hides_no_file(work: Path, cifarx: Command) -> None:
    (work / "notes.json").write_text("{}")
    assert "nowhere/../notes.json already exists" in refused(
        work, cifarx, "--json", "nowhere/../notes.json"
    )


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["--json", "runs/tiny/run.json"], "runs/tiny/run.json"),
        (["--json", "runs/tiny/new.json"], "runs/tiny/new.json"),
        (["--report", "runs/tiny"], "runs/tiny/report.json"),
        (["--report", "link"], "link/report.json"),
        (["--to-polygraphy", "runs/tiny/o.json"], "runs/tiny/o.json"),
    ],
)
def test_nothing_goes_into_the_folder_of_a_run(
    work: Path, cifarx: Command, arguments: list[str], place: str
) -> None:
    (work / "link").symlink_to(work / "runs" / "tiny")
    said = refused(work, cifarx, *arguments)
    assert f"{place} would be in the folder of a run (run.json is there)" in said


def test_our_own_files_are_replaced_by_a_second_check(work: Path, cifarx: Command) -> None:
    arguments = ("verify", "model.onnx", "--engines", "pytorch,onnxruntime")
    arguments += ("--to-polygraphy", "o.json")
    names = (*REPORTS, "o.json", "o-inputs.json")
    assert cifarx(*arguments).code == 0
    first = {name: (work / name).read_bytes() for name in names}
    again = cifarx(*arguments, "--images", "20")
    assert again.code == 0, again.err
    assert not [name for name in names if (work / name).read_bytes() == first[name]]
    assert read_report(work / "report.json").images.count == 20
    assert not [path for path in work.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_of_every_engine_are_known_again(tmp_path: Path, engine: str) -> None:
    saved = {"lst": [[engine, []]], "polygraphy_class": "RunResults"}
    (tmp_path / "o.json").write_text(json.dumps(saved, indent=4))
    assert verify_outputs._is_ours(verify_outputs._OUTPUTS, tmp_path / "o.json")


# Two things at one place


@pytest.mark.parametrize(
    ("arguments", "place", "one", "other"),
    [
        (["--json", "report.html"], "report.html", "the JSON report", "HTML report"),
        (["--json", "r/../report.html"], "report.html", "the JSON report", "HTML report"),
        (["--json", "report.junit.xml"], "report.junit.xml", "the JSON report", "JUnit report"),
        (["--to-polygraphy", "report.json"], "report.json", "the JSON report", "file of outputs"),
        (
            ["--to-polygraphy", "o.json", "--json", "o-inputs.json"],
            "o-inputs.json",
            "the JSON report",
            "file of inputs",
        ),
        (["--report", "link", "--json", "report.html"], "link/report.html", "the JSON", "HTML"),
        (["--json", "model.onnx"], "model.onnx", "the model to verify", "JSON report"),
        (["--json", "model.mat"], "model.mat", "the .mat to verify", "JSON report"),
        (
            ["--from-polygraphy", "t.json", "--to-polygraphy", "t.json"],
            "t.json",
            "what --from-polygraphy reads",
            "file of outputs",
        ),
        (
            ["--from-polygraphy", "saved", "--report", "saved"],
            "saved/report.json",
            "what --from-polygraphy reads",
            "JSON report",
        ),
    ],
)
def test_no_file_is_two_things_at_once(
    work: Path, cifarx: Command, arguments: list[str], place: str, one: str, other: str
) -> None:
    (work / "link").symlink_to(work)
    (work / "saved").mkdir()
    said = refused(work, cifarx, *arguments)
    assert f"{place} cannot be both {one}" in said
    assert f" and the {other}" in said
    assert "(--report FOLDER, --json FILE, --to-polygraphy FILE)" in said


def test_the_mat_is_kept_where_there_is_none_yet(work: Path, cifarx: Command) -> None:
    (work / "model.mat").unlink()
    said = refused(work, cifarx, "--json", "model.mat")
    assert "model.mat cannot be both the .mat to verify and the JSON report" in said


# Places that cannot be written


@pytest.mark.parametrize(
    ("arguments", "place", "reason"),
    [
        (["--report", "model.onnx"], "model.onnx/report.json", "model.onnx is not a folder"),
        (["--report", "model.onnx/x"], "model.onnx/x/report.json", "model.onnx is not a folder"),
        (["--report", "loose/x"], "loose/x/report.json", "loose is not a folder"),
        (["--report", "/proc/x"], "/proc/x/report.json", ""),
        (["--json", "/proc/x/y.json"], "/proc/x/y.json", ""),
        (["--to-polygraphy", "/proc/o.json"], "/proc/o.json", ""),
        (["--json", "j" * 300], "j" * 300, "File name too long"),
    ],
)
def test_a_place_that_cannot_be_written_is_found_before_anything_runs(
    work: Path, cifarx: Command, arguments: list[str], place: str, reason: str
) -> None:
    (work / "loose").symlink_to("nowhere")
    said = refused(work, cifarx, *arguments)
    assert f"Cannot write {place}: {reason}" in said
    assert "Give another place" in said


def test_folders_for_the_files_are_made(work: Path, cifarx: Command) -> None:
    places = ("--report", "a/b", "--json", "c/d.json", "--to-polygraphy", "e/f/o.json")
    assert cifarx("verify", "model.onnx", *ONE, *places).code == 0
    assert {p.name for p in (work / "a" / "b").iterdir()} == set(REPORTS[1:])
    assert {p.name for p in (work / "e" / "f").iterdir()} == {"o.json", "o-inputs.json"}
    assert (work / "c" / "d.json").is_file()


def test_the_reports_stay_when_the_files_for_polygraphy_fail_in_the_end(
    work: Path, cifarx: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *_: object) -> None:
        raise UserError(f"Cannot write {path}: no space.")

    monkeypatch.setattr(for_polygraphy, "write_inputs", fail)
    done = cifarx("verify", "model.onnx", *ONE, "--to-polygraphy", "o.json")
    assert done.code == 2
    assert done.err.splitlines()[-1] == "cifarx: Cannot write o-inputs.json: no space."
    assert done.out.splitlines()[-1].startswith("EQUIVALENT | ")
    assert read_report(work / "report.json").exit_code == 0
    assert all((work / name).is_file() for name in REPORTS)
    assert not (work / "o.json").exists()
