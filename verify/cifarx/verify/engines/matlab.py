"""Run model.mat in MATLAB, with the functions that users call. Needs no MathWorks toolbox."""

from __future__ import annotations

import shutil
from pathlib import Path

from cifarx.pytorch_models.errors import EngineMissingError
from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.toolbox_job import ToolboxJob, quoted
from cifarx.verify.subject.files_and_run import Subject


def open_matlab(subject: Subject) -> Engine:
    """Open the engine.

    Raises:
        EngineMissingError: MATLAB or model.mat is missing.
    """
    program = shutil.which("matlab")
    if program is None:
        name = subject.mat_path.name
        raise EngineMissingError(
            f"there is no matlab on the PATH; on a machine with MATLAB, cifarx.verify('{name}') "
            f"writes {subject.mat_path.stem}.matlab-result.mat, which is judged if it is put "
            f"beside {name}"
        )

    def command(code: str, folder: Path) -> list[str]:
        # The code goes into a file, because `matlab` is a shell script that may treat quotes and
        # dollar signs in its arguments specially. The folder's path has none unless $TMPDIR has.
        script = folder / "cifarx_job.m"
        script.write_text(code + "\n", "utf-8")
        return [program, "-batch", f"run({quoted(script)})"]

    return ToolboxJob(command, subject)
