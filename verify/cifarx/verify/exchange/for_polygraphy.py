"""What `cifarx verify --to-polygraphy` leaves: engines' logits, and the inputs beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.interface import model_inputs
from cifarx.verify.exchange.polygraphy_files import write_inputs, write_outputs
from cifarx.verify.subject.files_and_run import Subject

_BATCH = 64  # images an iteration


class ForPolygraphy:
    """Two files that wait for the reports: a full disk must not cost the user the verdict."""

    def __init__(self, outputs: Path) -> None:
        self.outputs = outputs
        self.inputs = outputs.parent / f"{outputs.stem}-inputs{outputs.suffix}"
        self._taken: tuple[Subject, Mapping[str, NDArray[np.float32]], NDArray[np.float32]] | None
        self._taken = None

    def take(
        self,
        subject: Subject,
        logits: Mapping[str, NDArray[np.float32]],
        inputs: NDArray[np.float32],
    ) -> None:
        """Keep engines' logits (N, K) by name, if any, and the inputs (N, C, H, W) they are of."""
        self._taken = (subject, logits, inputs) if logits else None

    def write(self) -> None:
        """Write what was taken; nothing where no engine gave logits.

        Raises:
            UserError: a file cannot be written.
        """
        if self._taken is None:
            return
        subject, logits, inputs = self._taken
        graph = subject.onnx.graph
        name = model_inputs(subject.onnx)[0].name
        write_inputs(self.inputs, name, inputs, _BATCH)  # the larger first: it fails, if any does
        write_outputs(self.outputs, logits, graph.output[0].name, _BATCH)
