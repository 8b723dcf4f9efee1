"""One small function an ONNX operator, in the register of `onnx_node`; one file a family.

Meaning of operators and attributes: https://onnx.ai/onnx/operators/.
"""

from cifarx.export.from_onnx.node import READERS
from cifarx.export.from_onnx.operators import (  # noqa: F401  (each registers its own)
    activations,
    arithmetic,
    convolutions,
    linear,
    normalizations,
    pooling,
    rearrangements,
    resampling,
)


def operators() -> list[str]:
    """The ONNX operators that have a reader, in alphabetical order."""
    return sorted(operator for domain, operator in READERS if not domain)
