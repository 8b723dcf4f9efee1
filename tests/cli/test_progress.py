"""What is said of the stages of a command while it runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cifarx.cli import progress
from cifarx.cli.progress import PlainLines, status

SWEEP = [f"accuracy, {n:,} of 2,560 test images" for n in range(0, 2560, 256)]


class Clock:
    """The time, as a test sets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


def shown(stages: list[str], clock: Clock, seconds: float) -> list[str]:
    """The lines of stages that last so many seconds each."""
    file = io.StringIO()
    lines = PlainLines(Console(file=file))
    for stage in stages:
        lines(stage)
        clock.now += seconds
    return file.getvalue().splitlines()


def test_every_new_stage_is_a_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = ["pytorch in float64", "pytorch", "pytorch, layer by layer", "reading [b]x[/c]:tada:"]
    stages += ["y" * 200]
    assert shown(stages, Clock(monkeypatch), 0.0) == stages


@pytest.mark.parametrize(("seconds", "every"), [(0.1, 10), (4.0, 3), (10.0, 1), (60.0, 1)])
def test_a_long_sweep_tells_where_it_is_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, seconds: float, every: int
) -> None:
    assert shown([*SWEEP, "end"], Clock(monkeypatch), seconds) == [*SWEEP[::every], "end"]


def test_off_a_terminal_lines_go_to_stderr_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    with status() as say:
        say("reading images")
        assert tuple(capfd.readouterr()) == ("", "reading images\n")
        say("reading images")
    assert tuple(capfd.readouterr()) == ("", "")


def test_on_a_terminal_a_stage_is_shown_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with status() as say:
        say("reading a[/b].mat")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "reading a[/b].mat" in captured.err


@pytest.mark.usefixtures("remembered")
def test_verify_and_import_tell_their_stages_beside_the_answer(
    cifarx: Callable[..., Any], work: Path
) -> None:
    done = cifarx("verify", "model.onnx", "--engines", "onnxruntime", "--images", "2")
    assert done.code == 0
    assert done.err.splitlines() == [
        "reading images",
        "layers and weights",
        "pytorch in float64",
        "onnxruntime",
        "onnxruntime, layer by layer",
        "the report",
    ]
    assert all(" | " in line for line in done.out.splitlines())
    imported = cifarx("import", "model.mat")
    assert imported.code == 0
    assert imported.err.splitlines()[0] == "reading model.mat"
    assert "reading" not in imported.out
