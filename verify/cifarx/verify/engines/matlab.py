"""MATLAB over model.mat, by the functions that its users call. No toolbox is needed."""

from __future__ import annotations

import shutil
from pathlib import Path

from cifarx.pytorch_models.errors import EngineMissingError
from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.toolbox_job import ToolboxJob, quoted
from cifarx.verify.subject.files_and_run import Subject


def open_matlab(subject: Subject) -> Engine:
    """The engine; `EngineError` where MATLAB or model.mat is missing."""
    program = shutil.which("matlab")
    if program is None:
        name = subject.mat_path.name
        raise EngineMissingError(
            f"there is no matlab on the PATH; where there is one, cifarx.verify('{name}') writes "
            f"{subject.mat_path.stem}.matlab-result.mat, which is judged when it lies beside {name}"
        )

    def command(code: str, folder: Path) -> list[str]:
        # In a file, because `matlab` is a shell script, and what it makes of quotes and dollars
        # in its arguments is its own affair; the folder's name has none but those of $TMPDIR.
        script = folder / "cifarx_job.m"
        script.write_text(code + "\n", "utf-8")
        return [program, "-batch", f"run({quoted(script)})"]

    return ToolboxJob(command, subject)
