"""The findings on one runtime: rungs 3 (layers) and 4 (logits)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from cifarx.verify.findings.check import Check, Outcome, judged
from cifarx.verify.findings.logits import CLASSIFICATION, Judgement, Tolerance
from cifarx.verify.findings.numbers import Number

MATLAB_RESULT = "matlab-result"
"""Engine name of the result that `cifarx.verify` wrote in MATLAB or Octave."""
POLYGRAPHY = "polygraphy:"
"""Prefix of the engine names of outputs that were read from a Polygraphy file."""


@dataclass(frozen=True)
class LayerFinding:
    """One layer, judged on the input that it had in this runtime."""

    layer: str
    """Its name in the original network."""
    kind: str
    module: str
    """Path of its PyTorch module, or ''."""
    onnx_node: str
    """The node of model.onnx that computes its output, or ''."""
    matlab_layer: str
    """Its name in model.mat, or ''."""
    ratio: Number
    """Largest error over its bound; infinite if values are not finite or of another shape."""
    algorithm: str
    """'direct'; or the wider class of bound that it needs: 'winograd' (fast convolutions) or
    'approximation' (of exp and similar functions)."""

    @property
    def passed(self) -> bool:
        return self.ratio <= 1

    def words(self) -> str:
        """Return the part of the engine's line on this layer."""
        module = f", module '{self.module}'" if self.module else ""
        known = "" if self.passed else f" ({self.kind}{module})"
        fast = f" by {self.algorithm}" if self.algorithm != "direct" else ""
        return f"worst layer {self.layer}{known}: {self.ratio:.2g} of bound{fast}"


@dataclass(frozen=True)
class EngineReport:
    """The findings on one runtime."""

    engine: str
    """Its name as in --engines."""
    runtime: str
    """Name and version, such as 'octave 7.3.0'."""
    judgement: Annotated[Judgement | None, Field(alias="logits")]
    """None if the runtime was skipped or failed."""
    problem: str
    """The reason in that case, else ''."""
    broke_down: bool = False
    """Whether it was available but failed; the check as a whole was then not made."""
    layers: tuple[LayerFinding, ...] = ()
    """The layers that could be judged, in the order of the network."""
    layers_in_all: int = 0
    """Number of layers of the network."""
    layer_images: int = 0
    """Number of images on which the layers were judged."""
    marked: Judgement | None = None
    """The logits, on those images, of the run in which all layer outputs were marked."""
    marked_apart: Number = 0.0
    """Largest difference between a number of that run and of the one without marks, in the first
    output."""
    tolerance: Tolerance | None = None
    """None if the user did not ask for one."""
    others_apart: tuple[Number, ...] = ()
    """The same as `marked_apart` in the other outputs, in order."""

    @property
    def worst_layer(self) -> LayerFinding | None:
        return max(self.layers, key=lambda layer: layer.ratio, default=None)

    @property
    def passed(self) -> bool:
        """Whether its logits are right, and its layers if they were judged."""
        if self.judgement is None or not self.judgement.passed:
            return False
        marked = self.marked is None or (self.marked.passed and self._alike(self.marked))
        complete = len(self.layers) == self.layers_in_all
        return marked and complete and all(layer.passed for layer in self.layers)

    def _wider_classes(self) -> list[str]:
        """Return the numbers of layers that pass only by a wider class of bound, per class."""
        algorithms = [layer.algorithm for layer in self.layers if layer.algorithm != "direct"]
        return [
            f"{algorithms.count(name)} layer{'s' * (algorithms.count(name) > 1)} by {name}"
            for name in dict.fromkeys(algorithms)
        ]

    def _alike(self, marked: Judgement) -> bool:
        """Whether the runs with and without marks differ by no more than both errors allow."""
        return not self._apart_beyond(marked)

    def _apart_beyond(self, marked: Judgement) -> list[tuple[str, float]]:
        """Return the outputs that differ by more than both errors allow, and by how much."""
        assert self.judgement is not None
        apart = (self.marked_apart, *self.others_apart)
        pairs = zip(self.judgement.every, marked.every, apart, strict=True)
        return [
            (plain.output, by)
            for plain, one, by in pairs
            if not by <= plain.largest_allowed + one.largest_allowed
        ]

    def _broken(self) -> str:
        """Return what is wrong with outputs that cannot be compared."""
        assert self.judgement is not None
        text = "are not finite numbers of the expected shape"
        if self.judgement.task == CLASSIFICATION:
            return f"its logits {text}"
        wrong = ", ".join(j.output for j in self.judgement.every if not j.finite)
        return f"its outputs {text} ({wrong})"

    def check(self) -> Check:
        """Return the line of this engine."""
        if self.judgement is None:
            outcome = Outcome.FAILED if self.broke_down else Outcome.SKIPPED
            return Check(outcome, self.engine, self.problem)
        if not self.judgement.all_finite:
            return judged(self.passed, self.runtime, self._broken())
        parts = []
        if self.worst_layer is not None:
            parts.append(self.worst_layer.words())
            left = self.layers_in_all - len(self.layers)
            parts += [f"{left} of {self.layers_in_all} layers not compared"] if left else []
            parts += self._wider_classes()
        elif self.layers_in_all:
            parts.append("no layer compared")
        if self.marked is not None and not self.marked.passed and self.judgement.passed:
            parts.append(f"with layer outputs marked: RMS {self.marked.worst.ratio:.1f}x float32")
        elif self.marked is not None and (apart := self._apart_beyond(self.marked)):
            name, by = apart[0]
            parts.append(f"with layer outputs marked: {name} differ by up to {by:.1e}")
        return judged(self.passed, self.runtime, self.judgement.detail(*parts))

    def tolerance_check(self) -> Check | None:
        """Return the line on the tolerance that the user asked for, or None."""
        if self.tolerance is None:
            return None
        passed = 0 < self.tolerance.images == self.tolerance.within
        return judged(passed, "tolerance", f"{self.runtime} | {self.tolerance.words()}")
