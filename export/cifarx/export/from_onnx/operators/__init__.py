"""Read each ONNX operator with one small function, registered in `node`; one file per family.

The operators and their attributes: https://onnx.ai/onnx/operators/.
"""

from cifarx.export.from_onnx.node import READERS
from cifarx.export.from_onnx.operators import (  # noqa: F401  (each registers its own)
    activations,
    arithmetic,
    comparisons,
    convolutions,
    functions,
    linear,
    normalizations,
    norms,
    pooling,
    rearrangements,
    reductions,
    resampling,
)


def operators() -> list[str]:
    """The ONNX operators that have a reader, in alphabetical order."""
    return sorted(operator for domain, operator in READERS if not domain)
