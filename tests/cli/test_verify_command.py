"""`cifarx verify` as a command: what it prints, the files it leaves, what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import pytest
from processes import TORCHRUN, stopped
from training import train_run

from cifarx.export.bundle import Bundle, Formats, bundle_run, write_bundle
from cifarx.pytorch_models.run import Run
from cifarx.verify.report.json_report import read_report

Command = Callable[..., Any]
REPORTS = ("report.json", "report.html", "report.junit.xml")
QUICK = ("--engines", "pytorch,onnxruntime")
ALL = ("--accuracy", "all")

pytestmark = pytest.mark.usefixtures("remembered")


def without_stamp(report: Path) -> str:
    """The report's bytes, its time stamp aside."""
    content = json.loads(report.read_text())
    return report.read_text().replace(content["environment"]["created"], "")


@pytest.fixture(scope="module")
def verified(trained: Run, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a sound export and the reports on it; tests must not change it."""
    folder = tmp_path_factory.mktemp("verified")
    shutil.copytree(trained.folder, folder / "runs" / "tiny")
    write_bundle(bundle, folder, "model", Formats(onnx=True, mat=True))
    done = subprocess.run(
        [sys.executable, "-m", "cifarx.cli", "verify", "model.onnx", *QUICK],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "printed.txt").write_text(done.stdout)
    return folder


def test_the_reports_are_written_and_say_what_was_printed(verified: Path) -> None:
    assert all((verified / name).is_file() for name in REPORTS)
    printed = (verified / "printed.txt").read_text().splitlines()
    assert json.loads((verified / "report.json").read_text())["lines"] == printed
    assert printed[-1].startswith("EQUIVALENT | ")


def test_the_same_check_again_gives_the_same_bytes(work: Path, cifarx: Command) -> None:
    for name in ("one", "two"):
        assert cifarx("verify", "model.onnx", *QUICK, "--report", name).code == 0
    assert without_stamp(work / "one" / "report.json") == without_stamp(
        work / "two" / "report.json"
    )


def test_a_saved_report_is_judged_again_without_the_files(
    verified: Path, tmp_path: Path, cifarx: Command
) -> None:
    shutil.copy(verified / "report.json", tmp_path / "saved.json")
    again = cifarx("verify", "--judge", tmp_path / "saved.json")
    assert again.code == 0
    assert again.out == (verified / "printed.txt").read_text()


def test_a_report_that_was_prettied_is_judged_by_its_figures(
    verified: Path, tmp_path: Path, cifarx: Command
) -> None:
    content = json.loads((verified / "report.json").read_text())
    content["engines"][1]["logits"]["ratio"] = 37.0
    (tmp_path / "saved.json").write_text(json.dumps(content))
    assert content["verdict"] == "EQUIVALENT"
    again = cifarx("verify", "--judge", tmp_path / "saved.json")
    assert again.code == 1
    assert "FAILED | onnxruntime" in again.out
    assert "SAME PREDICTIONS | " in again.out
    accepted = cifarx("verify", "--judge", tmp_path / "saved.json", "--accept", "predictions")
    assert accepted.code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a report of cifarx"),
        ('{"format": "cifarx-report", "version": 99}', "is a report of version 99"),
        ('{"format": "cifarx-report", "version": 2}', "is damaged: images: "),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_report_is_not_judged(
    tmp_path: Path, cifarx: Command, text: str, said: str
) -> None:
    (tmp_path / "saved.json").write_text(text)
    done = cifarx("verify", "--judge", tmp_path / "saved.json")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("name", REPORTS)
def test_a_file_that_is_no_report_is_not_replaced(work: Path, cifarx: Command, name: str) -> None:
    (work / name).write_text("my own notes")
    done = cifarx("verify", "model.onnx", *QUICK)
    assert done.code == 2
    assert f"{name} already exists and is not a " in done.err
    assert (work / name).read_text() == "my own notes"


@pytest.mark.parametrize("count", ["0", "-3", "some", "1.5", "", "٣", "²", "9" * 5000])
def test_the_images_to_score_on_are_a_number_or_all(
    work: Path, cifarx: Command, count: str
) -> None:
    done = cifarx("verify", "model.onnx", "--accuracy", count)
    assert done.code == 2
    assert f"--accuracy {count!r} is not a number of test images" in done.err


@pytest.mark.parametrize("option", ["--atol", "--rtol"])
@pytest.mark.parametrize("value", ["inf", "nan", "1e999", "-1"])
def test_a_tolerance_is_a_finite_number(
    work: Path, cifarx: Command, option: str, value: str
) -> None:
    before = sorted(work.rglob("*"))
    done = cifarx("verify", "model.onnx", *QUICK, option, value)
    assert done.code == 2
    assert f"{option} {float(value)} is not a tolerance" in done.err
    assert "such as 1e-5" in done.err
    assert done.err.count("\n") == 1
    assert sorted(work.rglob("*")) == before


def test_a_quoted_tolerance_is_told_and_decides_nothing(work: Path, cifarx: Command) -> None:
    strict = cifarx("verify", "model.onnx", *QUICK, "--atol", "1e-30")
    assert strict.code == 0
    assert "FAILED | tolerance | onnxruntime" in strict.out
    assert "/60 images within atol 1e-30 + rtol 0 x " in strict.out
    assert strict.out.splitlines()[-1].startswith("EQUIVALENT")


def test_outputs_go_to_polygraphy_and_come_back(work: Path, cifarx: Command) -> None:
    told = cifarx("verify", "model.onnx", *QUICK, "--to-polygraphy", "outputs.json")
    assert told.code == 0
    assert (work / "outputs-inputs.json").is_file()
    back = cifarx(
        "verify", "model.onnx", "--engines", "onnxruntime", "--from-polygraphy", "outputs.json"
    )
    assert back.code == 0
    assert "PASSED | onnxruntime, from outputs.json | logits 10x60" in back.out
    assert "compared 1 of 1 engine (onnxruntime), and outputs in files (polygraphy:p" in back.out


def test_outputs_in_a_file_are_no_engine_that_a_check_rests_on(work: Path, cifarx: Command) -> None:
    told = cifarx("verify", "model.onnx", "--engines", "pytorch", "--to-polygraphy", "outputs.json")
    assert told.code == 2
    back = cifarx(
        "verify", "model.onnx", "--engines", "pytorch", "--from-polygraphy", "outputs.json"
    )
    assert back.code == 2
    assert back.out.splitlines()[-1] == (
        "NOT VERIFIED | compared 0 engines, and outputs in files (polygraphy:pytorch)"
    )


def test_outputs_of_other_images_are_no_pass(work: Path, cifarx: Command) -> None:
    few = cifarx("verify", "model.onnx", *QUICK, "--images", "20", "--to-polygraphy", "few.json")
    assert few.code == 0
    done = cifarx("verify", "model.onnx", *QUICK, "--from-polygraphy", "few.json")
    assert done.code == 1
    assert "FAILED | onnxruntime, from few.json | its logits are not finite numbers" in done.out


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of 600 test images, and its files."""
    folder = tmp_path_factory.mktemp("many")
    run = train_run("bn-tiny", epochs=1, limit=3000, out=folder / "runs" / "tiny")
    write_bundle(bundle_run(run), folder, "model", Formats(onnx=True, mat=True))
    return folder


def test_processes_that_share_a_data_set_find_what_one_finds(many: Path) -> None:
    for name, start in (("one", [sys.executable]), ("two", TORCHRUN)):
        done = subprocess.run(
            [*start, "-m", "cifarx.cli", "verify", "model.onnx", *QUICK, *ALL, "--report", name],
            cwd=many,
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
    result = read_report(many / "two" / "report.json")
    assert result.accuracy is not None
    assert result.accuracy.images == 600
    assert without_stamp(many / "one" / "report.json") == without_stamp(
        many / "two" / "report.json"
    )


def test_a_check_that_is_stopped_leaves_a_report_that_is_no_pass(many: Path) -> None:
    slow = (
        "import sys, time\n"
        "from cifarx.verify.ladder.accuracy import sweep\n"
        "scored = sweep.Sweep._scored\n"
        "calls = []\n"
        "def slowly(*arguments):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 2:\n"
        "        open('here', 'w').close()\n"
        "        time.sleep(60)\n"
        "    return scored(*arguments)\n"
        "sweep.Sweep._scored = slowly\n"
        "sys.argv = ['cifarx', *sys.argv[1:]]\n"
        "from cifarx.cli import main\n"
        "main()\n"
    )
    arguments = ("verify", "model.onnx", *QUICK, *ALL, "--report", "stopped")
    code, out, err = stopped(slow, arguments, many)
    assert code == 2, out + err
    last = out.splitlines()[-1]
    assert last.startswith("NOT VERIFIED | compared 1 engine; stopped during: accura")
    assert "of 256 test images of shapes" in out
    assert err.splitlines()[:8] == [
        "reading images",
        "layers and weights",
        "pytorch in float64",
        "pytorch",
        "pytorch, layer by layer",
        "onnxruntime",
        "onnxruntime, layer by layer",
        "accuracy, 0 of 600 test images",
    ]
    assert all(line.startswith("accuracy, ") for line in err.splitlines()[8:])  # slow machines
    result = read_report(many / "stopped" / "report.json")
    assert result.verdict is None
    assert result.interrupted == "accuracy, 256 of 600 test images"


def test_a_spoilt_file_is_no_pass_and_its_layer_is_named(work: Path, cifarx: Command) -> None:
    faults.edit_initializer(work, "conv2_weight", lambda w: w.swapaxes(2, 3))
    done = cifarx("verify", "model.onnx", *QUICK)
    assert done.code == 1
    assert (
        "FAILED | first divergence | layer conv2 (module 'conv2', ONNX node 'conv2', MATLAB layer "
        "'conv2'), found by local check, " in done.out
    )
    divergence = json.loads((work / "report.json").read_text())["first_divergence"]
    assert divergence["onnx_node"] == "conv2"
    assert divergence["ratio"] > 1
