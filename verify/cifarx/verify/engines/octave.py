"""Run model.mat in GNU Octave, with the functions that MATLAB users call."""

from __future__ import annotations

import shutil
from pathlib import Path

from cifarx.pytorch_models.errors import EngineMissingError
from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.toolbox_job import ToolboxJob
from cifarx.verify.subject.files_and_run import Subject


def open_octave(subject: Subject) -> Engine:
    """Open the engine.

    Raises:
        EngineMissingError: Octave or model.mat is missing.
    """
    program = shutil.which("octave-cli") or shutil.which("octave")
    if program is None:
        raise EngineMissingError(
            "GNU Octave is not installed (no octave-cli on the PATH); "
            "on Debian and Ubuntu: apt-get install octave libopenblas0-pthread"
        )

    def command(code: str, folder: Path) -> list[str]:
        return [program, "--no-gui", "--norc", "--quiet", "--eval", code]

    return ToolboxJob(command, subject)
