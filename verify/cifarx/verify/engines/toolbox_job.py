"""Run the MATLAB toolbox on model.mat in its own process, exchanging data through files."""

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
from cifarx.verify.engines.engine import Inputs, Outputs, Take
from cifarx.verify.engines.toolbox_path import toolbox_path
from cifarx.verify.subject.files_and_run import Subject

_Answer = TypeVar("_Answer")
SECONDS = 3600
"""Time limit in seconds, after which the program is stopped."""


class Command(Protocol):
    """Builds the command that runs code in MATLAB's language."""

    def __call__(self, code: str, folder: Path) -> Sequence[str]:
        """Return the program and its arguments; files that it needs go into the folder."""


class ToolboxJob:
    """The engine that calls `cifarx.internal.runJob` of the toolbox in MATLAB or Octave."""

    holds: Literal["mat"] = "mat"
    library: Literal["toolbox"] = "toolbox"
    fast = False

    def __init__(self, command: Command, subject: Subject) -> None:
        if subject.mat is None:
            raise EngineMissingError(
                f"there is no {subject.mat_path.name} beside {subject.onnx_path.name}"
            )
        self._command = command
        self._graph = subject.mat.graph
        self._model = subject.mat_path.resolve()

    def run(self, images: NDArray[np.uint8], inputs: Inputs) -> Outputs:
        """See `Engine.run`."""
        job: dict[str, Any] = {"inputs": layout.arrays_to_matlab(inputs)}
        if len(images):
            job["images"] = layout.to_matlab(images)

        def read(content: dict[str, Any]) -> Outputs:
            normalized = _normalized(content, images) if len(images) else None
            values = _outputs(content, self._graph)
            return Outputs(str(content["runtime"].item()), values, normalized)

        return self._result(job, read)

    def layers(
        self, graph: LayerGraph, inputs: Inputs, take: Take
    ) -> tuple[NDArray[np.float32], ...]:
        """See `Engine.layers`."""
        job = {"inputs": layout.arrays_to_matlab(inputs), "layers": True}
        count = len(inputs[0])
        outputs, activations = self._result(
            job, lambda content: (_outputs(content, graph), _activations(content, graph, count))
        )
        take(inputs, activations)
        return outputs

    def _result(
        self, variables: dict[str, Any], read: Callable[[dict[str, Any]], _Answer]
    ) -> _Answer:
        """Run a job with these variables and read its result."""
        with tempfile.TemporaryDirectory(prefix="cifarx-") as name:
            job, result = Path(name, "job.mat"), Path(name, "result.mat")
            savemat(job, variables)
            code = (
                f"addpath({quoted(toolbox_path())}); "
                f"cifarx.internal.runJob({quoted(self._model)}, {quoted(job)}, {quoted(result)});"
            )
            message = _finished(self._command(code, Path(name)), Path(name))
            if not result.exists():
                raise EngineError(f"it ended without a result{message and f': {message}'}")
            try:
                return read(loadmat(result))
            except Exception as error:  # scipy's parser raises many kinds
                raise EngineError(
                    f"its result cannot be read ({type(error).__name__}: {error})"
                ) from error


def _activations(
    content: dict[str, Any], graph: LayerGraph, count: int
) -> dict[str, NDArray[np.float32]]:
    """Return every layer's output."""
    activations = {}
    shapes = graph.shapes()
    for layer, cell in zip(graph.layers, content["activations"].ravel(), strict=True):
        values = layout.from_matlab(cell, shapes[layer.name])
        if len(values) != count or values.dtype != np.float32:
            raise ValueError(f"{layer.name} is {cell.dtype} {cell.shape}")
        activations[layer.name] = values
    return activations


def _outputs(content: dict[str, Any], graph: LayerGraph) -> tuple[NDArray[np.float32], ...]:
    """Return every output in the shape of its source."""
    shapes = graph.output_shapes()
    return layout.arrays_from_matlab(content["outputs"], shapes, np.float32, "outputs")


def _normalized(content: dict[str, Any], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(layout.from_matlab(content["inputs"], images.shape[1:]))


def _finished(command: Sequence[str], folder: Path) -> str:
    """Run a command to its end and return the error that it printed, or the end of its output.

    Raises:
        EngineError: the command did not start, took longer than `SECONDS`, or failed.
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
            start_new_session=True,  # so that children of a launcher end with it
        )
    except OSError as error:
        raise EngineError(f"it did not start: {error}") from error
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"it did not end within {SECONDS} s, and was stopped") from error
    finally:
        _end(process)
    printed = [line.strip() for line in (err or out).splitlines() if line.strip()]
    errors = [line for line in printed if line.startswith("error:")]  # Octave's, after its warnings
    last = errors[0] if errors else " ".join(printed)[-300:]
    if process.returncode:
        raise EngineError(f"it failed: {last or f'exit code {process.returncode}'}")
    return last


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and its children, if it still runs."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.communicate()


def quoted(path: Path) -> str:
    """Return a path as a MATLAB character literal, in which only the quote is special.

    >>> quoted(Path("it's here"))
    "'it''s here'"
    """
    return "'" + str(path).replace("'", "''") + "'"
