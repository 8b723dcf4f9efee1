"""Collect everything in an ONNX graph that cannot be read, for one error."""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx

from cifarx.export.from_onnx.metadata import is_of_matlab, module_of
from cifarx.export.from_onnx.operators import operators
from cifarx.export.from_onnx.sequences import NOT_YET
from cifarx.pytorch_models.errors import UnreadableError

_NAMED = 8  # nodes to name per operator
NO_KIND = "no layer kind for it"
CANNOT = "The network has parts that cifarx cannot convert for MATLAB"
_BEFORE = (
    "The part of the network before them can be exported on its own: as a module that ends there, "
    "or cut out of the ONNX file with onnx.utils.extract_model."
)


@dataclass
class Faults:
    """Reasons by operator, with the nodes that they apply to."""

    by_reason: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    of_matlab: list[str] = field(default_factory=list)
    """Layers for which MATLAB's exporter wrote an operator of its own."""

    def add(self, node: onnx.NodeProto, reason: str) -> None:
        """Add a node that cannot be read."""
        operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        if is_of_matlab(node):
            self.of_matlab.append(f"{node.name or node.output[0]!r} ({operator})")
        name = node.name or "without a name"
        if module := module_of(node):
            name += f" in the module {module}"
        self.by_reason.setdefault((operator, reason), []).append(name)
        self.nodes.append(node.name)

    def __bool__(self) -> bool:
        return bool(self.by_reason)

    def __str__(self) -> str:
        parts = []
        for (operator, reason), nodes in self.by_reason.items():
            more = f" and {len(nodes) - _NAMED} more" if len(nodes) > _NAMED else ""
            word = "node" if len(nodes) == 1 else "nodes"
            parts.append(f"{operator} ({word} {', '.join(nodes[:_NAMED])}{more}): {reason}")
        return "; ".join(parts)

    def error(self, otherwise: str, sequences: str) -> UnreadableError:
        """One error that lists all faults.

        Args:
            otherwise: its reason if there are none.
            sequences: the network's recurrent and attention layers, of `sequence_layers`.
        """
        if self.of_matlab:
            text = self._not_exported_by_matlab()
        elif sequences:
            text = (
                f"The network has recurrent or attention layers: {sequences}. {NOT_YET}. {_BEFORE}"
            )
        else:
            unknown = any(reason.startswith(NO_KIND) for _, reason in self.by_reason)
            listed = f" Operators that cifarx reads: {', '.join(operators())}." if unknown else ""
            text = (
                f"{CANNOT}: {self if self else otherwise}. If other operators of PyTorch compute "
                f"the same, write these parts with them. {_BEFORE}{listed}"
            )
        return UnreadableError(text, self.by_reason or [("", otherwise)], self.nodes)

    def _not_exported_by_matlab(self) -> str:
        one = len(self.of_matlab) == 1
        return (
            f"MATLAB could not export the {'layer' if one else 'layers'} "
            f"{', '.join(self.of_matlab)}: its exporter wrote an operator of its own in "
            f"{'its place' if one else 'their places'}, and the file does not hold what the "
            f"{'layer computes' if one else 'layers compute'}. If layers that exportONNXNetwork "
            "supports compute the same, build the network with them in MATLAB and export it again. "
            f"{_BEFORE}"
        )
