"""Fixtures that several rooms share: a trained tiny run, its files, Octave, the commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch: workers have a core each
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from exporter import remember_operators
from random_runs import remember_graphs
from training import leave_unpainted, train_run

from cifarx.cli import main
from cifarx.export.bundle import Bundle, Formats, bundle_run, write_bundle
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.run import Run, load_run
from cifarx.verify.engines.toolbox_path import toolbox_path

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def remembered_operators() -> Iterator[None]:
    """For all tests: PyTorch's exporter compiles its operators once, not for each export."""
    with pytest.MonkeyPatch.context() as patch:
        remember_operators(patch)
        yield


@pytest.fixture(scope="session")
def known_graphs() -> dict[str, LayerGraph]:
    """Layers of networks of the zoo, as PyTorch's exporter has read them."""
    return {}


@pytest.fixture
def remembered(known_graphs: dict[str, LayerGraph], monkeypatch: pytest.MonkeyPatch) -> None:
    """For the zoo alone: an export by PyTorch costs more than the rest of `verify`."""
    remember_graphs(monkeypatch, known_graphs)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """bn-tiny after one epoch of 300 shapes; tests must not change it."""
    folder = tmp_path_factory.mktemp("trained")
    return train_run("bn-tiny", epochs=1, limit=300, out=folder / "runs" / "tiny", painted=True)


@pytest.fixture(scope="session")
def bundle(trained: Run) -> Bundle:
    """The trained run, read for export."""
    return bundle_run(trained)


@pytest.fixture
def work(trained: Run, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder, made the current one, with runs/tiny, model.onnx and model.mat in it."""
    shutil.copytree(trained.folder, tmp_path / "runs" / "tiny")
    write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_in_work(work: Path) -> Run:
    """The copy of the run in `work`."""
    return load_run(work / "runs" / "tiny")


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """For trainings by the command: pictures of a run are empty files."""
    leave_unpainted(monkeypatch)


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def cifarx(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Finished]:
    """Call the command line in this process, as in `cifarx("verify", "model.onnx")`."""

    def call(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["cifarx", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        captured = capfd.readouterr()
        return Finished(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def octave_program() -> str:
    """Path of octave-cli; without one the test is skipped, or fails where CI asks for it."""
    program = shutil.which("octave-cli")
    if program is None:
        missing("GNU Octave is not installed (no octave-cli on the PATH)", "CIFARX_REQUIRE_OCTAVE")
    return program


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """Path of Chromium; without one the test is skipped, or fails where CI asks for it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        missing(f"Chromium is not installed (no {names[0]} on the PATH)", "CIFARX_REQUIRE_CHROMIUM")
    return program


def missing(reason: str, variable: str) -> NoReturn:
    """Skip for want of a program, or fail where an environment variable asks for it."""
    if os.environ.get(variable):
        pytest.fail(f"{reason}, and {variable} is set")
    pytest.skip(reason)


@pytest.fixture
def octave(octave_program: str, tmp_path: Path) -> Callable[[str], str]:
    """Run Octave code with the toolbox on the path in tmp_path; gives what it prints.

    An error in the code fails the test, unless the code catches it.
    """

    def run(code: str) -> str:
        start = f"warning('off', 'Octave:shadowed-function'); addpath('{toolbox_path()}'); "
        done = subprocess.run(
            [octave_program, "--no-gui", "--norc", "--quiet", "--eval", start + code],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
