"""`cifarx verify` that ends early: stopped by Ctrl-C, or because a process died."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
from processes import TORCHRUN, stopped

from cifarx.verify.report.json_report import read_report

Command = Callable[..., Any]
_START = (
    "options = ['--engines', 'pytorch,onnxruntime', *sys.argv[1:]]\n"
    "sys.argv = ['cifarx', 'verify', 'model.onnx', *options]\n"
    "from cifarx.cli import main\n"
    "main()\n"
)


def test_a_process_that_dies_leaves_what_the_first_one_found(work: Path) -> None:
    (work / "one.py").write_text(
        "import os, signal, sys\n"
        "from cifarx.verify.ladder.accuracy import sweep\n"
        "if os.environ['RANK'] == '1':\n"
        "    sweep._joined = lambda mine, world: os.kill(os.getpid(), signal.SIGKILL)\n" + _START
    )
    done = subprocess.run(
        [*TORCHRUN, "one.py", "--accuracy", "all"],
        cwd=work,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=200,
    )
    assert done.returncode != 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith("NOT VERIFIED | compared 1 engine; stopped during: accuracy")
    result = read_report(work / "report.json")
    assert result.verdict is None
    assert [engine.engine for engine in result.engines if engine.layers] == [
        "pytorch",
        "onnxruntime",
    ]


def test_ctrl_c_before_anything_is_known_says_so(work: Path) -> None:
    slow = (
        "import sys, time\n"
        "from cifarx.verify import verify as module\n"
        "def slowly(*arguments):\n"
        "    open('here', 'w').close()\n"
        "    time.sleep(60)\n"
        "module.truth_of = slowly\n" + _START
    )
    code, out, err = stopped(slow, (), work)
    assert code == 2, out + err
    assert out == ""
    assert err.splitlines()[-1].startswith("cifarx: Stopped during: pytorch in float64. ")
    assert not (work / "report.json").exists()


def test_a_score_that_cannot_be_made_is_refused(work: Path, cifarx: Command) -> None:
    (work / "runs").rename(work / "elsewhere")
    done = cifarx("verify", "model.onnx", "--engines", "onnxruntime", "--accuracy", "all")
    assert done.code == 2
    last = done.err.splitlines()[-1]
    assert last.startswith("cifarx: --accuracy ")
    assert "(--checkpoint RUN names it)" in last


def test_without_the_run_the_labels_in_model_mat_are_scored(work: Path, cifarx: Command) -> None:
    (work / "runs").rename(work / "elsewhere")
    done = cifarx("verify", "model.onnx", "--engines", "onnxruntime")
    assert done.code == 0
    assert "PASSED | accuracy | float64 " in done.out
    assert "PASSED | accuracy | onnxruntime " in done.out


def test_the_report_names_all_that_was_verified(work: Path, cifarx: Command) -> None:
    model = onnx.load(work / "model.onnx")
    onnx.save(
        model,
        work / "model.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
        convert_attribute=False,
    )
    done = cifarx("verify", "model.onnx", "--engines", "onnxruntime", "--images", "20")
    assert done.code == 0
    environment = read_report(work / "report.json").environment
    assert list(environment.files) == ["model.onnx", "model.mat", "weights.bin"]
    assert environment.checkpoint_sha256 is not None
    assert environment.test_images_sha256 is not None
    assert environment.options == {
        "--images": "20",
        "--layer-images": "32",
        "--engines": "onnxruntime",
    }
    page = (work / "report.html").read_text()
    assert environment.checkpoint_sha256 in page
    assert environment.files["weights.bin"] in page
