"""GNU Octave over model.mat, by the functions that MATLAB users call."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, savemat

from cifarx.export import layout
from cifarx.verify.engines.engine import Engine, EngineError, EngineMissingError, Outputs
from cifarx.verify.subject import Subject
from cifarx.verify.toolbox import toolbox_path

_SECONDS = 3600


class Octave:
    """octave-cli in a process of its own, files in between."""

    def __init__(self, subject: Subject) -> None:
        program = shutil.which("octave-cli") or shutil.which("octave")
        if program is None:
            raise EngineMissingError(
                "GNU Octave is not installed (no octave-cli on the PATH); "
                "on Debian and Ubuntu: apt-get install octave libopenblas0-pthread"
            )
        if subject.mat is None:
            raise EngineMissingError(
                f"there is no {subject.mat_path.name} beside {subject.onnx_path.name}"
            )
        self._program = program
        self._model = subject.mat_path.resolve()

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        with tempfile.TemporaryDirectory(prefix="cifarx-") as name:
            job, result = Path(name, "job.mat"), Path(name, "result.mat")
            given = {"inputs": layout.images_to_matlab(inputs)}
            if len(images):
                given["images"] = layout.images_to_matlab(images)
            savemat(job, given)
            code = (
                f"addpath({quoted(toolbox_path())}); "
                f"cifarx.internal.runJob({quoted(self._model)}, {quoted(job)}, {quoted(result)});"
            )
            try:
                done = subprocess.run(
                    [self._program, "--no-gui", "--norc", "--quiet", "--eval", code],
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=_SECONDS,
                    cwd=name,
                    stdin=subprocess.DEVNULL,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise EngineError(f"it did not run: {error}") from error
            if done.returncode or not result.exists():
                errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
                reason = errors[0] if errors else f"exit code {done.returncode}"
                raise EngineError(f"it broke down: {reason}")
            content = loadmat(result)
        normalized = None
        if len(images):
            shape = layout.images_to_matlab(images).shape
            values = content["inputs"].reshape(shape, order="F")
            normalized = np.ascontiguousarray(layout.images_from_matlab(values))
        logits = layout.features_from_matlab(content["logits"])
        return Outputs(str(content["runtime"].item()), np.ascontiguousarray(logits), normalized)


def quoted(path: Path) -> str:
    """A path as a MATLAB character literal; only the quote is special in one."""
    return "'" + str(path).replace("'", "''") + "'"


def open_octave(subject: Subject) -> Engine:
    """The engine; `EngineError` where Octave or model.mat is missing."""
    return Octave(subject)
