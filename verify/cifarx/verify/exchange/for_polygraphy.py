"""Write the files of `cifarx verify --to-polygraphy`: the engines' outputs and the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.interface import model_inputs
from cifarx.verify.exchange.polygraphy_files import write_inputs, write_outputs
from cifarx.verify.subject.files_and_run import Subject

_BATCH = 64  # images per iteration


@dataclass(frozen=True)
class EngineOutputs:
    """The outputs of at least one engine on the compared images."""

    subject: Subject
    values: Mapping[str, tuple[NDArray[np.float32], ...]]
    """(N, ...) float32 per output, by engine name."""
    inputs: tuple[NDArray[np.float32], ...]
    """(N, ...) float32 per input; an image normalised."""


def inputs_path(outputs: Path) -> Path:
    """Return the path of the inputs, beside that of the outputs.

    >>> inputs_path(Path("outputs.json")).name
    'outputs-inputs.json'
    """
    return outputs.parent / f"{outputs.stem}-inputs{outputs.suffix}"


def write_for_polygraphy(path: Path, outputs: EngineOutputs) -> None:
    """Write the outputs to `path`, and the inputs beside it.

    Raises:
        UserError: a file cannot be written.
    """
    model = outputs.subject.onnx
    inputs = [value.name for value in model_inputs(model)]
    names = [value.name for value in model.graph.output]
    # the larger file first, because it is more likely to fail
    write_inputs(inputs_path(path), dict(zip(inputs, outputs.inputs, strict=True)), _BATCH)
    runners = {
        engine: dict(zip(names, values, strict=True)) for engine, values in outputs.values.items()
    }
    write_outputs(path, runners, _BATCH)
