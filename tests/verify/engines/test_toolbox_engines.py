"""MATLAB and Octave as engines: how they are called, and what becomes of programs that fail.

There is no MATLAB here. A stand-in named `matlab` keeps the arguments that it is given and lets
Octave do the real job that MATLAB would.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import faults
import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines import toolbox_job
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

MODEL = Path("model.onnx")
Install = Callable[[str, str], None]

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def put(
    work: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Install:
    """Put a Python program of that name and text on the PATH, where nothing of the kind is."""
    programs = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", f"{programs}:/bin")
    monkeypatch.setattr(shutil, "which", lambda name: _found(programs / name))

    def write(name: str, text: str) -> None:
        (programs / name).write_text(
            f"#!{sys.executable}\nimport json, os, subprocess, sys\n{text}"
        )
        (programs / name).chmod(0o755)

    return write


@pytest.fixture
def install(put: Install, work: Path) -> Install:
    """The same beside files without their run, which takes less time."""
    shutil.rmtree(work / "runs")
    return put


def _found(path: Path) -> str | None:
    return str(path) if path.exists() else None


@pytest.fixture
def matlab(install: Install, octave_program: str, tmp_path: Path) -> Path:
    """The stand-in; where it puts its arguments and its folder."""
    record = tmp_path / "called.json"
    install(
        "matlab",
        "called = {'arguments': sys.argv[1:], 'folder': os.getcwd()}\n"
        f"json.dump(called, open({str(record)!r}, 'w'))\n"
        f"done = subprocess.run([{octave_program!r}, '--norc', '--quiet', '--eval', sys.argv[2]])\n"
        "sys.exit(done.returncode)\n",
    )
    return record


def check(*engines: str) -> Result:
    return verify(VerifyOptions(MODEL, engines or None))


def line(result: Result) -> str:
    (found,) = (text for text in lines(result) if text.split(" | ")[1] in ("matlab", "octave"))
    return found


@pytest.mark.octave
def test_matlab_is_called_without_a_desktop_and_does_the_job(matlab: Path) -> None:
    result = check("matlab")
    assert result.verdict is Verdict.EQUIVALENT
    assert result.compared_engines() == ("matlab",)
    (engine,) = result.engines
    assert engine.runtime in result.contract.normalized_by
    called = json.loads(matlab.read_text())
    option, statement = called["arguments"]
    assert option == "-batch"
    assert statement == f"run('{called['folder']}/cifarx_job.m')"
    assert not Path(called["folder"]).exists()  # nothing is left behind


@pytest.mark.octave
def test_matlab_is_used_where_it_is_there(matlab: Path) -> None:
    result = check()
    assert result.compared_engines() == ("onnxruntime", "onnxruntime-unoptimized", "matlab")
    assert any(text.startswith("SKIPPED | octave") for text in lines(result))


@pytest.mark.octave
def test_no_character_of_a_folders_name_is_taken_for_code(
    matlab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'it\'s $HOME `date` "a" %b; disp(1) \\n é'
    folder.mkdir()
    for name in ("model.onnx", "model.mat"):
        shutil.move(tmp_path / name, folder)
    monkeypatch.chdir(folder)
    assert check("matlab").verdict is Verdict.EQUIVALENT
    assert json.loads(matlab.read_text())["arguments"][1].endswith("/cifarx_job.m')")


@pytest.mark.octave
def test_a_fault_in_the_file_is_caught_by_matlab(matlab: Path, tmp_path: Path) -> None:
    faults.edit_layer(tmp_path, "norm2", "Epsilon", lambda e: e * 1e3)
    assert check("matlab").exit_code == 1


def test_matlab_asked_for_by_name_must_be_there(install: Install) -> None:
    with pytest.raises(UserError) as caught:
        check("matlab")
    assert "--engines names matlab, which cannot be used: there is no matlab on the PATH" in str(
        caught.value
    )
    assert "writes model.matlab-result.mat" in str(caught.value)


def test_matlab_that_nobody_asked_for_may_be_missing(install: Install) -> None:
    result = check()
    assert result.verdict is Verdict.EQUIVALENT
    assert any(text.startswith("SKIPPED | matlab | there is no matlab") for text in lines(result))
    assert "compared 2 of 5 engines" in lines(result)[-1]


def test_matlab_needs_the_mat_file(put: Install, work: Path) -> None:
    put("matlab", "")
    (work / "model.mat").unlink()
    with pytest.raises(UserError, match=r"names matlab, .*: there is no model.mat beside model"):
        check("matlab")


OCTAVES = "warning: shadowed\nerror: out of memory\nerror: called from\n  runJob at line 3\n"
MATLABS = "Error using cifarx.load (line 45)\nThere is no file 'model.mat'.\n\n"


@pytest.mark.parametrize("engine", ["octave", "matlab"])
@pytest.mark.parametrize(
    ("program", "said"),
    [
        (f"sys.stderr.write({OCTAVES!r}); sys.exit(1)", "it failed: error: out of memory"),
        (
            f"sys.stderr.write({MATLABS!r}); sys.exit(1)",
            "it failed: Error using cifarx.load (line 45) There is no file 'model.mat'.",
        ),
        ("print('License checkout failed.'); sys.exit(1)", "it failed: License checkout fail"),
        ("sys.exit(9)", "it failed: exit code 9"),
        ("os.kill(os.getpid(), 9)", "it failed: exit code -9"),
        ("", "it ended without a result"),
        ("print('done')", "it ended without a result: done"),
    ],
)
def test_a_program_that_fails_or_gives_nothing_is_no_pass(
    install: Install, engine: str, program: str, said: str
) -> None:
    install(engine, program)
    if engine == "octave":
        os.rename(shutil.which("octave") or "", f"{shutil.which('octave')}-cli")
    result = check("onnxruntime", engine)
    assert result.verdict is None
    assert result.exit_code == 2
    assert line(result).startswith(f"FAILED | {engine} | {said}")


RUBBISH = {
    "no MAT-file": "open(where, 'w').write('rubbish')",
    "nothing": "open(where, 'w')",
    "no logits": "savemat(where, {'runtime': 'matlab R2024b', 'inputs': inputs})",
    "text for logits": (
        "savemat(where, {'runtime': 'matlab R2024b', 'inputs': inputs, 'logits': 'abc'})"
    ),
    "inputs of another size": (
        "savemat(where, {'runtime': 'matlab R2024b', 'inputs': inputs[:, :9],"
        " 'logits': np.zeros((10, 60), 'f4')})"
    ),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_a_result_that_is_none_is_no_pass(install: Install, name: str) -> None:
    install(
        "matlab",
        "import numpy as np\nfrom scipy.io import loadmat, savemat\n"
        "where, inputs = 'result.mat', loadmat('job.mat')['inputs']\n" + RUBBISH[name],
    )
    result = check("matlab")
    assert result.exit_code == 2
    assert line(result).startswith("FAILED | matlab | its result cannot be read (")


def test_logits_of_another_shape_are_no_pass(install: Install) -> None:
    install(
        "matlab",
        "import numpy as np\nfrom scipy.io import loadmat, savemat\n"
        "savemat('result.mat', {'runtime': 'matlab R2024b', 'outputs': np.zeros((10, 3), 'f4'),"
        " 'inputs': loadmat('job.mat')['inputs']})",
    )
    result = check("matlab")
    assert result.verdict is Verdict.DIFFERENT
    assert any("not finite numbers of the expected shape" in text for text in lines(result))


def test_a_program_that_hangs_is_stopped_with_all_that_it_started(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    install(
        "matlab",
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\n"
        "child.wait()\n",
    )
    monkeypatch.setattr(toolbox_job, "SECONDS", 3)
    start = time.monotonic()
    result = check("matlab")
    assert time.monotonic() - start < 60
    assert result.exit_code == 2
    assert line(result) == "FAILED | matlab | it did not end within 3 s, and was stopped"
    assert not alive(int(child.read_text()))


def alive(process: int) -> bool:
    """Whether it still runs; what has ended, but nobody has asked after, does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
