"""Rung 0: the layers and weights of one file, compared with the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cifarx.verify.findings.check import Check, Outcome, judged

CHECKPOINT = "the checkpoint"
"""Value of `Audit.weights_from` if the weights are those of a run."""
_NAMED = 5  # tensors or layers named per line; the report names all


@dataclass(frozen=True)
class Added:
    """A layer of a file that the original lacks, or a node of no known layer kind."""

    layer: str
    """Its name in the file."""
    onnx_node: str
    """The node that computes its output, or ''."""
    before: str
    """The first layer of the original that follows it in the file, or ''."""


@dataclass(frozen=True)
class Audit:
    """The comparison of one file with the original."""

    file: str
    layers_from: str
    """What the layers are compared with."""
    weights_from: str
    """What the weights are compared with."""
    layers_equal: int
    layers: int
    layer_faults: tuple[str, ...]
    tensors_equal: int
    tensors: int
    differing: tuple[str, ...]
    """Names in the file, each with what is wrong."""
    unaccounted: tuple[str, ...]
    """In the file, but not part of the network."""
    missing: tuple[str, ...]
    """In the checkpoint, but not in the network."""
    faulty: tuple[str, ...]
    """Layers of the original that are changed or missing in the file, in order."""
    added: tuple[Added, ...] = ()
    """Layers of the file that the original lacks, in the order of the file."""
    constants: tuple[str, ...] = ()
    """Names of constants that the exporter computed and that are the float32 rounding of the
    float64 result, whether or not they have the bits of the exporter."""
    read: bool = True
    """Whether the network could be read; if not, its tensors were not compared."""

    @property
    def passed(self) -> bool:
        """Whether every layer and every tensor equals the original."""
        return all(check.outcome is Outcome.PASSED for check in self.checks())

    @property
    def found_by(self) -> str:
        """The part that names the faulty layers: 'layers' or 'weights'."""
        return "layers" if self.layer_faults else "weights"

    def _computed(self) -> str:
        if not self.constants:
            return ""
        plural = "" if len(self.constants) == 1 else "s"
        return (
            f"; {len(self.constants)} computed constant{plural} within one unit in the last place "
            f"of float64 ({_listed(self.constants)})"
        )

    def checks(self) -> list[Check]:
        """Return one line for the layers and one for the weights."""
        weights = {
            "differing": self.differing,
            "unaccounted for": self.unaccounted,
            "missing": self.missing,
        }
        faults = [f"{word}: {_listed(names)}" for word, names in weights.items() if names]
        layers = f"{self.file} {self.layers_equal}/{self.layers} layers as in {self.layers_from}"
        if self.read:
            n = len(self.constants)
            equal = f"{self.tensors_equal - n}/{self.tensors - n} tensors equal"
            tensors = f"{self.file} {equal} {self.weights_from} bit for bit{self._computed()}"
        else:
            unread = "its network cannot be read"
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
