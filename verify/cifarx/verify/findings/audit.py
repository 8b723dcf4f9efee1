"""Rung 0: what became of one file's layers and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cifarx.verify.findings.check import Check, Outcome, judged

CHECKPOINT = "the checkpoint"
"""What `Audit.weights_from` says where the weights are a run's."""
_NAMED = 5  # tensors or layers named in a line; the report has them all


@dataclass(frozen=True)
class Added:
    """A layer of a file that the original lacks, or a node that no layer kind stands for."""

    layer: str
    """As the file calls it."""
    onnx_node: str
    """The node that gives its output, or ''."""
    before: str
    """The first layer of the original that comes after it in the file; '' for none."""


@dataclass(frozen=True)
class Audit:
    """What became of one file."""

    file: str
    layers_from: str
    weights_from: str
    layers_equal: int
    layers: int
    layer_faults: tuple[str, ...]
    tensors_equal: int
    tensors: int
    differing: tuple[str, ...]
    """Names as the file has them, with what is wrong."""
    unaccounted: tuple[str, ...]
    """In the file, but no part of the network."""
    missing: tuple[str, ...]
    """In the checkpoint, but not in the network."""
    faulty: tuple[str, ...]
    """Layers of the original, in order, that are changed or missing in the file."""
    added: tuple[Added, ...] = ()
    """In the file's order."""
    constants: tuple[str, ...] = ()
    """Names of constants that the exporter computed, and that are the roundings of what float64
    gives, whether or not the file has the exporter's own bits."""
    read: bool = True
    """Whether its network could be read; else its tensors were not compared."""

    @property
    def passed(self) -> bool:
        """Whether every layer and every tensor is as it should be."""
        return all(check.outcome is Outcome.PASSED for check in self.checks())

    @property
    def found_by(self) -> str:
        """Which of its two parts names the faulty layers."""
        return "layers" if self.layer_faults else "weights"

    def _computed(self) -> str:
        if not self.constants:
            return ""
        return (
            f"; {len(self.constants)} computed constants within one unit in the last place of "
            f"float64 ({_listed(self.constants)})"
        )

    def checks(self) -> list[Check]:
        """A line on the layers and one on the weights."""
        weights = {
            "differing": self.differing,
            "from nowhere": self.unaccounted,
            "missing": self.missing,
        }
        faults = [f"{word}: {_listed(names)}" for word, names in weights.items() if names]
        layers = f"{self.file} {self.layers_equal}/{self.layers} layers as in {self.layers_from}"
        if self.read:
            n = len(self.constants)
            equal = f"{self.tensors_equal - n}/{self.tensors - n} tensors equal"
            tensors = f"{self.file} {equal} {self.weights_from} bit for bit{self._computed()}"
        else:
            unread = "the file's network cannot be read"
            tensors = f"{self.file} tensors not compared with {self.weights_from}: {unread}"
        layer_faults = [_listed(self.layer_faults)] if self.layer_faults else []
        return [
            judged(
                not layer_faults and self.layers == self.layers_equal > 0,
                "layers",
                "; ".join([layers, *layer_faults]),
            ),
            judged(
                not faults and self.tensors == self.tensors_equal > 0,
                "weights",
                "; ".join([tensors, *faults]),
            ),
        ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
