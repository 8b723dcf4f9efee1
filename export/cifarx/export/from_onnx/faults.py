"""Collect everything in an ONNX graph that cannot be read, for one error."""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx

from cifarx.export.from_onnx.metadata import module_of
from cifarx.export.from_onnx.operators import operators
from cifarx.pytorch_models.errors import UnreadableError, UnsupportedError

_NAMED = 8  # nodes to name per operator
NO_KIND = "no layer kind for it"


@dataclass
class Faults:
    """Reasons by operator, with the nodes that they apply to."""

    by_reason: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)

    def add(self, node: onnx.NodeProto, reason: str) -> None:
        """Add a node that cannot be read."""
        operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
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

    def error(self, otherwise: str) -> UnreadableError:
        """One error that lists all faults; `otherwise` is its reason if there are none."""
        unknown = any(reason.startswith(NO_KIND) for _, reason in self.by_reason)
        listed = f" Operators that cifarx reads: {', '.join(operators())}." if unknown else ""
        return UnreadableError(
            "The network has parts that cifarx cannot convert for MATLAB: "
            f"{self if self else otherwise}. Replace these parts in PyTorch, or cut "
            f"the network before them with onnx.utils.extract_model.{listed}",
            self.by_reason or [("", otherwise)],
            self.nodes,
        )


def no_kind() -> UnsupportedError:
    """The exception for an operator without a reader."""
    return UnsupportedError(NO_KIND)
