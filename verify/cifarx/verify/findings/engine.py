"""One runtime's part of the result: rungs 3 (layers) and 4 (logits)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from cifarx.verify.findings.check import Check, Outcome, judged
from cifarx.verify.findings.logits import Judgement, Tolerance
from cifarx.verify.findings.numbers import Number

MATLAB_RESULT = "matlab-result"
"""What --engines calls the result that `cifarx.verify` wrote elsewhere."""
POLYGRAPHY = "polygraphy:"
"""How the names of outputs begin that were read from a file of Polygraphy's."""
_NOTHING = "its logits are not finite numbers of the expected shape"


@dataclass(frozen=True)
class LayerFinding:
    """One layer, judged on the input that it got in this runtime."""

    layer: str
    """Its name in the original network."""
    kind: str
    module: str
    """Its path in PyTorch, or ''."""
    onnx_node: str
    """The node of model.onnx that gives its output, or ''."""
    matlab_layer: str
    """Its name in model.mat, or ''."""
    ratio: Number
    """Largest error over its bound; infinite for numbers that are none, or of another size."""
    algorithm: str
    """'direct', or 'winograd' where only the bound of fast convolutions holds."""

    @property
    def passed(self) -> bool:
        return self.ratio <= 1

    def words(self) -> str:
        """What the engine's line says of it."""
        module = f", module '{self.module}'" if self.module else ""
        known = "" if self.passed else f" ({self.kind}{module})"
        fast = f" by {self.algorithm}" if self.algorithm != "direct" else ""
        return f"worst layer {self.layer}{known}: {self.ratio:.2g} of bound{fast}"


@dataclass(frozen=True)
class EngineReport:
    """What one runtime gave."""

    engine: str
    """As --engines calls it."""
    runtime: str
    """With its version."""
    judgement: Annotated[Judgement | None, Field(alias="logits")]
    """None where the runtime was skipped or broke down."""
    problem: str
    """Why, in that case."""
    broke_down: bool = False
    """Whether it was there, but failed; then the check as a whole was not made."""
    layers: tuple[LayerFinding, ...] = ()
    """Those that could be judged, in the network's order."""
    layers_in_all: int = 0
    layer_images: int = 0
    """Images on which the layers were judged."""
    marked: Judgement | None = None
    """The logits of the run in which every layer's output was marked, on those images."""
    marked_apart: Number = 0.0
    """Largest difference of a logit between that run and the one without marks."""

    tolerance: Tolerance | None = None
    """Where the user asked for one."""

    @property
    def worst_layer(self) -> LayerFinding | None:
        return max(self.layers, key=lambda layer: layer.ratio, default=None)

    @property
    def passed(self) -> bool:
        """Whether its logits, and its layers where they were judged, are right."""
        if self.judgement is None or not self.judgement.passed:
            return False
        marked = self.marked is None or (self.marked.passed and self._alike(self.marked))
        compared = len(self.layers) == self.layers_in_all
        return marked and compared and all(layer.passed for layer in self.layers)

    def _alike(self, marked: Judgement) -> bool:
        """Whether the run with marks and the one without are as near as two sound ones can be."""
        assert self.judgement is not None
        return self.marked_apart <= self.judgement.largest_allowed + marked.largest_allowed

    def check(self) -> Check:
        """Its line."""
        if self.judgement is None:
            outcome = Outcome.FAILED if self.broke_down else Outcome.SKIPPED
            return Check(outcome, self.engine, self.problem)
        if not self.judgement.finite:
            return judged(self.passed, self.runtime, _NOTHING)
        parts = []
        if self.worst_layer is not None:
            parts.append(self.worst_layer.words())
            left = self.layers_in_all - len(self.layers)
            parts += [f"{left} of {self.layers_in_all} layers not compared"] if left else []
        elif self.layers_in_all:
            parts.append("no layer compared")
        if self.marked is not None and not self.marked.passed and self.judgement.passed:
            parts.append(f"with outputs marked RMS {self.marked.ratio:.1f}x float32")
        elif self.marked is not None and not self._alike(self.marked):
            parts.append(f"with outputs marked the logits differ by up to {self.marked_apart:.1e}")
        return judged(self.passed, self.runtime, self.judgement.detail(*parts))

    def tolerance_check(self) -> Check | None:
        """The line on the tolerance that the user asked for."""
        if self.tolerance is None:
            return None
        passed = 0 < self.tolerance.images == self.tolerance.within
        return judged(passed, "tolerance", f"{self.runtime} | {self.tolerance.words()}")
