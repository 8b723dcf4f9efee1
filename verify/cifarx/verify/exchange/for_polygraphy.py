"""Write the files of `cifarx verify --to-polygraphy`: the engines' logits and the inputs."""

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
    """The logits of at least one engine on the compared images."""

    subject: Subject
    logits: Mapping[str, NDArray[np.float32]]
    """(N, K) float32 by engine name."""
    inputs: NDArray[np.float32]
    """(N, C, H, W) float32, normalised."""


def inputs_path(outputs: Path) -> Path:
    """Return the path of the inputs, beside that of the outputs.

    >>> inputs_path(Path("outputs.json")).name
    'outputs-inputs.json'
    """
    return outputs.parent / f"{outputs.stem}-inputs{outputs.suffix}"


def write_for_polygraphy(path: Path, outputs: EngineOutputs) -> None:
    """Write the logits to `path`, and the inputs beside it.

    Raises:
        UserError: a file cannot be written.
    """
    model = outputs.subject.onnx
    name = model_inputs(model)[0].name
    # the larger file first, because it is more likely to fail
    write_inputs(inputs_path(path), name, outputs.inputs, _BATCH)
    write_outputs(path, outputs.logits, model.graph.output[0].name, _BATCH)
