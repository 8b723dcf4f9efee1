"""The MATLAB toolbox over model.mat, in a process of its own, files in between."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, savemat

from cifarx.export.network import layout
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.errors import EngineError, EngineMissingError
from cifarx.verify.engines.engine import Outputs, Take
from cifarx.verify.engines.toolbox_path import toolbox_path
from cifarx.verify.subject.files_and_run import Subject

_Answer = TypeVar("_Answer")
SECONDS = 3600
"""After so many, a program hangs."""


class Command(Protocol):
    """How a program is called to run code in MATLAB's language."""

    def __call__(self, code: str, folder: Path) -> Sequence[str]:
        """The arguments, the program first; what must be in a file goes into the folder."""


class ToolboxJob:
    """An engine: `cifarx.internal.runJob` of the toolbox, by whatever runs it."""

    holds: Literal["mat"] = "mat"
    library: Literal["toolbox"] = "toolbox"
    fast = False

    def __init__(self, command: Command, subject: Subject) -> None:
        if subject.mat is None:
            raise EngineMissingError(
                f"there is no {subject.mat_path.name} beside {subject.onnx_path.name}"
            )
        self._command = command
        self._model = subject.mat_path.resolve()

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        given = {"inputs": layout.images_to_matlab(inputs)}
        if len(images):
            given["images"] = layout.images_to_matlab(images)
        return self._answered(given, lambda content: _outputs(content, images, inputs))

    def layers(
        self, graph: LayerGraph, inputs: NDArray[np.float32], take: Take
    ) -> NDArray[np.float32]:
        """See `Engine.layers`."""
        given = {"inputs": layout.images_to_matlab(inputs), "layers": True}
        logits, activations = self._answered(
            given, lambda content: _activations(content, graph, len(inputs))
        )
        take(inputs, activations)
        return logits

    def _answered(
        self, given: dict[str, Any], read: Callable[[dict[str, Any]], _Answer]
    ) -> _Answer:
        """Run a job with these variables, and read what it leaves."""
        with tempfile.TemporaryDirectory(prefix="cifarx-") as name:
            job, result = Path(name, "job.mat"), Path(name, "result.mat")
            savemat(job, given)
            code = (
                f"addpath({quoted(toolbox_path())}); "
                f"cifarx.internal.runJob({quoted(self._model)}, {quoted(job)}, {quoted(result)});"
            )
            said = _finished(self._command(code, Path(name)), Path(name))
            if not result.exists():
                raise EngineError(f"it ended without a result{said and f': {said}'}")
            try:
                return read(loadmat(result))
            except Exception as error:  # scipy raises whatever its parser stumbles over
                raise EngineError(
                    f"its result cannot be read ({type(error).__name__}: {error})"
                ) from error


def _activations(
    content: dict[str, Any], graph: LayerGraph, count: int
) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
    """Logits (N, K), and every layer's output."""
    found = {}
    shapes = graph.shapes()
    for layer, cell in zip(graph.layers, content["activations"].ravel(), strict=True):
        maps = len(shapes[layer.name]) == 3
        if maps:
            cell = cell.reshape((*cell.shape, 1, 1)[:4], order="F")  # MATLAB drops trailing ones
        values = layout.images_from_matlab(cell) if maps else layout.features_from_matlab(cell)
        if len(values) != count or values.dtype != np.float32:
            raise ValueError(f"{layer.name} is {cell.dtype} {cell.shape}")
        found[layer.name] = values
    return _logits(content), found


def _logits(content: dict[str, Any]) -> NDArray[np.float32]:
    logits = np.ascontiguousarray(layout.features_from_matlab(content["logits"]))
    if logits.dtype != np.float32:
        raise TypeError(f"logits are {logits.dtype}")
    return logits


def _outputs(
    content: dict[str, Any], images: NDArray[np.uint8], inputs: NDArray[np.float32]
) -> Outputs:
    normalized = None
    if len(images):
        shape = layout.images_to_matlab(inputs).shape
        values = content["inputs"].reshape(shape, order="F")  # restores trailing ones
        normalized = np.ascontiguousarray(layout.images_from_matlab(values))
    return Outputs(str(content["runtime"].item()), _logits(content), normalized)


def _finished(command: Sequence[str], folder: Path) -> str:
    """Run a command to its end; what it said last.

    Raises:
        EngineError: it could not be started, took too long, or failed.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd=folder,
            start_new_session=True,  # a launcher's children must end with it
        )
    except OSError as error:
        raise EngineError(f"it did not start: {error}") from error
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"it did not end within {SECONDS} s, and was stopped") from error
    finally:
        _end(process)
    said = [line.strip() for line in (err or out).splitlines() if line.strip()]
    errors = [line for line in said if line.startswith("error:")]  # Octave's, after its warnings
    last = errors[0] if errors else " ".join(said)[-300:]
    if process.returncode:
        raise EngineError(f"it broke down: {last or f'exit code {process.returncode}'}")
    return last


def _end(process: subprocess.Popen[str]) -> None:
    """End the process, where it still runs, and all that it has started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.communicate()


def quoted(path: Path) -> str:
    """A path as a MATLAB character literal; only the quote is special in one."""
    return "'" + str(path).replace("'", "''") + "'"
